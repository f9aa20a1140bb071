"""Lists of a platform that speaks XML, pulled over a real socket: Hebei's signature and answer codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import SourceError, StartError
from gateway.interfaces import Source, Surroundings
from gateway.sandbox_host import serve
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_rest.source import RestSource
from gateway_rest.source_options import RestSourceOptions
from tests.plugins.gateway_rest.xml_platform import SECRET, XmlPlatform, answered, page_in_xml, refusal_in_xml, row

ROWS = [row(f"{number:03}", f"企业{number}") for number in range(5)]
READ = [{"Code": f"{number:03}", "Name": f"企业{number}"} for number in range(5)]
ASK = {"Catalog": "CQMD", "Note": "<a> & \"b\"\n'c'"}

Open = Callable[..., RestSource]


@pytest.fixture
def platform() -> XmlPlatform:
    return XmlPlatform(list(ROWS))


@pytest.fixture
def open_source(platform: XmlPlatform, tmp_path: Path) -> Iterator[Open]:
    with serve(platform) as served:

        def opened(**options: Any) -> RestSource:
            usual = {
                "url": served.url,
                "path": "/hbssj/cqmd/pull",
                "requester": "130634",
                "service": "svc",
                "secret": "platform",
                "timeout_seconds": 5,
                "platform": "hebei/platform/2022-03",
                "ask": ASK,
                "page": "PageNo",
                "page_size_name": "PageSize",
                "page_size": "2",
                "total": "Head.Count",
                "rows": "Body.Row",
                "columns": ("Code", "Name"),
                "first_wait_seconds": 0,
                "longest_wait_seconds": 0.01,
            }
            surroundings = Surroundings(tmp_path, {"platform": SECRET, "wrong": "another"}.__getitem__)
            return RestSource(RestSourceOptions.model_validate({**usual, **options}), surroundings)

        yield opened


def rows_of(source: Source) -> list[dict[str, Any]]:
    return [row for batch in source.read() for row in batch.rows.drop("_row").rows(named=True)]


def failure(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(source.read())
    return caught.value


class TestXmlPagesContract(SourceContract):
    @pytest.fixture
    def source(self, platform: XmlPlatform, open_source: Open) -> Source:
        platform.rows = [*ROWS[:3], "no record", *ROWS[3:]]
        return open_source()

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        whole = [(each["Code"], each["Name"]) for each in READ]
        return {1: whole[0], 2: whole[1], 3: whole[2], 4: None, 5: whole[3], 6: whole[4]}

    @pytest.fixture
    def empty_source(self, platform: XmlPlatform, open_source: Open) -> Source:
        platform.rows = []
        return open_source()


def test_the_question_is_one_element_a_member(platform: XmlPlatform, open_source: Open) -> None:
    assert rows_of(open_source()) == READ
    asked = "<Catalog>CQMD</Catalog><Note>&lt;a&gt; &amp; \"b\"&#10;'c'</Note>"
    assert [body.decode() for body in platform.asked] == [
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<PullPackage>{asked}<PageNo>{page}</PageNo><PageSize>2</PageSize></PullPackage>"
        for page in (1, 2, 3, 1)
    ]


def test_a_list_of_one_is_a_list(platform: XmlPlatform, open_source: Open) -> None:
    platform.rows = ROWS[:1]
    assert rows_of(open_source()) == READ[:1]


def test_a_wrong_secret_is_refused_by_the_platform(open_source: Open) -> None:
    error = failure(open_source(secret="wrong"))
    assert (error.message.code, error.values["code"], error.values["said"]) == (
        "rest.question_refused",
        "HB105",
        "签名不符",
    )


# ------------------------------------------------------------------------------------------------------- values


def test_elements_within_a_row_are_its_json_and_nothing_is_left_out(platform: XmlPlatform, open_source: Open) -> None:
    more = '<More n="1">x<b>1</b></More><Item>甲</Item><Item><c/></Item><Zero>007</Zero><Cut><![CDATA[<&>]]></Cut>'
    platform.rows = [row("1", "n", more)]
    columns = ("Code", "Name", "More", "Item", "Zero", "Cut")
    (read,) = rows_of(open_source(columns=columns))
    assert read == {
        "Code": "1",
        "Name": "n",
        "More": '{"@n":"1","b":"1","#text":"x"}',
        "Item": '["甲",{"c":""}]',
        "Zero": "007",
        "Cut": "<&>",
    }


def test_names_are_read_without_their_namespace_and_nil_is_empty(platform: XmlPlatform, open_source: Open) -> None:
    body = page_in_xml([row("1", "n", '<y:Nil xsi:nil="true"/>')], 1, 1).replace(
        "<Answer>", '<Answer xmlns="urn:a" xmlns:y="urn:b" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    )
    platform.instead = [answered(body)]
    assert rows_of(open_source(page_size="2")) == [{"Code": "1", "Name": "n", "Nil": None}]


@pytest.mark.parametrize("content_type", ["", "text/xml", "application/octet-stream"])
@pytest.mark.parametrize("label", ["GB2312", "gbk", "GB18030"])
def test_an_answer_in_gb18030_is_read_as_such(
    platform: XmlPlatform, open_source: Open, label: str, content_type: str
) -> None:
    body = page_in_xml([row("1", "枣庄镕")], 1, 2).replace('"1.0"', f'"1.0" encoding="{label}"')
    platform.instead = [answered(body, charset="gb18030", content_type=content_type)]
    assert rows_of(open_source()) == [{"Code": "1", "Name": "枣庄镕"}]


# ------------------------------------------------------------------------------------------------------ trouble


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        (page_in_xml(ROWS, 1, 2), "it repeats an earlier page"),
        (page_in_xml(ROWS[:4], 2, 2), "4 rows in all instead of 5"),
        (page_in_xml(ROWS, 3, 2), "1 rows instead of 2"),
        (page_in_xml(ROWS, 9, 2), "0 rows instead of 2"),
        (page_in_xml(ROWS, 1, 4), "4 rows instead of 2"),
    ],
    ids=["repeats", "total", "short", "empty", "long"],
)
def test_a_list_that_changes_while_it_is_read_fails_the_run(
    platform: XmlPlatform, open_source: Open, changed: str, what: str
) -> None:
    platform.instead = [answered(page_in_xml(ROWS, 1, 2)), answered(changed)]
    error = failure(open_source())
    assert (error.message.code, error.values["page"], error.values["what"]) == ("rest.changed_while_pulled", 2, what)


LOGIN = ("200 OK", "text/xml", '<?xml version="1.0"?><!DOCTYPE html><html><title>登录</title></html>'.encode())
BUSY = answered(refusal_in_xml("HB901", "系统繁忙"))
HALF = answered("<Answer><Head><Code>1</Code>")
BOMB = answered('<!DOCTYPE Answer [<!ENTITY a "aaaa">]><Answer><Head><Code>&a;</Code></Head></Answer>')
NOT_XML = answered('{"code": "1"}', content_type="application/json")


@pytest.mark.parametrize("trouble", [LOGIN, BUSY, HALF], ids=["login", "busy", "half"])
def test_trouble_that_passes_is_waited_out(platform: XmlPlatform, open_source: Open, trouble: Any) -> None:
    platform.instead = [trouble, trouble]
    assert rows_of(open_source()) == READ
    assert len(platform.asked) == 6


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (LOGIN, "a web page '登录'"),
        (BUSY, "code 'HB901'): 系统繁忙"),
        (HALF, "cannot be read: line 1"),
        (BOMB, "a DOCTYPE is not allowed"),
        (NOT_XML, "cannot be read"),
    ],
    ids=["login", "busy", "half", "bomb", "json"],
)
def test_trouble_that_stays_fails_the_run_and_says_which(
    platform: XmlPlatform, open_source: Open, trouble: Any, reason: str
) -> None:
    platform.instead = [trouble] * 2
    error = failure(open_source(attempts="2"))
    assert error.message.code == "rest.not_pulled"
    assert reason in str(error)


def test_a_failure_within_success_is_refused(platform: XmlPlatform, open_source: Open) -> None:
    platform.instead = [answered(refusal_in_xml("HB103", "请求时间超出允许范围"))]
    error = failure(open_source())
    assert (error.message.code, error.values["code"]) == ("rest.question_refused", "HB103")


def test_a_platform_in_xml_needs_the_root_of_its_questions(open_source: Open, tmp_path: Path) -> None:
    own = tmp_path / "mappings/other/_platform.yml"
    own.parent.mkdir(parents=True)
    own.write_text(
        "format: xml\nanswer: {code: c, success: ['1'], message: m}\n"
        "signature: {headers: {sign: X, rid: Y}, signed: [rid]}\n"
    )
    with pytest.raises(StartError, match=r"question: \{root: …\}"):
        open_source(platform="other")
