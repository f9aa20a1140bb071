"""Steps between texts and numbers; no float ever stands between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import polars as pl

from gateway.domain.findings import Outcome
from gateway.mapping.step import Fault, Step
from gateway.messages import Message

NO_AMOUNT = Message(
    "map.decimal",
    zh="“{column}”的值“{value}”不是以{unit}计、至多 {places} 位小数的数，无法换算为整数分；请更正{field}",
    en="{column} {value!r} is no number of {unit} with at most {places} decimals, which whole 分 would need; "
    "correct {field}",
)
NO_INTEGER = Message(
    "map.integer",
    zh="“{column}”的值“{value}”不是整数；请更正{field}",
    en="{column} {value!r} is no whole number; correct {field}",
)

Unit = Literal["分", "元", "万元", "亿元"]

# How many decimal places a unit lies above the 分.
_PLACES: Mapping[str, int] = {"分": 0, "元": 2, "万元": 6, "亿元": 10}


class Decimal(Step):
    """A text in a unit of money to whole 分, exactly; whole 分 to a text in the unit where the column is a number."""

    name = "decimal"
    words = Message("step.decimal", zh="金额，单位{unit}，与整数分互换", en="money in {unit}, to or from whole 分")
    argument = "unit"
    takes: ClassVar = (pl.String, pl.Int64)
    fault = Fault(NO_AMOUNT, Outcome.REJECTED)

    unit: Unit
    separators: Literal["", ",", "，", " ", "'"] = ""  # what may part groups of three digits

    def work(self, before: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        """Work by the type of the column."""
        return self._read(before) if dtype == pl.String else self._written(before)

    def _read(self, before: pl.Expr) -> pl.Expr:
        places = _PLACES[self.unit]
        grouped = rf"|[0-9]{{1,3}}(?:{self.separators}[0-9]{{3}})+" if self.separators else ""
        fraction = rf"(?:\.[0-9]{{1,{places}}}0*)?" if places else r"(?:\.0+)?"
        shape = before.str.contains(rf"\A-?(?:[0-9]+{grouped}){fraction}\z")
        plain = before.str.replace_all(self.separators, "", literal=True) if self.separators else before
        amount = plain.cast(pl.Decimal(38, places), strict=False).to_physical().cast(pl.Int64, strict=False)
        return pl.when(shape).then(amount)

    def _written(self, before: pl.Expr) -> pl.Expr:
        places = _PLACES[self.unit]
        sign = pl.when(before < 0).then(pl.lit("-")).otherwise(pl.lit(""))
        digits = before.cast(pl.Int128).abs().cast(pl.String)
        if not places:
            return sign + digits
        digits = digits.str.zfill(places + 1)
        fraction = digits.str.tail(places).str.strip_chars_end("0")
        point = pl.when(fraction != "").then(pl.lit(".")).otherwise(pl.lit(""))
        return sign + digits.str.head(-places) + point + fraction

    def blanks(self) -> Mapping[str, str]:
        """Say how it may be written."""
        return {"unit": self.unit, "places": str(_PLACES[self.unit])}


class Integer(Step):
    """A text of digits to a whole number."""

    name = "integer"
    words = Message("step.integer", zh="读作整数", en="read as a whole number")
    fault = Fault(NO_INTEGER, Outcome.REJECTED)

    def _work(self, before: pl.Expr) -> pl.Expr:
        return pl.when(before.str.contains(r"\A-?[0-9]+\z")).then(before.cast(pl.Int64, strict=False))
