"""Planned runs: what the scheduler of the running service planned, and what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.state.migrations.exchange import ROW_NUMBER

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "planned_runs",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("planned_for", sa.String(32), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.Column("run", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_planned_runs"),
        sa.UniqueConstraint("feed", "planned_for", name="uq_planned_runs_feed_planned_for"),
    )
