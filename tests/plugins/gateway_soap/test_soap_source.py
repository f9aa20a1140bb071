"""SOAP services as departments have them: asked as their WSDL says, read as text, refused where they are not plain."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from pydantic import ValidationError

from gateway.errors import SourceError, StartError
from gateway.interfaces import Source, Surroundings
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_soap.source import SoapSource, discover
from tests.plugins.gateway_soap.conftest import ROWS, SECRETS
from tests.plugins.gateway_soap.soap_platform import SoapPlatform, enveloped, fault, fault_12, rows_xml, said

Open = Callable[..., SoapSource]
SECRET = SECRETS["county"]


def rows_of(source: Source) -> list[dict[str, Any]]:
    return [row for batch in source.read() for row in batch.rows.drop("_row").rows(named=True)]


def refused(source: Source) -> SourceError:
    with pytest.raises(SourceError) as caught:
        list(source.read())
    return caught.value


class TestTextServiceContract(SourceContract):
    @pytest.fixture
    def source(self, vendor: SoapPlatform, open_vendor: Open) -> Source:
        rows = rows_xml(ROWS[:2]).replace("</DATA>", "<ROW/></DATA>")
        vendor.answer = lambda _: said(rows)
        return open_vendor(total=None, page_size=None, parameters={"in0": "<ROOT/>"})

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {1: ("000", "企业0"), 2: ("001", "企业1"), 3: None}

    @pytest.fixture
    def empty_source(self, vendor: SoapPlatform, open_vendor: Open) -> Source:
        vendor.answer = lambda _: said(rows_xml([], total=0))
        return open_vendor()


class TestTypedServiceContract(SourceContract):
    @pytest.fixture
    def source(self, open_typed: Open) -> Source:
        return open_typed()

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        return {number: (row["code"], row["name"]) for number, row in enumerate(ROWS, start=1)}

    @pytest.fixture
    def empty_source(self, typed: SoapPlatform, open_typed: Open) -> Source:
        typed.answer = lambda _: enveloped("<r><GetCompaniesResult><Total>0</Total></GetCompaniesResult></r>")
        return open_typed(total="GetCompaniesResult.Total")


# ------------------------------------------------------------------------------------------------------- asking


def test_the_question_goes_to_the_address_of_the_feed_page_by_page(vendor: SoapPlatform, open_vendor: Open) -> None:
    assert rows_of(open_vendor()) == ROWS
    assert [each["in0"] for each in vendor.asked] == [[f"<ROOT><YM>{page}</YM><TS>2</TS></ROOT>"] for page in (1, 2, 3)]
    assert {(each["PATH_INFO"], each["HTTP_SOAPACTION"]) for each in vendor.headers} == {
        ("/DataService", '"urn:query"')
    }


def test_without_a_total_a_short_page_is_the_last(typed: SoapPlatform, open_typed: Open) -> None:
    assert rows_of(open_typed()) == ROWS
    assert [each["start"] for each in typed.asked] == [["0"], ["2"], ["4"]]
    assert rows_of(open_typed(page_size="5")) == ROWS
    assert [each["start"] for each in typed.asked[3:]] == [["0"], ["5"]]


def test_typed_parameters_may_hold_others_and_lists(typed: SoapPlatform, open_typed: Open) -> None:
    parameters = {"since": "2026-01-01", "start": "0", "count": "9", "filter": {"region": ["370202", "370203"]}}
    assert rows_of(open_typed(parameters=parameters, page_size=None)) == ROWS
    assert typed.asked == [{"since": ["2026-01-01"], "start": ["0"], "count": ["9"], "region": ["370202", "370203"]}]


def test_a_binding_can_be_chosen(typed: SoapPlatform, open_typed: Open) -> None:
    assert rows_of(open_typed(binding="RegistrySoap12")) == ROWS
    assert typed.headers[0]["CONTENT_TYPE"].startswith("application/soap+xml")
    assert typed.headers[0]["CONTENT_TYPE"].endswith('action="http://tempuri.org/GetCompanies"')


def test_nothing_is_fetched_from_an_address_inside_the_wsdl(open_typed: Open) -> None:
    error = refused(open_typed(schemas={}))
    assert (error.message.code, error.values["address"]) == (
        "soap.not_fetched",
        "http://192.0.2.1/Registry.svc?xsd=xsd0",
    )


@pytest.mark.parametrize(
    ("parameters", "why"),
    [({"in9": "x"}, "in9"), ({}, "in0"), ({"in0": ["a", "b"]}, "collections"), ({"in0": {"a": "b"}}, "collections")],
    ids=str,
)
def test_parameters_that_do_not_fit_are_said_with_what_the_wsdl_says(
    vendor: SoapPlatform, open_vendor: Open, parameters: dict[str, Any], why: str
) -> None:
    error = refused(open_vendor(parameters=parameters, page_size=None, total=None))
    assert (error.message.code, error.values["signature"], vendor.asked) == (
        "soap.wrong_parameters",
        "query(in0: xsd:string, in1: xsd:string) -> return: xsd:string",
        [],
    )
    assert why in error.values["why"]


@pytest.mark.parametrize("options", [{"operation": "Query"}, {"binding": "Other"}], ids=str)
def test_an_operation_that_is_not_there_is_said_with_those_that_are(open_vendor: Open, options: Any) -> None:
    error = refused(open_vendor(**options))
    assert (error.message.code, error.values["known"]) == ("soap.unknown_operation", "DataServiceSoap: query")


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "<html/>",
        "not xml",
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><definitions>&b;</definitions>',
    ],
    ids=str,
)
def test_a_wsdl_that_cannot_be_used_is_said(open_vendor: Open, tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "other.wsdl").write_text(content)
    error = refused(open_vendor(wsdl="other.wsdl"))
    assert error.message.code in {"soap.wrong_wsdl", "soap.unknown_operation"}
    assert "root:" not in str(error)


def test_a_wsdl_with_a_doctype_is_refused(open_vendor: Open, tmp_path: Path) -> None:
    text = (tmp_path / "vendor.wsdl").read_text(encoding="utf-8")
    (tmp_path / "vendor.wsdl").write_text(text.replace("<!-- As", "<!DOCTYPE definitions>\n<!-- As"), encoding="utf-8")
    assert "DTDForbidden" in refused(open_vendor()).values["why"]


# ------------------------------------------------------------------------------------------------------ secrets


def test_basic_authentication_goes_in_the_header(vendor: SoapPlatform, open_vendor: Open) -> None:
    rows_of(open_vendor(auth={"type": "basic", "user": "县局", "secret": "county"}))
    expected = base64.b64encode(f"县局:{SECRET}".encode()).decode()
    assert {each["HTTP_AUTHORIZATION"] for each in vendor.headers} == {f"Basic {expected}"}


def test_a_user_name_token_goes_in_the_envelope(vendor: SoapPlatform, open_vendor: Open) -> None:
    rows_of(open_vendor(auth={"type": "ws_security", "user": "county", "secret": "county"}))
    token = _token(vendor.bodies[0])
    assert (token["Username"], token["Password"]) == ("county", SECRET)
    assert "HTTP_AUTHORIZATION" not in vendor.headers[0]


def test_a_digested_password_is_new_each_time(vendor: SoapPlatform, open_vendor: Open) -> None:
    rows_of(open_vendor(auth={"type": "ws_security_digest", "user": "county", "secret": "county"}))
    tokens = [_token(body) for body in vendor.bodies]
    assert len({token["Nonce"] for token in tokens}) == 3
    for token in tokens:
        parts = base64.b64decode(token["Nonce"]) + token["Created"].encode() + SECRET.encode()
        assert token["Password"] == base64.b64encode(hashlib.sha1(parts).digest()).decode()


def test_a_secret_may_stand_in_a_parameter(vendor: SoapPlatform, open_vendor: Open) -> None:
    parameters = {"in0": "<ROOT><YM>{page}</YM><KEY>{secret:county}</KEY></ROOT>", "in1": "{secret:county} {other}"}
    rows_of(open_vendor(parameters=parameters, page_size="5"))
    asked = vendor.asked[0]
    assert ET.fromstring(asked["in0"][0]).findtext("KEY") == SECRET
    assert asked["in1"] == [f"{SECRET} {{other}}"]


@pytest.mark.parametrize("code", ["s:Client", "s:Server"])
def test_a_secret_that_a_service_repeats_is_hidden(vendor: SoapPlatform, open_vendor: Open, code: str) -> None:
    vendor.answer = lambda _: fault(code, f"wrong password {SECRET}")
    for options in (
        {"auth": {"type": "basic", "user": "u", "secret": "county"}},
        {"parameters": {"in0": "{page}{secret:county}"}},
    ):
        error = refused(open_vendor(**options, attempts="1"))
        assert "wrong password ***" in error.text("zh")
        assert SECRET not in error.text("zh") + error.text("en") + repr(error)


def _token(body: bytes) -> dict[str, str]:
    envelope = ET.fromstring(body)
    token = next(each for each in envelope.iter() if each.tag.endswith("}UsernameToken"))
    return {each.tag.rpartition("}")[2]: each.text or "" for each in token}


# ------------------------------------------------------------------------------------------------------ reading


def test_values_are_read_as_the_text_that_they_are(vendor: SoapPlatform, open_vendor: Open) -> None:
    row = "<code>00123456789012345678901</code><name> 1.10\n</name>"
    vendor.answer = lambda _: said(rows_xml([], total=1).replace("<DATA>", f"<DATA><ROW>{row}</ROW>"))
    assert rows_of(open_vendor()) == [{"code": "00123456789012345678901", "name": " 1.10\n"}]


def test_elements_inside_a_cell_and_several_of_one_name_are_json(typed: SoapPlatform, open_typed: Open) -> None:
    nil = 'xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:nil="true"'
    row = f"<code><a>1</a><b>2</b></code><name>甲</name><name>乙</name><more {nil}/>"
    typed.answer = lambda _: enveloped(f"<r><GetCompaniesResult><Company>{row}</Company></GetCompaniesResult></r>")
    assert rows_of(open_typed(columns=("code", "name", "more", "never"))) == [
        {"code": '{"a":"1","b":"2"}', "name": '["甲","乙"]', "more": None, "never": None}
    ]


@pytest.mark.parametrize(
    ("encoding", "label"),
    [("gb18030", "GB2312"), ("gb18030", "gbk"), ("utf-8", "GB2312"), ("utf-8", "utf-8")],
)
def test_a_wrong_label_of_the_encoding_spoils_no_character(
    vendor: SoapPlatform, open_vendor: Open, encoding: str, label: str
) -> None:
    row = {"code": "1", "name": "㑇犇煊艺术品有限公司"}  # GB2312 has not all of these
    vendor.answer = lambda _: said(rows_xml([row], total=1), encoding=encoding, label=label)
    assert rows_of(open_vendor()) == [row]


def test_the_text_may_be_json(vendor: SoapPlatform, open_vendor: Open) -> None:
    vendor.answer = lambda _: said('{"ret": {"n": 1, "list": [{"code": 12345678901234567890.10, "name": "甲"}]}}')
    options = {"text_format": "json", "success": None}
    assert rows_of(open_vendor(**options, total="ret.n", rows="ret.list")) == [
        {"code": "12345678901234567890.10", "name": "甲"}
    ]
    vendor.answer = lambda _: said('[{"code": "1"}, 2, {"code": "3", "code": 4.0}]')
    (batch,) = open_vendor(**options, total=None, rows="@", page_size="4").read()
    assert batch.rows["code"].to_list() == ["1"]
    assert [(fault.row, fault.text) for fault in batch.faults] == [(2, "2"), (3, '{"code":"3","code":4.0}')]


def test_members_that_are_not_declared_fail_the_run_and_are_named(open_vendor: Open) -> None:
    error = refused(open_vendor(columns=("code",)))
    assert (error.message.code, error.values["columns"]) == ("soap.new_column", "name")


@pytest.mark.parametrize(
    ("rows", "known"),
    [
        ("DATE.ROW", "CODE, MSG, ZS, DATA"),
        ("DATA.CODE.ROW", "CODE, MSG, ZS, DATA"),
        ("CODE.ROW", "CODE, MSG, ZS, DATA"),
    ],
)
def test_a_path_that_leads_nowhere_is_no_empty_list(open_vendor: Open, rows: str, known: str) -> None:
    error = refused(open_vendor(rows=rows))
    assert (error.message.code, error.values["path"], error.values["known"]) == ("soap.no_rows", rows, known)


@pytest.mark.parametrize("text", ["<ROOT><DATA>", "", "服务异常", '<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>'])
def test_a_text_that_is_no_document_is_shown(vendor: SoapPlatform, open_vendor: Open, text: str) -> None:
    vendor.answer = lambda _: said(text)
    error = refused(open_vendor())
    assert error.message.code == "soap.no_document"
    assert error.values["excerpt"] == (text or "-")


def test_a_code_that_is_no_success_is_said(vendor: SoapPlatform, open_vendor: Open) -> None:
    vendor.answer = lambda _: said(rows_xml(ROWS, code="-1"))
    error = refused(open_vendor())
    assert (error.message.code, error.values["code"], error.values["said"]) == ("soap.no_success", "-1", "说明")


# ---------------------------------------------------------------------------------- lists that change meanwhile


@pytest.mark.parametrize(
    ("pages", "what"),
    [
        ([(ROWS[:2], 5), (ROWS[2:4], 4)], "4 rows in all instead of 5"),
        ([(ROWS[:2], 5), (ROWS[2:3], 5)], "1 rows instead of 2"),
        ([(ROWS[:2], 5), (ROWS[:2], 5)], "it repeats an earlier page"),
        ([(ROWS[:3], 5)], "3 rows instead of 2"),
        ([(ROWS[:2], 4), ([], 4)], "0 rows instead of 2"),
    ],
    ids=["shrinks", "short page", "repeats", "long page", "ends early"],
)
def test_a_list_that_changes_while_it_is_read_fails_the_run(
    vendor: SoapPlatform, open_vendor: Open, pages: Any, what: str
) -> None:
    vendor.instead = [said(rows_xml(rows, total=total)) for rows, total in pages]
    error = refused(open_vendor())
    assert (error.message.code, error.values["what"]) == ("soap.changed_while_asked", what)


def test_without_a_total_too_long_and_repeated_pages_are_refused(typed: SoapPlatform, open_typed: Open) -> None:
    page = typed.answer({"start": ["0"], "count": ["2"]})
    typed.answer = lambda _: page
    assert refused(open_typed()).values["what"] == "it repeats an earlier page"
    assert refused(open_typed(page_size="1")).values["what"] == "2 rows instead of 1"


# ------------------------------------------------------------------------------------------------------ trouble

LOGIN = ("200 OK", "text/html", "<html><title>统一身份认证 登录</title></html>".encode())
PROXY = ("502 Bad Gateway", "text/plain", b"oops")
HALF = ("200 OK", "text/xml", said("x")[2][:-20])
SERVER = fault("soap:Server", "数据库连接超时")
RECEIVER = fault_12("s:Receiver", "系统繁忙")


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (LOGIN, "a web page '统一身份认证 登录'"),
        (PROXY, "HTTP 502"),
        (HALF, "cannot be read"),
        (SERVER, "(soap:Server): 数据库连接超时"),
        (RECEIVER, "(s:Receiver): 系统繁忙"),
    ],
    ids=["login", "proxy", "half", "server", "receiver"],
)
def test_trouble_that_passes_is_waited_out_and_trouble_that_stays_is_said(
    vendor: SoapPlatform, open_vendor: Open, trouble: Any, reason: str
) -> None:
    vendor.instead = [trouble, trouble]
    assert rows_of(open_vendor(attempts="3")) == ROWS
    vendor.instead = [trouble] * 3
    error = refused(open_vendor(attempts="3"))
    assert (error.message.code, vendor.instead) == ("soap.not_asked", [])
    assert reason in str(error)
    assert "nothing was stored" in str(error)


@pytest.mark.parametrize(
    ("trouble", "code", "reason"),
    [
        (fault("soap:Client", "参数错误"), "soap.fault", "(soap:Client): 参数错误"),
        (fault_12("s:Sender", "无权限"), "soap.fault", "(s:Sender): 无权限"),
        (("401 Unauthorized", "text/plain", b"no"), "soap.refused", "HTTP 401"),
        (("404 Not Found", "text/xml", enveloped("<a/>")[2]), "soap.refused", "HTTP 404"),
    ],
)
def test_a_refusal_is_not_asked_again(
    vendor: SoapPlatform, open_vendor: Open, trouble: Any, code: str, reason: str
) -> None:
    vendor.instead = [trouble]
    with pytest.raises(SourceError) as caught:
        open_vendor().check()
    assert (caught.value.message.code, len(vendor.asked)) == (code, 1)
    assert reason in str(caught.value)


def test_a_service_that_cannot_be_reached_is_a_source_error(open_vendor: Open) -> None:
    with pytest.raises(SourceError, match="cannot be reached"):
        open_vendor(url="http://127.0.0.1:9/x", attempts="1").check()


def test_a_service_that_never_answers_is_not_waited_for(vendor: SoapPlatform, open_vendor: Open) -> None:
    released = threading.Event()
    vendor.answer = lambda _: said(str(released.wait(5)))
    error = refused(open_vendor(timeout_seconds="0.2", attempts="2"))
    released.set()
    assert (error.message.code, len(vendor.asked)) == ("soap.not_asked", 2)
    assert "within 0.2 seconds" in str(error)


def test_the_library_is_named_with_the_extra_that_brings_it(tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['zeep'] = None\n"
        "from pathlib import Path\n"
        "from gateway.errors import SourceError\n"
        "from gateway.transport.soap import Wsdl\n"
        "import gateway_soap\n"
        "assert gateway_soap.gateway_sources()\n"
        "try: Wsdl(Path('x')).opened()\n"
        "except SourceError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'double-random-gateway[soap]'" in done.stdout


# ------------------------------------------------------------------------------------------- discovery, options


def test_discovery_lists_the_operations_of_a_wsdl(surroundings: Surroundings) -> None:
    found = discover({"type": "soap", "wsdl": "vendor.wsdl"}, surroundings)
    assert [(each.source, each.title) for each in found] == [
        (
            {"type": "soap", "wsdl": "vendor.wsdl", "operation": "query"},
            "query(in0: xsd:string, in1: xsd:string) -> return: xsd:string",
        )
    ]


def test_discovery_of_a_whole_declaration_shows_its_columns(
    open_vendor: Open, vendor: SoapPlatform, surroundings: Surroundings
) -> None:
    source = open_vendor()
    given = source._options.model_dump(mode="json", exclude={"columns"}, exclude_unset=True)
    (found,) = discover({"type": "soap", **given}, surroundings)
    assert [(column.name, column.values) for column in found.columns] == [
        ("code", ["000", "001"]),
        ("name", ["企业0", "企业1"]),
    ]
    assert found.source["columns"] == ["code", "name"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "wsdl：必须写明；"),
        ({"wsdl": "vendor.wsdl", "rows": "a"}, "url：必须写明；operation：必须写明；"),
        ({"wsdl": "vendor.wsdl", "rows": "."}, "rows：“.”不是元素路径；请写元素名称，中间用点隔开；"),
    ],
)
def test_discovery_of_what_cannot_be_used_is_refused(
    surroundings: Surroundings, given: dict[str, str], why: str
) -> None:
    with pytest.raises(StartError) as caught:
        discover(given, surroundings)
    assert caught.value.message.code == "soap.wrong_options"
    assert why in caught.value.text("zh")


@pytest.mark.parametrize(
    "options",
    [
        {"page_size": None},
        {"parameters": {"in0": "x"}},
        {"rows": "a..b"},
        {"columns": ()},
        {"url": "ftp://x"},
        {"url": "http://u:p@x/"},
        {"auth": {"type": "basic", "user": "u"}},
        {"unknown": "1"},
    ],
    ids=str,
)
def test_options_that_make_no_sense_are_refused(open_vendor: Open, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        open_vendor(**options)
