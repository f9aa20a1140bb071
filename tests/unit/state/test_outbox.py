from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import psycopg
import pytest
import sqlalchemy as sa

from gateway.interfaces import Answer, Receipt, ReceiptOutcome, RecordVersion
from gateway.state import outbox
from gateway.state.database import Connection, Database

ADDRESS = outbox.Address("o", "shandong", "inspection_targets", "shandong/platform/2023-01", "rehearsal")
BESIDE = outbox.Address("o2", "shandong", "inspection_targets", "shandong/platform/2023-01", "rehearsal")
ACCEPTED, REFUSED = ReceiptOutcome.ACCEPTED, ReceiptOutcome.REFUSED


def enqueue(connection: Connection, *versions: tuple[str, int], address: outbox.Address = ADDRESS) -> int:
    """A document of these versions (key, change number) that waits to be sent."""
    name = f"{address.feed} {versions}"
    document = outbox.add_document(connection, address, 1, name, len(versions), b"body")
    enter(connection, *versions, address=address, document=document)
    return document


def enter(connection: Connection, *versions: tuple[str, int], address: outbox.Address = ADDRESS, **more: Any) -> None:
    frame = pl.DataFrame(list(versions), schema={"record_key": pl.String(), "change_number": pl.Int64()}, orient="row")
    said = {"operation": "insert", "status": "waiting", **more}
    outbox.add_deliveries(
        connection, address, frame.with_columns(pl.lit(value).alias(name) for name, value in said.items())
    )


def answer(connection: Connection, document: int, *receipts: Receipt) -> None:
    outbox.add_receipts(connection, outbox.load(connection, document), "deliver", Answer(receipts, b"said"), b"packed")


def receipt(key: str, number: int, outcome: ReceiptOutcome = ACCEPTED, *said: str) -> Receipt:
    return Receipt(RecordVersion(key, number), outcome, *said)


def deliveries(connection: Connection, columns: str = "record_key, change_number, status") -> list[tuple[Any, ...]]:
    rows = connection.exec_driver_sql(f"SELECT {columns} FROM deliveries ORDER BY change_number")
    return [tuple(row) for row in rows]


@pytest.fixture
def connection(database: Database) -> Any:
    with database.write() as opened:
        yield opened


def test_the_cursor_starts_at_nothing_and_moves_with_its_feed_only(connection: Connection) -> None:
    assert outbox.cursor(connection, "o") == 0
    outbox.advance(connection, "o", 5)
    outbox.advance(connection, "o", 9)
    assert (outbox.cursor(connection, "o"), outbox.cursor(connection, "o2")) == (9, 0)


def test_a_version_goes_once_to_a_destination_whichever_feed_brings_it(connection: Connection) -> None:
    enqueue(connection, ("A", 1), ("B", 2))
    assert sorted(outbox.already_enqueued(connection, BESIDE, 0, 10)) == [1, 2]
    assert outbox.already_enqueued(connection, BESIDE, 1, 1) == []
    with pytest.raises((sa.exc.IntegrityError, psycopg.errors.UniqueViolation)):
        enqueue(connection, ("A", 1), address=BESIDE)


def test_another_destination_is_given_the_version_too(connection: Connection) -> None:
    elsewhere = outbox.Address("o2", "national", "inspection_targets", "x/1", "rehearsal")
    enqueue(connection, ("A", 1))
    enqueue(connection, ("A", 1), address=elsewhere)
    assert outbox.already_enqueued(connection, elsewhere, 0, 10) == [1]


def test_what_was_tried_often_waits_behind_what_was_not(connection: Connection) -> None:
    often, fresh, fresher = (enqueue(connection, (key, number)) for number, key in enumerate("ABC", 1))
    outbox.mark_sending(connection, often)
    assert outbox.pending(connection, "o") == [fresh, fresher, often]
    outbox.settle(connection, fresh)
    assert outbox.pending(connection, "o") == [fresher, often]


def test_a_version_waits_for_the_earlier_ones_of_its_record(connection: Connection) -> None:
    first = enqueue(connection, ("A", 1), ("B", 2))
    second = enqueue(connection, ("A", 3))
    apart = enqueue(connection, ("C", 4))
    third = enqueue(connection, ("A", 5), address=BESIDE)
    assert outbox.predecessors(connection, "o") == {second: {first}}
    assert outbox.predecessors(connection, "o2") == {third: {first, second}}
    outbox.settle(connection, first)
    assert outbox.predecessors(connection, "o") == {}
    assert apart not in outbox.predecessors(connection, "o")


def test_versions_put_into_a_new_document_still_go_before_later_ones(connection: Connection) -> None:
    first, later = enqueue(connection, ("A", 1), ("B", 2)), enqueue(connection, ("A", 3))
    anew = outbox.add_document(connection, ADDRESS, 2, "anew", 1, b"body")
    outbox.move(connection, [1], ADDRESS, anew)
    outbox.settle(connection, first)
    assert outbox.predecessors(connection, "o") == {later: {anew}}
    assert outbox.load(connection, first).open == [RecordVersion("B", 2)]


def test_a_receipt_is_kept_with_the_receivers_words(connection: Connection) -> None:
    document = enqueue(connection, ("A", 1), ("B", 2))
    answer(connection, document, receipt("A", 1, ACCEPTED, "SD1"), receipt("B", 2, REFUSED, "", "R1", "缺少\x00名称"))
    assert deliveries(connection, "status, receipt, reference, code, reason") == [
        ("delivered", 1, "SD1", None, None),
        ("refused", 1, None, "R1", "缺少<U+0000>名称"),
    ]
    assert outbox.load(connection, document).open == []
    assert outbox.tally(connection, [document]) == {"delivered": 1, "refused": 1}


@pytest.mark.parametrize("long", ["9" * 5_000])
def test_however_much_a_receiver_says_it_is_kept(connection: Connection, long: str) -> None:
    document = enqueue(connection, ("A", 1))
    answer(connection, document, receipt("A", 1, REFUSED, long, long, long))
    assert deliveries(connection, "reference, code, reason") == [(long, long, long)]


def test_a_receipt_is_never_replaced(connection: Connection) -> None:
    document = enqueue(connection, ("A", 1))
    answer(connection, document, receipt("A", 1, ACCEPTED, "SD1"))
    answer(connection, document, receipt("A", 1, REFUSED, "", "R1", "zu spät"))
    outbox.refuse(connection, document, "x", "y")
    outbox.mark(connection, document, "unknown")
    assert deliveries(connection, "status, reference") == [("delivered", "SD1")]


def test_an_answer_about_versions_that_were_not_open_changes_nothing(connection: Connection) -> None:
    document, other = enqueue(connection, ("A", 1)), enqueue(connection, ("B", 2))
    answer(connection, document, receipt("B", 2), receipt("Z", 9))
    assert deliveries(connection) == [("A", 1, "waiting"), ("B", 2, "waiting")]
    assert outbox.load(connection, other).open == [RecordVersion("B", 2)]


def test_marks_concern_only_versions_without_a_receipt(connection: Connection) -> None:
    document = enqueue(connection, ("A", 1), ("B", 2))
    answer(connection, document, receipt("A", 1))
    outbox.mark(connection, document, "unknown")
    assert deliveries(connection) == [("A", 1, "delivered"), ("B", 2, "unknown")]
    outgoing = outbox.load(connection, document)
    assert (outgoing.status, outgoing.open) == ("unknown", [RecordVersion("B", 2)])
    assert list(outgoing.document.versions) == [RecordVersion("A", 1), RecordVersion("B", 2)]


def test_sending_is_said_before_anything_is_sent(connection: Connection) -> None:
    document = enqueue(connection, ("A", 1))
    outbox.mark_sending(connection, document)
    assert outbox.load(connection, document).status == "sending"
    assert outbox.pending(connection, "o") == [document]
    assert connection.exec_driver_sql("SELECT attempts FROM documents").scalar_one() == 1


def test_a_document_refused_as_a_whole_refuses_what_has_no_receipt(connection: Connection) -> None:
    document = enqueue(connection, ("A", 1), ("B", 2))
    answer(connection, document, receipt("A", 1))
    outbox.refuse(connection, document, "answer.refused", "报文超过大小上限")
    assert deliveries(connection, "status, code, reason") == [
        ("delivered", None, None),
        ("refused", "answer.refused", "报文超过大小上限"),
    ]
    assert outbox.pending(connection, "o") == []


def refused_numbers(connection: Connection) -> Sequence[tuple[Any, ...]]:
    return outbox.refused(connection, "o").sort("change_number").select("record_key", "change_number").rows()


def test_a_refusal_counts_until_a_later_version_goes_out(connection: Connection) -> None:
    document = enqueue(connection, ("A", 1), ("B", 2))
    answer(connection, document, receipt("A", 1, REFUSED, "", "R1", "x"), receipt("B", 2, REFUSED, "", "R2", "y"))
    assert refused_numbers(connection) == [("A", 1), ("B", 2)]
    enqueue(connection, ("A", 3), address=BESIDE)
    assert refused_numbers(connection) == [("B", 2)]


def test_a_refusal_of_our_own_has_no_document(connection: Connection) -> None:
    enter(connection, ("A", 1), status="refused", code="lookup.unknown", reason="企业类型")
    (own,) = outbox.refused(connection, "o").to_dicts()
    assert own == {
        "record_key": "A",
        "change_number": 1,
        "code": "lookup.unknown",
        "reason": "企业类型",
        "document": None,
    }
