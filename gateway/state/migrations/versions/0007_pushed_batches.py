"""Pushed batches: what a sender sent under which key, and what became of each row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pushed_batches",
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("place", sa.String(250), nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("received_at", sa.String(32), nullable=False),
        sa.Column("run", sa.BigInteger),
        sa.Column("outcomes", sa.LargeBinary),
        sa.PrimaryKeyConstraint("feed", "place", name="pk_pushed_batches"),
    )
    op.create_index("ix_pushed_batches_received_at", "pushed_batches", ["received_at"])
