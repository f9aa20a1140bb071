"""Bookkeeping, departments and inspection targets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gateway.state.migrations.exchange import ROW_NUMBER, create_dataset

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    _bookkeeping()
    _outbox()
    create_dataset(
        "departments",
        {
            "department_code": sa.String(32),
            "name": sa.String(100),
            "uscc": sa.String(18),
            "region_code": sa.String(6),
            "level": sa.Text(),
            "superior_code": sa.String(32),
        },
    )
    create_dataset(
        "inspection_targets",
        {
            "identifier": sa.String(64),
            "identifier_scheme": sa.Text(),
            "kind": sa.Text(),
            "licence_label": sa.String(100),
            "name": sa.String(100),
            "legal_representative": sa.String(200),
            "enterprise_type": sa.Text(),
            "registered_capital": sa.BigInteger(),
            "capital_currency": sa.Text(),
            "established_on": sa.Date(),
            "registration_state": sa.Text(),
            "industry_code": sa.String(5),
            "business_scope": sa.String(4000),
            "province": sa.String(20),
            "region_code": sa.String(6),
            "region_name": sa.String(50),
            "address": sa.String(300),
            "phone": sa.String(30),
            "risk_class": sa.String(10),
            "credit_class": sa.String(10),
        },
    )


def _bookkeeping() -> None:
    op.create_table(
        "runs",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("direction", sa.String(10), nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("stage", sa.String(20), nullable=False),
        sa.Column("map_digest", sa.String(64)),
        sa.Column("started_at", sa.String(32), nullable=False),
        sa.Column("finished_at", sa.String(32)),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("places", sa.JSON, nullable=False),
        sa.Column("failure", sa.JSON),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_feed", "runs", ["feed"])
    op.create_table(
        "issues",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("identity", sa.String(32), nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("record_key", sa.String(600)),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("row", sa.BigInteger),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("column", sa.Text, nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("arguments", sa.Text, nullable=False),
        sa.Column("original", sa.Text),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("first_run", sa.BigInteger, nullable=False),
        sa.Column("last_run", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_issues"),
        sa.UniqueConstraint("identity", name="uq_issues_identity"),
    )
    op.create_index("ix_issues_feed", "issues", ["feed"])
    op.create_index("ix_issues_record_key", "issues", ["record_key"])
    op.create_table(
        "feed_states",
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("last_change_number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("feed", name="pk_feed_states"),
    )
    op.create_table(
        "change_numbers",
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("dataset", name="pk_change_numbers"),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(250), nullable=False),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("expires_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leases"),
    )
    op.create_table(
        "event_log",
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(200), nullable=False),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_event_log"),
    )


def _outbox() -> None:
    op.create_table(
        "documents",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("run", sa.BigInteger, nullable=False),
        sa.Column("destination", sa.String(200), nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("profile", sa.String(200), nullable=False),
        sa.Column("idempotency_key", sa.String(64), nullable=False),
        sa.Column("records", sa.Integer, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("enqueued_at", sa.String(32), nullable=False),
        sa.Column("settled_at", sa.String(32)),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.UniqueConstraint("idempotency_key", name="uq_documents_idempotency_key"),
    )
    op.create_index("ix_documents_feed_status", "documents", ["feed", "status"])
    op.create_table(
        "receipts",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("document", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("evidence", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipts"),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name="fk_receipts_document"),
    )
    op.create_index("ix_receipts_document", "receipts", ["document"])
    op.create_table(
        "deliveries",
        sa.Column("id", ROW_NUMBER, nullable=False),
        sa.Column("feed", sa.String(200), nullable=False),
        sa.Column("destination", sa.String(200), nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("record_key", sa.String(600), nullable=False),
        sa.Column("change_number", sa.BigInteger, nullable=False),
        sa.Column("operation", sa.String(10), nullable=False),
        sa.Column("document", sa.BigInteger),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("receipt", sa.BigInteger),
        sa.Column("reference", sa.Text),
        sa.Column("code", sa.Text),
        sa.Column("reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name="fk_deliveries_document"),
        sa.ForeignKeyConstraint(["receipt"], ["receipts.id"], name="fk_deliveries_receipt"),
        sa.UniqueConstraint(
            "dataset", "destination", "change_number", name="uq_deliveries_dataset_destination_change_number"
        ),
    )
    op.create_index("ix_deliveries_record_key", "deliveries", ["record_key"])
    refused = sa.text("status = 'refused'")
    op.create_index("ix_deliveries_refused", "deliveries", ["feed"], sqlite_where=refused, postgresql_where=refused)
    op.create_index("ix_deliveries_document", "deliveries", ["document"])
