"""Which run read a held row, and which keys were read while rows were held: an older row never comes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply; of the rows that are held already it is not known which run read them."""
    op.add_column("issues", sa.Column("read_run", sa.BigInteger, nullable=False, server_default=sa.text("0")))
    op.create_table(
        "keys_read",
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("keys", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_keys_read"),
    )
