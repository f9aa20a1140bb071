"""What starting a command costs: processor seconds of its process, as a ratio to importing what every run needs.

The deployment is up to date and its one feed reads a CSV file of one row: hardly more than the start is measured.

    python tests/benchmarks/bench_start.py [ROUNDS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from process_tree import measured

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.companies import company
from tests.deployment import Deployment, register

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 9
SERVER = os.environ.get("GATEWAY_TEST_PG_URL", "postgresql://root@127.0.0.1:5432/test")
FLOOR = ("-c", "import polars, sqlalchemy, psycopg")
COMMANDS = ("--help", "plugins", "check", "runs", "issues", "run targets")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Deployment(Path(folder), _empty_database())
        made.declare(targets=made.inbound(register(made.directory / "one.csv", company(1)).name))
        _measure(made, ("-m", "gateway", "run", "targets"))  # brings the database up to date
        floor, *costs = _medians(made, [FLOOR, *(("-m", "gateway", *each.split()) for each in COMMANDS)])
    print(f"{'floor':<12} {floor:.2f} s")
    for command, cost in zip(COMMANDS, costs, strict=True):
        print(f"{command:<12} {cost:.2f} s  {cost / floor:.1f} floors")


def _medians(made: Deployment, calls: list[tuple[str, ...]]) -> list[float]:
    """The median of each call, all of them in turn so that a noisy moment strikes them alike."""
    rounds = [[_measure(made, call) for call in calls] for _ in range(ROUNDS)]
    return [statistics.median(each) for each in zip(*rounds, strict=True)]


def _measure(made: Deployment, call: tuple[str, ...]) -> float:
    environ = {**made.environ, "GATEWAY_DIRECTORY": str(made.directory)}
    return measured([sys.executable, *call], environ, made.directory).processor_seconds


def _empty_database() -> str:
    import psycopg

    name = "gateway_bench_start"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return SERVER.rsplit("/", 1)[0] + f"/{name}"


if __name__ == "__main__":
    main()
