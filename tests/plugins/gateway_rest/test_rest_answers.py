"""Questions are written and answers are read as the feed declares, with nothing guessed and nothing lost."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError, StartError
from gateway.interfaces import Source
from tests.plugins.gateway_rest.vendor import ROWS, Asked, Said, Vendor, opened, rows_of, served

NAMED = {"rows": [{"code": "1", "name": "枣庄镕\u20ac"}]}
ANSWER = {"code": "code", "success": ["0"], "message": "msg", "try_again": ["9"]}
PAGE = {"type": "page", "page": "page.current", "page_size_name": "page.size", "page_size": "9", "ends": "short"}


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor(lambda _: {"rows": ROWS})) as vendor:
        yield vendor


def failure(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(source)
    return caught.value


# ------------------------------------------------------------------------------------------------------ questions


def test_a_dot_in_a_member_leads_inside_where_the_question_is_json(vendor: Vendor) -> None:
    rows_of(opened(vendor, method="post", pagination=PAGE, ask={"where.dept": "3704", "all": "1"}))
    assert vendor.asked[0].json == {"where": {"dept": "3704"}, "all": "1", "page": {"current": 1, "size": 9}}


def test_members_that_are_no_text_are_said_as_json(vendor: Vendor) -> None:
    json_members = {"all": "true", "states": "[1, 2]", "where.n": "0.10"}
    rows_of(opened(vendor, method="post", ask={"where.dept": "1"}, ask_json=json_members))
    assert vendor.asked[0].json == {"where": {"dept": "1", "n": 0.1}, "all": True, "states": [1, 2]}


def test_a_dot_in_a_member_is_part_of_its_name_in_a_form(vendor: Vendor) -> None:
    rows_of(opened(vendor, method="post", body="form", pagination=PAGE, ask={"部门": "a&b"}))
    asked = vendor.asked[0]
    assert asked.form == {"部门": "a&b", "page.current": "1", "page.size": "9"}
    assert asked.headers["CONTENT_TYPE"] == "application/x-www-form-urlencoded; charset=utf-8"


def test_a_question_in_xml_is_nested_and_its_answer_may_be_json(vendor: Vendor) -> None:
    rows_of(opened(vendor, method="post", body="xml", root="Q", pagination=PAGE, ask={"a.b": "<"}))
    inner = "<a><b>&lt;</b></a><page><current>1</current><size>9</size></page>"
    assert vendor.asked[0].body.decode() == f'<?xml version="1.0" encoding="UTF-8"?>\n<Q>{inner}</Q>'


def test_an_answer_in_xml_may_be_asked_for_in_the_address(vendor: Vendor) -> None:
    vendor.answer = lambda _: Said(b"<a><r><code>1</code><name/></r></a>", content_type="text/xml")
    assert rows_of(opened(vendor, format="xml", rows="r")) == [{"code": "1", "name": ""}]
    assert vendor.asked[0].method == "GET"


@pytest.mark.parametrize("ask", [{"a b": "1"}, {"1": "1"}, {"a..b": "1"}])
def test_a_member_that_is_no_name_of_an_element_stops_the_start(vendor: Vendor, ask: dict[str, str]) -> None:
    with pytest.raises(StartError) as caught:
        opened(vendor, method="post", body="xml", root="Q", ask=ask)
    assert caught.value.message.code == "rest.no_element_name"


@pytest.mark.parametrize(
    "options",
    [
        {"method": "post", "body": "xml"},
        {"method": "post", "format": "xml"},
        {"method": "post", "ask": {"a": "1", "a.b": "2"}},
        {"ask": {"a": "\x01"}},
        {"method": "post", "ask_json": {"a": "yes"}},
        {"method": "post", "body": "form", "ask_json": {"a": "1"}},
        {"method": "post", "ask": {"a": "1"}, "ask_json": {"a": "1"}},
        {"ask_json": {"a": "1"}},
        {"platform": "shandong/platform/2023-01", "format": "json"},
        {"columns": ["code", "_row"]},
        {"path": "/api?x=1"},
        {"answer": {**ANSWER, "sucess": ["0"]}},
        {"encoding": "latin-1"},
        {"requests_per_second": "0"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(vendor: Vendor, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        opened(vendor, **options)


# ------------------------------------------------------------------------------------------------- character sets


@pytest.mark.parametrize("label", ["", "; charset=GBK", "; charset=gb2312", "; charset=GB18030"])
def test_a_body_in_gb18030_is_read_as_such(vendor: Vendor, label: str) -> None:
    body = json.dumps(NAMED, ensure_ascii=False).encode("gb18030")
    vendor.answer = lambda _: Said(body, content_type=f"application/json{label}")
    assert rows_of(opened(vendor)) == NAMED["rows"]


@pytest.mark.parametrize("label", ["", "; charset=utf-8", "; charset=UTF8"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_body_in_utf_8_is_read_as_such(vendor: Vendor, label: str, mark: bytes) -> None:
    body = mark + json.dumps(NAMED, ensure_ascii=False).encode()
    vendor.answer = lambda _: Said(body, content_type=f"application/json{label}")
    assert rows_of(opened(vendor)) == NAMED["rows"]


def test_a_wrong_label_is_refused_until_the_feed_knows_better(vendor: Vendor) -> None:
    body = json.dumps(NAMED, ensure_ascii=False).encode("gb18030")
    vendor.answer = lambda _: Said(body, content_type="application/json; charset=utf-8")
    assert "cannot be read: 'utf-8" in str(failure(opened(vendor)))
    assert rows_of(opened(vendor, encoding="gb18030")) == NAMED["rows"]


SHORT = [{"code": "1", "name": "欧伟"}]


@pytest.mark.parametrize("label", ["", "; charset=GBK"])
def test_a_short_body_in_gb18030_is_read_by_what_it_says(vendor: Vendor, label: str) -> None:
    body = json.dumps({"rows": SHORT}, ensure_ascii=False).encode("gb18030")
    assert body.decode()  # is valid in UTF-8 too
    vendor.answer = lambda _: Said(body, content_type=f"application/json{label}")
    assert rows_of(opened(vendor)) == SHORT


def test_a_label_of_gbk_over_utf_8_is_not_believed(vendor: Vendor) -> None:
    body = json.dumps(NAMED, ensure_ascii=False).encode()
    vendor.answer = lambda _: Said(body, content_type="application/json; charset=GBK")
    assert rows_of(opened(vendor)) == NAMED["rows"]


def test_a_body_that_could_be_either_is_refused_until_the_feed_says_which(vendor: Vendor) -> None:
    body = json.dumps({"rows": [{"code": "1", "name": "谢"}]}, ensure_ascii=False).encode("gb18030")
    vendor.answer = lambda _: Said(body)
    assert "state `encoding`" in str(failure(opened(vendor)))
    assert rows_of(opened(vendor, encoding="gb18030")) == [{"code": "1", "name": "谢"}]


@pytest.mark.parametrize("label", ["; charset=klingon", "; charset=ascii"])
def test_a_body_that_is_not_in_the_set_it_states_is_refused(vendor: Vendor, label: str) -> None:
    body = json.dumps(NAMED, ensure_ascii=False).encode()
    vendor.answer = lambda _: Said(body, content_type=f"application/json{label}")
    assert failure(opened(vendor)).message.code == "rest.not_pulled"


# ----------------------------------------------------------------------------------------------------------- rows


def test_numbers_stay_as_they_were_written(vendor: Vendor) -> None:
    vendor.answer = lambda _: Said(b'{"rows": [{"code": 00.10e1, "name": -0}]}'.replace(b"00.", b"0."))
    assert rows_of(opened(vendor)) == [{"code": "0.10e1", "name": "-0"}]


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        (b'{"code": "2", "code": "3"}', "rest.row_doubled_member", '{"code":"2","code":"3"}'),
        (b'{"code": "\\ud800"}', "rest.row_half_character", '{"code":"\\ud800"}'),
        (b'{"code": {"a": "\\udfff"}}', "rest.row_half_character", '{"code":{"a":"\\udfff"}}'),
        (b"5", "rest.row_no_object", "5"),
        (b'["2"]', "rest.row_no_object", '["2"]'),
        (b"null", "rest.row_no_object", "null"),
        (b'{"code": NaN}', "rest.row_no_number", '{"code":NaN}'),
        (b'{"code": ["2", -Infinity]}', "rest.row_no_number", '{"code":["2",-Infinity]}'),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_and_the_others_go_on(
    vendor: Vendor, wrong: bytes, code: str, text: str
) -> None:
    vendor.answer = lambda _: Said(b'{"rows": [{"code": "1"}, ' + wrong + b', {"code": "4"}]}')
    (batch,) = opened(vendor).read()
    assert list(zip(batch.rows["_row"], batch.rows["code"], strict=True)) == [(1, "1"), (3, "4")]
    assert [(fault.row, fault.message.code, fault.text) for fault in batch.faults] == [(2, code, text)]


def test_a_member_named_as_our_own_column_fails_the_run(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"rows": [{"code": "1", "_row": "x"}]}
    error = failure(opened(vendor))
    assert (error.message.code, error.values["columns"]) == ("rest.reserved_column", "_row")


def test_rows_may_be_taken_apart_by_their_path(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"data": {"list": [{"id": 1, "org": {"full": "甲"}}]}}
    source = opened(vendor, rows="data.list[].{code: id, name: org.full}")
    assert rows_of(source) == [{"code": "1", "name": "甲"}]


# -------------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("said", "success"), [({"code": 0}, "0"), ({"code": "0"}, "0"), ({"code": True}, "true"), ({"code": 200}, "200")]
)
def test_success_is_what_the_feed_says_it_is(vendor: Vendor, said: Any, success: str) -> None:
    vendor.answer = lambda _: {**said, "rows": ROWS}
    assert rows_of(opened(vendor, answer={"code": "code", "success": [success]})) == ROWS


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ({"code": "500", "msg": "部门不存在", "rows": []}, "rest.question_refused", "部门不存在"),
        ({"code": 0.0, "rows": []}, "rest.question_refused", '{"code": 0.0, "rows": []}'),
        ({"success": False}, "rest.question_refused", '{"success": false}'),
        ({"code": "9", "msg": "busy"}, "rest.not_pulled", "busy"),
    ],
)
def test_an_error_within_200_is_no_list(vendor: Vendor, said: Any, code: str, told: str) -> None:
    vendor.answer = lambda _: said
    error = failure(opened(vendor, answer=ANSWER))
    assert (error.message.code, told in str(error)) == (code, True)


def test_without_answer_codes_an_error_within_200_holds_no_rows(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"code": "500", "msg": "部门不存在"}
    error = failure(opened(vendor))
    assert (error.message.code, "部门不存在" in error.values["excerpt"]) == ("rest.unreadable_page", True)


@pytest.mark.parametrize("status", ["301 Moved", "400 Bad", "403 Forbidden", "404 Not Found"])
def test_a_status_that_is_no_success_is_not_asked_again(vendor: Vendor, status: str) -> None:
    vendor.answer = lambda _: Said({"msg": "no"}, status)
    error = failure(opened(vendor, attempts="3"))
    assert (error.message.code, error.values["said"], len(vendor.asked)) == (
        "rest.question_refused",
        '{"msg": "no"}',
        1,
    )


def test_a_redirection_says_where_it_leads_and_not_with_what(vendor: Vendor) -> None:
    headers = (("Location", "https://login.example/in?ticket=s3cret"),)
    vendor.answer = lambda _: Said(b"", "302 Found", headers=headers)
    error = failure(opened(vendor, attempts="3"))
    assert (error.message.code, error.values["location"], len(vendor.asked)) == (
        "rest.redirected",
        "https://login.example/in?…",
        1,
    )
    assert "{" not in error.text("zh") + error.text("en")


def test_a_compressed_answer_is_read_though_nobody_asked_for_one(vendor: Vendor) -> None:
    body = gzip.compress(json.dumps({"rows": ROWS}, ensure_ascii=False).encode())
    vendor.answer = lambda _: Said(body, headers=(("Content-Encoding", "gzip"),))
    assert rows_of(opened(vendor)) == ROWS


@pytest.mark.parametrize(
    ("body", "headers", "told"),
    [
        (gzip.compress(b"{}", mtime=0), (), "it is compressed (gzip) and its header Content-Encoding does not say so"),
        (b"no gzip", (("Content-Encoding", "gzip"),), "did not answer in full"),
    ],
)
def test_an_answer_that_is_compressed_otherwise_than_it_says_is_refused_in_words(
    vendor: Vendor, body: bytes, headers: Any, told: str
) -> None:
    vendor.answer = lambda _: Said(body, headers=headers)
    error = failure(opened(vendor))
    assert (error.message.code, told in str(error), "cannot be reached" in str(error)) == (
        "rest.not_pulled",
        True,
        False,
    )


@pytest.mark.parametrize("body", [b"<a><r/></a>", b"<a/>"])
def test_an_empty_list_in_xml_needs_a_total_or_a_path_that_says_so(vendor: Vendor, body: bytes) -> None:
    """A wrong path would look the same."""
    vendor.answer = lambda _: Said(b"<a><n>0</n></a>", content_type="text/xml")
    assert failure(opened(vendor, format="xml", rows="r")).message.code == "rest.unreadable_page"
    assert rows_of(opened(vendor, format="xml", rows="r || `[]`")) == []
    assert rows_of(opened(vendor, format="xml", rows="r", total="n")) == []


# ------------------------------------------------------------------------------------------------------- patience


def test_a_wish_when_to_come_again_is_kept_to(vendor: Vendor) -> None:
    vendor.instead = [Said({}, "429 Slow Down", headers=(("Retry-After", "1"),))]
    began = time.monotonic()
    assert rows_of(opened(vendor, attempts="2", longest_wait_seconds="2")) == ROWS
    assert time.monotonic() - began >= 1


def test_no_more_is_asked_a_second_than_the_feed_allows(vendor: Vendor) -> None:
    def answer(asked: Asked) -> Any:
        times.append(time.monotonic())
        start = int(asked.query["from"])
        return {"rows": ROWS[start : start + 1]}

    times: list[float] = []
    vendor.answer = answer
    pagination = {"type": "offset", "offset": "from", "page_size": "1"}
    assert rows_of(opened(vendor, pagination=pagination, requests_per_second="20")) == ROWS
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.04
    assert times[-1] - times[0] >= 0.24


def test_a_platform_without_a_signature_needs_another_access(vendor: Vendor, tmp_path: Path) -> None:
    own = tmp_path / "mappings/other/_platform.yml"
    own.parent.mkdir(parents=True)
    own.write_text("answer: {code: code, success: ['0'], message: m}\n")
    vendor.answer = lambda _: {"code": "0", "rows": ROWS}
    assert rows_of(opened(vendor, tmp_path, platform="other")) == ROWS
    signed = {"auth": None, "requester": "r", "service": "s", "secret": "key"}
    with pytest.raises(StartError, match="other says none"):
        opened(vendor, tmp_path, platform="other", **signed)
