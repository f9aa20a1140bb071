"""The wire of the publicity system: JSON envelopes in, JSON answers out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.sandbox_host.platform.codes import Refused, Wrong
from gateway.sandbox_host.platform.speech import Said, Submitted
from gateway.sandbox_host.platform.store import REFUSED, TAKEN, TAKEN_BEFORE, WITHDRAW
from gateway_national.sandbox.codes import (
    ENVELOPE_WRONG,
    NOT_JSON,
    RECORD,
    RECORD_NAMES_WRONG,
    SUCCESS,
    TOO_MANY_RECORDS,
    WHOLE,
)
from gateway_national.sandbox.declared import Service

KEY, VERSION, OPERATION = "recordId", "recordVersion", "operType"
FORMAT = "2019-01"
_MEMBERS = {"batchNo", "dataType", "formatVersion", "total", "records"}
_OPERATIONS = ("i", "u", WITHDRAW)
_OUTCOMES = {TAKEN: "1", REFUSED: "0", TAKEN_BEFORE: "2"}
_LONGEST_BATCH, _LONGEST_KEY, _LARGEST_NUMBER = 128, 600, 2**63 - 1


class NationalSpeech:
    """Reads deliveries and questions, and words the answers."""

    content_type = "application/json; charset=utf-8"
    broken_content = "broken_json"
    whole = WHOLE
    record = RECORD

    def __init__(self, service: Service) -> None:
        self._service = service

    def delivered(self, body: bytes, dataset: str) -> tuple[str, Sequence[Submitted]]:
        """The batch number and the records of a delivery; raises Refused."""
        batch, records = self._opened(body, dataset)
        return batch, [_submitted(each) for each in records]

    def asked(self, body: bytes, dataset: str) -> tuple[str, Sequence[tuple[str, int]]]:
        """The batch number and the versions of a question; raises Refused."""
        batch, records = self._opened(body, dataset)
        asked = [(each.get(KEY), each.get(VERSION)) for each in records]
        if not all(isinstance(key, str) and type(number) is int for key, number in asked):
            raise Refused(ENVELOPE_WRONG, f"查询的每条记录都应有 {KEY} 和 {VERSION}")
        return batch, asked  # type: ignore[return-value]  # just seen to be so

    def answer(self, batch: str, said: Sequence[Said]) -> bytes:
        """What is said of each record."""
        results = [
            {
                KEY: each.key,
                VERSION: each.change_number,
                "result": _OUTCOMES[each.verdict.outcome],
                "publicNo": each.verdict.reference,
                "errorCode": each.verdict.code,
                "errorMsg": each.verdict.reason,
            }
            for each in said
        ]
        return _answer(SUCCESS.code, SUCCESS.sentence, {"batchNo": batch, "total": len(results), "results": results})

    def half(self, answer: bytes) -> bytes:
        """The same answer with half of its records left out."""
        content = json.loads(answer)
        content["data"]["results"] = content["data"]["results"][: len(content["data"]["results"]) // 2]
        return json.dumps(content, ensure_ascii=False).encode()

    def refusal(self, refused: Refused) -> bytes:
        """The answer to what is refused as a whole."""
        return _answer(refused.code.code, refused.sentence, None)

    def well(self) -> bytes:
        """The answer that all is well."""
        return _answer(SUCCESS.code, SUCCESS.sentence, None)

    def _opened(self, body: bytes, dataset: str) -> tuple[str, Sequence[Mapping[str, Any]]]:
        try:
            content = json.loads(body.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise Refused(NOT_JSON, error) from error
        if not isinstance(content, dict) or set(content) != _MEMBERS:
            raise Refused(ENVELOPE_WRONG, f"应有且仅有 {'、'.join(sorted(_MEMBERS))}")
        batch, records = content["batchNo"], content["records"]
        if not (isinstance(batch, str) and 0 < len(batch) <= _LONGEST_BATCH):
            raise Refused(ENVELOPE_WRONG, f"batchNo 应为 1 至 {_LONGEST_BATCH} 个字符")
        if (content["dataType"], content["formatVersion"]) != (dataset, FORMAT):
            raise Refused(ENVELOPE_WRONG, f"此接口的 dataType 为 {dataset}，formatVersion 为 {FORMAT}")
        if not (isinstance(records, list) and all(isinstance(each, dict) for each in records)):
            raise Refused(ENVELOPE_WRONG, "records 应为记录的列表")
        if len(records) > self._service.records:
            raise Refused(TOO_MANY_RECORDS, self._service.records)
        if not records or content["total"] != len(records):
            raise Refused(ENVELOPE_WRONG, f"total 应等于记录数 {len(records)}，且不为 0")
        return batch, records


def _submitted(record: Mapping[str, Any]) -> Submitted:
    key, number, operation = record.get(KEY), record.get(VERSION), record.get(OPERATION)
    content = {name: value for name, value in record.items() if name not in {KEY, VERSION, OPERATION}}
    if wrong := _wrong_names(key, number, operation):
        # What could not be read comes back as it was sent, so that the sender knows which one it was.
        return Submitted(key, number, operation, content, wrong)  # type: ignore[arg-type]
    return Submitted(str(key), int(number or 0), str(operation), content)


def _wrong_names(key: object, number: object, operation: object) -> Wrong | None:
    if not (isinstance(key, str) and 0 < len(key) <= _LONGEST_KEY):
        return RECORD_NAMES_WRONG.wrong(field=KEY, value=key, allowed=f"1 至 {_LONGEST_KEY} 个字符的文本")
    if not (type(number) is int and 0 < number <= _LARGEST_NUMBER):
        return RECORD_NAMES_WRONG.wrong(field=VERSION, value=number, allowed="正整数")
    if operation not in _OPERATIONS:
        return RECORD_NAMES_WRONG.wrong(field=OPERATION, value=operation, allowed="、".join(_OPERATIONS))
    return None


def _answer(code: str, message: str, data: Mapping[str, Any] | None) -> bytes:
    content = {"code": code, "message": message, "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
