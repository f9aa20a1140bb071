"""The platform's JSON: envelopes opened strictly, answers in the order in which records were sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from gateway.sandbox_host.platform.codes import Refused
from gateway.sandbox_host.platform.speech import Said, Submitted
from gateway.sandbox_host.platform.store import REFUSED, TAKEN, TAKEN_BEFORE
from gateway_shandong.sandbox.codes import ENVELOPE_WRONG, NOT_JSON, RECORD, SUCCESS, TOO_MANY_RECORDS, WHOLE
from gateway_shandong.sandbox.declared import Service
from gateway_shandong.sandbox.records import CHANGE_NUMBER, KEY, OPERATION, wrong_names

FORMAT = "2023-01"
OUTCOMES = {TAKEN: "1", REFUSED: "0", TAKEN_BEFORE: "2"}
_LONGEST_BATCH_NUMBER = 128


class ShandongSpeech:
    """How the platform reads and writes."""

    content_type = "application/json; charset=utf-8"
    broken_content = "broken_json"
    whole = WHOLE
    record = RECORD

    def __init__(self, services: Mapping[str, Service]) -> None:
        self._services = services

    def delivered(self, body: bytes, dataset: str) -> tuple[str, Sequence[Submitted]]:
        """The batch number and its records; what names a record is echoed as it was said, right or wrong."""
        batch, records = _opened(body, self._services[dataset])
        return batch, [
            Submitted(
                key=cast("str", each.get(KEY)),
                change_number=cast("int", each.get(CHANGE_NUMBER)),
                operation=cast("str", each.get(OPERATION)),
                content=each,
                wrong=wrong_names(each),
            )
            for each in records
        ]

    def asked(self, body: bytes, dataset: str) -> tuple[str, Sequence[tuple[str, int]]]:
        """The batch number and the versions asked for."""
        batch, records = _opened(body, self._services[dataset])
        asked = []
        for each in records:
            key, number = each.get(KEY), each.get(CHANGE_NUMBER)
            if not (isinstance(key, str) and type(number) is int):
                raise Refused(ENVELOPE_WRONG, f"查询的每条记录都应有 {KEY} 和 {CHANGE_NUMBER}")
            asked.append((key, number))
        return batch, asked

    def answer(self, batch: str, said: Sequence[Said]) -> bytes:
        """Success, and what is said of each record."""
        return _said(
            SUCCESS.code, SUCCESS.sentence, {"pch": batch, "zs": len(said), "jglb": [_result(each) for each in said]}
        )

    def half(self, answer: bytes) -> bytes:
        """The first half of the results; `zs` still counts all."""
        content = json.loads(answer)
        results = content["data"]["jglb"]
        content["data"]["jglb"] = results[: len(results) // 2]
        return json.dumps(content, ensure_ascii=False).encode()

    def refusal(self, refused: Refused) -> bytes:
        """The code of the cause, and no data."""
        return _said(refused.code.code, refused.sentence, None)

    def well(self) -> bytes:
        """Success, about nothing."""
        return _said(SUCCESS.code, "ok", None)


def _opened(body: bytes, service: Service) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """The batch number and the records of a request whose envelope is as it should be."""
    try:
        content = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Refused(NOT_JSON, error) from error
    if not isinstance(content, dict) or set(content) != {"pch", "sjlx", "gsbb", "jls", "sjlb"}:
        raise Refused(ENVELOPE_WRONG, "应有且仅有 pch、sjlx、gsbb、jls、sjlb")
    batch, records = content["pch"], content["sjlb"]
    if not (isinstance(batch, str) and 0 < len(batch) <= _LONGEST_BATCH_NUMBER):
        raise Refused(ENVELOPE_WRONG, f"pch 应为 1 至 {_LONGEST_BATCH_NUMBER} 个字符")
    if content["sjlx"] != service.code or content["gsbb"] != FORMAT:
        raise Refused(ENVELOPE_WRONG, f"此接口的 sjlx 为 {service.code}，gsbb 为 {FORMAT}")
    if not (isinstance(records, list) and all(isinstance(each, dict) for each in records)):
        raise Refused(ENVELOPE_WRONG, "sjlb 应为记录的列表")
    if len(records) > service.records:
        raise Refused(TOO_MANY_RECORDS, service.records)
    if not records or content["jls"] != len(records):
        raise Refused(ENVELOPE_WRONG, f"jls 应等于 sjlb 的记录数 {len(records)}，且不为 0")
    return batch, records


def _result(said: Said) -> dict[str, Any]:
    verdict = said.verdict
    return {
        KEY: said.key,
        CHANGE_NUMBER: said.change_number,
        "jg": OUTCOMES[verdict.outcome],
        "lsh": verdict.reference,
        "cwdm": verdict.code,
        "cwsm": verdict.reason,
    }


def _said(code: str, message: str, data: Mapping[str, Any] | None) -> bytes:
    content = {"code": code, "message": message, "data": data}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
