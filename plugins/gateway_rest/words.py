"""The words that a feed may use: names of members, elements and headers, and paths into an answer."""

from __future__ import annotations

import re
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from gateway.errors import OptionError
from gateway.messages import Message

NO_JSON_PATH = Message(
    "rest.no_json_path",
    zh="“{path}”不是 JMESPath 表达式；请写成 data.list 这样的路径",
    en="{path!r} is no JMESPath expression; write a path such as data.list",
)
NO_XML_NAME = Message(
    "rest.no_xml_name",
    zh="“{name}”不能用作 XML 元素的名称；请用英文字母、数字和 _ . -，以字母或 _ 开头",
    en="{name!r} is no name of an XML element; use letters, digits and _ . - of ASCII, a letter or _ first",
)
NO_HEADER_NAME = Message(
    "rest.no_header_name",
    zh="“{name}”不能用作请求头的名称；请用英文字母、数字和 _ -",
    en="{name!r} is no name of a header; use letters, digits and _ - of ASCII",
)
NO_HEADER_TEXT = Message(
    "rest.no_header_text",
    zh="请求头的内容只能用英文字母、数字和半角符号",
    en="a header holds letters, digits and signs of ASCII only",
)

MESSAGES = (NO_JSON_PATH, NO_XML_NAME, NO_HEADER_NAME, NO_HEADER_TEXT)


class Declared(BaseModel):
    """A part of a feed; an unknown key is refused, so that a misspelt one never passes in silence."""

    # Deferred until a feed names it, as building every kind of paging and access takes a good part of a start.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def by_name(value: Any) -> Any:
    """A kind that says nothing more may be said by its name: `auth: none` is `auth: {type: none}`."""
    return {"type": value} if isinstance(value, str) else value


def _json_path(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise OptionError(NO_JSON_PATH, path=text) from error
    return text


def _xml_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", text):
        raise OptionError(NO_XML_NAME, name=text)
    return text


def _header_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise OptionError(NO_HEADER_NAME, name=text)
    return text


def _header_text(text: str) -> str:
    if not re.fullmatch(r"[ -~]*", text):
        raise OptionError(NO_HEADER_TEXT)
    return text


Text = Annotated[str, Field(min_length=1)]
JsonPath = Annotated[Text, AfterValidator(_json_path)]
XmlName = Annotated[Text, AfterValidator(_xml_name)]
HeaderName = Annotated[Text, AfterValidator(_header_name)]
HeaderText = Annotated[str, AfterValidator(_header_text)]
Path = Annotated[str, Field(pattern=r"^/[^?#]*$")]
PageSize = Annotated[int, Field(ge=1, le=100_000)]
