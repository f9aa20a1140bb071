"""How a feed says what it pulls: where, by whose leave, what is asked, how the list pages, and where its rows stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, Json, model_validator

from gateway.errors import OptionError
from gateway.interfaces import ROW
from gateway.messages import Message
from gateway_rest import auth, cursor, destination, question, words
from gateway_rest.auth import ApiKey, Auth, Signed
from gateway_rest.content import Encoding
from gateway_rest.cursor import Cursor
from gateway_rest.destination import HeaderValue, RestOptions
from gateway_rest.pagination import NextLink, PageNumbers, Pagination
from gateway_rest.platform_facts import Format, PlatformFacts, PullAnswer, PullSignature
from gateway_rest.question import assert_distinct
from gateway_rest.words import HeaderName, HeaderText, JsonPath, PageSize, Path, Text, XmlName

OWN_COLUMN = Message(
    "rest.own_column",
    zh="{column} 是网关自用的列名；请在 rows 中给该数据项另取名称，如 list[].{{…}}",
    en="{column} is the gateway's own; give the member another name in rows, as in list[].{{…}}",
)
NO_AUTH = Message(
    "rest.no_auth",
    zh="没有写明 auth；请写明其中一种，任何人都可查询的写 auth: none",
    en="auth is missing: one of the kinds, or auth: none where anybody may ask",
)
SIGNATURE_INCOMPLETE = Message(
    "rest.signature_incomplete",
    zh="签名需要 requester、service、secret，以及 platform 或 signature；请全部写明",
    en="a signature needs requester, service and secret, and it needs platform or signature",
)
ONLY_FOR_SIGNATURE = Message(
    "rest.only_for_signature",
    zh="requester、service、secret、signature 只用于 auth: signature；请去掉",
    en="requester, service, secret and signature are for auth: signature only; leave them out",
)
SAID_ALREADY = Message(
    "rest.said_already",
    zh="{whole} 已经说明了 {parts}；只能写 {whole}，或者写这些选项",
    en="{whole} says {parts} already; either {whole} or these",
)
NO_PAGINATION = Message(
    "rest.no_pagination",
    zh="没有写明 pagination；请写明其中一种，一次应答就是全部的写 pagination: none",
    en="pagination is missing: one of the kinds, or pagination: none for a list in one answer",
)
NEXT_LINK_POSTED = Message(
    "rest.next_link_posted",
    zh="pagination 为 next_link 时，须写 method: get",
    en="pagination next_link needs method: get",
)
CURSOR_NO_COLUMN = Message(
    "rest.cursor_no_column",
    zh="cursor 的 field“{column}”不在 columns 中；请把它加进 columns",
    en="the field {column!r} of the cursor is none of the columns; add it there",
)
XML_WITHOUT_ROOT = Message(
    "rest.xml_without_root",
    zh="以 XML 查询时，须写明 root，即最外层元素的名称",
    en="a question in XML needs root, the name of its outermost element",
)
ASK_JSON_MISPLACED = Message(
    "rest.ask_json_misplaced",
    zh="ask_json 只用于以 JSON 查询，数据项不能与 ask 重复，也不能与 platform 同时使用",
    en="ask_json is for other members than ask, of a question in JSON, and not beside platform",
)
CONTROL_IN_ASK = Message(
    "rest.control_in_ask",
    zh="ask 中不能有控制字符",
    en="ask holds control characters; take them out",
)

MESSAGES = (
    *words.MESSAGES,
    *auth.MESSAGES,
    *cursor.MESSAGES,
    *question.MESSAGES,
    *destination.OPTION_MESSAGES,
    OWN_COLUMN,
    NO_AUTH,
    SIGNATURE_INCOMPLETE,
    ONLY_FOR_SIGNATURE,
    SAID_ALREADY,
    NO_PAGINATION,
    NEXT_LINK_POSTED,
    CURSOR_NO_COLUMN,
    XML_WITHOUT_ROOT,
    ASK_JSON_MISPLACED,
    CONTROL_IN_ASK,
)

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _column(text: str) -> str:
    if text == ROW:
        raise OptionError(OWN_COLUMN, column=ROW)
    return text


class RestSourceOptions(RestOptions):
    """What is asked for, beside where the platform is.

    `ask` are the members of the question that never change, `ask_json` those that are no text. `rows` and `total` are
    JMESPath into the answer, `columns` the members that a row may have: they are known even on a day without rows.
    `platform` names the `_platform.yml` that says signature, format and answer codes; without it they are given here.
    `requester`, `service` and `secret` are for signing. `page` with its companions is short for
    `pagination: {type: page, …}`.
    """

    requester: HeaderValue = ""
    service: HeaderValue = ""
    secret: Text = ""
    path: Path
    method: Literal["post", "get"] = "post"
    headers: Mapping[HeaderName, HeaderText] = {}
    auth: Auth | None = None
    platform: str = ""
    signature: PullSignature | None = None
    answer: PullAnswer | None = None
    format: Format = "json"
    body: Literal["json", "form", "xml"] | None = None
    root: XmlName | None = None
    encoding: Encoding = "stated"
    ask: Mapping[Text, str] = {}
    ask_json: Mapping[Text, Json[Any]] = {}
    pagination: Pagination | None = None
    page: Text | None = None
    page_size_name: Text | None = None
    page_size: PageSize = 200
    first_page: Annotated[int, Field(ge=0, le=1)] = 1
    total: JsonPath | None = None
    rows: JsonPath
    columns: Annotated[tuple[Annotated[str, AfterValidator(_column)], ...], Field(min_length=1)]
    cursor: Cursor | None = None
    requests_per_second: Annotated[float, Field(gt=0, le=1000)] | None = None
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    first_wait_seconds: Annotated[float, Field(ge=0)] = 1
    longest_wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 60

    @property
    def access(self) -> Auth:
        """By whose leave is asked; a platform that is named, or a signature, says it by itself."""
        return self.auth or Signed(type="signature")

    @property
    def paging(self) -> Pagination:
        """How the list pages."""
        if self.pagination:
            return self.pagination
        return PageNumbers(
            type="page",
            page=self.page or "",
            page_size_name=self.page_size_name,
            page_size=self.page_size,
            first_page=self.first_page,
        )

    @property
    def constants(self) -> Mapping[str, Any]:
        """The members of the question that never change."""
        return {**self.ask, **self.ask_json}

    @property
    def asked(self) -> tuple[str, ...]:
        """The members of a question."""
        return (*self.constants, *([self.cursor.ask] if self.cursor else []), *self.paging.names())

    @property
    def own_facts(self) -> PlatformFacts:
        """What the feed says itself of how requests are signed and answered."""
        return PlatformFacts(signature=self.signature, answer=self.answer, format=self.format, root=self.root)

    @model_validator(mode="after")
    def _says_who_asks(self) -> Self:
        if self.auth is None and not self.platform and self.signature is None:
            raise OptionError(NO_AUTH)
        signs = isinstance(self.access, Signed)
        scheme = self.platform or self.signature
        if signs and not (self.requester and self.service and self.secret and scheme):
            raise OptionError(SIGNATURE_INCOMPLETE)
        if not signs and (self.requester or self.service or self.secret or self.signature):
            raise OptionError(ONLY_FOR_SIGNATURE)
        return self

    @model_validator(mode="after")
    def _platform_or_own_facts(self) -> Self:
        own = self.model_fields_set & {"signature", "answer", "format", "root", "body"}
        if self.platform and own:
            raise OptionError(SAID_ALREADY, whole="platform", parts=", ".join(sorted(own)))
        return self

    @model_validator(mode="after")
    def _pages_in_one_way(self) -> Self:
        short = self.model_fields_set & {"page", "page_size_name", "page_size", "first_page"}
        if self.pagination is not None and short:
            raise OptionError(SAID_ALREADY, whole="pagination", parts=", ".join(sorted(short)))
        if self.pagination is None and self.page is None:
            raise OptionError(NO_PAGINATION)
        if isinstance(self.pagination, NextLink) and self.method != "get":
            raise OptionError(NEXT_LINK_POSTED)
        return self

    @model_validator(mode="after")
    def _cursor_is_a_column(self) -> Self:
        if self.cursor and self.columns and self.cursor.field not in self.columns:
            raise OptionError(CURSOR_NO_COLUMN, column=self.cursor.field)
        return self

    @model_validator(mode="after")
    def _question_can_be_written(self) -> Self:
        written = self.written
        key = [self.auth.query] if isinstance(self.auth, ApiKey) and self.auth.query and written == "address" else []
        assert_distinct([*self.asked, *key], nested=written in {"json", "xml"})
        if written == "xml" and self.root is None:
            raise OptionError(XML_WITHOUT_ROOT)
        if self.ask_json and (written != "json" or self.platform or set(self.ask) & set(self.ask_json)):
            raise OptionError(ASK_JSON_MISPLACED)
        if any(_CONTROL.search(value) for value in self.ask.values()):
            raise OptionError(CONTROL_IN_ASK)
        return self

    @property
    def written(self) -> Literal["address", "json", "form", "xml"]:
        """How the question is written, where no platform says it."""
        return "address" if self.method == "get" else self.body or self.format
