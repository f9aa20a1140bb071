"""Companies for tests: valid codes by number, register rows, and a county's own map that knows versions."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from gateway.domain.identifiers import check_character_uscc

COUNTY_MAP = "county/targets"

# Every column is named; 版本 says which of two rows of a company is the newer one.
COUNTY = """\
map: county/targets
dataset: inspection_targets
fields:
  kind:
    from: 类别
    steps:
      - lookup: {企业: enterprise, 产品: product}
  identifier_scheme: {constant: uscc}
  identifier: {from: 代码, steps: [strip]}
  name: {from: 名称, steps: [strip]}
  province: {from: 省份}
  record_version: {from: 版本}
"""


def uscc(number: int) -> str:
    """The valid unified social credit code of a company."""
    start = f"9137040{number % 10}{number:09}"[:17]
    return start + check_character_uscc(start)


def key(number: int) -> str:
    """The record key of a company in a register."""
    return f"{uscc(number)}|uscc|enterprise|"


def company(number: int, name: str = "", **more: str) -> dict[str, str]:
    """A row of a register's CSV file (`tests.deployment.register`)."""
    return {"统一社会信用代码": uscc(number), "企业名称": name or f"企业{number}", **more}


def county_map(directory: Path, text: str = COUNTY, name: str = COUNTY_MAP) -> str:
    """Put a map into a deployment and return its name."""
    file = directory / "mappings" / f"{name}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return name


def county_register(path: Path, *rows: Mapping[str, str] | tuple[int, str, str]) -> Path:
    """Write a county's CSV file; a row is its cells by column, or (number, name, version)."""
    ordinary = {"代码": "", "名称": "", "类别": "企业", "省份": "山东", "版本": ""}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(ordinary), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if isinstance(row, tuple):
                number, name, version = row
                row = {"代码": uscc(number), "名称": name, "版本": version}
            writer.writerow({**ordinary, **row})
    return path
