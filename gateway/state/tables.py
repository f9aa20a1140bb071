"""The gateway's bookkeeping tables; the exchange tables are made from the datasets in `exchange_tables`."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """A moment, kept as ISO 8601 text in UTC: exact, sortable, and the same on both databases."""

    impl = sa.String(32)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """Write a moment with microseconds; a time without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone: {value}")
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Read a moment."""
        return None if value is None else dt.datetime.fromisoformat(value)


def now() -> dt.datetime:
    """The present moment in UTC."""
    return dt.datetime.now(dt.UTC)


row_number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # only INTEGER numbers rows by itself on SQLite

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("feed", sa.String(200), nullable=False, index=True),
    sa.Column("direction", sa.String(10), nullable=False),
    sa.Column("dataset", sa.String(64), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),  # running | succeeded | with_issues | held | failed
    sa.Column("stage", sa.String(20), nullable=False),  # reading | spooled | stored; enqueuing | delivering | done
    sa.Column("map_digest", sa.String(64)),  # of the field map or profile it ran with
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("places", sa.JSON, nullable=False),  # the files, sheets or tables that were read
    sa.Column("failure", sa.JSON),  # {"code", "values"} of the error that ended it
)

issues = sa.Table(
    "issues",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("identity", sa.String(32), nullable=False, unique=True),  # digest of feed, subject, rule, field, value
    sa.Column("feed", sa.String(200), nullable=False, index=True),
    sa.Column("dataset", sa.String(64), nullable=False),
    sa.Column("record_key", sa.String(600), index=True),  # where the key can be read
    sa.Column("outcome", sa.String(10), nullable=False),  # rejected | held | note | refused | unknown
    sa.Column("code", sa.String(100), nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("row", sa.BigInteger),
    sa.Column("field", sa.String(64), nullable=False),
    sa.Column("column", sa.Text, nullable=False),
    sa.Column("value", sa.Text),
    sa.Column("arguments", sa.Text, nullable=False),  # JSON: the further blanks of the message
    sa.Column("original", sa.Text),  # the whole row as the source wrote it: a JSON object, or the raw line
    sa.Column("said", sa.String(32), nullable=False),  # digest of all that may be said otherwise when it is met again
    sa.Column("status", sa.String(10), nullable=False),  # open | closed
    sa.Column("first_run", sa.BigInteger, nullable=False),
    sa.Column("last_run", sa.BigInteger, nullable=False),
    sa.Column("read_run", sa.BigInteger, nullable=False),  # the last one that read its row; 0: it is not known
)

feed_states = sa.Table(
    "feed_states",
    metadata,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("last_change_number", sa.BigInteger, nullable=False),  # outbound: all up to here is enqueued
)

reading_positions = sa.Table(
    "reading_positions",
    metadata,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("cursor", sa.JSON),  # where reading goes on; none: from the beginning
    sa.Column("declared", sa.JSON, nullable=False),  # digests of what the source's declaration said then, by member
    sa.Column("run", sa.BigInteger, nullable=False),  # the last that stored what a resuming source gave
    sa.Column("settled", sa.Boolean, nullable=False),  # whether the source was told that it is stored
)

contents_read = sa.Table(
    "contents_read",
    metadata,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),  # SHA-256 of the bytes
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("run", sa.BigInteger, nullable=False),
)

keys_read = sa.Table(
    "keys_read",
    metadata,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("since", sa.BigInteger, nullable=False),  # the run from which on every key is remembered
    sa.Column("keys", sa.LargeBinary, nullable=False),  # Arrow: halves of the hash of a key, the last run that read it
)

identity_changes = sa.Table(
    "identity_changes",
    metadata,
    sa.Column("dataset", sa.String(64), primary_key=True),
    sa.Column("old_key", sa.String(600), primary_key=True),
    sa.Column("new_key", sa.String(600), nullable=False),
    sa.Column("decided_by", sa.String(100), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("declared_at", Instant, nullable=False),
    sa.Index("ix_identity_changes_dataset_new_key", "dataset", "new_key"),
)

contributions = sa.Table(
    "contributions",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("dataset", sa.String(64), nullable=False),
    sa.Column("feed", sa.String(200), nullable=False),
    sa.Column("record_key", sa.String(600), nullable=False),
    sa.Column("digest", sa.String(32), nullable=False),
    sa.Column("record_version", sa.String(64)),
    sa.Column("owner_department", sa.String(32), nullable=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("source_row", sa.BigInteger),
    sa.Column("content", sa.Text, nullable=False),  # JSON: the fields as text
    sa.Index("ix_contributions_dataset_record_key_feed", "dataset", "record_key", "feed", unique=True),
)

provenance = sa.Table(
    "provenance",
    metadata,
    sa.Column("dataset", sa.String(64), primary_key=True),
    sa.Column("change_number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("fields", sa.Text, nullable=False),  # JSON: field → the feed whose value stands in it
)

precedence_applied = sa.Table(
    "precedence_applied",
    metadata,
    sa.Column("dataset", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),  # of the declaration that every record was last merged by
)

change_numbers = sa.Table(
    "change_numbers",
    metadata,
    sa.Column("dataset", sa.String(64), primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("feed", sa.String(200), nullable=False),
    sa.Column("run", sa.BigInteger, nullable=False),
    sa.Column("destination", sa.String(200), nullable=False),
    sa.Column("dataset", sa.String(64), nullable=False),
    sa.Column("profile", sa.String(200), nullable=False),
    sa.Column("idempotency_key", sa.String(64), nullable=False, unique=True),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),  # gzip
    sa.Column("status", sa.String(10), nullable=False),  # waiting | sending | unknown | settled
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("enqueued_at", Instant, nullable=False),
    sa.Column("settled_at", Instant),
    sa.Column("environment", sa.String(10), nullable=False),  # rehearsal | production: of whoever enqueued it
    sa.Index("ix_documents_feed_status", "feed", "status"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("feed", sa.String(200), nullable=False),
    sa.Column("destination", sa.String(200), nullable=False),
    sa.Column("dataset", sa.String(64), nullable=False),
    sa.Column("record_key", sa.String(600), nullable=False, index=True),
    sa.Column("change_number", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.String(10), nullable=False),  # insert | change | withdraw
    sa.Column(
        "document", sa.BigInteger, sa.ForeignKey("documents.id"), index=True
    ),  # none where it could not be expressed
    sa.Column("status", sa.String(10), nullable=False),  # waiting | delivered | refused | unknown
    sa.Column("receipt", sa.BigInteger, sa.ForeignKey("receipts.id")),
    sa.Column("reference", sa.Text),  # the receiver's own number for it
    sa.Column("code", sa.Text),
    sa.Column("reason", sa.Text),  # the receiver's words, or ours where the profile cannot express it
    sa.UniqueConstraint("dataset", "destination", "change_number"),  # a change number names one version of one record
    sa.Index(
        "ix_deliveries_refused",
        "feed",
        sqlite_where=sa.text("status = 'refused'"),
        postgresql_where=sa.text("status = 'refused'"),
    ),
)

receipts = sa.Table(
    "receipts",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("document", sa.BigInteger, sa.ForeignKey("documents.id"), nullable=False, index=True),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("kind", sa.String(10), nullable=False),  # deliver | find
    sa.Column("evidence", sa.LargeBinary, nullable=False),  # the answer's bytes, gzip
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("name", sa.String(250), primary_key=True),
    sa.Column("holder", sa.String(200), nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

planned_runs = sa.Table(
    "planned_runs",
    metadata,
    sa.Column("id", row_number, primary_key=True),
    sa.Column("feed", sa.String(200), nullable=False),
    sa.Column("planned_for", Instant, nullable=False),
    sa.Column("status", sa.String(10), nullable=False),  # running | finished; noticed: planned from then on
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("run", sa.BigInteger),  # the run that did it
    sa.UniqueConstraint("feed", "planned_for"),  # no fire runs a feed twice
)

pushed_batches = sa.Table(
    "pushed_batches",
    metadata,
    sa.Column("feed", sa.String(200), primary_key=True),
    sa.Column("place", sa.String(250), primary_key=True),  # made of the sender's idempotency key
    sa.Column("body_digest", sa.String(64), nullable=False),
    sa.Column("received_at", Instant, nullable=False, index=True),
    sa.Column("run", sa.BigInteger),  # the run that stored it
    sa.Column("outcomes", sa.LargeBinary),  # gzip of JSON: what became of each row, with its issues
)

environment_mark = sa.Table(
    "environment_mark",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),  # always 1
    sa.Column("environment", sa.String(10), nullable=False),  # rehearsal | production
    sa.Column("marked_at", Instant, nullable=False),
)

event_log = sa.Table(
    "event_log",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("action", sa.String(100), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),  # canonical JSON
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
