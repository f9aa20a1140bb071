"""From Boolean columns to findings: one column a check, and reasons written only for the rows that fail."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from gateway.domain.findings import FINDINGS, Outcome, no_findings
from gateway.messages import Message

# A finding quotes at most this much of a value; the run's spool keeps the whole.
QUOTED_CHARACTERS = 500

# What a person could not see, or what would upset a terminal: all of C0, DEL and C1, separators of lines, marks of
# zero width and of writing direction, and the two texts that are no characters.
INVISIBLE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x206A),
    0xFEFF,
    0xFFFE,
    0xFFFF,
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


def findings_at(index: pl.Series, values: pl.Series, meaning: Meaning) -> pl.DataFrame:
    """One finding for each position in `index` (UInt32); `values` are the values there."""
    columns = {
        "outcome": meaning.outcome.value,
        "code": meaning.message.code,
        "field": meaning.field,
        "column": meaning.column,
        "value": quoted(pl.col("value")),
        "arguments": meaning.arguments,
    }
    frame = pl.DataFrame({"index": index, "value": values.cast(pl.String)})
    return frame.with_columns(_literal(each).alias(name) for name, each in columns.items()).select(
        pl.col(name).cast(dtype) for name, dtype in FINDINGS.items()
    )


def joined(findings: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Findings of several checks in the order of the rows, and within a row in the order given."""
    frames = [each for each in findings if each.height]
    return pl.concat(frames).sort("index", maintain_order=True) if frames else no_findings()


def quoted(text: pl.Expr) -> pl.Expr:
    """The text as a finding shows it: what is invisible is written <U+0007>, what is long is cut with an ellipsis."""
    visible = text.str.head(QUOTED_CHARACTERS).str.replace_many(_QUOTED)
    return visible + pl.when(text.str.len_chars() > QUOTED_CHARACTERS).then(pl.lit("…")).otherwise(pl.lit(""))


def _literal(value: str | pl.Expr) -> pl.Expr:
    return pl.lit(value, pl.String) if isinstance(value, str) else value
