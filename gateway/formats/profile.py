"""A profile: how one platform speaks about one dataset, read from YAML and checked before anything runs.

`mappings/<slug>/<profile>/<version>/<dataset>.yml` says what belongs to the dataset; `_platform.yml` beside it says
what all datasets of the platform share. Together they are one declaration, and no key may stand in both. A profile in
XML has its XSD beside it, `<dataset>.xsd`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError
from gateway.formats.answers import read_answer, read_found
from gateway.formats.declaration import Limits, ProfileDeclaration, WireCheck
from gateway.formats.json_documents import JsonFormat
from gateway.formats.table_documents import whole_declaration
from gateway.formats.wire_format import RecordFault, WireFormat
from gateway.formats.xml_documents import XmlFormat
from gateway.formats.xml_schema import XmlSchema
from gateway.interfaces import Answer, Document
from gateway.messages import Message

NOT_READ = Message(
    "profile.not_read",
    zh="报送格式文件 {file} 读不到：{why}；请检查该文件是否存在、是否为 UTF-8",
    en="the profile {file} cannot be read: {why}; check that the file is there and is UTF-8",
)
NOT_VALID = Message(
    "profile.not_valid",
    zh="报送格式文件 {file} 不合要求：{what_zh}；请按该处提示更正",
    en="the profile {file} is not valid: {what}; correct it there",
)
SHARED = "_platform.yml"

OpenSchema = Callable[[Path], XmlSchema]


class Profile:
    """One dataset at one platform, in one version: implements `gateway.interfaces.Wire`.

    `fields` is the field map outward as the file has it; the other parts stand in `declared`.
    """

    def __init__(self, declared: ProfileDeclaration, wire_format: WireFormat) -> None:
        self.declared = declared
        self._format = wire_format
        self.content_type: str = wire_format.content_type
        self.deliver_path: str = declared.endpoints.deliver
        self.find_path: str = declared.endpoints.find
        self.options: Mapping[str, Any] = {
            "format": declared.format,
            "health_path": declared.endpoints.health,
            "signature": declared.signature.model_dump(mode="json"),
        }

    @property
    def dataset(self) -> str:
        """The dataset of the exchange that it carries."""
        return self.declared.dataset

    @property
    def identity(self) -> str:
        """Profile, version and dataset: what an idempotency key is made with."""
        return f"{self.declared.profile}/{self.declared.version}/{self.declared.dataset}"

    @property
    def fields(self) -> Mapping[str, Any]:
        """The field map outward, as data: wire field → canonical field and steps."""
        return self.declared.fields

    @property
    def wire_checks(self) -> Mapping[str, WireCheck]:
        """What the platform demands of each wire field."""
        return self.declared.wire_checks

    @property
    def limits(self) -> Limits:
        """How much one document may hold."""
        return self.declared.limits

    def render(self, versions: pl.DataFrame, wire: pl.DataFrame) -> pl.Series:
        """One text a record: its key, change number and operation, then its wire fields.

        `versions` has the columns record_key, change_number and operation (insert, change or withdraw), row by row
        beside `wire`, the mapped fields and a list of objects a kind of children.
        """
        record = self.declared.record
        operations = record.operations.model_dump()
        names = versions.select(
            pl.col("record_key").alias(record.key),
            pl.col("change_number").alias(record.change_number),
            pl.col("operation").replace_strict(operations, return_dtype=pl.String).alias(record.operation),
        )
        return self._format.render(
            names, wire.select(*self.fields, *self.declared.children), versions["operation"] == "withdraw"
        )

    def body(self, idempotency_key: str, records: Sequence[str]) -> bytes:
        """The document of rendered records, the same bytes for the same input."""
        return self._format.body(idempotency_key, records)

    def faults(self, body: bytes, records: int) -> Mapping[int, RecordFault]:
        """What is wrong with a document of so many records, by the position of the record; nothing where it may go."""
        return self._format.faults(body, records)

    def find_request(self, document: Document) -> bytes:
        """The body that asks which versions of the document the platform holds."""
        return self._format.question(document.idempotency_key, document.versions)

    def read_answer(self, document: Document, status: int, content_type: str, body: bytes) -> Answer:
        """Read what the platform answered to a delivery."""
        return read_answer(self.declared, document, status, content_type, body, self._format.read_content)

    def read_found(self, document: Document, status: int, content_type: str, body: bytes) -> Answer:
        """Read what the platform answered to `find_request`."""
        return read_found(self.declared, document, status, content_type, body, self._format.read_content)


def load_profile(path: Path, open_schema: OpenSchema | None = None) -> Profile:
    """Read `<profile>/<version>/<dataset>.yml` and the platform's part beside it; raises StartError.

    `open_schema` opens the XSD at a path; without it, profiles in XML cannot be read.
    """
    own, shared = _content(path), _content(path.with_name(SHARED))
    if twice := sorted(set(own) & set(shared)):
        names = ", ".join(twice)
        raise _not_valid(path, f"{names}: also in {SHARED}", f"{names}：{SHARED} 中也写了")
    try:
        declared = ProfileDeclaration.model_validate(whole_declaration({**shared, **own}))
    except ValidationError as error:
        raise _not_valid(path, wrong_values(error, "en"), wrong_values(error, "zh")) from error
    _stands_where_it_says(declared, path)
    return Profile(declared, _format(declared, path, open_schema))


def _format(declared: ProfileDeclaration, path: Path, open_schema: OpenSchema | None) -> WireFormat:
    if declared.xml is None:
        return JsonFormat(declared)
    if open_schema is None:
        raise _not_valid(path, "profiles in XML are not read here", "此处不读 XML 格式的报送格式")
    documents, answers = open_schema(path.with_suffix(".xsd")), open_schema(path.with_name(declared.xml.answers))
    return XmlFormat(declared, declared.xml, documents, answers)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml_text(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(NOT_READ, file=str(path), why=str(error)) from error
    if not isinstance(content, dict):
        raise _not_valid(path, "a mapping of keys is expected", "须逐项写明，如 名称: 值")
    return content


def _not_valid(path: Path, what: str, what_zh: str) -> StartError:
    return StartError(NOT_VALID, file=str(path), what=what, what_zh=what_zh)


def _stands_where_it_says(declared: ProfileDeclaration, path: Path) -> None:
    said, found = (declared.version, declared.dataset), (path.parent.name, path.stem)
    if said != found:
        what_zh = f"version 和 dataset 为 {'、'.join(said)}，文件所在位置却是 {'、'.join(found)}"
        raise _not_valid(path, f"version and dataset are {said}, its place says {found}", what_zh)
