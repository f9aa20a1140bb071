"""The same registrations by every road that a department has: the same records and digests, whichever it takes."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import xlsxwriter

from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.state.exchange_tables import table_of
from tests.deployment import REGISTRY_MAP, Deployment
from tests.plugins.gateway_rest.vendor import Asked, Said, Vendor, declared, served

# Of each file its rows, and the codes in it that are written with a small x: each is noted when it is raised.
FILES = {"山东_1997": (3489, 2), "山东_1998": (5537, 0), "河北_1998": (2622, 0), "河北_1999": (3340, 0)}
ROADS = ("csv_utf8", "csv_gb18030", "xlsx", "postgresql", "mariadb_table", "rest")
RECORDS = f"SELECT record_key, digest, {', '.join(INSPECTION_TARGETS.by_name)} FROM {table_of(INSPECTION_TARGETS)}"
NOTES = 'SELECT record_key, code, outcome, field, "column", value, original FROM issues'

Options = dict[str, Any]
Stored = tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Registry:
    """The registrations as the department has them, each cell a text."""

    file: Path
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def declared(self) -> str:
        """The columns as a database has them, the day of registration as a date."""
        return ", ".join(f"{name} {'date' if name == '注册日期' else 'text'}" for name in self.columns)


@pytest.fixture(scope="module", params=FILES)
def registry(request: pytest.FixtureRequest, registry_folder: Path) -> Registry:
    file = registry_folder / f"{request.param}.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        columns, *rows = csv.reader(lines)
    return Registry(file, columns, rows)


@pytest.fixture(scope="module")
def from_the_file(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Stored:
    source = {"type": "csv", "path": str(registry.file)}
    return stored_from(tmp_path_factory.mktemp("file"), registry, "file-itself", source)


def stored_from(folder: Path, registry: Registry, feed: str, source: Options) -> Stored:
    """The records, and the notes on them, of a deployment that takes the source in; every row is accepted."""
    made = Deployment(folder, f"sqlite:///{folder / 'gateway.db'}")
    made.declare(**{feed: made.inbound("", source=source, map=REGISTRY_MAP)})
    (report,) = made.run(feed)
    assert report.error is None
    assert (report.counts.read, report.counts.accepted) == (len(registry.rows), len(registry.rows))
    return sorted(made.query(RECORDS)), sorted(made.query(NOTES))


# ------------------------------------------------------------- the roads: each makes what a feed's `source` says


@pytest.fixture
def csv_utf8(registry: Registry, tmp_path: Path) -> Options:
    return written_csv(registry, tmp_path, "utf-8-sig")


@pytest.fixture
def csv_gb18030(registry: Registry, tmp_path: Path) -> Options:
    return written_csv(registry, tmp_path, "gb18030")


def written_csv(registry: Registry, folder: Path, encoding: str) -> Options:
    with (folder / "registry.csv").open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([registry.columns, *registry.rows])
    return {"type": "csv", "path": "registry.csv"}


@pytest.fixture
def xlsx(registry: Registry, tmp_path: Path) -> Options:
    """Each cell a text, but for the day of registration, which is a date as a person types it."""
    day = registry.columns.index("注册日期")
    with xlsxwriter.Workbook(str(tmp_path / "registry.xlsx")) as workbook:
        sheet, as_day = workbook.add_worksheet("名录"), workbook.add_format({"num_format": "yyyy-mm-dd"})
        for at, row in enumerate([registry.columns, *registry.rows]):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, cell)
            if at:
                sheet.write_datetime(at, day, dt.datetime.fromisoformat(row[day]), as_day)
    return {"type": "workbook", "path": "registry.xlsx"}


@pytest.fixture
def postgresql(registry: Registry, postgresql_url: str, tmp_path: Path) -> Options:
    with psycopg.connect(postgresql_url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE registry (n serial PRIMARY KEY, {registry.declared})")
        with cursor.copy(f"COPY registry ({', '.join(registry.columns)}) FROM STDIN") as copy:
            for row in registry.rows:
                copy.write_row(row)
    return table_at(postgresql_url, registry, tmp_path)


@pytest.fixture
def mariadb_table(registry: Registry, mariadb: Callable[..., Any], mariadb_url: str, tmp_path: Path) -> Options:
    mariadb(f"CREATE TABLE registry (n integer AUTO_INCREMENT PRIMARY KEY, {registry.declared})")
    places = ", ".join(["%s"] * len(registry.columns))
    mariadb(f"INSERT INTO registry ({', '.join(registry.columns)}) VALUES ({places})", registry.rows)
    return table_at(mariadb_url, registry, tmp_path)


def table_at(url: str, registry: Registry, folder: Path) -> Options:
    """A feed names its password, which a file of the deployment holds."""
    address = sa.make_url(url)
    source = {"type": "sql", "url": address._replace(password=None).render_as_string()}
    if address.password is not None:
        (folder / "secrets").mkdir()
        (folder / "secrets" / "registry").write_text(str(address.password), encoding="utf-8")
        source["password"] = "registry"
    return {**source, "table": "registry", "columns": list(registry.columns)}


@pytest.fixture
def rest(registry: Registry) -> Iterator[Options]:
    rows = [dict(zip(registry.columns, row, strict=True)) for row in registry.rows]

    def answer(asked: Asked) -> Said:
        start = (int(asked.query["page"]) - 1) * 500
        page = {"rows": rows[start : start + 500], "total": len(rows)}
        return Said(json.dumps(page, ensure_ascii=False).encode())

    with served(Vendor(answer)) as vendor:
        pagination = {"type": "page", "page": "page", "page_size": "500"}
        paged = {"pagination": pagination, "total": "total", "columns": list(registry.columns)}
        yield {"type": "rest", **declared(url=vendor.url, **paged)}


# ---------------------------------------------------------------------------------------------------------------


def test_the_file_gives_a_record_of_every_code_and_a_note_of_each_raised_one(
    registry: Registry, from_the_file: Stored
) -> None:
    records, notes = from_the_file
    rows, lower_case = FILES[registry.file.stem]
    at = registry.columns.index("统一社会信用代码")
    codes = {row[at].upper() for row in registry.rows}
    identifier = 2 + list(INSPECTION_TARGETS.by_name).index("identifier")
    assert {record[identifier] for record in records} == codes
    assert len(records) == len(codes) == len({record[0] for record in records}) == rows
    assert len(notes) == lower_case


@pytest.mark.parametrize("road", ROADS)
def test_every_road_stores_the_records_and_digests_of_the_file(
    road: str, request: pytest.FixtureRequest, tmp_path: Path, registry: Registry, from_the_file: Stored
) -> None:
    feed = road.replace("_", "-")
    records, notes = stored_from(tmp_path, registry, feed, request.getfixturevalue(road))
    expected, expected_notes = from_the_file
    assert [record[:2] for record in records] == [record[:2] for record in expected]  # key and digest
    assert records == expected
    assert notes == expected_notes
