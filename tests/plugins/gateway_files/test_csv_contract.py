"""The CSV source keeps every promise of a source."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.interfaces import Source
from gateway.testing.source_contract import ExpectedRows, SourceContract
from gateway_files.csv_source import CsvSource

ROWS = 130_000
Open = Callable[..., CsvSource]


class TestCsvSource(SourceContract):
    """A GB18030 file of several batches, with quoted cells, a cell over two lines, a blank line and two faults."""

    @pytest.fixture
    def source(self, open_csv: Open) -> Source:
        lines = ["编号,名称,备注"] + [f'{at:06},"甲,{at}",' for at in range(ROWS)]
        lines += ["短", "", '1,"两\n行",x', "1,2,3,4"]
        return open_csv("\r\n".join(lines).encode("gb18030"))

    @pytest.fixture
    def expected_rows(self) -> ExpectedRows:
        rows: dict[int, tuple[str, ...] | None] = {at + 2: (f"{at:06}", f"甲,{at}", "") for at in range(ROWS)}
        return rows | {ROWS + 2: None, ROWS + 4: ("1", "两\n行", "x"), ROWS + 6: None}

    @pytest.fixture
    def empty_source(self, open_csv: Open) -> Source:
        return open_csv(b"a,b\r\n")
