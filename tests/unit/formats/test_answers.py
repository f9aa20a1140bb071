"""Answers are read strictly: what is not certain is unknown, never a success and never a refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.errors import AccessRefused, DeliveryError, DocumentRefused, OutcomeUnknown, TryAgain
from gateway.formats.profile import Profile
from gateway.interfaces import Document, Receipt, ReceiptOutcome, RecordVersion

A, B = RecordVersion("甲|", 1), RecordVersion("b", 2)
DOCUMENT = Document("k1", "departments", b"", [A, B])
JSON = "application/json"


def row(version: RecordVersion, **said: Any) -> dict[str, Any]:
    return {"id": version.record_key, "no": version.change_number, "ok": "Y", **said}


def answer(*rows: dict[str, Any], rc: Any = "1", **head: Any) -> bytes:
    said = {"head": {"rc": rc, "text": "", "batch": "k1", "n": len(rows), **head}, "rows": list(rows)}
    return json.dumps(said, ensure_ascii=False).encode()


def receipts(profile: Profile, body: bytes) -> list[Receipt]:
    return list(profile.read_answer(DOCUMENT, 200, JSON, body).receipts)


def failure(profile: Profile, body: bytes, status: int = 200, content_type: str = JSON) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        profile.read_answer(DOCUMENT, status, content_type, body)
    return raised.value


def kind(error: DeliveryError) -> tuple[type[DeliveryError], str]:
    return type(error), error.message.code


# --------------------------------------------------------------------------------------------------- receipts


def test_every_record_has_the_receivers_word(profile: Profile) -> None:
    body = answer(row(A, ref="R-7"), row(B, ok="N", err="E1", why="名称为空"))
    assert profile.read_answer(DOCUMENT, 200, JSON, body).receipts == [
        Receipt(A, ReceiptOutcome.ACCEPTED, "R-7"),
        Receipt(B, ReceiptOutcome.REFUSED, "", "E1", "名称为空"),
    ]


def test_the_answer_is_kept_as_it_came(profile: Profile) -> None:
    body = answer(row(A), row(B))
    assert profile.read_answer(DOCUMENT, 200, JSON, body).evidence == body


def test_a_number_is_the_same_as_its_text(profile: Profile) -> None:
    body = answer(row(A, no="1", ref=70), rc=1)
    assert receipts(profile, body) == [Receipt(A, ReceiptOutcome.ACCEPTED, "70")]


def test_a_code_without_a_sentence_is_worded_by_the_profile(profile: Profile) -> None:
    assert receipts(profile, answer(row(A, ok="N", err="E1"))) == [
        Receipt(A, ReceiptOutcome.REFUSED, "", "E1", "必填项为空")
    ]


def test_a_code_that_means_accepted_outweighs_the_outcome(profile: Profile) -> None:
    assert receipts(profile, answer(row(A, ok="N", err="E2")))[0].outcome is ReceiptOutcome.ACCEPTED


def test_a_refusal_with_a_code_nobody_declared_is_still_a_refusal(profile: Profile) -> None:
    assert receipts(profile, answer(row(A, ok="N", err="E99", why="?"))) == [
        Receipt(A, ReceiptOutcome.REFUSED, "", "E99", "?")
    ]


@pytest.mark.parametrize("said", [{"ok": "maybe"}, {"ok": None}, {"err": "E3"}, {"err": "E4"}, {"ok": "y"}])
def test_a_record_whose_outcome_is_not_clear_has_no_receipt(profile: Profile, said: dict[str, Any]) -> None:
    assert [each.version for each in receipts(profile, answer(row(A, **said), row(B)))] == [B]


def test_a_record_that_the_answer_leaves_out_has_no_receipt(profile: Profile) -> None:
    assert [each.version for each in receipts(profile, answer(row(B)))] == [B]


def test_a_record_answered_twice_alike_has_one_receipt(profile: Profile) -> None:
    assert len(receipts(profile, answer(row(A), row(A)))) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_record_answered_in_two_ways_has_no_receipt(profile: Profile, times: int) -> None:
    rows = [row(A, ok="Y"), row(A, ok="N")] * times
    assert receipts(profile, answer(*rows)) == []


@pytest.mark.parametrize("charset", ["gb2312", "GBK", "gb18030"])
def test_chinese_in_an_older_encoding_is_read_as_stated(profile: Profile, charset: str) -> None:
    body = answer(row(A, ok="N", why="名称“喆”为空")).decode().encode("gb18030")
    found = profile.read_answer(DOCUMENT, 200, f"application/json; charset={charset}", body).receipts
    assert found[0].reason == "名称“喆”为空"


def test_a_byte_order_mark_is_no_obstacle(profile: Profile) -> None:
    assert len(receipts(profile, b"\xef\xbb\xbf" + answer(row(A)))) == 1


# --------------------------------------------------------------------------------------------- not to be read


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", JSON),
        (b"OK", "text/plain"),
        (answer(row(A))[:-9], JSON),
        (answer(row(A)).decode().encode("gb18030"), JSON),
        (answer(row(A)), "application/json; charset=klingon"),
        (answer(row(A)), "application/json; charset=hex"),
        (b"[" * 100_000, JSON),
        (b'"text"', JSON),
        (answer(row(A, no="one")), JSON),
        (answer(row(A, no=1.5)), JSON),
        (answer(row(A, no=True)), JSON),
        (answer(row(A, no="9" * 5000)), JSON),
        (answer(row(A, id={"k": 1})), JSON),
        (answer(row(A)).replace(b'"rows": [', b'"rows": {}, "x": ['), JSON),
    ],
    ids=[
        "empty",
        "no JSON",
        "cut off",
        "another encoding than stated",
        "unknown charset",
        "charset of no text",
        "deep",
        "a text",
        "number in words",
        "fraction",
        "boolean",
        "giant number",
        "object as key",
        "no list",
    ],
)
def test_an_answer_that_cannot_be_read_is_an_unknown_outcome(profile: Profile, body: bytes, content_type: str) -> None:
    error = failure(profile, body, content_type=content_type)
    assert type(error) is OutcomeUnknown
    assert error.message.code in {"answer.unreadable", "answer.unknown"}


@pytest.mark.parametrize(("content_type", "start"), [("text/html", b""), ("text/plain", b" \n"), (JSON, b"")])
def test_a_web_page_is_an_unknown_outcome_and_is_named(profile: Profile, content_type: str, start: bytes) -> None:
    page = start + "<html><head><title>统一身份\n认证 登录</title></head></html>".encode()
    error = failure(profile, page, content_type=content_type)
    assert kind(error) == (OutcomeUnknown, "answer.web_page")
    assert error.text("zh") == (
        "得到的是网页“统一身份 认证 登录”而不是平台的应答（HTTP 200），可能是代理或登录页；"
        "结果未知，再次发送前会先查询；请检查网址与网络"
    )


@pytest.mark.parametrize("head", [{"batch": "k2"}, {"batch": None}])
def test_the_answer_to_another_document_is_an_unknown_outcome(profile: Profile, head: dict[str, Any]) -> None:
    assert kind(failure(profile, answer(row(A), **head))) == (OutcomeUnknown, "answer.foreign")


def test_a_record_that_was_not_sent_makes_the_outcome_unknown(profile: Profile) -> None:
    error = failure(profile, answer(row(A), row(RecordVersion("甲|", 2))))
    assert kind(error) == (OutcomeUnknown, "answer.foreign")
    assert "甲| 2" in error.text("zh")


# ------------------------------------------------------------------------------------------ codes and statuses


@pytest.mark.parametrize(
    ("code", "raised"),
    [
        ("0", DocumentRefused),
        (0, DocumentRefused),
        ("7", TryAgain),
        ("8", OutcomeUnknown),
        ("9", AccessRefused),
        ("99", OutcomeUnknown),
        ("", OutcomeUnknown),
        (None, OutcomeUnknown),
        (True, OutcomeUnknown),
        ("01", OutcomeUnknown),
    ],
)
def test_a_code_means_what_the_profile_says_and_an_unknown_one_is_unknown(
    profile: Profile, code: Any, raised: type[DeliveryError]
) -> None:
    assert type(failure(profile, answer(row(A), rc=code))) is raised


def test_a_refusal_says_the_platforms_code_and_sentence(profile: Profile) -> None:
    assert failure(profile, answer(rc="0", text="签名不符")).text("zh") == (
        "对方拒收整份报文（HTTP 200，代码“0”）：签名不符；没有任何记录生效，请按此原因处理后再重送"
    )


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (302, OutcomeUnknown),
        (400, DocumentRefused),
        (401, AccessRefused),
        (403, AccessRefused),
        (404, AccessRefused),
        (405, AccessRefused),
        (408, OutcomeUnknown),
        (413, DocumentRefused),
        (429, TryAgain),
        (500, OutcomeUnknown),
        (503, TryAgain),
        (504, OutcomeUnknown),
        (520, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html><title>x</title>", answer(rc="1"), answer(rc="55")])
def test_a_status_means_what_it_does_everywhere(
    profile: Profile, status: int, raised: type[DeliveryError], body: bytes
) -> None:
    assert type(failure(profile, body, status=status)) is raised


def test_the_profile_may_say_what_a_status_means(profile: Profile) -> None:
    assert type(failure(profile, b"", status=502)) is TryAgain


@pytest.mark.parametrize(("status", "code", "raised"), [(500, "0", DocumentRefused), (401, "7", TryAgain)])
def test_a_known_code_outweighs_the_status(
    profile: Profile, status: int, code: str, raised: type[DeliveryError]
) -> None:
    assert type(failure(profile, answer(rc=code), status=status)) is raised


def test_a_code_of_success_under_a_failing_status_is_no_success(profile: Profile) -> None:
    assert type(failure(profile, answer(row(A)), status=500)) is OutcomeUnknown


# ----------------------------------------------------------------------------------------------------- finding


def test_what_is_found_is_read_as_receipts(profile: Profile) -> None:
    body = answer(row(B, ok="N", err="E1"))
    assert profile.read_found(DOCUMENT, 200, JSON, body).receipts == [
        Receipt(B, ReceiptOutcome.REFUSED, "", "E1", "必填项为空")
    ]


def test_versions_that_were_not_asked_about_are_passed_over(profile: Profile) -> None:
    body = answer(row(RecordVersion("甲|", 9)), row(A))
    assert [each.version for each in profile.read_found(DOCUMENT, 200, JSON, body).receipts] == [A]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, answer(row(A), n=2)),
        (200, answer(row(A), n=None)),
        (200, answer(rc="0")),
        (200, answer(rc="8")),
        (200, answer(row(A), batch="k2")),
        (200, b"<html>"),
        (200, b""),
        (500, b""),
    ],
    ids=["shorter than said", "no count", "refused", "unknown", "foreign", "page", "empty", "500"],
)
def test_a_question_without_a_clear_answer_is_asked_again(profile: Profile, status: int, body: bytes) -> None:
    with pytest.raises(TryAgain) as raised:
        profile.read_found(DOCUMENT, status, JSON, body)
    assert raised.value.message.code == "answer.not_learnt"
    assert raised.value.text("zh").startswith("未能查到对方已受理哪些记录，稍后再查：")


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_question_that_is_refused_to_us_is_not_asked_again(profile: Profile, status: int) -> None:
    with pytest.raises(AccessRefused):
        profile.read_found(DOCUMENT, status, JSON, b"")


def test_half_a_character_in_an_answer_is_replaced(profile: Profile) -> None:
    raised = failure(profile, b'{"head": {"rc": "\\ud83d", "text": "\\ud83d"}}')
    assert (raised.values["code"], raised.values["said"]) == ("?", "?")
