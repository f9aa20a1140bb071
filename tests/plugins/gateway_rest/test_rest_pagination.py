"""Each way of paging reads every row once, ends where it says, and notices a list that changes while it is walked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError
from gateway.interfaces import Source
from gateway.testing.source_contract import ExpectedRows, SourceContract
from tests.plugins.gateway_rest.vendor import ROWS, Asked, Said, Vendor, opened, rows_of, served

Rows = list[Any]
PAGE = {"type": "page", "page": "p", "page_size_name": "n", "page_size": "2"}
OFFSET = {"type": "offset", "offset": "from", "page_size_name": "n", "page_size": "2"}
CURSOR = {"type": "cursor", "next": "next", "ask": "after", "page_size_name": "n", "page_size": "2"}
LINK = {"type": "next_link", "next": "paging.next", "page_size_name": "n", "page_size": "2"}
HEADER_LINK = {"type": "next_link", "page_size_name": "n", "page_size": "2"}


def numbered(rows: Rows, asked: Asked) -> Any:
    """Pages by number, from 1."""
    size = int(asked.query["n"])
    start = (int(asked.query["p"]) - 1) * size
    return {"rows": rows[start : start + size], "total": len(rows)}


def from_offset(rows: Rows, asked: Asked) -> Any:
    start = int(asked.query["from"])
    return {"rows": rows[start : start + int(asked.query["n"])], "total": len(rows)}


def by_cursor(rows: Rows, asked: Asked) -> Any:
    """The cursor is an opaque text with signs that an address must escape."""
    start = int(asked.query.get("after", "c=&0").removeprefix("c=&"))
    end = start + int(asked.query["n"])
    return {
        "rows": rows[start:end],
        "total": len(rows),
        "next": f"c=&{end}" if end < len(rows) else None,
        "more": end < len(rows),
    }


def by_link(rows: Rows, asked: Asked) -> Any:
    """A relative link, whose question the gateway does not know."""
    start, size = int(asked.query.get("s", "0")), int(asked.query["n"])
    following = f"list?s={start + size}&n={size}" if start + size < len(rows) else ""
    return {"rows": rows[start : start + size], "total": len(rows), "paging": {"next": following}}


def by_header(rows: Rows, asked: Asked) -> Any:
    said = by_link(rows, asked)
    link = said.pop("paging")["next"]
    header = (("Link", f'</api/{link}>; rel="next", </api/list>; rel="first"'),) if link else ()
    return Said(said, headers=header)


def whole(rows: Rows, asked: Asked) -> Any:
    return {"rows": rows, "total": len(rows)}


Answers = Callable[[Rows, Asked], Any]
KINDS: dict[str, tuple[Answers, Any]] = {
    "none": (whole, "none"),
    "page": (numbered, PAGE),
    "page to a short one": (numbered, {**PAGE, "ends": "short"}),
    "offset": (from_offset, OFFSET),
    "offset to a short one": (from_offset, {**OFFSET, "ends": "short"}),
    "cursor": (by_cursor, CURSOR),
    "cursor with more": (by_cursor, {**CURSOR, "more": "more"}),
    "link": (by_link, LINK),
    "link in the header": (by_header, HEADER_LINK),
}


def in_xml(answer: Answers) -> Answers:
    """The same answer as XML."""

    def element(name: str, value: Any) -> str:
        if isinstance(value, list):
            return "".join(element(name, each) for each in value)
        inner = "".join(element(*each) for each in value.items()) if isinstance(value, dict) else escape(str(value))
        return "" if value is None else f"<{name}>{inner}</{name}>"

    def said(rows: Rows, asked: Asked) -> Any:
        content = answer(rows, asked)
        plain, headers = (content.content, content.headers) if isinstance(content, Said) else (content, ())
        return Said(element("answer", plain).encode(), content_type="application/xml", headers=headers)

    return said


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with served(Vendor(lambda _: {"rows": []})) as vendor:
        yield vendor


def answers(vendor: Vendor, answer: Answers, rows: Sequence[Any]) -> None:
    vendor.answer = lambda asked: answer(list(rows), asked)


class TestEveryKindOfPagination(SourceContract):
    @pytest.fixture(params=[*((kind, None) for kind in KINDS), ("page", "total"), ("offset", "total")], ids=str)
    def paged(self, request: pytest.FixtureRequest) -> tuple[Answers, dict[str, Any]]:
        kind, total = request.param
        answer, pagination = KINDS[kind]
        return answer, {"pagination": pagination, "total": total}

    @pytest.fixture
    def source(self, paged: tuple[Answers, dict[str, Any]], vendor: Vendor) -> Source:
        answers(vendor, paged[0], [*ROWS[:3], "no object", *ROWS[3:]])
        return opened(vendor, **paged[1])

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        cells = [(row["code"], row["name"]) for row in ROWS]
        return {1: cells[0], 2: cells[1], 3: cells[2], 4: None, 5: cells[3], 6: cells[4]}

    @pytest.fixture
    def empty_source(self, paged: tuple[Answers, dict[str, Any]], vendor: Vendor) -> Source:
        answers(vendor, paged[0], [])
        return opened(vendor, **paged[1])


class TestEveryKindOfPaginationInXml(TestEveryKindOfPagination):
    @pytest.fixture(params=["none", "page", "offset", "cursor with more", "link", "link in the header"])
    def paged(self, request: pytest.FixtureRequest) -> tuple[Answers, dict[str, Any]]:
        answer, pagination = KINDS[request.param]
        return in_xml(answer), {"pagination": pagination, "format": "xml", "rows": "rows || `[]`"}


# --------------------------------------------------------------------------------------------------------- ends


@pytest.mark.parametrize(
    ("kind", "rows", "requests"),
    [
        ("page", 5, 5),
        ("page", 4, 4),
        ("page to a short one", 5, 4),
        ("page to a short one", 4, 4),
        ("offset", 5, 5),
        ("offset to a short one", 5, 4),
        ("cursor", 4, 3),
        ("link", 5, 4),
    ],
)
def test_without_a_total_the_end_is_where_it_is_said_to_be(vendor: Vendor, kind: str, rows: int, requests: int) -> None:
    answer, pagination = KINDS[kind]
    answers(vendor, answer, ROWS[:rows])
    assert rows_of(opened(vendor, pagination=pagination)) == ROWS[:rows]
    assert len(vendor.asked) == requests


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_with_a_total_the_list_ends_there_and_its_start_is_asked_for_again(vendor: Vendor, kind: str) -> None:
    answer, pagination = KINDS[kind]
    answers(vendor, answer, ROWS)
    assert rows_of(opened(vendor, pagination=pagination, total="total")) == ROWS
    assert len(vendor.asked) == 4
    assert vendor.asked[-1].query == vendor.asked[0].query


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
def test_a_stable_order_that_is_declared_is_believed(vendor: Vendor, kind: str) -> None:
    answer, pagination = KINDS[kind]
    answers(vendor, answer, ROWS)
    pagination = {**pagination, "stable_order": "true"}
    assert rows_of(opened(vendor, pagination=pagination, total="total")) == ROWS
    assert len(vendor.asked) == 3


@pytest.mark.parametrize("total", ["total", None])
def test_one_page_is_one_state_of_the_list(vendor: Vendor, total: str | None) -> None:
    answers(vendor, numbered, ROWS[:1])
    assert rows_of(opened(vendor, pagination={**PAGE, "ends": "short"}, total=total)) == ROWS[:1]
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("kind", ["page", "offset"])
@pytest.mark.parametrize(
    "beyond",
    [{"rows": [], "total": 4}, {"rows": ROWS[2:4], "total": 4}, {"total": 4}, Said({}, status="400 Bad Request")],
    ids=["empty", "the last page again", "no list", "refused"],
)
def test_nothing_stands_behind_the_last_of_full_pages(vendor: Vendor, kind: str, beyond: Any) -> None:
    """Some platforms give the last page for every page behind it, others refuse to."""
    answer, pagination = KINDS[kind]
    vendor.answer = lambda asked: (
        beyond
        if (asked.query.get("p"), asked.query.get("from")) in {("3", None), (None, "4")}
        else answer(ROWS[:4], asked)
    )
    assert rows_of(opened(vendor, pagination=pagination, total="total")) == ROWS[:4]
    assert len(vendor.asked) == 4


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_a_server_that_gives_less_than_was_asked_for_loses_no_row(vendor: Vendor, kind: str) -> None:
    answer, pagination = KINDS[kind]

    def capped(rows: Rows, asked: Asked) -> Any:
        return answer(rows, Asked(asked.method, asked.path, {**asked.query, "n": "2"}, asked.headers, asked.body))

    answers(vendor, capped, ROWS)
    assert rows_of(opened(vendor, pagination={**pagination, "page_size": "200"})) == ROWS


def test_the_first_page_and_the_first_row_may_count_from_elsewhere(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"rows": []}
    rows_of(opened(vendor, pagination={**PAGE, "first_page": "0"}))
    rows_of(opened(vendor, pagination={**OFFSET, "first_offset": "1"}))
    assert [each.query for each in vendor.asked] == [{"p": "0", "n": "2"}, {"from": "1", "n": "2"}]


def test_a_fixed_page_size_is_not_asked_for(vendor: Vendor) -> None:
    vendor.answer = lambda asked: {"rows": ROWS[:2] if asked.query == {"p": "1"} else []}
    assert rows_of(opened(vendor, pagination={"type": "page", "page": "p"})) == ROWS[:2]


def test_a_link_is_followed_as_it_stands_and_without_the_question(vendor: Vendor) -> None:
    answers(vendor, by_link, ROWS[:4])
    rows_of(opened(vendor, pagination=LINK, ask={"dept": "370400"}))
    assert [each.query for each in vendor.asked] == [
        {"dept": "370400", "n": "2"},
        {"s": "2", "n": "2"},
        {"dept": "370400", "n": "2"},
    ]


def test_a_cursor_that_is_a_number_keeps_every_digit(vendor: Vendor) -> None:
    vendor.answer = lambda asked: Said(
        b'{"rows": [{"code": "b"}], "next": null}'
        if asked.query.get("after") == "12345678901234567890"
        else b'{"rows": [{"code": "a"}], "next": 12345678901234567890}'
    )
    assert [row["code"] for row in rows_of(opened(vendor, pagination={**CURSOR, "page_size_name": None}))] == ["a", "b"]


# ---------------------------------------------------------------------------------------- lists that change meanwhile


def failure(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        rows_of(source)
    return caught.value


def changed(source: Source) -> tuple[int, str]:
    error = failure(source)
    assert error.message.code == "rest.changed_while_pulled"
    return error.values["page"], error.values["what"]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "none"])
@pytest.mark.parametrize("rows", [ROWS[:4], [*ROWS, *ROWS]], ids=["shrinks", "grows"])
def test_a_total_that_changes_is_noticed(vendor: Vendor, kind: str, rows: Rows) -> None:
    answer, pagination = KINDS[kind]
    vendor.answer = lambda asked: answer(ROWS if len(vendor.asked) == 1 else rows, asked)
    what = f"{len(rows)} rows in all instead of 5"
    assert changed(opened(vendor, pagination=pagination, total="total")) == (2, what)


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_a_page_that_is_repeated_for_ever_is_noticed(vendor: Vendor, kind: str) -> None:
    vendor.answer = lambda _: {"rows": ROWS[:2]}
    assert changed(opened(vendor, pagination=KINDS[kind][1])) == (2, "it repeats an earlier page")


def test_a_repeated_page_is_noticed_behind_new_cursors(vendor: Vendor) -> None:
    vendor.answer = lambda _: {"rows": ROWS[:2], "next": str(len(vendor.asked))}
    assert changed(opened(vendor, pagination=CURSOR)) == (2, "it repeats an earlier page")


@pytest.mark.parametrize(
    ("pagination", "more"),
    [(CURSOR, {"next": "same"}), (LINK, {"paging": {"next": "/api/list?s=2"}})],
    ids=["cursor", "link"],
)
def test_empty_pages_that_lead_in_a_circle_are_noticed(vendor: Vendor, pagination: Any, more: Any) -> None:
    vendor.answer = lambda _: {"rows": [], **more}
    assert changed(opened(vendor, pagination=pagination)) == (2, "it leads back to an earlier page")


@pytest.mark.parametrize("kind", ["page", "offset", "cursor", "link"])
def test_a_page_longer_than_asked_for_is_noticed(vendor: Vendor, kind: str) -> None:
    vendor.answer = lambda _: {"rows": ROWS[:3]}
    assert changed(opened(vendor, pagination=KINDS[kind][1])) == (1, "3 rows instead of 2")


def test_rows_behind_a_short_page_are_noticed_where_pages_are_numbered(vendor: Vendor) -> None:
    vendor.answer = lambda asked: {"rows": {"1": ROWS[:2], "2": ROWS[2:3], "3": ROWS[3:]}[asked.query["p"]]}
    assert changed(opened(vendor, pagination=PAGE)) == (3, "2 rows instead of 0")


@pytest.mark.parametrize("kind", ["none", "cursor", "link"])
def test_a_list_that_ends_before_its_total_is_noticed(vendor: Vendor, kind: str) -> None:
    vendor.answer = lambda _: {"rows": ROWS[:2], "total": 5}
    assert changed(opened(vendor, pagination=KINDS[kind][1], total="total")) == (1, "2 rows instead of 5")


def moving(answer: Answers, *states: Rows) -> Callable[[Asked], Any]:
    """A list that is another one at each request, and at last stays as it is."""
    waiting = list(states)
    return lambda asked: answer(waiting.pop(0) if len(waiting) > 1 else waiting[0], asked)


PAGED = [kind for kind in KINDS if kind != "none"]
TOTALS = pytest.mark.parametrize("total", ["total", None])


@TOTALS
@pytest.mark.parametrize("kind", PAGED)
def test_a_row_taken_away_in_front_while_another_is_added_behind_is_noticed(
    vendor: Vendor, kind: str, total: str | None
) -> None:
    """The third row of five is never given, and the total stays."""
    answer, pagination = KINDS[kind]
    vendor.answer = moving(answer, ROWS, [*ROWS[1:], {"code": "new"}])
    assert changed(opened(vendor, pagination=pagination, total=total)) == (
        1,
        "it is another one when it is asked for again",
    )


@TOTALS
@pytest.mark.parametrize("kind", PAGED)
def test_a_row_that_stands_on_two_pages_is_noticed(vendor: Vendor, kind: str, total: str | None) -> None:
    """One is added in front and one taken away behind, and then it is undone."""
    answer, pagination = KINDS[kind]
    vendor.answer = moving(answer, ROWS, [{"code": "new"}, *ROWS[:4]], [{"code": "new"}, *ROWS[:4]], ROWS)
    _, what = changed(opened(vendor, pagination=pagination, total=total))
    assert what == "a row stands on several of the pages 1, 2"


def test_equal_rows_of_one_page_are_no_sign_of_a_list_that_moves(vendor: Vendor) -> None:
    answers(vendor, numbered, [ROWS[0], ROWS[0], ROWS[1]])
    assert rows_of(opened(vendor, pagination=PAGE, total="total")) == [ROWS[0], ROWS[0], ROWS[1]]


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_rows_behind_a_total_that_is_too_small_are_noticed(vendor: Vendor, kind: str) -> None:
    answer, pagination = KINDS[kind]
    vendor.answer = lambda asked: {**answer(ROWS, asked), "total": 4}
    assert changed(opened(vendor, pagination=pagination, total="total")) == (
        3,
        "there are more rows than the 4 announced",
    )


# -------------------------------------------------------------------------------------- answers that lead nowhere


@pytest.mark.parametrize(
    ("pagination", "more", "why"),
    [
        (CURSOR, {"next": {"a": 1}}, "next is no plain value"),
        (CURSOR, {"next": True}, "next is no plain value"),
        ({**CURSOR, "more": "more"}, {"next": "2", "more": "perhaps"}, "more is none of true, false, 1, 0"),
        ({**CURSOR, "more": "more"}, {"next": "2"}, "more is none of true, false, 1, 0"),
        ({**CURSOR, "more": "more"}, {"more": True}, "there are more pages, and next leads to none"),
        (LINK, {"paging": {"next": ["x"]}}, "paging.next is no plain value"),
    ],
)
def test_an_answer_that_does_not_name_the_next_page_as_declared_is_refused(
    vendor: Vendor, pagination: Any, more: Any, why: str
) -> None:
    vendor.answer = lambda _: {"rows": ROWS[:2], **more}
    error = failure(opened(vendor, pagination=pagination))
    assert (error.message.code, error.values["why"]) == ("rest.unreadable_page", why)


@pytest.mark.parametrize(
    "link",
    [
        "http://elsewhere.example/api",
        "//elsewhere.example/api",
        "https://127.0.0.1/api",
        "http://127.0.0.1:1/api",
        "http://me:pw@{host}/api",
        "ftp://{host}/api",
        "http://[::1",
    ],
)
def test_a_link_to_elsewhere_is_not_followed(vendor: Vendor, link: str) -> None:
    host = vendor.url.removeprefix("http://")
    vendor.answer = lambda _: {"rows": ROWS[:2], "paging": {"next": link.format(host=host)}}
    error = failure(opened(vendor, pagination=LINK))
    assert (error.message.code, error.values["allowed"], len(vendor.asked)) == ("rest.link_elsewhere", host, 1)


def test_a_link_to_an_allowed_host_is_followed(vendor: Vendor) -> None:
    with served(Vendor(lambda _: {"rows": ROWS[2:4]})) as other:
        vendor.answer = lambda _: {"rows": ROWS[:2], "paging": {"next": f"{other.url}/rest?x=1"}}
        hosts = [other.url.removeprefix("http://")]
        assert rows_of(opened(vendor, pagination={**LINK, "hosts": hosts})) == ROWS[:4]
        assert [(each.path, each.query) for each in other.asked] == [("/rest", {"x": "1"})]


# ------------------------------------------------------------------------------------------------------ options


@pytest.mark.parametrize(
    "options",
    [
        {"pagination": None},
        {"pagination": "pages"},
        {"pagination": PAGE, "page": "p"},
        {"pagination": {**PAGE, "offset": "x"}},
        {"pagination": {**PAGE, "ends": "somewhere"}},
        {"pagination": {"type": "none", "page_size_name": "n"}},
        {"pagination": {**CURSOR, "next": "a.["}},
        {"pagination": {"type": "cursor", "next": "next"}},
        {"pagination": LINK, "method": "post"},
        {"pagination": PAGE, "ask": {"p": "1"}},
        {"pagination": {**PAGE, "page_size_name": "p"}},
    ],
    ids=str,
)
def test_a_pagination_that_makes_no_sense_is_refused(vendor: Vendor, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        opened(vendor, **options)
