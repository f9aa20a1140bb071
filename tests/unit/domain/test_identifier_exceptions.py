from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from gateway.domain.dataset import Facts
from gateway.domain.findings import Outcome
from gateway.domain.identifier_exceptions import ReviewedException, exceptions_by_scheme, reviewed_exceptions
from gateway.domain.identifiers import is_organization_code, is_uscc
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError

SHIPPED = Path(__file__).parents[3] / "mappings" / "national" / "identifier_exceptions.yml"
GENUINE = "91350211M0000XUF46"
ENTRY = {
    "scheme": "uscc",
    "identifier": GENUINE,
    "reason": "早期试点地区核发",
    "source": "登记机关函复",
    "reviewed_by": "王某",
    "reviewed_on": "2026-05-31",
}


def shipped() -> tuple[ReviewedException, ...]:
    return reviewed_exceptions(read_yaml_text(SHIPPED.read_text(encoding="utf-8"), SHIPPED.name))


def outcomes(identifier: str, facts: Facts) -> list[Outcome]:
    """Which rules of a USCC-named target are broken."""
    frame = pl.DataFrame({"identifier_scheme": ["uscc"], "identifier": [identifier]})
    rules = [rule for rule in INSPECTION_TARGETS.rules if rule.field == "identifier"]
    return [rule.outcome for rule in rules if frame.select(rule.fails(facts)).to_series()[0]]


def test_the_shipped_list_holds_the_genuine_code() -> None:
    assert exceptions_by_scheme(shipped())["uscc"] >= {GENUINE}


def test_the_shipped_list_holds_nothing_that_passes_anyway() -> None:
    codes = [entry.identifier for entry in shipped() if entry.scheme == "uscc"]
    frame = pl.DataFrame({"code": codes}).with_columns(part=pl.col("code").str.slice(8, 9))
    judged = frame.select(whole=is_uscc(pl.col("code")), part=is_organization_code(pl.col("part")))
    assert judged.rows() == [(False, True)] * len(codes)


def test_a_listed_code_is_a_note_and_an_unlisted_one_is_rejected() -> None:
    facts = Facts(exceptions=exceptions_by_scheme(reviewed_exceptions([ENTRY])))
    assert outcomes(GENUINE, facts) == [Outcome.NOTE]
    assert outcomes(GENUINE, Facts()) == [Outcome.REJECTED]


def test_exceptions_are_grouped_by_scheme() -> None:
    other = {**ENTRY, "identifier": "330100000111311", "scheme": "registration_number"}
    entries = reviewed_exceptions([ENTRY, other, {**ENTRY, "identifier": "91350100M0001TGQXM"}])
    expected = {
        "uscc": frozenset({GENUINE, "91350100M0001TGQXM"}),
        "registration_number": frozenset({"330100000111311"}),
    }
    assert exceptions_by_scheme(entries) == expected


def test_an_empty_list_gives_no_exceptions() -> None:
    assert exceptions_by_scheme(reviewed_exceptions(read_yaml_text("", "x"))) == {}


@pytest.mark.parametrize("field", list(ENTRY))
@pytest.mark.parametrize("emptied", [True, False])
def test_an_entry_without_one_of_its_fields_is_refused_by_that_name(field: str, emptied: bool) -> None:
    entry: dict[str, Any] = {name: text for name, text in ENTRY.items() if name != field}
    if emptied:
        entry[field] = " "
    with pytest.raises(StartError) as refused:
        reviewed_exceptions([ENTRY, entry])
    assert refused.value.values["number"] == 2
    assert refused.value.values["fields"] == field
    assert field in refused.value.text("zh")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reviewed_on", "2026-02-30"),
        ("reviewed_on", "去年"),
        ("scheme", "vat"),
        ("identifier", GENUINE.lower()),
        ("identifier", GENUINE + "\n"),
        ("approved", "yes"),
    ],
)
def test_an_entry_with_a_wrong_value_is_refused_by_that_name(field: str, value: str) -> None:
    with pytest.raises(StartError) as refused:
        reviewed_exceptions([{**ENTRY, field: value}])
    assert refused.value.values["fields"] == field


def test_an_entry_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(StartError, match=GENUINE):
        reviewed_exceptions([GENUINE])  # type: ignore[list-item]


def test_a_reviewed_exception_cannot_be_changed() -> None:
    (entry,) = reviewed_exceptions([ENTRY])
    with pytest.raises(ValidationError):
        entry.identifier = "X"  # type: ignore[misc]
