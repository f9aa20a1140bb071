"""The words that a feed may use: names of members, elements and headers, and paths into an answer."""

from __future__ import annotations

import re
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Declared(BaseModel):
    """A part of a feed; an unknown key is refused, so that a misspelt one never passes in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def by_name(value: Any) -> Any:
    """A kind that says nothing more may be said by its name: `auth: none` is `auth: {type: none}`."""
    return {"type": value} if isinstance(value, str) else value


def _json_path(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"{text!r} is no JMESPath expression: {error}") from error
    return text


def _xml_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", text):
        raise ValueError(f"{text!r} is no name of an XML element")
    return text


def _header_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        raise ValueError(f"{text!r} is no name of a header")
    return text


def _header_text(text: str) -> str:
    if not re.fullmatch(r"[ -~]*", text):
        raise ValueError("a header holds letters, digits and signs of ASCII only")
    return text


Text = Annotated[str, Field(min_length=1)]
JsonPath = Annotated[Text, AfterValidator(_json_path)]
XmlName = Annotated[Text, AfterValidator(_xml_name)]
HeaderName = Annotated[Text, AfterValidator(_header_name)]
HeaderText = Annotated[str, AfterValidator(_header_text)]
Path = Annotated[str, Field(pattern=r"^/[^?#]*$")]
PageSize = Annotated[int, Field(ge=1, le=100_000)]
