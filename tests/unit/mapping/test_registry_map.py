"""The map of the real registrations: what its four files become, counted with other means."""

from __future__ import annotations

import csv
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from gateway.checking import compile_checks, verdicts
from gateway.domain.code_lists import ENTERPRISE_TYPES
from gateway.domain.dataset import Facts
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.regions import REGIONS
from gateway.mapping import CompiledMap, check_covers, compile_map, load_field_map

FILE = Path(__file__).parents[3] / "mappings" / "departments" / "registry" / "inspection_targets.yml"
ROWS = {"山东_1997": 3489, "山东_1998": 5537, "河北_1998": 2622, "河北_1999": 3340}
HEADER = 1
CURRENCIES = {
    "元": "CNY",
    "人民币": "CNY",
    "元人民币": "CNY",
    "人民币元": "CNY",
    "元人民币元": "CNY",
    "美元": "USD",
    "港元": "HKD",
    "日元": "JPY",
    "欧元": "EUR",
    "英镑": "GBP",
    "新加坡元": "SGD",
    "": None,
}


@pytest.fixture(scope="module")
def registry_map() -> CompiledMap:
    field_map = load_field_map(FILE.read_text(encoding="utf-8"), str(FILE))
    check_covers(field_map, INSPECTION_TARGETS)
    return compile_map(field_map, INSPECTION_TARGETS.schema)


def read(folder: Path, name: str) -> pl.DataFrame:
    """The rows as the standard library reads them, none of which spans two lines in these files."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        header, *cells = csv.reader(file)
    return pl.DataFrame(cells, schema=dict.fromkeys(header, pl.String()), orient="row").with_row_index(
        "_row", offset=1 + HEADER
    )


def capital(text: str) -> tuple[int | None, str | None]:
    """Amount in 分 and currency of a capital, by hand."""
    if text == "N/A":
        return None, None
    number, rest = re.fullmatch(r"([\d,.]+)\(?万(.*?)\)?", text).groups()  # type: ignore[union-attr]
    return int(Decimal(number.replace(",", "")).scaleb(6)), CURRENCIES[rest]


@pytest.mark.parametrize("name", ROWS)
def test_every_row_is_accepted_and_every_column_accounted_for(
    registry_folder: Path, registry_map: CompiledMap, name: str
) -> None:
    rows = read(registry_folder, name)
    mapped = registry_map.apply(rows)
    checked = compile_checks(INSPECTION_TARGETS, Facts()).apply(mapped.records, registry_map.columns, mapped.findings)
    assert registry_map.check_columns(rows.columns).unmapped == ()
    assert Counter(verdicts(pl.concat([mapped.findings, checked]), rows.height)) == {"accepted": ROWS[name]}
    assert checked.height == 0


@pytest.mark.parametrize(
    ("name", "lines"), [("山东_1997", [704, 2411]), ("山东_1998", []), ("河北_1998", []), ("河北_1999", [])]
)
def test_the_two_lower_case_codes_are_noted_and_nothing_else(
    registry_folder: Path, registry_map: CompiledMap, name: str, lines: list[int]
) -> None:
    rows = read(registry_folder, name)
    findings = registry_map.apply(rows).findings
    assert rows["_row"].gather(findings["index"]).to_list() == lines
    assert set(findings["code"]) <= {"map.upper"}


@pytest.mark.parametrize("name", ROWS)
def test_every_capital_is_read_exactly_and_no_currency_is_guessed(
    registry_folder: Path, registry_map: CompiledMap, name: str
) -> None:
    rows = read(registry_folder, name)
    records = registry_map.apply(rows).records
    assert records.select("registered_capital", "capital_currency").rows() == [
        capital(each) for each in rows["注册资金"]
    ]


def test_a_place_that_is_not_given_falls_back_to_the_province(registry_folder: Path, registry_map: CompiledMap) -> None:
    rows = read(registry_folder, "山东_1998")
    records = registry_map.apply(rows).records
    without = rows["_row"].filter(rows["地区"] == "N/A").to_list()
    province = rows["_row"].filter(records["region_code"] == "370000").to_list()
    assert (without, province) == ([1084, 1409, 4115, 4774], [1084, 1409, 4115, 4774])
    assert records["region_name"].null_count() == 4


def test_every_place_has_the_name_of_its_code() -> None:
    origin = load_field_map(FILE.read_text(encoding="utf-8"), str(FILE)).fields["region_code"]
    tables = [step.table for each in origin.coalesce for step in each.steps if step.name == "lookup"]  # type: ignore[attr-defined]
    wrong = {
        place: code
        for table in tables
        for place, code in table.items()
        if REGIONS[code] not in {f"{place}市", f"{place}省"}
    }
    assert wrong == {}


def test_the_types_found_are_the_closed_list(registry_folder: Path, registry_map: CompiledMap) -> None:
    found = {
        kind for name in ROWS for kind in registry_map.apply(read(registry_folder, name)).records["enterprise_type"]
    }
    assert found - {None} == set(ENTERPRISE_TYPES.codes)
