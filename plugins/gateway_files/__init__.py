"""Files that departments hand over, as sources."""

from __future__ import annotations

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer
from gateway_files import csv_source, workbook_source


@offers
def gateway_sources() -> list[SourceOffer]:
    """CSV files and workbooks; each further kind of file is a module and an offer beside these."""
    return [
        SourceOffer(
            name="csv",
            title="CSV 文件",
            options=csv_source.CsvOptions,
            open=csv_source.CsvSource,
            messages=csv_source.MESSAGES,
        ),
        SourceOffer(
            name="workbook",
            title="工作簿 (.xlsx/.xls)",
            options=workbook_source.WorkbookOptions,
            open=workbook_source.WorkbookSource,
            messages=workbook_source.MESSAGES,
        ),
    ]
