"""Golden pairs: rows of a source, and the record or the findings that a field map must make of each.

They stand beside their map as ``<map>.golden.yml``:

    map: departments/registry/inspection_targets
    pairs:
      - note: 注册资本写作万美元
        row: {统一社会信用代码: 91370202264706576B, 企业名称: 甲公司, 注册资金: 10(万美元)}
        record: {identifier: 91370202264706576B, name: 甲公司, registered_capital: "10000000", capital_currency: USD}
        notes: {identifier: map.upper}
      - row: {统一社会信用代码: 91370202264706576X, 企业名称: 乙公司}
        rejected: {identifier: identifier.uscc}

A cell that `row` does not name is empty; a field that `record` does not name must be empty. `rejected` and `held` say
where the row ends, with every code found of each field. Dates are written 2026-01-31, times 2026-01-31T01:30:00Z,
money in 分.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.checking import CompiledChecks, compile_checks, verdicts
from gateway.checking.verdict import ACCEPTED
from gateway.domain.dataset import Dataset, Facts
from gateway.domain.findings import Outcome
from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError, UnknownName
from gateway.interfaces import ROW
from gateway.mapping import CompiledMap, FieldMap, check_covers, compile_map
from gateway.messages import Language, Message, listed

WRONG_PAIRS = Message(
    "golden.wrong",
    zh="{file} 有误：{reason_zh}；应写 map 和 pairs，每一对写 row 以及 record、rejected、held 之一",
    en="{file} is wrong: {reason}; it says map and pairs, and a pair says row and one of record, rejected and held",
)
OTHER_MAP = Message(
    "golden.other_map",
    zh="{file} 写着 map: {found}，但它旁边的字段映射是 {map}；请更正，或移到自己的映射旁",
    en="{file} says map: {found}, but stands beside the field map {map}; correct it or move it to its own map",
)
WRONG_FIELD = Message(
    "golden.field",
    zh="{pair}：字段 {field} 应为 {expected}，得到 {found}",
    en="{pair}: the field {field} should be {expected}, but is {found}",
)
WRONG_END = Message(
    "golden.end",
    zh="{pair}：应为 {expected}，得到 {found}（{findings}）",
    en="{pair}: {expected} is expected, but the row is {found} ({findings})",
)
WRONG_FINDINGS = Message(
    "golden.findings",
    zh="{pair}：字段 {field} 的问题应为 {expected}，得到 {found}",
    en="{pair}: the findings of {field} should be {expected}, but are {found}",
)
UNKNOWN_COLUMNS = Message(
    "golden.unknown_columns",
    zh="{pair}：映射不认得列 {columns}；请更正列名，或在映射中写明用途",
    en="{pair}: the map does not know the columns {columns}; correct them, or map them",
)
NOTHING_EXPECTED = Message(
    "golden.nothing_expected",
    zh="{pair}：没有写应得的结果；现在得到 {found}，核对后写入",
    en="{pair}: nothing is expected; it gives {found}, write that down once it is confirmed",
)
NTH_PAIR = Message("golden.pair", zh="第 {number} 对{note}", en="pair {number}{note}")

_NOTHING = "-"
_TIME = "%Y-%m-%dT%H:%M:%SZ"

Codes = Mapping[str, str | list[str]]


class Pair(BaseModel):
    """One row and what becomes of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    row: Mapping[str, str]
    note: str = ""
    record: Mapping[str, str] | None = None
    rejected: Codes | None = None
    held: Codes | None = None
    notes: Codes = Field(default_factory=dict)


class GoldenPairs(BaseModel):
    """The pairs of one field map."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    map: str
    pairs: tuple[Pair, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that came out otherwise than a pair says."""

    number: int
    note: str
    message: Message
    values: Mapping[str, Any]

    def text(self, language: Language) -> str:
        """Word it."""
        note = f"（{self.note}）" if language == "zh" else f" ({self.note})"
        pair = NTH_PAIR.text(language, {"number": self.number, "note": note if self.note else ""})
        return self.message.text(language, {"pair": pair, **self.values})


def read_pairs(text: str, file: str, field_map: FieldMap) -> GoldenPairs:
    """Read the pairs of a map; raises StartError with what is wrong."""
    try:
        pairs = GoldenPairs.model_validate(read_yaml_text(text, file))
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        raise StartError(WRONG_PAIRS, file=file, reason=reason, reason_zh=reason_zh) from error
    if pairs.map != field_map.map:
        raise StartError(OTHER_MAP, file=file, found=pairs.map, map=field_map.map)
    for number, pair in enumerate(pairs.pairs, 1):
        if sum(each is not None for each in (pair.record, pair.rejected, pair.held)) > 1:
            where = f"pairs.{number}: record, rejected, held"
            raise StartError(WRONG_PAIRS, file=file, reason=where, reason_zh=where)
    return pairs


def differences(pairs: GoldenPairs, field_map: FieldMap, dataset: Dataset, facts: Facts) -> list[Difference]:
    """Everything that a map and the checks of its dataset make otherwise than the pairs say.

    Raises StartError where the map does not fit the dataset, UnknownName for a field that the dataset has not.
    """
    check_covers(field_map, dataset)
    comparison = _Comparison(dataset, compile_map(field_map, dataset.schema), compile_checks(dataset, facts))
    return [each for number, pair in enumerate(pairs.pairs, 1) for each in comparison.of(number, pair)]


@dataclass(frozen=True)
class _Comparison:
    dataset: Dataset
    mapping: CompiledMap
    checks: CompiledChecks

    def of(self, number: int, pair: Pair) -> Iterator[Difference]:
        for message, values in self._found(pair):
            yield Difference(number, pair.note, message, values)

    def _found(self, pair: Pair) -> Iterator[tuple[Message, Mapping[str, Any]]]:
        rows = self._rows(pair)
        if unmapped := self.mapping.check_columns(rows.columns).unmapped:
            yield UNKNOWN_COLUMNS, {"columns": listed(unmapped)}
        mapped = self.mapping.apply(rows)
        findings = pl.concat(
            [mapped.findings, self.checks.apply(mapped.records, self.mapping.columns, mapped.findings)]
        )
        verdict = str(verdicts(findings, 1).item())
        found, notes = _codes(findings, note=False), _codes(findings, note=True)
        record = _texts(mapped.records)
        expected = _expected(pair)
        if expected is None:
            yield NOTHING_EXPECTED, {"found": f"{verdict} {record if verdict == ACCEPTED else found}"}
            return
        if verdict != expected:
            yield WRONG_END, {"expected": expected, "found": verdict, "findings": _worded(found)}
        if pair.record is not None and verdict == ACCEPTED:
            yield from self._fields(pair.record, record)
        elif verdict == expected:
            yield from _findings(pair.rejected or pair.held or {}, found)
        yield from _findings(pair.notes, notes)

    def _rows(self, pair: Pair) -> pl.DataFrame:
        """The row as a source would give it: the cells that the pair does not name are empty."""
        cells = {**dict.fromkeys(self.mapping.demanded, ""), **pair.row}
        return pl.DataFrame({ROW: [1], **{name: [cell] for name, cell in cells.items()}})

    def _fields(
        self, expected: Mapping[str, str], found: Mapping[str, str]
    ) -> Iterator[tuple[Message, dict[str, str]]]:
        for name in expected:
            if name not in self.dataset.by_name:
                known = self.dataset.by_name
                raise UnknownName(f"field of {self.dataset.name}", f"字段（{self.dataset.name}）", name, known)
        for name in self.dataset.by_name:
            if expected.get(name) != found.get(name):
                shown = {"expected": _shown(expected.get(name)), "found": _shown(found.get(name))}
                yield WRONG_FIELD, {"field": name, **shown}


def _expected(pair: Pair) -> str | None:
    named = {ACCEPTED: pair.record, Outcome.REJECTED.value: pair.rejected, Outcome.HELD.value: pair.held}
    return next((end for end, said in named.items() if said is not None), None)


def _findings(expected: Codes, found: Mapping[str, list[str]]) -> Iterator[tuple[Message, dict[str, str]]]:
    wanted = {field: sorted([said] if isinstance(said, str) else said) for field, said in expected.items()}
    for field in dict.fromkeys([*wanted, *found]):
        if wanted.get(field, []) != found.get(field, []):
            codes = {"expected": _listed(wanted.get(field)), "found": _listed(found.get(field))}
            yield WRONG_FINDINGS, {"field": field, **codes}


def _codes(findings: pl.DataFrame, *, note: bool) -> dict[str, list[str]]:
    """The codes found of each field: the notes, or what is no note."""
    of_kind = findings.filter((pl.col("outcome") == Outcome.NOTE.value) == note)
    codes: dict[str, list[str]] = {}
    for field, code in of_kind.select("field", "code").sort("code").rows():
        codes.setdefault(field, []).append(code)
    return codes


def _texts(records: pl.DataFrame) -> dict[str, str]:
    """The filled fields of one record as a pair writes them."""
    texts = records.with_columns(pl.selectors.datetime().dt.strftime(_TIME)).select(pl.all().cast(pl.String))
    return {name: text for name, text in texts.row(0, named=True).items() if text is not None}


def _worded(found: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{field}: {_listed(codes)}" for field, codes in found.items()) or _NOTHING


def _listed(codes: Sequence[str] | None) -> str:
    return ", ".join(codes or ()) or _NOTHING


def _shown(text: str | None) -> str:
    return _NOTHING if text is None else f"“{text}”"
