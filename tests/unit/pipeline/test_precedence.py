"""Merging by precedence, against the same rule written for one record at a time."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.pipeline.precedence import Precedence

OWN = ("digest", "record_version", "owner_department", "run", "source", "source_row")
ORDERS = st.permutations(["a", "b", "c"])
SAID = st.fixed_dictionaries({name: st.sampled_from([None, "x", "y"]) for name in ("name", "phone")})


def frame(said: dict[tuple[str, str], dict[str, Any]]) -> pl.DataFrame:
    """What feeds say, by (key, feed)."""
    schema = {
        "feed": pl.String(),
        "record_key": pl.String(),
        **{name: pl.String() for name in OWN},
        **{each.name: INSPECTION_TARGETS.schema[each.name] for each in INSPECTION_TARGETS.fields},
    }
    rows = [
        {**dict.fromkeys(schema), "feed": feed, "record_key": key, "source": f"{feed}.csv", **fields}
        for (key, feed), fields in said.items()
    ]
    return pl.DataFrame(rows, schema=schema)


@given(
    st.dictionaries(st.tuples(st.sampled_from(["1", "2"]), st.sampled_from(["a", "b", "c"])), SAID, max_size=6),
    ORDERS,
    ORDERS,
)
def test_a_field_is_of_the_first_feed_that_has_a_value(
    said: dict[tuple[str, str], dict[str, Any]], feeds: list[str], of_phone: list[str]
) -> None:
    precedence = Precedence(INSPECTION_TARGETS, tuple(feeds), {"phone": tuple(of_phone[:2])})
    orders = {"name": feeds, "phone": [*of_phone[:2], *(feed for feed in feeds if feed not in of_phone[:2])]}
    merged = {row["record_key"]: row for row in precedence.merged(frame(said)).iter_rows(named=True)}
    assert set(merged) == {key for key, _ in said}
    for key, row in merged.items():
        speaking = [feed for feed in feeds if (key, feed) in said]
        assert (row["feed"], row["source"]) == (speaking[0], f"{speaking[0]}.csv")
        for field, order in orders.items():
            filled = [feed for feed in order if said.get((key, feed), {}).get(field) is not None]
            speaker = filled[0] if filled else None
            assert json.loads(row["fields"])[field] == speaker
            assert row[field] == (said[key, speaker][field] if speaker else None)


def test_a_feed_taken_out_of_the_list_comes_last() -> None:
    precedence = Precedence(INSPECTION_TARGETS, ("a", "b"), {})
    said = {("1", "z"): {"name": "老", "phone": "9"}, ("1", "b"): {"name": "乙"}}
    (row,) = precedence.merged(frame(said)).iter_rows(named=True)
    assert (row["name"], row["phone"]) == ("乙", "9")
