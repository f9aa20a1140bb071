"""Lists are pulled page by page over a real socket; a list that changes meanwhile is not taken."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError, StartError
from gateway.interfaces import Source, Surroundings
from gateway.sandbox_host import serve
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_rest.source import RestSource
from gateway_rest.source_options import RestSourceOptions
from tests.plugins.gateway_rest.paged_platform import PagedPlatform, page_of, said

SECRET = "s3cret-密钥"
ROWS = [{"code": f"{number:03}", "name": f"企业{number}"} for number in range(5)]

Open = Callable[..., RestSource]


@pytest.fixture
def platform() -> PagedPlatform:
    return PagedPlatform(list(ROWS))


@pytest.fixture
def open_source(platform: PagedPlatform, tmp_path: Path) -> Iterator[Open]:
    with serve(platform) as served:

        def opened(**options: Any) -> RestSource:
            usual = {
                "url": served.url,
                "path": "/sjjh/rw/query",
                "requester": "370000",
                "service": "svc",
                "secret": "platform",
                "timeout_seconds": 5,
                "platform": "shandong/platform/2023-01",
                "ask": {"sjlx": "RW", "bmbm": "370400-scjg"},
                "page": "ym",
                "page_size_name": "mytj",
                "page_size": "2",
                "total": "data.zs",
                "rows": "data.jglb",
                "columns": ("code", "name"),
                "first_wait_seconds": 0,
                "longest_wait_seconds": 0.01,
            }
            known = {"platform": SECRET}
            declared = {name: value for name, value in {**usual, **options}.items() if value is not None}
            return RestSource(RestSourceOptions.model_validate(declared), Surroundings(tmp_path, known.__getitem__))

        yield opened


def rows_of(source: Source) -> list[dict[str, Any]]:
    return [row for batch in source.read() for row in batch.rows.drop("_row").rows(named=True)]


class TestRestSourceContract(SourceContract):
    @pytest.fixture
    def source(self, platform: PagedPlatform, open_source: Open) -> Source:
        platform.rows = [*ROWS[:3], "no object", *ROWS[3:]]
        return open_source()

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        whole = [(row["code"], row["name"]) for row in ROWS]
        return {1: whole[0], 2: whole[1], 3: whole[2], 4: None, 5: whole[3], 6: whole[4]}

    @pytest.fixture
    def empty_source(self, platform: PagedPlatform, open_source: Open) -> Source:
        platform.rows = []
        return open_source()


# ------------------------------------------------------------------------------------------------------- asking


def test_each_page_is_asked_once_with_the_constants_and_the_first_again(
    platform: PagedPlatform, open_source: Open
) -> None:
    assert rows_of(open_source()) == ROWS
    constants = {"sjlx": "RW", "bmbm": "370400-scjg"}
    assert platform.asked == [{**constants, "ym": page, "mytj": 2} for page in (1, 2, 3, 1)]


def test_by_get_the_question_stands_in_the_address(platform: PagedPlatform, open_source: Open) -> None:
    assert rows_of(open_source(method="get", page_size="6")) == ROWS
    assert platform.asked == [{"sjlx": "RW", "bmbm": "370400-scjg", "ym": "1", "mytj": "6"}]


def test_every_request_is_signed_anew(platform: PagedPlatform, open_source: Open) -> None:
    rows_of(open_source(method="get"))
    first, second, *_ = platform.headers
    assert first["HTTP_GJGXJHPT_NONCE"] != second["HTTP_GJGXJHPT_NONCE"]
    digest = hashlib.sha256(b"").hexdigest()
    parts = ("SID", "RID", "RTIME", "NONCE", "DIGEST")
    text = "".join(first[f"HTTP_GJGXJHPT_{part}"] for part in parts)
    mac = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    assert (first["HTTP_GJGXJHPT_DIGEST"], first["HTTP_GJGXJHPT_SIGN"]) == (digest, mac)


def test_signature_and_answer_can_stand_in_the_feed(platform: PagedPlatform, open_source: Open) -> None:
    platform.answer = lambda number, size: said({"status": "1", "data": {"zs": "1", "jglb": [ROWS[0]]}})
    signature = {"headers": {"sid": "X-Sid", "rid": "X-Rid", "rtime": "X-Time", "sign": "X-Sign"}, "signed": ["sid"]}
    answer = {"code": "status", "success": ["1"], "message": "msg"}
    assert rows_of(open_source(platform=None, signature=signature, answer=answer)) == ROWS[:1]
    assert platform.headers[0]["HTTP_X_SID"] == "svc"


# ------------------------------------------------------------------------------------------------------- values


def test_no_digit_of_a_number_is_lost(platform: PagedPlatform, open_source: Open) -> None:
    platform.instead = [
        (
            "200 OK",
            "application/json",
            b'{"code":"0","data":{"zs":1,"jglb":[{"code":123456789012345678901,"name":1.10,"more":[1,"a"],"yes":true}]}}',
        )
    ]
    row = {"code": "123456789012345678901", "name": "1.10", "more": '[1,"a"]', "yes": "true"}
    assert rows_of(open_source()) == [row]


def test_an_answer_in_gb18030_is_read_as_such(platform: PagedPlatform, open_source: Open) -> None:
    platform.instead = [said({"code": "0", "data": {"zs": 1, "jglb": [{"code": "1", "name": "枣庄"}]}}, charset="gbk")]
    assert rows_of(open_source()) == [{"code": "1", "name": "枣庄"}]


def test_a_member_that_only_a_later_page_has_must_be_declared(platform: PagedPlatform, open_source: Open) -> None:
    platform.rows[4] = {**ROWS[4], "more": "x"}
    with pytest.raises(SourceError) as caught:
        rows_of(open_source())
    assert (caught.value.message.code, caught.value.values["columns"]) == ("rest.new_column", "more")
    assert rows_of(open_source(columns=("code", "name", "more")))[4]["more"] == "x"


# ---------------------------------------------------------------------------------- lists that change meanwhile


@pytest.mark.parametrize(
    ("answer", "page", "what"),
    [
        (lambda number, size: page_of(ROWS[: 5 - number // 2], number, size), 2, "4 rows in all instead of 5"),
        (lambda number, size: page_of([*ROWS, *ROWS[: number - 1]], number, size), 2, "6 rows in all instead of 5"),
        (lambda number, size: page_of(ROWS, 1, size, total=5), 2, "it repeats an earlier page"),
        (lambda number, size: page_of(ROWS, number, size - number + 1, total=5), 2, "1 rows instead of 2"),
        (lambda number, size: page_of(ROWS, number, 5), 1, "5 rows instead of 2"),
        (lambda number, size: page_of(ROWS[:2], number, size, total=5), 2, "0 rows instead of 2"),
    ],
    ids=["shrinks", "grows", "repeats", "short page", "long page", "ends early"],
)
def test_a_list_that_changes_while_it_is_read_fails_the_run(
    platform: PagedPlatform, open_source: Open, answer: Any, page: int, what: str
) -> None:
    platform.answer = answer
    with pytest.raises(SourceError) as caught:
        rows_of(open_source())
    values = caught.value.values
    assert (caught.value.message.code, values["page"], values["what"]) == ("rest.changed_while_pulled", page, what)


# ------------------------------------------------------------------------------------------------------ trouble

LOGIN = ("200 OK", "text/html", "<html><title>统一身份认证 登录</title></html>".encode())
BUSY = said({"code": "S901", "message": "系统繁忙"}, status="429 Too Many Requests")
BROKEN = ("500 Internal Server Error", "text/plain", b"oops")
HALF = ("200 OK", "application/json", b'{"code":"0","data":')


@pytest.mark.parametrize("trouble", [LOGIN, BUSY, BROKEN, HALF], ids=["login", "busy", "broken", "half"])
def test_trouble_that_passes_is_waited_out(platform: PagedPlatform, open_source: Open, trouble: Any) -> None:
    platform.instead = [trouble, trouble]
    assert rows_of(open_source()) == ROWS
    assert len(platform.asked) == 6


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (LOGIN, "a web page '统一身份认证 登录'"),
        (BUSY, "code 'S901'): 系统繁忙"),
        (BROKEN, "HTTP 500"),
        (HALF, "cannot be read"),
    ],
    ids=["login", "busy", "broken", "half"],
)
def test_trouble_that_stays_fails_the_run_and_says_which(
    platform: PagedPlatform, open_source: Open, trouble: Any, reason: str
) -> None:
    platform.instead = [trouble] * 3
    with pytest.raises(SourceError, match="nothing was stored") as caught:
        rows_of(open_source(attempts="3"))
    assert caught.value.message.code == "rest.not_pulled"
    assert reason in str(caught.value)
    assert len(platform.asked) == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (said({"code": "A105", "message": "签名不符"}), "rest.question_refused"),
        (said({"code": "A105", "message": "签名不符"}, status="401 Unauthorized"), "rest.question_refused"),
        (said({"success": True, "rows": []}), "rest.question_refused"),
        (said(["0"]), "rest.question_refused"),
        (said({"code": "0", "data": {"zs": 1}}), "rest.unreadable_page"),
        (said({"code": "0", "data": {"jglb": []}}), "rest.unreadable_page"),
        (said({"code": "0", "data": {"zs": -1, "jglb": []}}), "rest.unreadable_page"),
    ],
)
def test_an_answer_that_is_no_page_is_not_asked_for_again(
    platform: PagedPlatform, open_source: Open, answer: Any, code: str
) -> None:
    platform.instead = [answer]
    with pytest.raises(SourceError) as caught:
        open_source().check()
    assert (caught.value.message.code, len(platform.asked)) == (code, 1)


def test_a_platform_that_cannot_be_reached_is_a_source_error(open_source: Open) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        open_source(url="http://127.0.0.1:9", attempts="1").check()


# ------------------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    "options",
    [
        {"platform": None},
        {"answer": {"code": "code", "success": ["0"], "message": "message"}},
        {"rows": "data.["},
        {"columns": ()},
        {"page_size": "0"},
        {"path": "sjjh"},
        {"unknown": "1"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(open_source: Open, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        open_source(**options)


@pytest.mark.parametrize("content", [None, "answer: {}\n", "- list\n"])
def test_a_platform_that_is_not_described_stops_the_start(
    open_source: Open, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "mappings/other").mkdir(parents=True)
        (tmp_path / "mappings/other/_platform.yml").write_text(content)
    with pytest.raises(StartError) as caught:
        open_source(platform="other")
    assert caught.value.message.code == "rest.platform_not_read"
    assert "{why" not in caught.value.text("zh")
