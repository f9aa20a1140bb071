"""Rehearsal or production: the mark of the database and of each document."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply; what is there already comes from before production could be told apart, so it is rehearsal."""
    op.create_table(
        "environment_mark",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("environment", sa.String(10), nullable=False),
        sa.Column("marked_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_environment_mark"),
    )
    op.execute(
        "INSERT INTO environment_mark (id, environment, marked_at) "
        "SELECT 1, 'rehearsal', MIN(started_at) FROM runs HAVING COUNT(*) > 0"
    )
    op.add_column(
        "documents", sa.Column("environment", sa.String(10), nullable=False, server_default=sa.text("'rehearsal'"))
    )
