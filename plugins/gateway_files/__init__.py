"""Files that departments hand over, as sources."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.hookspecs import offers
from gateway.interfaces import SourceOffer
from gateway.messages import Message
from gateway_files import csv_source, drop_folder_source, file_discovery, json_source, workbook_source, xml_source
from gateway_files.drop_folder_source import opening
from gateway_files.file_discovery import discovering
from gateway_files.file_source import FileSource
from gateway_files.places import FileOptions


@offers
def gateway_sources() -> list[SourceOffer]:
    """The kinds of file, a module and an offer each."""
    csv, workbook, json, xml = csv_source, workbook_source, json_source, xml_source
    return [
        _offer("csv", "CSV 文件", csv.CsvOptions, csv.CsvSource, csv.MESSAGES, [".csv", ".tsv", ".txt"]),
        _offer(
            "workbook",
            "工作簿 (.xlsx/.xls)",
            workbook.WorkbookOptions,
            workbook.WorkbookSource,
            workbook.MESSAGES,
            [".xlsx", ".xls", ".xlsm"],
        ),
        _offer(
            "json",
            "JSON 与 JSON 行文件",
            json.JsonOptions,
            json.JsonSource,
            json.MESSAGES,
            [".json", ".jsonl", ".ndjson"],
        ),
        _offer("xml", "XML 文件", xml.XmlOptions, xml.XmlSource, xml.MESSAGES, [".xml"]),
    ]


def _offer(
    name: str,
    title: str,
    options: type[FileOptions],
    kind: type[FileSource],
    messages: Sequence[Message],
    suffixes: Sequence[str],
) -> SourceOffer:
    return SourceOffer(
        name=name,
        title=title,
        options=options,
        open=opening(kind),
        messages=(*messages, *drop_folder_source.MESSAGES, *file_discovery.MESSAGES),
        discover=discovering(name, kind, options, suffixes),
    )
