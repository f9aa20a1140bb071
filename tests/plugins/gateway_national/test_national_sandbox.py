"""The simulated publicity system: what it takes is public at once, and stays as it was published."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from wsgiref.validate import validator

import pytest

from gateway.sandbox_host import serve
from gateway.transport.signatures import Signer
from gateway_national.sandbox.application import PublicitySystem
from gateway_national.sandbox.declared import load_service
from tests.companies import uscc
from tests.deployment import REQUESTER, SECRET, SERVICE

BATCHES = count(1)
Submit = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with serve(validator(PublicitySystem(tmp_path, {REQUESTER: SECRET}))) as served:
        yield served.url


def signed(url: str, path: str, content: Any, secret: str = SECRET) -> dict[str, Any]:
    body = json.dumps(content, ensure_ascii=False).encode()
    signer = Signer(load_service().signature, REQUESTER, SERVICE, secret)
    try:
        with urlopen(Request(url + path, body, signer.headers(body))) as answer:
            return dict(json.load(answer))
    except HTTPError as error:
        with error:
            return dict(json.load(error))


def envelope(*records: dict[str, Any], **said: Any) -> dict[str, Any]:
    usual = {"batchNo": f"b{next(BATCHES)}", "dataType": "RANINS", "formatVersion": "2019-01", "total": len(records)}
    return {**usual, "records": records, **said}


@pytest.fixture
def submit(url: str) -> Submit:
    """Deliver records, and give outcome and error code of each."""

    def submitted(*records: dict[str, Any]) -> list[tuple[str, str]]:
        answer = signed(url, "/gsxt/ranins/submit", envelope(*records))
        assert answer["code"] == "0"
        return [(each["result"], each["errorCode"]) for each in answer["data"]["results"]]

    return submitted


def record(number: int = 1, operation: str = "i", **said: Any) -> dict[str, Any]:
    usual = {
        "recordId": "R1",
        "recordVersion": number,
        "operType": operation,
        "pripId": uscc(1),
        "raninsPlanId": "37040020241001",
        "raninsPlaneName": "2024 年度抽查计划",
        "raninsTaskId": "370400202403011001",
        "raninsTaskName": "年报公示信息抽查",
        "raninsTypeName": "定向",
        "insAuth": "枣庄市市场监管局",
        "insDate": "2024-03-05",
        "details": [detail()],
    }
    return {**usual, **said}


def detail(**said: Any) -> dict[str, Any]:
    return {"seqno": 1, "raninsItemName": "公示信息检查", "raninsCheckResName": "未发现问题", **said}


def published(url: str) -> list[dict[str, Any]]:
    with urlopen(f"{url}/_sandbox/published?uscc={uscc(1)}") as answer:
        return list(json.load(answer)["results"])


def test_what_is_taken_is_public_and_survives_a_restart(tmp_path: Path, url: str, submit: Submit) -> None:
    assert submit(record()) == [("1", "")]
    content = {name: value for name, value in record().items() if name not in {"recordId", "recordVersion", "operType"}}
    assert published(url) == [content]
    with serve(PublicitySystem(tmp_path, {REQUESTER: SECRET})) as again:
        assert published(again.url) == [content]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"raninsPlanName": "拼写不同"}, "R201"),
        ({"pripId": ""}, "R202"),
        ({"insAuth": None}, "R202"),
        ({"insAuth": ["枣庄"]}, "R203"),
        ({"pripId": "9" * 37}, "R204"),
        ({"raninsPlanId": "3704002024100"}, "R205"),
        ({"raninsPlanId": "37040020242001"}, "R205"),
        ({"raninsTaskId": "37040020240301100"}, "R205"),
        ({"insDate": "20240305"}, "R205"),
        ({"raninsTypeName": "1"}, "R206"),
        ({"details": None}, "R208"),
        ({"details": []}, "R208"),
        ({"details": ["未发现问题"]}, "R208"),
        ({"details": [detail(), detail(raninsItemName="")]}, "R202"),
        ({"details": [detail(raninsCheckResName="正常")]}, "R205"),
        ({"details": [detail(raninsItemCode="1")]}, "R201"),
        ({"details": [detail(seqno=0)]}, "R205"),
    ],
)
def test_a_record_is_refused_for_what_is_wrong_with_it(submit: Submit, url: str, said: Any, code: str) -> None:
    assert submit(record(**said), record(recordId="R2")) == [("0", code), ("1", "")]
    assert len(published(url)) == 1


def test_a_result_of_no_plan_is_taken(submit: Submit) -> None:
    assert submit(record(raninsPlanId=None, raninsPlaneName=None)) == [("1", "")]


def test_a_published_result_changes_only_by_a_correction(submit: Submit, url: str) -> None:
    submit(record())
    assert submit(record(2, "u", insDate="2024-03-06")) == [("0", "P301")]
    assert submit(record(2, "i", insDate="2024-03-06")) == [("0", "P301")]
    assert published(url)[0]["insDate"] == "2024-03-05"
    assert submit(record(3, "u", insDate="2024-03-06", correctionNo="枣市监更〔2024〕1号")) == [("1", "")]
    assert [each["insDate"] for each in published(url)] == ["2024-03-06"]


def test_a_published_result_is_not_withdrawn_and_nothing_else_can_be(submit: Submit, url: str) -> None:
    submit(record())
    assert submit(record(2, "d")) == [("0", "P302")]
    assert submit(record(2, "d", recordId="R9")) == [("0", "R104")]
    assert len(published(url)) == 1


def test_the_same_version_again_takes_effect_once(submit: Submit, url: str) -> None:
    assert [submit(record()), submit(record())] == [[("1", "")], [("2", "R102")]]
    found = signed(url, "/gsxt/ranins/query", envelope({"recordId": "R1", "recordVersion": 1}))
    assert [(each["recordVersion"], each["result"]) for each in found["data"]["results"]] == [(1, "1")]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"dataType": "JCJG"}, "B203"),
        ({"formatVersion": "2020"}, "B203"),
        ({"total": 2}, "B203"),
        ({"more": 1}, "B203"),
        ({"batchNo": ""}, "B203"),
    ],
)
def test_an_envelope_that_is_wrong_is_refused_as_a_whole(url: str, said: Any, code: str) -> None:
    assert signed(url, "/gsxt/ranins/submit", envelope(record(), **said))["code"] == code
    assert published(url) == []


def test_a_document_of_too_many_records_is_refused(url: str) -> None:
    many = [record(recordId=f"R{number}") for number in range(501)]
    assert signed(url, "/gsxt/ranins/submit", envelope(*many))["code"] == "B204"


def test_a_stranger_publishes_nothing(url: str) -> None:
    assert signed(url, "/gsxt/ranins/submit", envelope(record()), secret="guessed")["code"] == "A105"
    assert published(url) == []


@pytest.mark.parametrize(
    "said", [{"recordId": None}, {"recordId": ""}, {"recordVersion": "1"}, {"recordVersion": 0}, {"operType": "x"}]
)
def test_a_record_without_its_names_is_refused(submit: Submit, said: Any) -> None:
    assert submit(record(**said)) == [("0", "R101")]
