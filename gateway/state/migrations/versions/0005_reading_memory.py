"""What is kept of earlier runs: where reading resumes, and the contents that were read whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reading_positions",
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("cursor", sa.JSON),
        sa.Column("declared", sa.JSON, nullable=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_reading_positions"),
    )
    op.create_table(
        "contents_read",
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("feed", "digest", name="pk_contents_read"),
    )
