"""How fast a database is read as text, against what its driver alone needs to hand the same rows over.

    python tests/benchmarks/bench_sql_reading.py [--rows 300000] [--postgresql URL]

Each figure is of a fresh process; memory is the growth of its peak over what it took when everything was imported.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import psycopg

from gateway.interfaces import Surroundings
from gateway.transport.sql import address, reader  # noqa: F401 - loaded before memory and time are measured
from gateway_sql import open_sql
from gateway_sql.options import SqlOptions

SCHEMA = "bench_sql_reading"
COLUMNS = {
    "id": "bigint",
    "uscc": "varchar(18)",
    "name": "text",
    "kind": "text",
    "capital": "numeric(18,6)",
    "share": "double precision",
    "founded": "date",
    "region": "char(6)",
    "address": "text",
    "phone": "text",
    "person": "text",
    "scope": "text",
    **{f"extra_{number}": "text" for number in range(8)},
}
ORDER = "id"


def generated(count: int) -> Iterator[tuple[object, ...]]:
    dice = random.Random(1)
    for number in range(count):
        yield (
            number,
            f"9137{dice.randrange(10**14):014d}",
            f"山东某某科技有限公司{number}",
            "有限责任公司",
            f"{dice.randrange(10**6)}.500000",
            dice.random() * 100,
            "2024-02-29",
            "370102",
            f"济南市历下区经十路{dice.randrange(10000)}号",
            f"0531{dice.randrange(10**8):08d}",
            "张三" if number % 3 else None,
            "许可项目:食品销售。一般项目:技术服务",
            *(f"v{dice.randrange(10**6)}" if column % 4 else ("" if number % 2 else None) for column in range(8)),
        )


def fill_sqlite(path: Path, rows: int) -> None:
    with sqlite3.connect(path) as connection:
        declared = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        connection.execute(f"CREATE TABLE company ({declared.replace('id bigint', 'id integer primary key')})")
        connection.executemany(f"INSERT INTO company VALUES ({', '.join('?' * len(COLUMNS))})", generated(rows))


def fill_postgresql(url: str, rows: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        connection.execute(
            f"CREATE TABLE {SCHEMA}.company ({', '.join(map(' '.join, COLUMNS.items()))}, PRIMARY KEY (id))"
        )
        with connection.cursor().copy(f"COPY {SCHEMA}.company FROM STDIN") as copy:
            for row in generated(rows):
                copy.write_row(row)


def floor_sqlite(path: str) -> int:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        connection.text_factory = bytes
        cursor = connection.execute(f"SELECT * FROM company ORDER BY {ORDER}")
        return sum(map(len, iter(lambda: cursor.fetchmany(2000), [])))


def floor_postgresql(url: str) -> int:
    with (
        psycopg.connect(url) as connection,
        connection.cursor().copy(f"COPY (SELECT * FROM {SCHEMA}.company ORDER BY {ORDER}) TO STDOUT") as copy,
    ):
        blocks = iter(copy)
        return sum(block.count(b"\n") for block in iter(lambda: b"".join(islice(blocks, 50_000)), b""))


def read_source(url: str, schema: str | None) -> int:
    options = SqlOptions(url=url, table="company", schema_name=schema)
    source = open_sql(options, Surroundings(Path.cwd(), os.environ.__getitem__))
    return sum(batch.rows.height for batch in source.read())


LEGS: dict[str, Callable[[str, str], int]] = {
    "sqlite floor": lambda sqlite, _: floor_sqlite(sqlite),
    "sqlite source": lambda sqlite, _: read_source(f"sqlite:///{sqlite}", None),
    "postgresql floor": lambda _, postgresql: floor_postgresql(postgresql),
    "postgresql source": lambda _, postgresql: read_source(postgresql, SCHEMA),
}


def measure(leg: str, sqlite: str, postgresql: str) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    rows = LEGS[leg](sqlite, postgresql)
    seconds = time.perf_counter() - started
    megabytes = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "megabytes": megabytes}))


def in_fresh_process(leg: str, sqlite: str, postgresql: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--leg", leg, "--sqlite", sqlite, "--postgresql", postgresql]
    measured: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return measured


def report(kind: str, sqlite: str, postgresql: str) -> None:
    floor, source = (in_fresh_process(f"{kind} {leg}", sqlite, postgresql) for leg in ("floor", "source"))
    speed, ratio = source["rows"] / source["seconds"], source["seconds"] / floor["seconds"]
    print(
        f"{kind:10} {source['rows']:>10,.0f} rows × {len(COLUMNS)} columns: {speed:>9,.0f} rows/s, "
        f"{ratio:.2f} × the driver alone, {source['megabytes']:,.0f} MB more"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--sqlite", default="")
    parser.add_argument(
        "--postgresql", default=os.environ.get("GATEWAY_TEST_PG_URL", "postgresql://root@127.0.0.1:5432/test")
    )
    parser.add_argument("--leg", choices=LEGS)
    given = parser.parse_args()
    if given.leg:
        measure(given.leg, given.sqlite, given.postgresql)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.db")
        fill_sqlite(path, given.rows)
        for _ in range(given.repeat):
            report("sqlite", str(path), "")
    fill_postgresql(given.postgresql, given.rows)
    for _ in range(given.repeat):
        report("postgresql", "", given.postgresql)
    with psycopg.connect(given.postgresql) as connection:
        connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


if __name__ == "__main__":
    main()
