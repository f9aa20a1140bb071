"""The real registrations, where they are at hand: cells and lines as Python's csv module reads them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from gateway.interfaces import Surroundings
from gateway_files.csv_source import CsvOptions, CsvSource

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "registry"
FILES = sorted(FOLDER.glob("*.csv"))

pytestmark = pytest.mark.skipif(not FILES, reason="the real registrations are not at hand")


def by_csv_module(path: Path, encoding: str) -> tuple[list[str], dict[int, list[str]]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file)
        columns, rows, line = next(reader), {}, reader.line_num + 1
        for row in reader:
            rows[line] = row
            line = reader.line_num + 1
    return columns, rows


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_registrations_are_read_as_the_csv_module_reads_them(tmp_path: Path, path: Path, encoding: str) -> None:
    copy = tmp_path / path.name
    copy.write_text(path.read_text("utf-8"), encoding, newline="")
    columns, expected = by_csv_module(copy, encoding)
    batches = list(CsvSource(CsvOptions(path=path.name), Surroundings(tmp_path, str)).read())
    rows = {row: cells for batch in batches for row, *cells in batch.rows.rows()}
    apart = {fault.row for batch in batches for fault in batch.faults}
    apart |= {line.row for batch in batches for line in batch.left_out}
    assert batches[0].rows.columns[1:] == columns
    assert rows == {row: cells for row, cells in expected.items() if len(cells) == len(columns)}
    assert apart == {row for row, cells in expected.items() if len(cells) != len(columns)}
