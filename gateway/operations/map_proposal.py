"""A proposed field map: which column of a source seems to hold which field, how surely, and why.

Names speak first: a field's title, its English name, other usual names, initials of pinyin. Sampled values speak for
or against. Nothing here is applied: a person confirms every line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gateway.domain.column_names import ColumnName, NameKind, column_names, plain_name
from gateway.domain.dataset import Dataset, Field
from gateway.interfaces import Found, FoundColumn
from gateway.messages import Message
from gateway.operations.map_proposal_reading import (
    Reading,
    is_identifier,
    is_scheme,
    may_tell,
    reading_of,
    scheme_of,
)

SAME_NAME = Message("proposal.same_name", zh="列名就是“{name}”", en="the column is named {name!r}")
USUAL_NAME = Message("proposal.usual_name", zh="“{name}”是常见的叫法", en="{name!r} is a usual name")
IS_INITIALS = Message("proposal.initials", zh="列名是“{name}”的拼音首字母", en="the initials of {name!r} in pinyin")
HOLDS_NAME = Message("proposal.holds_name", zh="列名中有“{name}”", en="the column's name holds {name!r}")
BY_VALUES = Message(
    "proposal.by_values",
    zh="列名看不出，只是样本值都像“{name}”",
    en="its name does not tell, but every sampled value looks like {name!r}",
)
VALUES_FIT = Message("proposal.values_fit", zh="样本值都相符", en="every sampled value fits")
VALUES_DIFFER = Message("proposal.values_differ", zh="但有样本值不相符", en="but not every sampled value fits")
RIVALS = Message("proposal.rivals", zh="也可能是 {others}", en="it may also be {others}")
SCHEME = Message(
    "proposal.scheme",
    zh="列“{column}”的样本值都通过这种标识的校验",
    en="every sampled value of the column {column!r} passes the check of this scheme",
)

Worded = tuple[Message, Mapping[str, Any]]


class Confidence(StrEnum):
    """How surely a column holds a field; what is `low` is only mentioned, not put into the map."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"


_SCORES = {NameKind.TITLE: 100, NameKind.FIELD: 95, NameKind.OTHER: 90, NameKind.INITIALS: 75}
_WORDS = {
    NameKind.TITLE: SAME_NAME,
    NameKind.FIELD: SAME_NAME,
    NameKind.OTHER: USUAL_NAME,
    NameKind.INITIALS: IS_INITIALS,
}
_HOLDS_NAME, _BY_CHECK, _BY_DATE = 62, 50, 45
_FITS, _DIFFERS, _RIVALLED = 3, -30, -30
_HIGH, _MIDDLE = 85, 60
_SHORTEST_HELD = 3  # a name of fewer characters is held by too many others


@dataclass(frozen=True, slots=True)
class Match:
    """A column that seems to hold a field; the greater the score the surer."""

    field: Field
    column: str
    reading: Reading
    score: int
    reasons: tuple[Worded, ...]

    @property
    def confidence(self) -> Confidence:
        """How sure it is."""
        if self.score >= _HIGH:
            return Confidence.HIGH
        return Confidence.MIDDLE if self.score >= _MIDDLE else Confidence.LOW

    @property
    def is_taken(self) -> bool:
        """Whether it goes into the map; otherwise it is only mentioned."""
        return self.confidence is not Confidence.LOW and not self.reading.unsettled


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person is to confirm: matches in the order of the dataset, and what found no counterpart."""

    dataset: Dataset
    matches: tuple[Match, ...]
    constants: Mapping[str, tuple[str, Worded]]  # field → the same text in every record, and why
    unmatched_columns: tuple[str, ...]
    unmatched_fields: tuple[Field, ...]  # those that the dataset demands

    @property
    def taken(self) -> tuple[Match, ...]:
        """The matches that go into the map."""
        return tuple(each for each in self.matches if each.is_taken)

    @property
    def unsure(self) -> tuple[Match, ...]:
        """The matches that are only mentioned."""
        return tuple(each for each in self.matches if not each.is_taken)


def propose_map(dataset: Dataset, found: Found) -> Proposal:
    """Propose how the columns of a source fill a dataset."""
    candidates = sorted(_candidates(dataset, found.columns), key=lambda each: -each.score)
    chosen, order = _chosen(candidates), list(dataset.by_name)
    matches = [_doubted(each, candidates, chosen) for each in chosen]
    matches.sort(key=lambda each: order.index(each.field.name))
    constants = dict(_schemes(dataset, matches, found))
    filled = {each.field.name for each in matches if each.is_taken} | set(constants)
    taken = {each.column for each in matches}
    return Proposal(
        dataset,
        tuple(matches),
        constants,
        tuple(each.name for each in found.columns if each.name not in taken),
        tuple(each for each in dataset.fields if _demanded(each) and each.name not in filled),
    )


def _demanded(field: Field) -> bool:
    return field.required or (field.key and field.absent is None)


def _candidates(dataset: Dataset, columns: Sequence[FoundColumn]) -> Iterator[Match]:
    names = column_names(dataset)
    for column in columns:
        for field in dataset.by_name.values():
            named = _by_name(field, column, names)
            if named or may_tell(field):
                reading = reading_of(field, column.name, column.values)
                if spoken := named or _by_values(field, reading):
                    yield _weighed(field, column, reading, *spoken)


def _by_name(field: Field, column: FoundColumn, names: Sequence[ColumnName]) -> tuple[int, Worded] | None:
    plain = plain_name(column.name)
    own = [each for each in names if each.field == field.name]
    if exact := next((each for each in own if each.plain == plain), None):
        return _SCORES[exact.kind], (_WORDS[exact.kind], {"name": exact.full})
    held = [each for each in own if each.kind is not NameKind.INITIALS and _holds(plain, each.plain)]
    if not held:
        return None
    longest = max(held, key=lambda each: len(each.plain))
    # The longer the part of the name that is explained, the surer; never as sure as a name that is known whole.
    return _HOLDS_NAME + min(len(longest.plain), 10), (HOLDS_NAME, {"name": longest.full})


def _holds(plain: str, name: str) -> bool:
    """Whether a Chinese name stands in the column's; English names would be found inside other words."""
    return len(name) >= _SHORTEST_HELD and not name.isascii() and plain.endswith(name)


def _by_values(field: Field, reading: Reading) -> tuple[int, Worded] | None:
    if reading.checked:
        return _BY_CHECK, (BY_VALUES, {"name": field.title})
    return (_BY_DATE, (BY_VALUES, {"name": field.title})) if reading.fits else None


def _weighed(field: Field, column: FoundColumn, reading: Reading, score: int, reason: Worded) -> Match:
    if reading.fits is False:
        return Match(field, column.name, reading, score + _DIFFERS, (reason, (VALUES_DIFFER, {})))
    if (reading.fits or reading.checked) and reason[0] is not BY_VALUES:
        return Match(field, column.name, reading, score + _FITS, (reason, (VALUES_FIT, {})))
    return Match(field, column.name, reading, score, (reason,))


def _chosen(candidates: Sequence[Match]) -> list[Match]:
    """The best match of each column and field, the surest first; each column and each field is taken once."""
    chosen: list[Match] = []
    for each in candidates:
        if not any(other.column == each.column or other.field is each.field for other in chosen):
            chosen.append(each)
    return chosen


def _doubted(match: Match, candidates: Sequence[Match], chosen: Sequence[Match]) -> Match:
    """The match, less sure where another column or field that found no better one would do as well."""
    columns, fields = {each.column for each in chosen}, {each.field.name for each in chosen}
    rivals = [
        each.field.title if each.column == match.column else each.column
        for each in candidates
        if each.score >= match.score
        and each is not match
        and (
            (each.column == match.column and each.field.name not in fields)
            or (each.field is match.field and each.column not in columns)
        )
    ]
    if not rivals:
        return match
    reason = (RIVALS, {"others": "、".join(f"“{each}”" for each in dict.fromkeys(rivals))})
    return Match(match.field, match.column, match.reading, match.score + _RIVALLED, (*match.reasons, reason))


def _schemes(dataset: Dataset, matches: Sequence[Match], found: Found) -> Iterator[tuple[str, tuple[str, Worded]]]:
    """The scheme of identifiers, where no column says it and every value passes the check of one."""
    identifier = next((each for each in matches if is_identifier(each.field) and each.is_taken), None)
    field = next((each for each in dataset.fields if is_scheme(each)), None)
    if identifier is None or field is None or any(each.field is field for each in matches):
        return
    values = next(each.values for each in found.columns if each.name == identifier.column)
    if scheme := scheme_of(values):
        yield field.name, (scheme, (SCHEME, {"column": identifier.column}))
