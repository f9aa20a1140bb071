"""What several feeds say of one record, and which feed's value stands in each field."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.state.migrations.exchange import ROW_NUMBER

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "contributions",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("record_key", sa.String(600), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.Column("record_version", sa.String(64)),
        sa.Column("owner_department", sa.String(32), nullable=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("source_row", sa.BigInteger),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_contributions"),
    )
    op.create_index(
        "ix_contributions_dataset_record_key_feed", "contributions", ["dataset", "record_key", "feed"], unique=True
    )
    op.create_table(
        "provenance",
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("change_number", sa.BigInteger, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("dataset", "change_number", name="pk_provenance"),
    )
    op.create_table(
        "precedence_applied",
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("dataset", name="pk_precedence_applied"),
    )
