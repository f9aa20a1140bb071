"""Issues know what was said of them, so that one met again unchanged is not written again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply; what is there already is written once more when it is met again."""
    op.add_column("issues", sa.Column("said", sa.String(32), nullable=False, server_default=sa.text("''")))
