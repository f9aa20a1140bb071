"""The simulated platform checks in its documented order, takes each version once and gives reasons."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

Target = Callable[..., dict[str, Any]]
Said = Callable[[dict[str, Any]], list[tuple[str, str]]]


@pytest.fixture
def refused(requester: Any, target: Target) -> Callable[..., list[Any]]:
    """Code, HTTP status and sentence of a submission that is refused as a whole."""

    def submitted(content: Any = None, path: str = "/sjjh/jcdx/submit", **headers: str) -> list[Any]:
        answer = requester.signed(path, content if content is not None else requester.envelope(target()), **headers)
        assert requester.effects() == []
        return [answer["code"], answer["http"], answer["message"]]

    return submitted


# --------------------------------------------------------------------------------------------------- signature


def test_a_signed_document_is_taken(requester: Any, target: Target) -> None:
    answer = requester.submit(target("k1", 7))
    assert (answer["code"], answer["message"], answer["data"]["jglb"]) == (
        "0",
        "成功",
        [{"sjbs": "k1", "bbh": 7, "jg": "1", "lsh": "SD37000000000001", "cwdm": "", "cwsm": ""}],
    )


@pytest.mark.parametrize("part", ["sid", "rid", "rtime", "sign", "nonce", "digest"])
def test_a_missing_header_is_named(refused: Callable[..., list[Any]], part: str) -> None:
    assert refused(**{f"gjgxjhpt_{part}": ""}) == ["A101", 401, f"请求头不完整，缺少：gjgxjhpt_{part}"]


@pytest.mark.parametrize(
    ("header", "value", "code"),
    [
        ("gjgxjhpt_rid", "stranger", "A102"),
        ("gjgxjhpt_rtime", "yesterday", "A103"),
        ("gjgxjhpt_rtime", "1700000000000", "A103"),
        ("gjgxjhpt_digest", "0" * 64, "A105"),
        ("gjgxjhpt_sign", "A" * 44, "A105"),
        ("gjgxjhpt_sid", "other", "A105"),
        ("gjgxjhpt_nonce", "other", "A105"),
    ],
)
def test_a_header_that_was_not_signed_so_is_refused(
    refused: Callable[..., list[Any]], header: str, value: str, code: str
) -> None:
    assert refused(**{header: value})[:2] == [code, 401]


@pytest.mark.parametrize("seconds", [-290, 290])
def test_a_clock_within_the_window_is_accepted(requester: Any, target: Target, seconds: int) -> None:
    requester.offset_seconds = seconds
    assert requester.submit(target())["code"] == "0"


@pytest.mark.parametrize("seconds", [-310, 310])
def test_a_clock_outside_the_window_is_refused(requester: Any, target: Target, seconds: int) -> None:
    requester.offset_seconds = seconds
    assert requester.submit(target())["code"] == "A103"


def test_the_window_can_be_set(requester: Any, target: Target) -> None:
    requester.control("settings", window_seconds=1000)
    requester.offset_seconds = -900
    assert requester.submit(target())["code"] == "0"


def test_a_request_overheard_and_sent_again_is_refused(requester: Any, target: Target) -> None:
    body = json.dumps(requester.envelope(target())).encode()
    requester.signed("/sjjh/jcdx/submit", body)
    assert requester.post("/sjjh/jcdx/submit", body, requester.last_headers)["code"] == "A104"


def test_a_stranger_does_not_use_up_a_nonce(requester: Any, target: Target) -> None:
    requester.signed("/sjjh/jcdx/submit", requester.envelope(target()), gjgxjhpt_sign="A" * 44, gjgxjhpt_nonce="n1")
    body = json.dumps(requester.envelope(target())).encode()
    headers = requester.headers(body, nonce="n1")
    assert requester.post("/sjjh/jcdx/submit", body, headers)["code"] == "0"


def test_the_nonce_of_a_refused_document_stays_used(requester: Any) -> None:
    requester.signed("/sjjh/jcdx/submit", b"no JSON")
    assert requester.post("/sjjh/jcdx/submit", b"no JSON", requester.last_headers)["code"] == "A104"


def test_a_question_must_be_signed_too(requester: Any) -> None:
    assert requester.post("/sjjh/jcdx/query", b"{}", {})["code"] == "A101"


# ---------------------------------------------------------------------------------------------------- envelope


@pytest.mark.parametrize("body", [b"", b"{", "{济".encode("gb18030"), b"[" * 50_000])
def test_what_is_no_json_is_refused(refused: Callable[..., list[Any]], body: bytes) -> None:
    assert refused(body)[:2] == ["B202", 200]


@pytest.mark.parametrize(
    "change",
    [
        {"pch": ""},
        {"pch": 5},
        {"pch": "x" * 129},
        {"sjlx": "BM"},
        {"gsbb": "2022-01"},
        {"sjlb": {}},
        {"sjlb": ["text"]},
        {"jls": 2},
        {"jls": "1"},
        {"sjlb": [], "jls": 0},
        {"more": 1},
    ],
    ids=str,
)
def test_an_envelope_that_is_not_as_agreed_is_refused(
    requester: Any, refused: Callable[..., list[Any]], target: Target, change: dict[str, Any]
) -> None:
    assert refused(requester.envelope(target(), **change))[:2] == ["B203", 200]


def test_too_many_records_are_refused(requester: Any, refused: Callable[..., list[Any]], target: Target) -> None:
    records = [target(f"k{number}") for number in range(501)]
    assert refused(requester.envelope(*records)) == ["B204", 200, "记录数超过上限 500 条"]


def test_a_body_that_is_too_large_is_refused(requester: Any, refused: Callable[..., list[Any]], target: Target) -> None:
    giant = requester.envelope(target(OpScope="x" * 5_300_000))
    assert refused(giant) == ["B201", 413, "报文超过大小上限 5242880 字节"]


def test_the_signature_is_checked_before_the_size(requester: Any, target: Target) -> None:
    giant = requester.envelope(target(OpScope="x" * 5_300_000))
    assert requester.signed("/sjjh/jcdx/submit", giant, gjgxjhpt_sign="A" * 44)["code"] == "A105"


@pytest.mark.parametrize(("method", "path"), [("GET", "/sjjh/jcdx/submit"), ("POST", "/sjjh/other/submit")])
def test_a_path_that_is_not_there_is_named(requester: Any, method: str, path: str) -> None:
    answer = requester.get(path) if method == "GET" else requester.post(path, b"{}", {})
    assert (answer["http"], answer["code"], answer["message"]) == (404, "N404", f"没有此接口：{method} {path}")


def test_the_platform_says_that_it_is_well(requester: Any) -> None:
    assert requester.get("/sjjh/health")["code"] == "0"


# ------------------------------------------------------------------------------------------- documents again


def test_the_same_document_gets_the_same_answer_and_has_no_second_effect(requester: Any, target: Target) -> None:
    content = requester.envelope(target("k1"), target("k2", EntName=""))
    first = requester.signed("/sjjh/jcdx/submit", content)
    assert requester.signed("/sjjh/jcdx/submit", content) == first
    assert (requester.effects(), requester.state()["repeated_documents"]) == ([["k1", 1, "i"]], 1)


def test_a_batch_number_with_another_content_is_refused(requester: Any, target: Target) -> None:
    requester.submit(target("k1"), pch="b1")
    answer = requester.submit(target("k2"), pch="b1")
    assert (answer["code"], answer["message"]) == ("B205", "批次号“b1”已用于另一份内容")
    assert requester.effects() == [["k1", 1, "i"]]


def test_a_version_in_another_document_is_answered_as_taken_before(requester: Any, target: Target, said: Said) -> None:
    first = requester.submit(target("k1"))
    again = requester.submit(target("k1"))
    assert said(again) == [("2", "R102")]
    assert again["data"]["jglb"][0]["lsh"] == first["data"]["jglb"][0]["lsh"]
    assert (requester.effects(), requester.state()["repeated_versions"]) == ([["k1", 1, "i"]], 1)


def test_a_version_older_than_the_one_taken_is_refused(requester: Any, target: Target, said: Said) -> None:
    requester.submit(target("k1", 5))
    answer = requester.submit(target("k1", 4))
    assert said(answer) == [("0", "R103")]
    assert answer["data"]["jglb"][0]["cwsm"] == "版本 4 早于已受理的版本 5"


def test_an_older_version_that_was_taken_is_still_known(requester: Any, target: Target, said: Said) -> None:
    requester.submit(target("k1", 4), target("k1", 5, "u"))
    assert said(requester.submit(target("k1", 4))) == [("2", "R102")]


def test_there_and_back_again_are_three_versions(requester: Any, target: Target) -> None:
    requester.submit(target(number=1), target(number=2, operation="u", EntName="乙"), target(number=3, operation="u"))
    assert requester.effects() == [["k1", 1, "i"], ["k1", 2, "u"], ["k1", 3, "u"]]


def test_a_refused_version_may_come_again(requester: Any, target: Target, said: Said) -> None:
    requester.submit(target(EntName=""))
    assert said(requester.submit(target())) == [("1", "")]


def test_one_key_in_two_datasets_is_two_records(requester: Any, target: Target, said: Said) -> None:
    requester.submit(target("k1", 5))
    department = {"sjbs": "k1", "bbh": 4, "czlx": "i", "DeptCode": "1", "DeptName": "市监局", "DistCode": "370100"}
    answer = requester.signed("/sjjh/bm/submit", requester.envelope(department, sjlx="BM"))
    assert said(answer) == [("1", "")]


# --------------------------------------------------------------------------------------------------- withdrawals


def test_a_withdrawal_needs_no_fields(requester: Any, target: Target, said: Said) -> None:
    requester.submit(target("k1", 1))
    answer = requester.submit({"sjbs": "k1", "bbh": 2, "czlx": "d"})
    assert (said(answer), requester.effects()) == ([("1", "")], [["k1", 1, "i"], ["k1", 2, "d"]])


@pytest.mark.parametrize("before", [[], [("i", 1), ("d", 2)]])
def test_nothing_can_be_withdrawn_that_is_not_there(
    requester: Any, target: Target, said: Said, before: list[tuple[str, int]]
) -> None:
    if before:
        requester.submit(*(target("k1", number, operation) for operation, number in before))
    assert said(requester.submit(target("k1", 3, "d"))) == [("0", "R104")]


# ------------------------------------------------------------------------------------------------------ records


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        ({"sjbs": ""}, "R101", "数据标识（sjbs）无效：“”，应为1 至 500 个字符的文本"),
        ({"bbh": "1"}, "R101", "版本号（bbh）无效：“1”，应为正整数"),
        ({"bbh": 0}, "R101", "版本号（bbh）无效：“0”，应为正整数"),
        ({"bbh": True}, "R101", "版本号（bbh）无效：“True”，应为正整数"),
        ({"czlx": "x"}, "R101", "操作类型（czlx）无效：“x”，应为i 新增、u 变更、d 撤回"),
        ({"Colour": "red"}, "R201", "未登记的数据项：Colour"),
        ({"EntName": ""}, "R202", "名称（EntName）为必填项，不能为空"),
        ({"EntName": None}, "R202", "名称（EntName）为必填项，不能为空"),
        ({"EntName": ["甲"]}, "R203", "名称（EntName）应为文本或整数"),
        ({"CreditClass": "A" * 11}, "R204", "信用等级（CreditClass）超过 10 个字符：“AAAAAAAAAAA”"),
        ({"EstDate": "1997-1-1"}, "R205", "成立日期（EstDate）格式不符：“1997-1-1”，应符合 \\d{8}"),
        (
            {"ObjKind": "9"},
            "R206",
            "对象类别（ObjKind）的代码“9”不在代码表内：1 市场主体、2 产品、3 项目、4 行为",
        ),
        ({"IdNO": "91370202264706576C"}, "R207", "标识（IdNO）不是有效的统一社会信用代码：“91370202264706576C”"),
    ],
    ids=lambda each: each if isinstance(each, str) and len(each) == 4 else "",
)
def test_a_wrong_record_is_refused_with_its_reason_and_the_others_are_taken(
    requester: Any, target: Target, change: dict[str, Any], code: str, reason: str
) -> None:
    answer = requester.submit(target("before"), {**target("wrong"), **change}, target("after"))
    found = answer["data"]["jglb"]
    assert [(each["jg"], each["cwdm"], each["cwsm"]) for each in found] == [
        ("1", "", ""),
        ("0", code, reason),
        ("1", "", ""),
    ]
    assert [key for key, _, _ in requester.effects()] == ["before", "after"]


@pytest.mark.parametrize(
    "identifier",
    ["91110000600037341L", "913301007161035748", "91230500MA1B3N1N2M", "11230500001755309F", "91370202264706576B"],
)
def test_genuine_credit_codes_are_taken(requester: Any, target: Target, said: Said, identifier: str) -> None:
    assert said(requester.submit(target(IdNO=identifier))) == [("1", "")]


def test_only_credit_codes_are_checked_as_such(requester: Any, target: Target, said: Said) -> None:
    assert said(requester.submit(target(IdType="99", IdNO="7号"))) == [("1", "")]


# ------------------------------------------------------------------------------------------------------ finding


def test_what_is_held_is_found_refusals_included(requester: Any, target: Target) -> None:
    requester.submit(target("k1", 1), target("k2", 2, EntName=""))
    assert requester.query(("k1", 1), ("k2", 2), ("k1", 9), ("k3", 1)) == [
        ["k1", 1, "1", "SD37000000000001"],
        ["k2", 2, "0", ""],
    ]


def test_a_question_has_no_effect(requester: Any) -> None:
    requester.query(("k1", 1))
    assert requester.effects() == []


# ------------------------------------------------------------------------------------------------ its own doors


def test_a_record_can_be_looked_at(requester: Any, target: Target) -> None:
    requester.submit(target("k1|"), target("k2|"))
    found = requester.get("/_sandbox/records?key=k1%7C")["records"]
    assert [(each["dataset"], each["record_key"], each["content"]) for each in found] == [
        ("JCDX", "k1|", target("k1|"))
    ]


def test_a_version_that_took_effect_twice_would_be_seen(requester: Any, target: Target) -> None:
    requester.control("settings", deduplicates=False)
    requester.submit(target("k1"))
    requester.submit(target("k1"))
    state = requester.state()
    assert (state["effects"], state["double_effects"]) == (2, 1)


def test_a_platform_that_forgets_documents_takes_them_twice(requester: Any, target: Target) -> None:
    requester.control("settings", deduplicates=False)
    content = requester.envelope(target("k1"))
    requester.signed("/sjjh/jcdx/submit", content)
    requester.signed("/sjjh/jcdx/submit", content)
    assert requester.state()["double_effects"] == 1


def test_the_counts_add_up(requester: Any, target: Target) -> None:
    requester.submit(target("k1", 1), target("k1", 2, "u"), target("k2", EntName=""))
    requester.query(("k1", 1))
    assert requester.state() == {
        "http": 200,
        "effects": 2,
        "double_effects": 0,
        "records": 1,
        "refused_versions": 1,
        "documents": 1,
        "deliver_requests": 1,
        "find_requests": 1,
    }


def test_a_reset_forgets_everything(requester: Any, target: Target) -> None:
    requester.submit(target())
    requester.control("faults", kind="500", times=3)
    requester.control("reset")
    assert (requester.submit(target())["data"]["jglb"][0]["lsh"], requester.state()["effects"]) == (
        "SD37000000000001",
        1,
    )


@pytest.mark.parametrize(
    ("door", "content"),
    [
        ("faults", {"kind": "earthquake"}),
        ("faults", {"kind": "500", "times": 0}),
        ("faults", {"kind": "500", "request": "health"}),
        ("settings", {"colour": "red"}),
        ("settings", {"window_seconds": 0}),
    ],
)
def test_an_order_that_cannot_be_followed_is_refused(requester: Any, door: str, content: dict[str, Any]) -> None:
    answer = requester.control(door, **content)
    assert (answer["code"], answer["http"]) == ("C201", 400)


def test_an_unknown_door_is_named(requester: Any) -> None:
    assert requester.control("teapot")["code"] == "C404"


def test_many_requests_at_once_take_each_version_once(requester: Any, target: Target) -> None:
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requester.submit(target("k1"), target("k2")), range(24)))
    outcomes = [each["jg"] for answer in answers for each in answer["data"]["jglb"]]
    assert (outcomes.count("1"), outcomes.count("2"), requester.state()["double_effects"]) == (2, 46, 0)
    assert time.monotonic() - started < 30
