"""Declared merges: the record of an old key lives on under a new one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "identity_changes",
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("old_key", sa.String(600), nullable=False),
        sa.Column("new_key", sa.String(600), nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("declared_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("dataset", "old_key", name="pk_identity_changes"),
    )
    op.create_index("ix_identity_changes_dataset_new_key", "identity_changes", ["dataset", "new_key"])
