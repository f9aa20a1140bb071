"""How fast MariaDB and PostgreSQL are read into frames of text, beside the other drivers there are.

    python tests/benchmarks/bench_read_databases.py [--rows 1000000] [--repeat 3] [--peers PYTHON]
        [--mariadb URL] [--postgresql URL]

`--peers` is an interpreter that has polars and the drivers to compare with; one that it lacks is said to be skipped.
Every figure is of a fresh process that has imported what it needs, the best of the repeats, which take turns; every leg
ends in frames of text columns of all rows, held no longer than a batch. CPU is the process's own, memory its peak.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MARIADB, POSTGRESQL = "mysql://root@127.0.0.1:3306/", "postgresql://root@127.0.0.1:5432/test"
PLACE = "gateway_bench_read"  # the database in MariaDB, the schema in PostgreSQL
READ = f"SELECT * FROM {PLACE}.company ORDER BY id"
MANY = 2_000
MYSQL_TYPES = {
    "id": "bigint PRIMARY KEY",
    "uscc": "varchar(18)",
    "capital": "decimal(18,6)",
    "share": "double",
    "founded": "date",
    "region": "char(6)",
}

# ----------------------------------------------------------------------------------------------------- the peers


def counted(names: Sequence[str], some: Iterable[Sequence[Sequence[Any]]]) -> int:
    """Make frames of text of a driver's rows, as whoever uses it would have to."""
    import polars as pl

    rows = 0
    for chunk in some:
        columns = [_text(name, column) for name, column in zip(names, zip(*chunk, strict=True), strict=True)]
        rows += pl.DataFrame(columns).height
    return rows


def _text(name: str, cells: Sequence[Any]) -> Any:
    import polars as pl

    first = next((cell for cell in cells if cell is not None), "")
    if isinstance(first, str):
        return pl.Series(name, cells, dtype=pl.String)
    if isinstance(first, bytes | bytearray):
        return pl.Series(name, cells, dtype=pl.Binary).cast(pl.String)
    return pl.Series(name, [None if cell is None else str(cell) for cell in cells], dtype=pl.String)


def fetched(cursor: Any) -> Iterator[Any]:
    return iter(lambda: cursor.fetchmany(MANY), [])


def names_of(cursor: Any) -> list[str]:
    return [column[0] for column in cursor.description]


def mysqlclient(url: str) -> int:
    import MySQLdb

    at = urlsplit(url)
    connection = MySQLdb.connect(
        host=at.hostname, port=at.port, user=at.username, password=at.password or "", charset="utf8mb4", conv={}
    )
    connection.query(READ)
    result = connection.use_result()
    names = [column[0].decode() if isinstance(column[0], bytes) else column[0] for column in result.describe()]
    return counted(names, iter(lambda: result.fetch_row(MANY), ()))


def mysql_connector(url: str) -> int:
    import mysql.connector

    at = urlsplit(url)
    connection = mysql.connector.connect(
        host=at.hostname, port=at.port, user=at.username, password=at.password or "", raw=True
    )
    cursor = connection.cursor()
    cursor.execute(READ)
    rows = ([[None if cell is None else bytes(cell) for cell in row] for row in some] for some in fetched(cursor))
    return counted(names_of(cursor), rows)


def asyncmy(url: str) -> int:
    import asyncio

    import asyncmy
    from asyncmy.cursors import SSCursor

    at = urlsplit(url)

    async def read() -> int:
        connection = await asyncmy.connect(
            host=at.hostname, port=at.port, user=at.username, password=at.password or "", charset="utf8mb4", conv={}
        )
        cursor = connection.cursor(cursor=SSCursor)
        await cursor.execute(READ)
        rows = 0
        while some := await cursor.fetchmany(MANY):
            rows += counted(names_of(cursor), [some])
        return rows

    return asyncio.run(read())


def pymysql(url: str) -> int:
    from pymysql import connect, converters
    from pymysql.cursors import SSCursor

    at = urlsplit(url)
    connection = connect(
        host=at.hostname or "",
        port=at.port or 0,
        user=at.username,
        password=at.password or "",
        conv=converters.encoders,
        cursorclass=SSCursor,
    )
    cursor = connection.cursor()
    cursor.execute(READ)
    return counted(names_of(cursor), iter(lambda: cursor.fetchmany(MANY), ()))


def connectorx(url: str) -> int:
    import connectorx

    rows: int = connectorx.read_sql(url + PLACE, READ, return_type="polars", protocol="text").height
    return rows


def psycopg_cursor(url: str) -> int:
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor(name="rows") as cursor:
        cursor.itersize = MANY
        cursor.execute(READ)
        return counted(names_of(cursor), iter(lambda: cursor.fetchmany(MANY), []))


def connectorx_postgresql(url: str) -> int:
    import connectorx

    rows: int = connectorx.read_sql(url, READ, return_type="polars").height
    return rows


# ------------------------------------------------------------------------------------------------------- our own


def gateway_table(url: str, schema: str, **options: Any) -> int:
    from gateway.interfaces import Surroundings
    from gateway_sql import open_sql
    from gateway_sql.options import SqlOptions

    address, secrets = urlsplit(url), {"server": ""}
    if address.password is not None:
        secrets["server"] = address.password
        url, options = url.replace(f":{address.password}@", "@"), {"password": "server", **options}
    declared = SqlOptions.model_validate({"url": url, "table": "company", "schema": schema, **options})
    source = open_sql(declared, Surroundings(Path.cwd(), secrets.__getitem__))
    return sum(batch.rows.height for batch in source.read())


PARTS = {"partitions": {"column": "id", "parts": 2}}
OURS: dict[str, dict[str, Callable[[str], int]]] = {
    "mariadb": {"gateway": lambda url: gateway_table(url, PLACE)},
    "postgresql": {
        "gateway": lambda url: gateway_table(url, PLACE),
        "gateway, 2 partitions": lambda url: gateway_table(url, PLACE, **PARTS),
    },
}
PEERS: dict[str, dict[str, Callable[[str], int]]] = {
    "mariadb": {
        "mysqlclient": mysqlclient,
        "asyncmy": asyncmy,
        "connectorx": connectorx,
        "mysql-connector": mysql_connector,
        "PyMySQL": pymysql,
    },
    "postgresql": {
        "psycopg cursor": psycopg_cursor,
        "connectorx": connectorx_postgresql,
    },
}


# Imported before the clock starts.
MODULES = {
    "gateway": ("gateway_sql.options", "gateway.transport.sql.address", "gateway.transport.sql.reader"),
    "mysqlclient": ("MySQLdb",),
    "mysql-connector": ("mysql.connector",),
    "PyMySQL": ("pymysql.cursors",),
    "psycopg cursor": ("psycopg",),
}


def fill_mariadb(url: str, rows: int) -> None:
    from bench_sql_reading import COLUMNS, generated
    from pymysql import connect

    at = urlsplit(url)
    declared = ", ".join(f"{name} {MYSQL_TYPES.get(name, 'varchar(200)')}" for name in COLUMNS)
    with connect(
        host=at.hostname or "", port=at.port or 0, user=at.username, password=at.password or "", autocommit=False
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(f"CREATE OR REPLACE DATABASE {PLACE} CHARACTER SET utf8mb4")
        cursor.execute(f"CREATE TABLE {PLACE}.company ({declared})")
        made = generated(rows)
        insert = f"INSERT INTO {PLACE}.company VALUES ({', '.join(['%s'] * len(COLUMNS))})"
        while some := [row for row, _ in zip(made, range(MANY), strict=False)]:
            cursor.executemany(insert, some)
        connection.commit()


def fill_postgresql(url: str, rows: int) -> None:
    import bench_sql_reading

    bench_sql_reading.SCHEMA = PLACE
    bench_sql_reading.fill_postgresql(url, rows)


def drop(mariadb: str, postgresql: str) -> None:
    import psycopg
    from pymysql import connect

    at = urlsplit(mariadb)
    with connect(host=at.hostname or "", port=at.port or 0, user=at.username, password=at.password or "") as connection:
        connection.cursor().execute(f"DROP DATABASE IF EXISTS {PLACE}")
    with psycopg.connect(postgresql) as server:
        server.execute(f"DROP SCHEMA IF EXISTS {PLACE} CASCADE".encode())


def measure(kind: str, leg: str, url: str) -> None:
    try:
        for module in ("polars", *MODULES.get(leg.partition(",")[0], (leg,))):
            importlib.import_module(module)
    except ImportError as error:
        print(json.dumps({"absent": f"{error.name} is not installed"}))
        return
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    rows = (OURS[kind] | PEERS[kind])[leg](url)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"rows": rows, "seconds": seconds, "cpu": cpu, "megabytes": after.ru_maxrss / 1024}))


def in_fresh_process(python: str, kind: str, leg: str, url: str) -> dict[str, Any]:
    command = [python, __file__, "--leg", kind, leg, url]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        return {"absent": done.stderr.strip().splitlines()[-1]}
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured


def report(kind: str, url: str, peers: str, repeat: int) -> None:
    legs = [(sys.executable, leg) for leg in OURS[kind]] + [(peers, leg) for leg in PEERS[kind]]
    measured: dict[str, list[dict[str, Any]]] = {leg: [] for _, leg in legs}
    for _ in range(repeat):
        for python, leg in legs:
            measured[leg].append(in_fresh_process(python, kind, leg, url))
    best = {leg: min(some, key=lambda each: each.get("seconds", float("inf"))) for leg, some in measured.items()}
    fastest = min(each["seconds"] for each in best.values() if "seconds" in each)
    print(f"\n{kind}")
    for leg, each in best.items():
        if "absent" in each:
            print(f"  {leg:22} skipped: {each['absent']}")
            continue
        speed, ratio = each["rows"] / each["seconds"], each["seconds"] / fastest
        print(
            f"  {leg:22} {speed:>9,.0f} rows/s  {ratio:4.2f} × the fastest  "
            f"{each['cpu']:5.1f} s CPU  {each['megabytes']:>5,.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--mariadb", default=os.environ.get("GATEWAY_TEST_MARIADB_URL", MARIADB))
    parser.add_argument("--postgresql", default=os.environ.get("GATEWAY_TEST_PG_URL", POSTGRESQL))
    parser.add_argument("--leg", nargs=3, metavar=("KIND", "LEG", "URL"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.leg:
        measure(*given.leg)
        return
    try:
        fill_mariadb(given.mariadb, given.rows)
        fill_postgresql(given.postgresql, given.rows)
        print(f"{given.rows:,} rows × 20 columns, in the order of the primary key")
        report("mariadb", given.mariadb, given.peers, given.repeat)
        report("postgresql", given.postgresql, given.peers, given.repeat)
    finally:
        drop(given.mariadb, given.postgresql)


if __name__ == "__main__":
    main()
