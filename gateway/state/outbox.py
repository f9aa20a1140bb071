"""The transactional outbox: documents written with the cursor that they advance, and one delivery a record version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from gateway.domain.environment import Environment
from gateway.interfaces import Answer, Document, Receipt, ReceiptOutcome, RecordVersion
from gateway.state import bulk, event_log
from gateway.state.tables import deliveries, documents, feed_states, now, receipts

SETTLED = "settled"  # every version of the document has its receipt
PENDING = ("waiting", "sending", "unknown")
_WORDED = {"record_key": pl.String(), "change_number": pl.Int64(), "code": pl.String(), "reason": pl.String()}
_STATUS = {ReceiptOutcome.ACCEPTED: "delivered", ReceiptOutcome.REFUSED: "refused"}


@dataclass(frozen=True)
class Address:
    """Whose documents they are, where they go, and whether in rehearsal or for real."""

    feed: str
    destination: str
    dataset: str
    profile: str
    environment: Environment


def claim(connection: sa.Connection, address: Address) -> None:
    """Wait until no other feed enqueues for the destination, and keep others waiting until this transaction ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer
        name = f"{address.dataset} to {address.destination}"
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def cursor(connection: sa.Connection, feed: str) -> int:
    """The change number up to which the feed's versions are enqueued."""
    found = connection.execute(
        sa.select(feed_states.c.last_change_number).where(feed_states.c.feed == feed)
    ).scalar_one_or_none()
    return int(found or 0)


def advance(connection: sa.Connection, feed: str, change_number: int) -> None:
    """Move the cursor, in the transaction that writes the documents up to there."""
    connection.execute(
        sa.text(
            "INSERT INTO feed_states (feed, last_change_number) VALUES (:feed, :number) "
            "ON CONFLICT (feed) DO UPDATE SET last_change_number = excluded.last_change_number"
        ),
        {"feed": feed, "number": change_number},
    )


def already_enqueued(connection: sa.Connection, address: Address, after: int, until: int) -> list[int]:
    """The change numbers in (after, until] that another feed has enqueued for the same destination."""
    return list(
        connection.execute(
            sa.select(deliveries.c.change_number).where(
                deliveries.c.dataset == address.dataset,
                deliveries.c.destination == address.destination,
                deliveries.c.change_number > after,
                deliveries.c.change_number <= until,
            )
        ).scalars()
    )


def add_document(
    connection: sa.Connection, address: Address, run: int, idempotency_key: str, records: int, body: bytes
) -> int:
    """Write a document that waits to be sent; `body` is compressed."""
    return int(
        connection.execute(
            sa.insert(documents)
            .values(
                feed=address.feed,
                run=run,
                destination=address.destination,
                dataset=address.dataset,
                profile=address.profile,
                environment=address.environment,
                idempotency_key=idempotency_key,
                records=records,
                body=body,
                status="waiting",
                attempts=0,
                enqueued_at=now(),
            )
            .returning(documents.c.id)
        ).scalar_one()
    )


def add_deliveries(connection: sa.Connection, address: Address, versions: pl.DataFrame) -> None:
    """Enter versions (record_key, change_number, operation, document, status, code, reason) for the destination."""
    bulk.insert_frame(
        connection,
        deliveries,
        versions.with_columns(
            pl.lit(address.feed).alias("feed"),
            pl.lit(address.destination).alias("destination"),
            pl.lit(address.dataset).alias("dataset"),
        ),
    )


def move(connection: sa.Connection, numbers: Sequence[int], address: Address, document: int) -> None:
    """Let the versions with these change numbers go out with another document."""
    connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.dataset == address.dataset,
            deliveries.c.destination == address.destination,
            deliveries.c.change_number.in_(numbers),
        )
        .values(document=document, status="waiting")
    )


def pending(connection: sa.Connection, feed: str) -> list[int]:
    """The documents of a feed that are not settled: those tried least often first, then as they were enqueued.

    So a document that the receiver always chokes on comes last, and does not keep the others from being tried.
    """
    return list(
        connection.execute(
            sa.select(documents.c.id)
            .where(documents.c.feed == feed, documents.c.status.in_(PENDING))
            .order_by(documents.c.attempts, documents.c.id)
        ).scalars()
    )


def of_another_environment(connection: sa.Connection, feed: str, environment: Environment) -> int:
    """How many pending documents of a feed were enqueued by a deployment of the other mark."""
    return connection.execute(
        sa.select(sa.func.count()).where(
            documents.c.feed == feed, documents.c.status.in_(PENDING), documents.c.environment != environment
        )
    ).scalar_one()


def predecessors(connection: sa.Connection, feed: str) -> dict[int, set[int]]:
    """For each pending document that must wait: the earlier pending documents that carry one of its records."""
    later, earlier = deliveries.alias("later"), deliveries.alias("earlier")
    own, other = documents.alias("own"), documents.alias("other")
    rows = connection.execute(
        sa.select(own.c.id, other.c.id)
        .join(later, later.c.document == own.c.id)
        .join(earlier, sa.and_(earlier.c.record_key == later.c.record_key, earlier.c.dataset == later.c.dataset))
        .join(other, earlier.c.document == other.c.id)
        .where(
            own.c.feed == feed,
            own.c.status.in_(PENDING),
            other.c.destination == own.c.destination,
            other.c.status.in_(PENDING),
            earlier.c.change_number < later.c.change_number,
            own.c.id != other.c.id,
        )
        .distinct()
    )
    waiting_for: dict[int, set[int]] = {}
    for document, before in rows:
        waiting_for.setdefault(document, set()).add(before)
    return waiting_for


@dataclass(frozen=True)
class Outgoing:
    """A pending document as it is stored; `open` are its versions that have no receipt yet."""

    id: int
    status: str
    document: Document
    open: Sequence[RecordVersion]


def load(connection: sa.Connection, document: int) -> Outgoing:
    """A document with the versions it was made of that still belong to it, in order; its body is compressed."""
    row = connection.execute(sa.select(documents).where(documents.c.id == document)).one()
    versions = connection.execute(
        sa.select(deliveries.c.record_key, deliveries.c.change_number, deliveries.c.status)
        .where(deliveries.c.document == document)
        .order_by(deliveries.c.change_number)
    ).fetchall()
    return Outgoing(
        id=document,
        status=row.status,
        document=Document(
            idempotency_key=row.idempotency_key,
            dataset=row.dataset,
            body=row.body,
            versions=[RecordVersion(each.record_key, each.change_number) for each in versions],
        ),
        open=[
            RecordVersion(each.record_key, each.change_number)
            for each in versions
            if each.status in {"waiting", "unknown"}
        ],
    )


def mark_sending(connection: sa.Connection, document: int) -> None:
    """Say, before anything is sent, that an outcome may from now on be unknown."""
    connection.execute(
        sa.update(documents)
        .where(documents.c.id == document)
        .values(status="sending", attempts=documents.c.attempts + 1)
    )


def mark(connection: sa.Connection, document: int, status: str) -> None:
    """Set a document and its versions without receipt to `waiting` or `unknown`."""
    connection.execute(sa.update(documents).where(documents.c.id == document).values(status=status))
    connection.execute(
        sa.update(deliveries)
        .where(deliveries.c.document == document, deliveries.c.status.in_(("waiting", "unknown")))
        .values(status=status)
    )


def add_receipts(connection: sa.Connection, outgoing: Outgoing, kind: str, answer: Answer, evidence: bytes) -> None:
    """Keep an answer (`evidence` is compressed) and the outcome of each version that it names and that had none."""
    receipt = connection.execute(
        sa.insert(receipts)
        .values(document=outgoing.id, received_at=now(), kind=kind, evidence=evidence)
        .returning(receipts.c.id)
    ).scalar_one()
    still_open = set(outgoing.open)
    outcomes = [_outcome(outgoing.id, receipt, each) for each in answer.receipts if each.version in still_open]
    if outcomes:
        connection.execute(_SETTLE, outcomes)
    event_log.append(
        connection,
        "receipts.stored",
        {"document": outgoing.id, "kind": kind, "outcomes": dict(Counter(each["new_status"] for each in outcomes))},
    )


_SETTLE = (
    sa.update(deliveries)
    .where(
        deliveries.c.document == sa.bindparam("in_document"),
        deliveries.c.change_number == sa.bindparam("number"),
        sa.or_(deliveries.c.status == "waiting", deliveries.c.status == "unknown"),  # a receipt is never replaced
    )
    .values(
        status=sa.bindparam("new_status"),
        receipt=sa.bindparam("new_receipt"),
        reference=sa.bindparam("new_reference"),
        code=sa.bindparam("new_code"),
        reason=sa.bindparam("new_reason"),
    )
)


def _outcome(document: int, receipt: int, answered: Receipt) -> dict[str, object]:
    return {
        "in_document": document,
        "number": answered.version.change_number,
        "new_status": _STATUS[answered.outcome],
        "new_receipt": receipt,
        "new_reference": _storable(answered.reference),
        "new_code": _storable(answered.code),
        "new_reason": _storable(answered.reason),
    }


def _storable(said: str) -> str | None:
    """The receiver's words; PostgreSQL keeps no U+0000."""
    return said.replace("\x00", "<U+0000>") or None


def refuse(connection: sa.Connection, document: int, code: str, reason: str) -> None:
    """Enter that the receiver refused the document as a whole, and settle it."""
    connection.execute(
        sa.update(deliveries)
        .where(deliveries.c.document == document, deliveries.c.status.in_(("waiting", "unknown")))
        .values(status="refused", code=code, reason=_storable(reason))
    )
    settle(connection, document)
    event_log.append(connection, "document.refused", {"document": document, "code": code})


def refuse_version(connection: sa.Connection, address: Address, change_number: int, code: str, reason: str) -> None:
    """Enter that a version without receipt can no longer be sent."""
    connection.execute(
        sa.update(deliveries)
        .where(
            deliveries.c.dataset == address.dataset,
            deliveries.c.destination == address.destination,
            deliveries.c.change_number == change_number,
            deliveries.c.status.in_(("waiting", "unknown")),
        )
        .values(status="refused", code=code, reason=reason)
    )


def settle(connection: sa.Connection, document: int) -> None:
    """Say that every version of the document has its outcome."""
    connection.execute(sa.update(documents).where(documents.c.id == document).values(status=SETTLED, settled_at=now()))


def tally(connection: sa.Connection, numbers: Iterable[int]) -> Counter[str]:
    """How many versions of these documents have which status."""
    listed = list(numbers)
    counts: Counter[str] = Counter()
    for start in range(0, len(listed), 500):
        rows = connection.execute(
            sa.select(deliveries.c.status, sa.func.count())
            .where(deliveries.c.document.in_(listed[start : start + 500]))
            .group_by(deliveries.c.status)
        )
        for status, count in rows:
            counts[status] += count
    return counts


def refused(connection: sa.Connection, feed: str) -> pl.DataFrame:
    """The versions that were refused and that no later version of the record replaced.

    `document` is null where the profile could not express them, so that they were never sent.
    """
    schema = {**_WORDED, "document": pl.Int64()}
    later = deliveries.alias("later")
    query = sa.select(*(deliveries.c[name] for name in schema)).where(
        deliveries.c.feed == feed,
        deliveries.c.status == sa.literal_column("'refused'"),  # as the partial index says it
        ~sa.exists().where(
            later.c.record_key == deliveries.c.record_key,
            later.c.dataset == deliveries.c.dataset,
            later.c.destination == deliveries.c.destination,
            later.c.change_number > deliveries.c.change_number,
        ),
    )
    return bulk.frame_of(connection, query, schema)
