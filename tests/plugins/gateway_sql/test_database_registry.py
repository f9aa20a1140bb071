"""The real registrations, where they are at hand: the same records from a database as from the file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gateway.domain.digest import record_digest
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.interfaces import ROW, Batch, Surroundings
from gateway.mapping import compile_map, load_field_map
from gateway.shipped import shipped
from gateway_files.csv_source import CsvOptions, CsvSource

MAP = shipped("mappings") / "departments" / "registry" / "inspection_targets.yml"
NAME, ROWS = "山东_1997", 3489


@pytest.fixture
def registrations(registry_folder: Path) -> tuple[list[str], list[list[str]]]:
    with (registry_folder / f"{NAME}.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def records(batches: Iterable[Batch]) -> pl.DataFrame:
    """The canonical records and their digests; every row must become one."""
    rows = pl.concat(batch.rows for batch in batches)
    mapped = compile_map(load_field_map(MAP.read_text(encoding="utf-8"), str(MAP)), INSPECTION_TARGETS.schema).apply(
        rows
    )
    assert rows.height == ROWS
    return mapped.records.with_columns(record_digest(INSPECTION_TARGETS))


def from_the_file(folder: Path) -> pl.DataFrame:
    return records(CsvSource(CsvOptions(path=f"{NAME}.csv"), Surroundings(folder, str)).read())


def declared(header: list[str], kind: str, quote: Callable[[str], str]) -> str:
    return ", ".join(f"{quote(name)} {kind}" for name in header)


@pytest.mark.parametrize("encoding", ["utf8mb4", "gbk"])
def test_mariadb_gives_the_records_of_the_file(
    open_source: Any, mariadb: Any, mariadb_url: str, registrations: Any, registry_folder: Path, encoding: str
) -> None:
    header, rows = registrations
    columns = declared(header, "text", "`{}`".format)
    if encoding == "gbk":
        rows = [row for row in rows if is_gbk(row)]
    mariadb(f"CREATE TABLE registry (n integer AUTO_INCREMENT PRIMARY KEY, {columns}) CHARACTER SET {encoding}")
    places = ", ".join(["%s"] * len(header))
    mariadb(f"INSERT INTO registry ({', '.join(f'`{name}`' for name in header)}) VALUES ({places})", rows)
    source = open_source(url=mariadb_url, query=f"SELECT {', '.join(header)} FROM registry ORDER BY n")
    if encoding == "gbk":
        read = pl.concat(batch.rows for batch in source.read()).drop(ROW)
        assert read.rows() == [tuple(row) for row in rows]
        assert len(rows) > ROWS * 0.99
    else:
        assert records(source.read()).equals(from_the_file(registry_folder))


def is_gbk(row: list[str]) -> bool:
    try:
        return bool("".join(row).encode("gbk"))
    except UnicodeEncodeError:
        return False


def test_postgresql_gives_the_records_of_the_file(
    open_source: Any, postgresql: Any, postgresql_url: str, registrations: Any, registry_folder: Path
) -> None:
    header, rows = registrations
    postgresql.execute(f"CREATE TABLE registry (n serial PRIMARY KEY, {declared(header, 'text', '{}'.format)})")
    with postgresql.cursor().copy(f"COPY registry ({', '.join(header)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    source = open_source(url=postgresql_url, table="registry", columns=header)
    assert records(source.read()).equals(from_the_file(registry_folder))
