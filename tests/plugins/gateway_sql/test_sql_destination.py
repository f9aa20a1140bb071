"""Rows are written once, with a receipt each, into SQLite and PostgreSQL tables; the contract holds on both."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import gateway_sql
from gateway.errors import AccessRefused, DeliveryError, StartError
from gateway.formats.profile import load_profile
from gateway.interfaces import Destination, Document, ReceiptOutcome, RecordVersion, Surroundings
from gateway.shipped import shipped
from gateway.testing.destination_contract import DestinationContract

TABLES = "departments/demo/market_regulation_tables/2026-01"
PROFILE = load_profile(shipped("mappings") / TABLES / "inspection_tasks.yml")
SCHEMA = "CREATE TABLE rw (rwbh VARCHAR(50) PRIMARY KEY, rwmc VARCHAR(20) NOT NULL, ksrq DATE, cqs INTEGER, bz TEXT)"


class Receiver:
    """A department's database with an empty table of tasks."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.opened: list[Any] = []
        self.do(SCHEMA)

    def do(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def open(self, **options: Any) -> Any:
        (offer,) = gateway_sql.gateway_destinations()
        address = sa.make_url(options.pop("url", self.url))
        known = {"server": address.password or ""}
        usual = {"url": address.set(password=None).render_as_string(), "table": "rw", "keys": ["rwbh"]}
        password = {"password": "server"} if address.password else {}
        declared = offer.options.model_validate({**usual, **password, **options})
        self.opened.append(offer.open(declared, PROFILE, Surroundings(self.folder, known.__getitem__)))
        return self.opened[-1]


def document(*rows: dict[str, Any]) -> Document:
    """A document as a table profile renders it."""
    texts = [json.dumps(row, ensure_ascii=False) for row in rows]
    versions = [RecordVersion(row["gateway_key"], row["gateway_version"]) for row in rows]
    return Document("d1", "inspection_tasks", PROFILE.body("d1", texts), versions)


def row(key: str, version: int = 1, operation: str = "insert", **cells: Any) -> dict[str, Any]:
    usual = {"rwbh": key, "rwmc": f"任务{version}", "ksrq": "2026-03-02", "cqs": "5"}
    return {"gateway_key": key, "gateway_version": version, "gateway_operation": operation, **usual, **cells}


@pytest.fixture(params=["sqlite", "postgresql"])
def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Receiver]:
    url = f"sqlite:///{tmp_path / 'own.db'}" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    made = Receiver(url, tmp_path)
    yield made
    made.engine.dispose()


class TestSqlDestination(DestinationContract):
    @pytest.fixture(autouse=True)
    def _receiver(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def destination(self) -> Destination:
        opened: Destination = self.receiver.open()
        return opened

    def unreachable(self) -> Destination:
        kind = sa.make_url(self.receiver.url).get_backend_name()
        nowhere = {"sqlite": "sqlite:///nowhere.db", "postgresql": "postgresql://root@127.0.0.1:1/test"}
        opened: Destination = self.receiver.open(url=nowhere[kind])
        return opened

    def document(self, versions: Sequence[RecordVersion], refused: Collection[RecordVersion] = ()) -> Document:
        return document(
            *(
                row(each.record_key, each.change_number, **({"rwmc": None} if each in refused else {}))
                for each in versions
            )
        )

    def taken(self) -> Sequence[RecordVersion]:
        if not sa.inspect(self.receiver.engine).has_table("gateway_receipts"):
            return []
        written = "SELECT record_key, change_number FROM gateway_receipts WHERE written = 1 ORDER BY at, position"
        return [RecordVersion(*each) for each in self.receiver.rows(written)]

    def lose_next_answer(self) -> None:
        engine = self.receiver.opened[-1]._writer._engine

        @sa.event.listens_for(engine, "commit", once=True)
        def _commit_and_lose_the_answer(connection: sa.Connection) -> None:
            connection.connection.driver_connection.commit()  # type: ignore[union-attr]
            raise sa.exc.OperationalError("COMMIT", None, ConnectionError("the server went away"))


def test_a_row_is_put_in_place_of_the_row_of_its_key_and_other_columns_stay(receiver: Receiver) -> None:
    destination = receiver.open()
    destination.deliver(document(row("001")))
    receiver.do("UPDATE rw SET bz = '本局备注'")
    destination.deliver(document(row("001", 2, "change", cqs=None)))
    assert receiver.rows("SELECT rwbh, rwmc, cqs, bz FROM rw") == [("001", "任务2", None, "本局备注")]


def test_a_document_that_comes_again_does_not_undo_what_the_department_changed(receiver: Receiver) -> None:
    destination = receiver.open()
    destination.deliver(document(row("001")))
    receiver.do("UPDATE rw SET rwmc = '本局改过'")
    destination.deliver(document(row("001")))
    assert receiver.rows("SELECT rwmc FROM rw") == [("本局改过",)]


def test_a_withdrawal_takes_the_row_away(receiver: Receiver) -> None:
    destination = receiver.open()
    destination.deliver(document(row("001"), row("002")))
    answer = destination.deliver(document(row("001", 2, "withdraw")))
    assert [each.outcome for each in answer.receipts] == [ReceiptOutcome.ACCEPTED]
    assert receiver.rows("SELECT rwbh FROM rw") == [("002",)]


def test_an_older_version_that_comes_late_does_not_overwrite(receiver: Receiver) -> None:
    destination = receiver.open()
    destination.deliver(document(row("001", 7)))
    answer = destination.deliver(document(row("001", 6)))
    assert [(each.outcome, each.code) for each in answer.receipts] == [(ReceiptOutcome.REFUSED, "sql.overtaken")]
    assert receiver.rows("SELECT rwmc FROM rw") == [("任务7",)]


def test_what_was_refused_can_be_written_once_the_table_takes_it(receiver: Receiver) -> None:
    destination = receiver.open()
    said = destination.deliver(document(row("001", rwmc=None))).receipts[0]
    assert (said.outcome, said.code, "rwmc" in said.reason) == (ReceiptOutcome.REFUSED, "sql.not_written", True)
    receiver.do("DROP TABLE rw")
    receiver.do(SCHEMA.replace(" NOT NULL", ""))
    assert destination.deliver(document(row("001", rwmc=None))).receipts[0].outcome is ReceiptOutcome.ACCEPTED


def test_rows_and_receipts_are_one_transaction(receiver: Receiver) -> None:
    destination = receiver.open()
    destination.deliver(document(row("001")))
    receiver.do("ALTER TABLE gateway_receipts RENAME COLUMN reason TO other")
    with pytest.raises(DeliveryError):
        destination.deliver(document(row("002")))
    assert receiver.rows("SELECT rwbh FROM rw") == [("001",)]


def test_an_absent_part_of_the_key_is_the_empty_text(receiver: Receiver) -> None:
    receiver.do("CREATE TABLE md (bs VARCHAR(64), bq VARCHAR(100), mc VARCHAR(100), PRIMARY KEY (bs, bq))")
    destination = receiver.open(table="md", keys=["bs", "bq"])
    for version in (1, 2):
        cells = {"bs": "1", "bq": None, "mc": str(version)}
        named = {"gateway_key": "k", "gateway_version": version, "gateway_operation": "insert"}
        destination.deliver(document({**named, **cells}))
    assert receiver.rows("SELECT * FROM md") == [("1", "", "2")]


def test_two_tables_that_take_one_dataset_each_have_their_rows(receiver: Receiver) -> None:
    receiver.do(SCHEMA.replace("TABLE rw", "TABLE rw2"))
    for table in ("rw", "rw2"):
        receiver.open(table=table).deliver(document(row("001")))
    assert receiver.rows("SELECT rwbh FROM rw2") == [("001",)]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"table": "rv"}, "sql.table_not_as_declared"),
        ({"keys": ["rwbm"]}, "sql.table_not_as_declared"),
        ({"keys": ["rwmc"]}, "sql.no_unique_key"),
        ({"keys": ["rwbh", "rwmc"]}, "sql.no_unique_key"),
    ],
    ids=str,
)
def test_a_check_finds_a_table_that_is_not_as_declared(receiver: Receiver, options: dict[str, Any], code: str) -> None:
    with pytest.raises(AccessRefused) as caught:
        receiver.open(**options).check()
    assert caught.value.message.code == code


def test_a_column_that_is_not_there_stops_the_feed_and_not_the_record(receiver: Receiver) -> None:
    with pytest.raises(DeliveryError) as caught:
        receiver.open().deliver(document(row("001", nowhere="x")))
    assert caught.value.message.code == "sql.write_refused"
    assert receiver.rows("SELECT * FROM rw") == []


def test_a_profile_for_a_wire_is_refused(receiver: Receiver) -> None:
    (offer,) = gateway_sql.gateway_destinations()
    options = offer.options.model_validate({"url": "sqlite:///own.db", "table": "rw", "keys": ["rwbh"]})
    wire = load_profile(shipped("mappings") / "shandong/platform/2023-01/departments.yml")
    with pytest.raises(StartError, match="format: table"):
        offer.open(options, wire, Surroundings(receiver.folder, str))
