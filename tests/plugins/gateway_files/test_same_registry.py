"""One registry comes to the same records, whatever kind of file it is sent in."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from tests.deployment import REGISTRY_MAP, Deployment
from tests.plugins.gateway_files.conftest import write_xlsx

COUNT = 1500
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
Rows = Sequence[Sequence[str]]
Write = Callable[[Path, Rows], None]


@pytest.fixture(scope="module")
def registry(registry_folder: Path) -> Rows:
    """The first rows of a real registry, those without what no XML may hold, under their header."""
    with min(registry_folder.glob("*.csv")).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    whole = [row for row in rows if len(row) == len(header) and not NO_XML.search("".join(row))]
    return [header, *whole[:COUNT]]


def in_csv(encoding: str) -> Write:
    def write(path: Path, rows: Rows) -> None:
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file).writerows(rows)

    return write


def in_xml(path: Path, rows: Rows) -> None:
    header, *records = rows
    made = "".join(f"<企业>{_elements(dict(zip(header, row, strict=True)))}</企业>\n" for row in records)
    path.write_bytes(f'<?xml version="1.0" encoding="GB2312"?>\n<名录>{made}</名录>'.encode("gb18030"))


def _elements(cells: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(cell, {chr(13): '&#13;'})}</{name}>" for name, cell in cells.items())


def in_lines(path: Path, rows: Rows) -> None:
    header, *records = rows
    lines = (json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False) for row in records)
    path.write_text("\n".join(lines), encoding="gb18030")


def in_document(path: Path, rows: Rows) -> None:
    header, *records = rows
    path.write_text(json.dumps({"list": [dict(zip(header, row, strict=True)) for row in records]}), encoding="utf-8")


def in_workbook(path: Path, rows: Rows) -> None:
    write_xlsx(path, {"名录": rows})


FORMS: dict[str, tuple[Write, dict[str, Any]]] = {
    "utf-8.csv": (in_csv("utf-8"), {"type": "csv"}),
    "gb18030.csv": (in_csv("gb18030"), {"type": "csv"}),
    "utf-16.csv": (in_csv("utf-16"), {"type": "csv"}),
    "a.xlsx": (in_workbook, {"type": "workbook", "left_out": []}),
    "a.xml": (in_xml, {"type": "xml", "rows": "名录/企业"}),
    "a.jsonl": (in_lines, {"type": "json"}),
    "a.json": (in_document, {"type": "json", "rows": "list"}),
}


def stored(folder: Path, rows: Rows, name: str) -> tuple[dict[str, int], list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The counts of a run, the digests of its records, and its issues without their rows."""
    write, source = FORMS[name]
    made = Deployment(folder / name / "deployment", f"sqlite:///{folder / name / 'gateway.db'}")
    made.declare(registry=made.inbound("", source={**source, "path": name}, map=REGISTRY_MAP))
    write(made.directory / name, rows)
    (report,) = made.run("registry")
    assert report.error is None
    digests = made.query("SELECT record_key, digest FROM inspection_targets ORDER BY record_key")
    issues = made.query('SELECT code, "column", value FROM issues ORDER BY code, "column", value')
    return {"read": report.counts.read, "accepted": report.counts.accepted}, digests, issues


@pytest.fixture(scope="module")
def from_csv(registry: Rows, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return stored(tmp_path_factory.mktemp("csv"), registry, "utf-8.csv")


@pytest.mark.parametrize("name", [name for name in FORMS if name != "utf-8.csv"])
def test_the_same_records_come_from_every_kind_of_file(
    tmp_path: Path, registry: Rows, from_csv: Any, name: str
) -> None:
    counts, digests, issues = stored(tmp_path, registry, name)
    assert counts["read"] == len(registry) - 1
    assert len(digests) > COUNT / 2
    assert (counts, digests, issues) == from_csv
