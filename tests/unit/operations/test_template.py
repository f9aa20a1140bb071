"""A filled form is read back as it was meant: every dataset, every code by its title."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from gateway.checking import compile_checks, verdicts
from gateway.domain.dataset import Dataset, Facts, Field, Type
from gateway.domain.datasets import DATASETS
from gateway.interfaces import Surroundings
from gateway.mapping import check_covers, compile_map, load_field_map
from gateway.operations import template
from gateway.operations.template import heading, hint, template_map, write_template
from gateway.plugin_loader import load_plugins
from gateway.shipped import shipped

NAMES = list(DATASETS)

# What the rules of the datasets ask for, beyond the type of a field.
VALID: dict[str, str] = {
    "uscc": "91370202264706576B",
    "identifier": "91370202264706576B",
    "region_code": "370102",
    "file_digest": "0a" * 32,
    "conclusions": "2;7",
}
BY_SCHEME = {
    "uscc": "91370202264706576B",
    "registration_number": "370100000000015",
    "organization_code": "264706576",
    "resident_id": "11010519491231002X",
    "local": "0010",
}
Record = dict[str, Any]


def record(dataset: Dataset, **codes: str) -> Record:
    """A record that is accepted, with these codes where they are given."""
    values = {field.name: codes.get(field.name, _value(field)) for field in dataset.fields}
    if "identifier_scheme" in values:
        values["identifier"] = BY_SCHEME[values["identifier_scheme"]]
    if values.get("certificate_kind") == "staff":
        values["category"] = "daily"
    return values


def records(dataset: Dataset) -> Iterator[Record]:
    """A record for each code of each field, and one with only what is required."""
    yield record(dataset)
    for field in dataset.fields:
        for code in field.codes.codes if field.codes else ():
            yield record(dataset, **{field.name: code})
    base = record(dataset)
    absent = {field.name: field.absent for field in dataset.fields if not field.required}
    yield {**base, **absent}


def _value(field: Field) -> Any:
    if field.codes:
        return next(iter(field.codes.codes))
    match field.type:
        case Type.DATE:
            return date(2024, 2, 29)
        case Type.TIME:
            return datetime(2024, 2, 29, 23, 30, 5, tzinfo=UTC)
        case Type.MONEY:
            return 109_430_000
        case Type.INTEGER:
            return 500
        case Type.BOOLEAN:
            return True
    return VALID.get(field.name, f"00{field.title}"[: field.length])


def written(field: Field, value: Any) -> str:
    """What a clerk writes."""
    if value is None:
        return ""
    if field.codes:
        return field.codes.codes[value]
    match field.type:
        case Type.TIME:
            return "2024-03-01 07:30:05"
        case Type.MONEY:
            return "109.43"
        case Type.BOOLEAN:
            return "是"
    return str(value)


def fill(dataset: Dataset, file: Path, rows: list[Record]) -> None:
    """Write the form, then the rows below its sample, as the shipped form would hold them."""
    write_template(dataset, file)
    source = _read_form(dataset, file)
    with xlsxwriter.Workbook(str(file)) as workbook:
        sheet = workbook.add_worksheet(dataset.title)
        workbook.add_worksheet(template.LISTS_SHEET).write_row(0, 0, ["甲", "乙"])
        for at, row in enumerate(source):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, cell)
        for at, values in enumerate(rows, len(source)):
            for column, field in enumerate(dataset.fields):
                _write(workbook, sheet, at, column, field, values[field.name])


def _write(workbook: Any, sheet: Any, at: int, column: int, field: Field, value: Any) -> None:
    """Dates and numbers as Excel stores them once somebody has typed them; everything else as text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        sheet.write_datetime(at, column, value, workbook.add_format({"num_format": "yyyy-mm-dd"}))
    elif field.type in {Type.MONEY, Type.INTEGER} and value is not None:
        sheet.write_number(at, column, float(written(field, value)))
    else:
        sheet.write_string(at, column, written(field, value))


def _read_form(dataset: Dataset, file: Path) -> list[tuple[str, ...]]:
    from gateway.transport.workbooks import open_workbook

    with open_workbook(file) as workbook:
        return workbook.read(dataset.title).cells.rows()


def read_back(file: Path) -> tuple[pl.DataFrame, list[str]]:
    """The rows and the codes of what was left out, as the shipped source reads the form."""
    offer = load_plugins(()).source("workbook")
    source = offer.open(offer.options(path=file.name), Surroundings(file.parent, str))
    batches = list(source.read())
    left_out = [line.message.code for batch in batches for line in batch.left_out]
    assert [fault for batch in batches for fault in batch.faults] == []
    return pl.concat([batch.rows for batch in batches]), left_out


def shipped_map(name: str) -> Path:
    return shipped("mappings") / "departments" / "template" / f"{name}.yml"


@pytest.mark.parametrize("name", NAMES)
def test_a_filled_form_is_accepted_with_the_values_that_were_meant(tmp_path: Path, name: str) -> None:
    dataset = DATASETS[name]
    meant = list(records(dataset))
    fill(dataset, tmp_path / "form.xlsx", meant)
    rows, _ = read_back(tmp_path / "form.xlsx")
    field_map = load_field_map(shipped_map(name).read_text(encoding="utf-8"), str(shipped_map(name)))
    check_covers(field_map, dataset)
    compiled = compile_map(field_map, dataset.schema)
    mapped = compiled.apply(rows)
    checked = compile_checks(dataset, Facts()).apply(mapped.records, compiled.columns, mapped.findings)
    findings = pl.concat([mapped.findings, checked])
    assert findings.rows() == []
    assert set(verdicts(findings, rows.height)) == {"accepted"}
    assert compiled.check_columns(rows.columns).unmapped == ()
    keys = {field.name: field.absent for field in dataset.fields if field.absent is not None}
    found = [
        {key: keys.get(key) if value is None else value for key, value in each.items() if key in dataset.by_name}
        for each in mapped.records.select(field.name for field in dataset.fields).to_dicts()
    ]
    assert found == meant


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_form_holds_no_rows_and_says_why(tmp_path: Path, name: str) -> None:
    write_template(DATASETS[name], tmp_path / "form.xlsx")
    rows, left_out = read_back(tmp_path / "form.xlsx")
    assert (rows.height, rows.columns[1:]) == (0, [heading(field) for field in DATASETS[name].fields])
    assert left_out == ["workbook.above_header", "workbook.hint_row", "workbook.sample_row"]


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_map_is_current(name: str) -> None:
    """Renew it by `gateway template NAME --map > mappings/departments/template/NAME.yml`."""
    assert shipped_map(name).read_text(encoding="utf-8") == template_map(DATASETS[name])


def test_no_map_is_shipped_for_a_form_that_there_is_not() -> None:
    maps = (path for path in shipped_map("x").parent.iterdir() if not path.name.endswith(".golden.yml"))
    assert {path.stem for path in maps} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_no_two_columns_of_a_form_have_one_heading(name: str) -> None:
    headings = [heading(field) for field in DATASETS[name].fields]
    assert sorted(set(headings)) == sorted(headings)


def test_a_drop_down_lists_every_title_of_its_codes(tmp_path: Path) -> None:
    write_template(DATASETS["inspectors"], tmp_path / "form.xlsx")
    with zipfile.ZipFile(BytesIO((tmp_path / "form.xlsx").read_bytes())) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<formula1>'参数表'!$A$2:$A$4</formula1>" in xml
    assert '<formula1>"是,否"</formula1>' in xml


def test_text_columns_are_formatted_as_text(tmp_path: Path) -> None:
    write_template(DATASETS["inspectors"], tmp_path / "form.xlsx")
    with zipfile.ZipFile(tmp_path / "form.xlsx") as archive:
        assert 'numFmtId="49"' in archive.read("xl/styles.xml").decode()


def test_a_hint_says_what_is_required_how_long_and_what_is_allowed() -> None:
    results = DATASETS["inspection_results"]
    fields = results.by_name
    assert hint(results, fields["target_name"]) == "必填；文本，不超过 100 字"
    assert hint(results, fields["method"]) == "选填；从下拉列表选择"
    assert hint(results, fields["inspectors"]) == "必填；文本，不超过 500 字；多个之间用英文分号 ; 分隔"
    assert hint(results, fields["conclusions"]).startswith("必填；文本，不超过 50 字；允许：1 未发现问题；2 ")


def test_a_form_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_template(DATASETS["departments"], tmp_path / "nowhere" / "form.xlsx")
    assert list(tmp_path.iterdir()) == []
