"""How a feed says what it pulls: where, by whose leave, what is asked, how the list pages, and where its rows stand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, Json, model_validator

from gateway.interfaces import ROW
from gateway_rest.auth import ApiKey, Auth, Signed
from gateway_rest.content import Encoding
from gateway_rest.cursor import Cursor
from gateway_rest.destination import HeaderValue, RestOptions
from gateway_rest.pagination import NextLink, PageNumbers, Pagination
from gateway_rest.platform_facts import Format, PlatformFacts, PullAnswer, PullSignature
from gateway_rest.question import assert_distinct
from gateway_rest.words import HeaderName, HeaderText, JsonPath, PageSize, Path, Text, XmlName

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def _column(text: str) -> str:
    if text == ROW:
        raise ValueError(f"{ROW} is the gateway's own; give the member another name in rows, as in list[].{{…}}")
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
            raise ValueError("auth is missing: one of the kinds, or auth: none where anybody may ask")
        signs = isinstance(self.access, Signed)
        if signs and not (self.requester and self.service and self.secret):
            raise ValueError("a signature needs requester, service and secret")
        if not signs and (self.requester or self.service or self.secret or self.signature):
            raise ValueError("requester, service, secret and signature are for auth: signature only")
        if signs and not self.platform and self.signature is None:
            raise ValueError("auth: signature needs platform or signature")
        return self

    @model_validator(mode="after")
    def _platform_or_own_facts(self) -> Self:
        own = self.model_fields_set & {"signature", "answer", "format", "root", "body"}
        if self.platform and own:
            raise ValueError(f"platform says {', '.join(sorted(own))} already; either platform or these")
        return self

    @model_validator(mode="after")
    def _pages_in_one_way(self) -> Self:
        short = self.model_fields_set & {"page", "page_size_name", "page_size", "first_page"}
        if self.pagination is not None and short:
            raise ValueError(f"pagination says {', '.join(sorted(short))}; either pagination or these beside it")
        if self.pagination is None and self.page is None:
            raise ValueError("pagination is missing: one of the kinds, or pagination: none for a list in one answer")
        if isinstance(self.pagination, NextLink) and self.method != "get":
            raise ValueError("pagination next_link needs method: get")
        return self

    @model_validator(mode="after")
    def _cursor_is_a_column(self) -> Self:
        if self.cursor and self.columns and self.cursor.field not in self.columns:
            raise ValueError(f"the field {self.cursor.field!r} of the cursor is none of the columns")
        return self

    @model_validator(mode="after")
    def _question_can_be_written(self) -> Self:
        written = self.written
        key = [self.auth.query] if isinstance(self.auth, ApiKey) and self.auth.query and written == "address" else []
        assert_distinct([*self.asked, *key], nested=written in {"json", "xml"})
        if written == "xml" and self.root is None:
            raise ValueError("a question in XML needs root, the name of its outermost element")
        if self.ask_json and (written != "json" or self.platform or set(self.ask) & set(self.ask_json)):
            raise ValueError("ask_json is for other members than ask, of a question in JSON, and not beside platform")
        if any(_CONTROL.search(value) for value in self.ask.values()):
            raise ValueError("ask holds control characters")
        return self

    @property
    def written(self) -> Literal["address", "json", "form", "xml"]:
        """How the question is written, where no platform says it."""
        return "address" if self.method == "get" else self.body or self.format
