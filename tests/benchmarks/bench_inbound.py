"""A first load, the same file again, the same rows in another order, and 1 % changed: CSV → exchange on SQLite and
PostgreSQL, 1 M rows × 20 columns.

Each leg is shown as a ratio to its floor, measured in the same run on the same machine: reading the same CSV and a
bare bulk insert of the same rows into a table without indexes. Peak memory is that of a process of its own.

    python tests/benchmarks/bench_inbound.py [ROWS] [sqlite|postgresql …]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1_000_000
KINDS = [kind for kind in sys.argv[1:] if kind in {"sqlite", "postgresql"}] or ["sqlite", "postgresql"]
SERVER = os.environ.get("GATEWAY_TEST_PG_URL", "postgresql://root@127.0.0.1:5432/test")
LEGS = {
    "first load": "register",
    "same file again": "register",
    "same rows, moved": "moved",
    "1 % changed": "changed",
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        _in_a_process("generate", str(directory), str(ROWS))
        for kind in KINDS:
            _bench(directory, kind)


def _bench(directory: Path, kind: str) -> None:
    url = f"sqlite:///{directory / 'bench.db'}" if kind == "sqlite" else _empty_database()
    floor, _ = _in_a_process("floor", str(directory), url)
    print(f"{kind:<11} floor (read + bare bulk insert)  {floor:7.2f} s {ROWS / floor:>10,.0f} rows/s")
    first = None
    for leg, file in LEGS.items():
        seconds, peak = _in_a_process("load", str(directory), url, file)
        first = first or seconds
        print(
            f"{kind:<11} {leg:<32} {seconds:7.2f} s {ROWS / seconds:>10,.0f} rows/s  "
            f"{seconds / floor:5.2f} × floor  {seconds / first:5.2f} × first load  peak {peak:,.0f} MB"
        )


def _in_a_process(*arguments: str) -> tuple[float, float]:
    done = subprocess.run([sys.executable, __file__, "--leg", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def _empty_database() -> str:
    import psycopg

    name = "gateway_bench"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return SERVER.rsplit("/", 1)[0] + f"/{name}"


def _generate(directory: Path, rows: int) -> float:
    sys.path.insert(0, str(Path(__file__).parent))
    from generated_registry import write_registry

    write_registry(directory, rows)
    return 0


def _floor(directory: Path, url: str) -> float:
    """Read the CSV in batches as text and insert every row, columns as they are, in one transaction."""
    import polars as pl
    import sqlalchemy as sa

    from gateway.state.database import Database

    database = Database(url)
    started = time.perf_counter()
    table: sa.Table | None = None
    with database.write() as connection:
        for frame in pl.scan_csv(directory / "register.csv", infer_schema=False).collect_batches(chunk_size=50_000):
            if table is None:
                table = sa.Table("floor", sa.MetaData(), *(sa.Column(name, sa.Text) for name in frame.columns))
                table.create(connection)
            _insert_barely(connection, frame)
    seconds = time.perf_counter() - started
    with database.write() as connection:
        assert table is not None
        table.drop(connection)
    return seconds


def _insert_barely(connection: Any, frame: Any) -> None:
    """As a script would: CSV handed to COPY on PostgreSQL, tuples to the driver on SQLite."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"INSERT INTO floor VALUES ({', '.join('?' * frame.width)})", frame.rows())
        return
    with connection.connection.driver_connection.cursor() as cursor, cursor.copy("COPY floor FROM STDIN CSV") as copy:
        copy.write(frame.write_csv(include_header=False))


def _load(directory: Path, url: str, file: str) -> float:
    sys.path.insert(0, str(Path(__file__).parents[2]))
    from tests.deployment import Deployment

    deployment = Deployment(directory, url)
    deployment.declare(targets_in=deployment.inbound(f"{file}.csv", map="bench/inspection_targets", reads="everything"))
    (report,) = deployment.run("targets-in")
    if report.error:
        sys.exit(str(report.error))
    return report.seconds


if __name__ == "__main__":
    if sys.argv[1:2] == ["--leg"]:
        leg, folder, *rest = sys.argv[2:]
        legs = {
            "generate": lambda rows: _generate(Path(folder), int(rows)),
            "floor": lambda url: _floor(Path(folder), url),
        }
        seconds = legs.get(leg, lambda url, file: _load(Path(folder), url, file))(*rest)
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
