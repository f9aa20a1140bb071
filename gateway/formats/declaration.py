"""What a profile's file may say: every part of it, typed, and nothing beside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, model_validator

from gateway.errors import OptionError
from gateway.messages import Message

NO_JMESPATH = Message(
    "profile.no_jmespath",
    zh="“{path}”不是 JMESPath 表达式；请写成 head.code 这样的路径",
    en="{path!r} is no JMESPath expression; write a path such as head.code",
)
NO_PATTERN = Message(
    "profile.no_pattern",
    zh="“{pattern}”不是正则表达式；请更正",
    en="{pattern!r} is no regular expression; correct it",
)
NO_PATH = Message(
    "profile.no_path",
    zh="“{path}”须以 / 开头",
    en="{path!r} must start with /",
)
NO_XML_NAME = Message(
    "profile.no_xml_name",
    zh="“{name}”不能用作 XML 元素的名称；请用英文字母、数字和 _ . -，以字母或 _ 开头",
    en="{name!r} is no name of an XML element; use letters, digits and _ . - of ASCII, a letter or _ first",
)
NO_FILE_NAME = Message(
    "profile.no_file_name",
    zh="“{name}”须为报送格式旁边的文件的名称，不含路径",
    en="{name!r} must be the name of a file beside the profile, without a path",
)
NOT_IN_BOTH = Message(
    "profile.not_in_both",
    zh="每个报送字段须同时写在 fields（附属记录的 number 除外）和 wire_checks 中；没有这样写的有：{names}",
    en="each wire field stands in fields (but for the number of children) and in wire_checks; not so: {names}",
)
NUMBER_IN_FIELDS = Message(
    "profile.number_in_fields",
    zh="{name} 是自动编号的，不能写在 fields 中",
    en="{name} is counted and so cannot stand in fields",
)
USED_TWICE = Message(
    "profile.used_twice",
    zh="以下报送字段名用了两次：{names}；请改名",
    en="wire names used twice: {names}; rename them",
)
TWO_MEANINGS = Message(
    "profile.two_meanings",
    zh="{names} 同时写在 {first} 和 {second} 中；只能写在一处",
    en="{names} stands in both {first} and {second}; it can mean one of them only",
)
UNKNOWN_CONDITION = Message(
    "profile.unknown_condition",
    zh="uscc_when 所指的报送字段不存在：{names}；请更正",
    en="conditions on wire fields that are not there: {names}; correct uscc_when",
)
CHILDREN_IN_JSON = Message(
    "profile.children_in_json",
    zh="只有格式 json 可以写 children",
    en="only the format json carries children",
)
PART_OF_XML = Message(
    "profile.part_of_xml",
    zh="{part} 用于格式 xml，也只能用于该格式",
    en="the part {part} belongs to the format xml, and to no other",
)

MESSAGES = (
    NO_JMESPATH,
    NO_PATTERN,
    NO_PATH,
    NO_XML_NAME,
    NO_FILE_NAME,
    NOT_IN_BOTH,
    NUMBER_IN_FIELDS,
    USED_TWICE,
    TWO_MEANINGS,
    UNKNOWN_CONDITION,
    CHILDREN_IN_JSON,
    PART_OF_XML,
)


class Declared(BaseModel):
    """A part of a profile; an unknown key is refused, so that a misspelt one never passes in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Next(StrEnum):
    """What happens after an answer, whatever the platform calls it."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    TRY_AGAIN = "try_again"
    UNKNOWN = "unknown"
    ACCESS_REFUSED = "access_refused"


def _jmespath(text: str) -> str:
    try:
        jmespath.compile(text)
    except JMESPathError as error:
        raise OptionError(NO_JMESPATH, path=text) from error
    return text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise OptionError(NO_PATTERN, pattern=text) from error
    return text


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise OptionError(NO_PATH, path=text)
    return text


def _xml_name(text: str) -> str:
    if not _XML_NAME.fullmatch(text):
        raise OptionError(NO_XML_NAME, name=text)
    return text


def _file_name(text: str) -> str:
    if "/" in text or "\\" in text or text in {".", ".."}:
        raise OptionError(NO_FILE_NAME, name=text)
    return text


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")

Text = Annotated[str, Field(min_length=1)]
JsonPath = Annotated[Text, AfterValidator(_jmespath)]
Pattern = Annotated[Text, AfterValidator(_pattern)]
XmlName = Annotated[Text, AfterValidator(_xml_name)]
FileName = Annotated[Text, AfterValidator(_file_name)]
Path = Annotated[Text, AfterValidator(_path)]


class Operations(Declared):
    """The platform's codes for what happened to a record."""

    insert: Text
    change: Text
    withdraw: Text


class RecordNames(Declared):
    """The wire names of what every record carries beside its fields, and the codes of the operation."""

    key: Text
    change_number: Text
    operation: Text
    operations: Operations

    @property
    def names(self) -> tuple[str, str, str]:
        """The three wire names."""
        return self.key, self.change_number, self.operation


class Limits(Declared):
    """How much one document may hold; bytes are counted before any compression."""

    records_per_document: PositiveInt
    bytes_per_document: PositiveInt


class Envelope(Declared):
    """The members around the records: the names of the members, and what stands in those that never change."""

    document: Text
    dataset: Text
    dataset_code: Text
    count: Text
    records: Text
    constants: Mapping[str, str] = {}


class XmlLayout(Declared):
    """How a document is laid out as XML, and the XSD beside the profile that answers must satisfy.

    A delivery is ``<package><head>…</head><records><record>…</record>…</records></package>``: the members of the head
    and the name of `records` are those of the envelope; a record holds its three names and then, in `data`, its
    fields. A question has another root. The XSD of both stands beside the profile, under the name of its dataset.
    """

    package: XmlName
    question: XmlName
    head: XmlName
    record: XmlName
    data: XmlName
    answers: FileName


class PullQuestion(Declared):
    """The root of the XML that asks for a page of what the platform holds for us: the source `rest` asks so."""

    root: XmlName


class Endpoints(Declared):
    """Paths below the address that a feed gives."""

    deliver: Path
    find: Path
    health: Path


class AnswerPaths(Declared):
    """Where an answer says what, as JMESPath, and which values mean success.

    Those after `records` are read from one record of that list. Values are compared as text: one platform's "0" is
    another's failure, and some send numbers.
    """

    code: JsonPath
    success: Sequence[str]
    message: JsonPath
    document: JsonPath
    count: JsonPath
    records: JsonPath
    key: JsonPath
    change_number: JsonPath
    outcome: JsonPath
    accepted: Sequence[str]
    refused: Sequence[str]
    reference: JsonPath
    error_code: JsonPath
    reason: JsonPath


class WholeMeaning(Declared):
    """What a code about the whole document means; access_refused is about the sender, not about this document."""

    next: Literal[Next.REFUSED, Next.TRY_AGAIN, Next.UNKNOWN, Next.ACCESS_REFUSED]
    title: Text


class RecordMeaning(Declared):
    """What a code about one record means; try_again and unknown both leave it without a receipt, to be asked about."""

    next: Literal[Next.ACCEPTED, Next.REFUSED, Next.TRY_AGAIN, Next.UNKNOWN]
    title: Text


class Errors(Declared):
    """The platform's codes and what happens next: for HTTP statuses, whole documents and single records."""

    http: Mapping[int, WholeMeaning] = {}
    document: Mapping[str, WholeMeaning] = {}
    record: Mapping[str, RecordMeaning] = {}


class When(Declared):
    """A condition on another wire field."""

    field: Text
    equals: Text


class WireCheck(Declared):
    """What the platform demands of one wire field, and how sure we are of it (`provenance`)."""

    title: Text
    provenance: Text
    required: bool = False
    length: PositiveInt | None = None
    pattern: Pattern | None = None
    codes: Mapping[str, str] | None = None
    uscc_when: When | None = None


class Signature(Declared):
    """How requests are signed: the header of each part, and the parts signed, in order."""

    scheme: Literal["national_exchange", "hebei_sm3"]
    headers: Mapping[str, str]
    signed: Sequence[str]


class Children(Declared):
    """Records of a dataset that names this record by its key fields, carried with it as a list of objects.

    `number` names the member that counts them from 1, in the order of their keys. `fields` reads the fields of the
    child, and those of the record that carries it as `dataset.field`.
    """

    dataset: Text
    number: Text
    fields: Mapping[str, Any]
    wire_checks: Mapping[str, WireCheck]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if unchecked := {self.number, *self.fields} ^ set(self.wire_checks):
            raise OptionError(NOT_IN_BOTH, names=_names(unchecked))
        if self.number in self.fields:
            raise OptionError(NUMBER_IN_FIELDS, name=self.number)
        return self


class ProfileDeclaration(Declared):
    """A whole profile; `fields` is a field map outward, which `gateway.mapping` compiles.

    `public` says that whatever is delivered can be read by everybody. `beside` names, by dataset, the fields of this
    one that are the key of one record there, whose fields are then read as `dataset.field`.
    """

    profile: Text
    version: Text
    dataset: Text
    title: Text
    in_force_from: date
    provenance: Text
    format: Literal["json", "xml", "table"] = "json"
    xml: XmlLayout | None = None
    question: PullQuestion | None = None
    public: bool = False
    beside: Mapping[str, Sequence[Text]] = {}
    children: Mapping[str, Children] = {}
    record: RecordNames
    fields: Mapping[str, Any]
    wire_checks: Mapping[str, WireCheck]
    limits: Limits
    envelope: Envelope
    endpoints: Endpoints
    answer: AnswerPaths
    errors: Errors
    signature: Signature

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if unchecked := set(self.fields) ^ set(self.wire_checks):
            raise OptionError(NOT_IN_BOTH, names=_names(unchecked))
        if doubled := set(self.fields) & set(self.record.names):
            raise OptionError(USED_TWICE, names=_names(doubled))
        if both := set(self.answer.accepted) & set(self.answer.refused):
            raise OptionError(TWO_MEANINGS, names=_names(both), first="answer.accepted", second="answer.refused")
        if both := set(self.answer.success) & set(self.errors.document):
            raise OptionError(TWO_MEANINGS, names=_names(both), first="answer.success", second="errors.document")
        conditions = {check.uscc_when.field for check in self.wire_checks.values() if check.uscc_when}
        if unknown := conditions - set(self.fields):
            raise OptionError(UNKNOWN_CONDITION, names=_names(unknown))
        return self

    @model_validator(mode="after")
    def _carries_children(self) -> Self:
        if doubled := set(self.children) & {*self.fields, *self.record.names}:
            raise OptionError(USED_TWICE, names=_names(doubled))
        if self.children and self.format != "json":
            raise OptionError(CHILDREN_IN_JSON)
        return self

    @model_validator(mode="after")
    def _can_be_written_so(self) -> Self:
        if (self.format == "xml") != (self.xml is not None):
            raise OptionError(PART_OF_XML, part="xml")
        if self.question and not self.xml:
            raise OptionError(PART_OF_XML, part="question")
        envelope = self.envelope
        members = (envelope.document, envelope.dataset, envelope.count, envelope.records, *envelope.constants)
        if self.xml:
            for name in (*self.fields, *self.record.names, *members):
                _xml_name(name)
        return self
