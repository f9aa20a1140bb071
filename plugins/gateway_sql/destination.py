"""A table of a department's own database as a destination: rows of tasks and drawn lists where its own system reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field, field_validator

from gateway.errors import DeliveryError, StartError, TryAgain
from gateway.interfaces import Answer, Document, Options, Receipt, ReceiptOutcome, RecordVersion, Surroundings, Wire
from gateway.messages import Message
from gateway.transport.sql.written_rows import RowChange, RowReceipt, TableTarget

NO_TABLE_PROFILE = Message(
    "sql.no_table_profile",
    zh="写入数据库需要 format: table 的报送格式，而所选的是 {format}；请换一个报送格式",
    en="a database is written by a profile with `format: table`, and this one is {format}; name another profile",
)
NOT_ASKED = Message(
    "sql.not_asked",
    zh="未能查到数据库中已写入哪些记录，稍后再查：{why_zh}",
    en="what was written to the database could not be learnt and is asked again later: {why}",
)

MESSAGES = (NO_TABLE_PROFILE, NOT_ASKED)

# The members of a document of a table profile, see `gateway.formats.table_documents`.
_ROWS, _KEY, _VERSION, _OPERATION = "rows", "gateway_key", "gateway_version", "gateway_operation"
_Name = Annotated[str, Field(min_length=1)]


class SqlDestinationOptions(Options, defer_build=True):
    """One table of one database, and the columns that name a row of it (they must be a unique key there).

    `url` and `password` as for the source `sql`; `receipts` names the table beside it that remembers what was written.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, populate_by_name=True)

    url: str
    password: str | None = None
    table: _Name
    schema_name: _Name | None = Field(default=None, alias="schema")
    keys: Annotated[tuple[_Name, ...], Field(min_length=1)]
    receipts: _Name = "gateway_receipts"

    @field_validator("url")
    @classmethod
    def _url_is_readable_and_holds_no_password(cls, url: str) -> str:
        from gateway.transport.sql.address import parse_url

        parse_url(url)
        return url


class SqlDestination:
    """Writes documents as rows, each in one transaction with its receipts."""

    def __init__(self, options: SqlDestinationOptions, wire: Wire, surroundings: Surroundings) -> None:
        from gateway.transport.sql.writable import writable_engine  # SQLAlchemy loads only where a feed needs it
        from gateway.transport.sql.writer import SqlWriter

        if wire.options["format"] != "table":
            raise StartError(NO_TABLE_PROFILE, format=wire.options["format"])
        password = surroundings.secret(options.password) if options.password is not None else None
        engine, address = writable_engine(options.url, password, surroundings.directory)
        target = TableTarget(options.table, options.schema_name, options.keys, options.receipts)
        self._writer = SqlWriter(engine, address, password, target)

    def check(self) -> None:
        """Raise DeliveryError unless the table is there and its keys are unique; write nothing."""
        self._writer.check()

    def deliver(self, document: Document) -> Answer:
        """Write the rows once; raises TryAgain, AccessRefused or OutcomeUnknown."""
        changes = [_change(row) for row in json.loads(document.body)[_ROWS]]
        return _answer(self._writer.write(document.dataset, changes))

    def find(self, document: Document) -> Answer:
        """What the receipts table says of the document's versions; raises TryAgain whatever prevents an answer."""
        versions = [(each.record_key, each.change_number) for each in document.versions]
        try:
            return _answer(self._writer.receipts(document.dataset, versions))
        except DeliveryError as error:
            raise TryAgain(NOT_ASKED, why=error.text("en"), why_zh=error.text("zh")) from error


def _change(row: dict[str, Any]) -> RowChange:
    values = {name: value for name, value in row.items() if name not in {_KEY, _VERSION, _OPERATION}}
    return RowChange(row[_KEY], row[_VERSION], row[_OPERATION] == "withdraw", values)


def _answer(receipts: Sequence[RowReceipt]) -> Answer:
    said = [[each.record_key, each.change_number, each.written, each.code, each.reason] for each in receipts]
    return Answer([_receipt(each) for each in receipts], json.dumps(said, ensure_ascii=False).encode())


def _receipt(said: RowReceipt) -> Receipt:
    version = RecordVersion(said.record_key, said.change_number)
    outcome = ReceiptOutcome.ACCEPTED if said.written else ReceiptOutcome.REFUSED
    return Receipt(version, outcome, code=said.code, reason=said.reason)
