"""How a feed says what it pulls from a platform, and how that platform pages, signs and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError
from gateway.messages import Message
from gateway.shipped import shipped
from gateway_rest.destination import RestOptions

PLATFORM_NOT_READ = Message(
    "rest.platform_not_read",
    zh="platform 所指的 {file} 不可用：{why}；请写成 shandong/platform/2023-01 那样的路径，"
    "或改用 signature 与 answer 选项",
    en="{file}, which `platform` names, cannot be used: {why}; write a path like shandong/platform/2023-01, or use "
    "the options signature and answer",
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


def _json_path(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise ValueError(f"{text!r} is no JMESPath expression: {error}") from error
    return text


JsonPath = Annotated[str, Field(min_length=1), AfterValidator(_json_path)]


class PullSignature(_Part):
    """How requests are signed: the header of each part, and the parts signed, in order."""

    scheme: str = "national_exchange"
    headers: Mapping[str, str]
    signed: Sequence[str]


class PullAnswer(_Part):
    """Where an answer says whether it succeeded, and which codes mean that it did."""

    code: JsonPath
    success: Sequence[str]
    message: JsonPath


class PlatformFacts(_Part):
    """What a source needs of a platform: its signature, its answers, and the codes after which it is asked again."""

    signature: PullSignature
    answer: PullAnswer
    try_again: frozenset[str] = frozenset()


class RestSourceOptions(RestOptions):
    """What is asked for, beside where the platform is and who asks.

    `ask` are the members of the question that never change; `page` and `page_size_name` name those that say which page
    and how large. `total`, `rows` are JMESPath into the answer, `columns` the members that a row may have: they are
    known even on a day without rows. `platform` names the `_platform.yml` that says signature and answer; without it
    both are given here.
    """

    path: Annotated[str, Field(pattern="^/")]
    method: Literal["post", "get"] = "post"
    ask: Mapping[str, str] = {}
    page: Annotated[str, Field(min_length=1)]
    page_size_name: Annotated[str, Field(min_length=1)]
    page_size: Annotated[int, Field(ge=1, le=100_000)] = 200
    first_page: Annotated[int, Field(ge=0, le=1)] = 1
    total: JsonPath
    rows: JsonPath
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    platform: str = ""
    signature: PullSignature | None = None
    answer: PullAnswer | None = None
    attempts: Annotated[int, Field(ge=1, le=20)] = 5
    first_wait_seconds: Annotated[float, Field(ge=0)] = 1
    longest_wait_seconds: Annotated[float, Field(ge=0, le=3600)] = 60

    @model_validator(mode="after")
    def _platform_or_both_parts(self) -> RestSourceOptions:
        given = self.signature is not None and self.answer is not None
        if bool(self.platform) == given or (self.platform and (self.signature or self.answer)):
            raise ValueError("either platform, or both signature and answer")
        return self


def platform_facts(options: RestSourceOptions, directory: Path) -> PlatformFacts:
    """How the platform signs and answers, from the feed itself or from the file that it names; raises StartError."""
    if options.signature and options.answer:
        return PlatformFacts(signature=options.signature, answer=options.answer)
    name = f"{options.platform}/_platform.yml"
    own, ours = directory / "mappings" / name, shipped("mappings") / name
    file = own if own.is_file() else ours
    try:
        content: dict[str, Any] = read_yaml_text(file.read_text(encoding="utf-8"), name)
        errors = content.get("errors", {}).get("document", {})
        again = [code for code, meaning in errors.items() if meaning["next"] == "try_again"]
        return PlatformFacts.model_validate({**content, "try_again": again})
    except (OSError, UnicodeDecodeError, ValidationError, AttributeError, KeyError, TypeError) as error:
        raise StartError(PLATFORM_NOT_READ, file=name, why=" ".join(str(error).split())) from error
