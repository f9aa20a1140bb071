"""Whatever the platform or the network does wrong: one clear sentence, nothing lost, nothing twice."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import AccessRefused, DeliveryError, DocumentRefused, OutcomeUnknown, StartError, TryAgain
from gateway.interfaces import ReceiptOutcome, RecordVersion, Surroundings
from gateway_rest import gateway_destinations
from gateway_rest.destination import RestDestination, RestOptions

VERSIONS = [RecordVersion(f"k{number}", number) for number in range(1, 5)]


def failure(destination: RestDestination, document: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        destination.deliver(document)
    return raised.value


@pytest.mark.parametrize(
    ("fault", "raised", "taken", "says"),
    [
        ("500", OutcomeUnknown, 0, "对方没有说明是否已受理（HTTP 500，代码“S902”）：系统内部错误"),
        ("429", TryAgain, 0, "对方要求稍后再送（HTTP 429，代码“S901”）：系统繁忙，请稍后再送"),
        ("html", OutcomeUnknown, 0, "得到的是网页“统一身份认证平台登录”而不是平台的应答（HTTP 200）"),
        ("disconnect", OutcomeUnknown, 0, "但连接在应答完整之前中断"),
        ("500_after_commit", OutcomeUnknown, 4, "对方没有说明是否已受理（HTTP 500，代码“S902”）"),
        ("timeout_after_commit", OutcomeUnknown, 4, "但 1.0 秒内没有得到完整应答"),
        ("truncated_answer", OutcomeUnknown, 4, "但连接在应答完整之前中断"),
        ("broken_json", OutcomeUnknown, 4, "应答无法读懂"),
    ],
)
def test_a_fault_is_told_and_after_asking_everything_took_effect_once(
    rehearsal: Any, fault: str, raised: type[DeliveryError], taken: int, says: str
) -> None:
    hurried = {"timeout_seconds": 1} if fault == "timeout_after_commit" else {}
    destination, document = rehearsal.open(**hurried), rehearsal.document(VERSIONS)
    rehearsal.fault(fault, seconds=30)
    error = failure(destination, document)
    assert (type(error), says in error.text("zh"), len(rehearsal.taken())) == (raised, True, taken)
    patient = rehearsal.open()
    assert len(patient.find(document).receipts) == taken
    assert len(patient.deliver(document).receipts) == 4
    assert rehearsal.taken() == VERSIONS


def test_half_an_answer_leaves_the_rest_to_be_asked_about(rehearsal: Any) -> None:
    destination, document = rehearsal.open(), rehearsal.document(VERSIONS)
    rehearsal.fault("half_answer")
    assert [each.version for each in destination.deliver(document).receipts] == VERSIONS[:2]
    assert [each.version for each in destination.find(document).receipts] == VERSIONS
    assert rehearsal.taken() == VERSIONS


def test_the_platforms_wish_when_to_come_again_is_handed_on(rehearsal: Any) -> None:
    rehearsal.fault("429", seconds=17)
    error = failure(rehearsal.open(), rehearsal.document(VERSIONS))
    assert isinstance(error, TryAgain)
    assert error.retry_after == 17


@pytest.mark.parametrize("fault", ["500", "429", "html", "disconnect", "half_answer", "truncated_answer"])
def test_a_question_that_fails_is_asked_again(rehearsal: Any, fault: str) -> None:
    destination, document = rehearsal.open(), rehearsal.document(VERSIONS)
    destination.deliver(document)
    rehearsal.fault(fault, request="find")
    with pytest.raises(TryAgain):
        destination.find(document)
    assert [each.version for each in destination.find(document).receipts] == VERSIONS


def test_delivering_posts_once_whatever_happens(rehearsal: Any) -> None:
    for fault in ("500", "429", "html", "disconnect"):
        rehearsal.fault(fault)
        failure(rehearsal.open(), rehearsal.document(VERSIONS))
    assert rehearsal.state()["deliver_requests"] == 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"secret": "wrong"}, "对方拒绝本网关的访问（HTTP 401，代码“A105”）：签名不符：请核对密钥与签名原文"),
        ({"requester": "370999"}, "对方拒绝本网关的访问（HTTP 401，代码“A102”）：请求方“370999”未登记"),
        (
            {"url": "{url}/wrong"},
            "对方拒绝本网关的访问（HTTP 404，代码“N404”）：没有此接口：POST /wrong/sjjh/jcdx/submit",
        ),
    ],
)
def test_a_refused_signature_or_address_is_no_fault_of_the_document(
    rehearsal: Any, options: dict[str, str], says: str
) -> None:
    options = {name: value.format(url=rehearsal.url) for name, value in options.items()}
    error = failure(rehearsal.open(**options), rehearsal.document(VERSIONS))
    assert (type(error), error.text("zh").startswith(says), rehearsal.taken()) == (AccessRefused, True, [])


def test_a_document_that_is_not_as_agreed_is_refused_as_a_whole(rehearsal: Any) -> None:
    destination, document = rehearsal.open(), rehearsal.document(VERSIONS)
    error = failure(destination, replace(document, body=b"no JSON"))
    assert (type(error), error.values["code"], rehearsal.taken()) == (DocumentRefused, "B202", [])


def test_every_attempt_is_signed_anew(rehearsal: Any) -> None:
    destination, document = rehearsal.open(), rehearsal.document(VERSIONS)
    receipts = [destination.deliver(document).receipts for _ in range(3)]
    assert receipts == [receipts[0]] * 3


def test_a_record_taken_in_another_document_is_accepted_with_its_first_reference(rehearsal: Any) -> None:
    destination = rehearsal.open()
    first = destination.deliver(rehearsal.document(VERSIONS[:1])).receipts[0]
    again = destination.deliver(rehearsal.document(VERSIONS[:2])).receipts[0]
    assert (again.outcome, again.reference, again.code) == (ReceiptOutcome.ACCEPTED, first.reference, "R102")


def test_a_check_of_a_platform_that_answers_otherwise_says_so(rehearsal: Any) -> None:
    with pytest.raises(DeliveryError) as raised:
        rehearsal.open(url=f"{rehearsal.url}/wrong").check()
    assert raised.value.text("zh") == (
        f"{rehearsal.url}/wrong/sjjh/health 可以连接，但以 HTTP 404 应答；请核对网址，或向平台方询问"
    )


# ------------------------------------------------------------------------------------------------------ options

GOOD = {"url": "https://platform.example/", "requester": "r", "service": "s", "secret": "n"}


def test_a_trailing_slash_of_an_address_is_no_matter() -> None:
    assert RestOptions.model_validate(GOOD).url == "https://platform.example"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "platform.example"},
        {"url": "ftp://platform.example"},
        {"url": "https://"},
        {"url": "https://me:secret@platform.example"},
        {"url": "https://platform.example?a=1"},
        {"requester": ""},
        {"requester": "two\r\nlines"},
        {"service": "服务"},
        {"secret": ""},
        {"timeout_seconds": 0},
        {"timeout_second": 5},
    ],
    ids=str,
)
def test_an_option_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RestOptions.model_validate({**GOOD, **wrong})


def test_a_signature_that_cannot_be_made_stops_the_start(rehearsal: Any) -> None:
    rehearsal.profile = copy(rehearsal.profile)
    rehearsal.profile.options = {**rehearsal.profile.options, "signature": {"headers": {}, "signed": ["sid"]}}
    with pytest.raises(StartError, match="the signature that the profile declares cannot be used") as caught:
        rehearsal.open()
    assert "；没有写明请求头的部分：sid, sign；可以签名的有：sid, " in caught.value.text("zh")


def test_the_offer_opens_the_destination(rehearsal: Any) -> None:
    (offer,) = gateway_destinations()
    options = offer.options.model_validate({**GOOD, "url": rehearsal.url})
    opened = offer.open(options, rehearsal.profile, Surroundings(rehearsal.directory, lambda _: "secret"))
    opened.check()
    assert (offer.name, type(opened)) == ("rest", RestDestination)
