"""From Boolean columns to findings: one column a check, and reasons written only for the rows that fail."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from gateway.domain.findings import Outcome, no_findings
from gateway.messages import Message

# A finding quotes at most this much of a value; the run's spool keeps the whole.
QUOTED_CHARACTERS = 500

# What a person could not see, or what would upset a terminal: all of C0, DEL and C1, separators of lines, blanks, marks
# of zero width and of writing direction, tags, the sign of a lost character, and the two texts that are no characters.
INVISIBLE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    0x061C,
    0x180E,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    0x2800,
    0x3164,
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    0xFFFD,
    0xFFFE,
    0xFFFF,
    *range(0xE0000, 0xE0080),
)
_QUOTED = {chr(point): f"<U+{point:04X}>" for point in INVISIBLE}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What it says of a row that a Boolean column is true there."""

    outcome: Outcome
    message: Message
    field: str
    column: str = ""
    blanks: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def arguments(self) -> str:
        """The message's further blanks as a finding stores them."""
        return json.dumps(dict(self.blanks), ensure_ascii=False)


# The positions (UInt32) of rows, the values there, and what it means.
Found = tuple[pl.Series, pl.Series, Meaning]


def findings_at(index: pl.Series, values: pl.Series, meaning: Meaning) -> pl.DataFrame:
    """One finding for each position in `index` (UInt32); `values` are the values there."""
    return findings_of([(index, values, meaning)])


def findings_of(found: Iterable[Found]) -> pl.DataFrame:
    """The findings of several meanings in the order of the rows, and within a row in the order given.

    Made in one go: a frame for each meaning takes longer than all else that is done for a small batch.
    """
    parts = [each for each in found if each[0].len()]
    if not parts:
        return no_findings()
    meanings = [meaning for _, _, meaning in parts]
    number = pl.concat(pl.repeat(at, part[0].len(), dtype=pl.UInt32, eager=True) for at, part in enumerate(parts))
    columns = {
        "index": pl.concat(index.cast(pl.UInt32) for index, _, _ in parts),
        "outcome": _told([each.outcome.value for each in meanings], number),
        "code": _told([each.message.code for each in meanings], number),
        "field": _told([each.field for each in meanings], number),
        "column": _told([each.column for each in meanings], number),
        "value": pl.concat(values.cast(pl.String) for _, values, _ in parts),
        "arguments": _told([each.arguments for each in meanings], number),
    }
    return pl.DataFrame(columns).with_columns(quoted(pl.col("value"))).sort("index", maintain_order=True)


def _told(texts: Sequence[str], number: pl.Series) -> pl.Series:
    return pl.Series(texts, dtype=pl.String).gather(number)


def joined(findings: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Findings of several checks in the order of the rows, and within a row in the order given."""
    frames = [each for each in findings if each.height]
    return pl.concat(frames).sort("index", maintain_order=True) if frames else no_findings()


def quoted(text: pl.Expr) -> pl.Expr:
    """The text as a finding shows it: what is invisible is written <U+0007>, what is long is cut with an ellipsis."""
    visible = text.str.head(QUOTED_CHARACTERS).str.replace_many(_QUOTED)
    return visible + pl.when(text.str.len_chars() > QUOTED_CHARACTERS).then(pl.lit("…")).otherwise(pl.lit(""))
