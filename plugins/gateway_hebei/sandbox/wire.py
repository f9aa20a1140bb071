"""The platform's XML: packages held against their XSD before anything is read, answers in the order of theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from gateway.sandbox_host.inspection.dispatched import Page
from gateway.sandbox_host.platform.codes import Refused
from gateway.sandbox_host.platform.speech import Said, Submitted
from gateway.sandbox_host.platform.store import REFUSED, TAKEN, TAKEN_BEFORE
from gateway.transport.xml import NotXml, Schema, parse
from gateway_hebei.sandbox.codes import COUNT_WRONG, NOT_VALID, NOT_XML, RECORD, TOO_MANY_RECORDS, WHOLE
from gateway_hebei.sandbox.declared import Service

PACKAGE, QUESTION, PULL = "DataPackage", "QueryPackage", "PullPackage"
HEAD, BODY, RECORD_NAME, DATA = "PackageHead", "PackageBody", "Record", "Data"
ROW = "Row"
KEY, CHANGE_NUMBER, OPERATION = "RecordKey", "ChangeNo", "Operation"
OPERATIONS = {"1": "i", "2": "u", "3": "d"}
STATES = {TAKEN: "Y", REFUSED: "N", TAKEN_BEFORE: "D"}
SUCCESS, FAILURE = "1", "0"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
# A result or a row stands on one line, whatever its values hold.
_SPACES = {"\n": "&#10;", "\r": "&#13;"}


@dataclass(frozen=True, slots=True)
class PageQuestion:
    """Who asks for which page (from 1) of how many rows."""

    departments: Sequence[str]
    number: int
    size: int


class HebeiSpeech:
    """How the platform reads and writes."""

    content_type = "application/xml; charset=utf-8"
    broken_content = "broken_xml"
    whole = WHOLE
    record = RECORD

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    def delivered(self, body: bytes, dataset: str) -> tuple[str, Sequence[Submitted]]:
        """The package's number and its records."""
        number, records = self._opened(body, PACKAGE, self._services[dataset])
        return number, [
            Submitted(each[KEY], int(each[CHANGE_NUMBER]), OPERATIONS[each[OPERATION]], each.get(DATA, {}))
            for each in records
        ]

    def asked(self, body: bytes, dataset: str) -> tuple[str, Sequence[tuple[str, int]]]:
        """The package's number and the versions asked for."""
        number, records = self._opened(body, QUESTION, self._services[dataset])
        return number, [(each[KEY], int(each[CHANGE_NUMBER])) for each in records]

    def answer(self, batch: str, said: Sequence[Said]) -> bytes:
        """Success, and what is said of each record."""
        return _answer(SUCCESS, "", "成功", batch, len(said), (_result(each) for each in said))

    def half(self, answer: bytes) -> bytes:
        """The first half of the results; the head still counts all."""
        start, _, rest = answer.decode().partition("<Body>\n")
        results = rest.partition("</Body>")[0].splitlines(keepends=True)
        return f"{start}<Body>\n{''.join(results[: len(results) // 2])}</Body></Answer>".encode()

    def refusal(self, refused: Refused) -> bytes:
        """Failure, with the code of the cause."""
        return _answer(FAILURE, refused.code.code, refused.sentence, "", 0, ())

    def well(self) -> bytes:
        """Success, about nothing."""
        return _answer(SUCCESS, "", "正常", "", 0, ())

    def _opened(self, body: bytes, root: str, service: Service) -> tuple[str, Sequence[Mapping[str, Any]]]:
        content = _valid(body, root, service.schema)
        records: Sequence[Mapping[str, Any]] = content[BODY][RECORD_NAME]
        if int(content[HEAD]["RecordCount"]) != len(records):
            raise Refused(COUNT_WRONG, len(records))
        if len(records) > service.records:
            raise Refused(TOO_MANY_RECORDS, service.records)
        return content[HEAD]["PackageId"], records


def asked_page(body: bytes, catalog: str, schema: Schema) -> PageQuestion:
    """The question for a page of a catalog; raises Refused."""
    content = _valid(body, PULL, schema)
    if content["Catalog"] != catalog:
        raise Refused(NOT_VALID, f"此接口的 Catalog 为 {catalog}")
    return PageQuestion(content["DeptCodes"].split(";"), int(content["PageNo"]), int(content["PageSize"]))


def answer_page(page: Page) -> bytes:
    """Success, how many rows there are in all pages, and those of this one."""
    rows = (f"<{ROW}>{_elements(**row)}</{ROW}>" for row in page.rows)
    return _answer(SUCCESS, "", "成功", "", page.total, rows)


def _valid(body: bytes, root: str, schema: Schema) -> Any:
    """The content of a package that has this root and satisfies its XSD; raises Refused."""
    try:
        found = parse(body).tag
    except NotXml as error:
        raise Refused(NOT_XML, f"第 {error.line} 行：{error.why}") from error
    try:
        content = schema.read(body)
    except NotXml as error:
        raise Refused(NOT_VALID, error.why) from error
    if found != root:
        raise Refused(NOT_VALID, f"此接口应为 {root}")
    return content


def _answer(code: str, error: str, message: str, package: str, count: int, results: Iterable[str]) -> bytes:
    head = _elements(Code=code, ErrorCode=error, Message=message, PackageId=package, RecordCount=count)
    lines = "".join(f"{each}\n" for each in results)
    return f"{_DECLARATION}\n<Answer><Head>{head}</Head><Body>\n{lines}</Body></Answer>".encode()


def _result(said: Said) -> str:
    verdict = said.verdict
    inner = _elements(
        RecordKey=said.key,
        ChangeNo=said.change_number,
        State=STATES[verdict.outcome],
        SerialNo=verdict.reference,
        ErrorCode=verdict.code,
        Reason=verdict.reason,
    )
    return f"<Result>{inner}</Result>"


def _elements(**values: object) -> str:
    return "".join(f"<{name}>{escape(str(value), _SPACES)}</{name}>" for name, value in values.items())
