"""How a feed says which operation it asks, what it sends, and where the rows stand in the answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gateway.errors import OptionError
from gateway.interfaces import Options
from gateway.messages import Message
from gateway_soap.parameters import pages

WRONG_OPTIONS = Message(
    "soap.wrong_options",
    zh="SOAP 来源的选项有误：{reason_zh}；允许的选项：{allowed}",
    en="the options of the SOAP source are wrong: {reason}; they are: {allowed}",
)
NO_ADDRESS = Message(
    "soap.no_address",
    zh="须写成 http://host/path 这样的网址",
    en="an address like http://host/path is expected",
)
LOGIN_IN_ADDRESS = Message(
    "soap.login_in_address",
    zh="网址中不能写用户名或密码；请写在 auth 中",
    en="a user name or password does not belong in an address; use auth",
)
NO_ELEMENT_PATH = Message(
    "soap.no_element_path",
    zh="“{path}”不是元素路径；请写元素名称，中间用点隔开",
    en="{path!r} is no path of elements; write their names with dots between",
)
PAGES_WITHOUT_SIZE = Message(
    "soap.pages_without_size",
    zh="page_size 与 parameters 中的 {{page}} 或 {{offset}} 必须同时写明",
    en="page_size goes with {{page}} or {{offset}} in parameters, and they with page_size",
)

MESSAGES = (WRONG_OPTIONS, NO_ADDRESS, LOGIN_IN_ADDRESS, NO_ELEMENT_PATH, PAGES_WITHOUT_SIZE)

ITSELF = "@"  # the path to a list that is the whole of a document in JSON

Name = Annotated[str, Field(min_length=1)]


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OptionError(NO_ADDRESS)
    if parts.username or parts.password:
        raise OptionError(LOGIN_IN_ADDRESS)
    return text


def _path(text: str) -> str:
    if not all(text.split(".")):
        raise OptionError(NO_ELEMENT_PATH, path=text)
    return text


ElementPath = Annotated[str, AfterValidator(_path)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Auth(_Part):
    """Who asks: `secret` is the name of a secret."""

    type: Literal["basic", "ws_security", "ws_security_digest"]
    user: Name
    secret: Name


class Success(_Part):
    """Where an answer says whether it succeeded, which codes mean that it did, and where it says why not."""

    code: ElementPath
    values: Annotated[tuple[str, ...], Field(min_length=1)]
    message: ElementPath | None = None


class ServiceOptions(Options, defer_build=True):
    """A service: `wsdl` is a file, `schemas` maps addresses that it imports to files, `url` is where it truly is."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    wsdl: Path
    schemas: Mapping[str, Path] = {}


class SoapOptions(ServiceOptions):
    """One operation of a service, and how its answer is read.

    Texts in `parameters` may hold `{page}`, `{offset}`, `{page_size}` and `{secret:NAME}`; the first two make it ask
    again until it has everything. `text` is the element whose text is a document itself, XML or JSON, that the paths
    `rows`, `total` and those of `success` then lead into; else they lead into the response. `rows: "@"` is a list that
    is the whole document. `columns` are the members that a row may have.
    """

    url: Annotated[str, AfterValidator(_address)]
    operation: Name
    binding: str = ""
    parameters: Mapping[str, Any] = {}
    auth: Auth | None = None
    text: ElementPath | None = None
    text_format: Literal["xml", "json"] = "xml"
    rows: ElementPath
    total: ElementPath | None = None
    success: Success | None = None
    columns: Annotated[tuple[Name, ...], Field(min_length=1)]
    page_size: Annotated[int, Field(ge=1, le=100_000)] | None = None
    first_page: Annotated[int, Field(ge=0, le=1)] = 1
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    first_wait_seconds: Annotated[float, Field(ge=0)] = 1
    longest_wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 60
    connect_seconds: Annotated[float, Field(gt=0, le=120)] = 10
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    answer_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _pages_have_a_size(self) -> SoapOptions:
        if pages(self.parameters) != (self.page_size is not None):
            raise OptionError(PAGES_WITHOUT_SIZE)
        return self
