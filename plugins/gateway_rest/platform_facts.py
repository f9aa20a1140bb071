"""How a platform signs, writes and answers: said by the feed itself, or by the platform's own file under mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import OptionError, StartError
from gateway.messages import Message
from gateway.shipped import shipped
from gateway_rest.words import Declared, JsonPath, XmlName

PLATFORM_NOT_READ = Message(
    "rest.platform_not_read",
    zh="platform 所指的 {file} 不可用：{why_zh}；请写成 shandong/platform/2023-01 那样的路径，"
    "或改用 signature 与 answer 选项",
    en="{file}, which `platform` names, cannot be used: {why}; write a path like shandong/platform/2023-01, or use "
    "the options signature and answer",
)
XML_WITHOUT_QUESTION = Message(
    "rest.xml_without_question",
    zh="格式 xml 须写明 question: {{root: …}}",
    en="the format xml needs question: {{root: …}}",
)

MESSAGES = (PLATFORM_NOT_READ, XML_WITHOUT_QUESTION)

Format = Literal["json", "xml"]


class PullSignature(Declared):
    """How requests are signed: the header of each part, and the parts signed, in order."""

    scheme: str = "national_exchange"
    headers: Mapping[str, str]
    signed: Sequence[str]


class PullAnswer(Declared):
    """Where an answer says whether it succeeded, which codes mean that it did, and after which it is asked again."""

    code: JsonPath
    success: Sequence[str]
    message: JsonPath | None = None
    try_again: frozenset[str] = frozenset()


class _Signature(PullSignature):
    model_config = ConfigDict(extra="ignore")


class _Answer(PullAnswer):
    model_config = ConfigDict(extra="ignore")


class _Question(BaseModel):
    root: XmlName


class PlatformFacts(BaseModel):
    """What a source needs of a platform: its signature and answers, their format, and the root of an XML question.

    Without `answer` the status of HTTP alone says success. The file says more than this, for deliveries.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    signature: PullSignature | None = None
    answer: PullAnswer | None = None
    format: Format = "json"
    root: XmlName | None = None


class _PlatformFile(BaseModel):
    model_config = ConfigDict(defer_build=True)

    signature: _Signature | None = None
    answer: _Answer
    format: Format = "json"
    question: _Question | None = None

    @model_validator(mode="after")
    def _question_has_a_root(self) -> _PlatformFile:
        if self.format == "xml" and self.question is None:
            raise OptionError(XML_WITHOUT_QUESTION)
        return self


def read_platform(name: str, directory: Path) -> PlatformFacts:
    """What `<name>/_platform.yml` says, the deployment's own before the shipped one; raises StartError."""
    file = f"{name}/_platform.yml"
    own, ours = directory / "mappings" / file, shipped("mappings") / file
    path = own if own.is_file() else ours
    try:
        return _facts(read_yaml_text(path.read_text(encoding="utf-8"), file))
    except ValidationError as error:
        why, why_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        raise StartError(PLATFORM_NOT_READ, file=file, why=why, why_zh=why_zh) from error
    except (OSError, UnicodeDecodeError, AttributeError, KeyError, TypeError) as error:
        why = " ".join(str(error).split())
        raise StartError(PLATFORM_NOT_READ, file=file, why=why, why_zh=why) from error


def _facts(content: Mapping[str, Any]) -> PlatformFacts:
    declared = _PlatformFile.model_validate(content)
    errors = content.get("errors", {}).get("document", {})
    again = frozenset(code for code, meaning in errors.items() if meaning["next"] == "try_again")
    return PlatformFacts(
        signature=declared.signature,
        answer=declared.answer.model_copy(update={"try_again": again}),
        format=declared.format,
        root=declared.question.root if declared.question else None,
    )
