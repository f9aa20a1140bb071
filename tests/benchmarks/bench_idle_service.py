"""What an idle service costs: 100 feeds of ten rows each, every five minutes, as a share of one core.

The service runs in a process of its own at its own pace, by a clock that is moved: first it stands still, which shows
what looking costs; then it is moved on by five minutes again and again, which shows what a round of runs costs.

    python tests/benchmarks/bench_idle_service.py [ROUNDS] [sqlite|postgresql …]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

FEEDS, ROWS, MINUTES, STILL = 100, 10, 5, 20
LIMIT = 0.03
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 5
KINDS = [kind for kind in sys.argv[1:] if kind in {"sqlite", "postgresql"}] or ["sqlite", "postgresql"]
SERVER = os.environ.get("GATEWAY_TEST_PG_URL", "postgresql://root@127.0.0.1:5432/test")


def main() -> None:
    shares = [_bench(kind) for kind in KINDS]
    sys.exit(max(shares) >= LIMIT)


def _bench(kind: str) -> float:
    from tests.deployment import Deployment
    from tests.running_service import RunningService

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/gateway.db" if kind == "sqlite" else _empty_database()
        made = Deployment(Path(folder), url)
        _declare(made)
        service = RunningService(made, command=(sys.executable, __file__, "--serve", folder))
        try:
            return _measure(kind, service)
        finally:
            service.stop()


def _measure(kind: str, service: object) -> float:
    from tests.running_service import RunningService

    assert isinstance(service, RunningService)
    service.logged("scheduler.started")
    _finished(service, 0)
    first = _round(service, 1)
    still = _seconds_of_cpu(service.process.pid)
    time.sleep(STILL)
    looking = (_seconds_of_cpu(service.process.pid) - still) / STILL
    rounds = [_round(service, number) for number in range(2, 2 + ROUNDS)]
    running = statistics.median(rounds) / (MINUTES * 60)
    print(
        f"{kind:<11} looking {looking:6.2%}  running {running:6.2%}  together {looking + running:6.2%} of one core; "
        f"{statistics.median(rounds) / FEEDS * 1000:.0f} ms of CPU a run of {ROWS} rows "
        f"({first / FEEDS * 1000:.0f} the first time)"
    )
    return looking + running


def _round(service: object, number: int) -> float:
    """The seconds of CPU that it takes to run every feed once."""
    from tests.running_service import RunningService, set_clock

    assert isinstance(service, RunningService)
    before = _seconds_of_cpu(service.process.pid)
    minutes = number * MINUTES
    set_clock(service.made, f"2026-03-02 {10 + minutes // 60}:{minutes % 60:02}")
    _finished(service, number)
    return _seconds_of_cpu(service.process.pid) - before


def _finished(service: object, rounds: int) -> None:
    from tests.running_service import RunningService, until

    assert isinstance(service, RunningService)
    counted = "SELECT count(*) FROM planned_runs WHERE status = "
    until(lambda: service.made.query(f"{counted}'noticed'") == [(FEEDS,)], "every feed noticed")
    until(lambda: service.made.query(f"{counted}'finished'") == [(FEEDS * rounds,)], f"round {rounds}")


def _seconds_of_cpu(process: int) -> float:
    """User and system time of a process, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _declare(made: object) -> None:
    from tests.companies import company
    from tests.deployment import Deployment, register
    from tests.running_service import set_clock

    assert isinstance(made, Deployment)
    feeds = {}
    for feed in range(FEEDS):
        file = register(made.directory / f"{feed}.csv", *(company(feed * ROWS + row) for row in range(ROWS)))
        feeds[f"feed_{feed}"] = made.inbound(file.name, schedule=f"every {MINUTES} minutes")
    made.declare(**feeds)
    set_clock(made, "2026-03-02 10:00")


def _empty_database() -> str:
    import psycopg

    name = "gateway_bench_service"
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    return SERVER.rsplit("/", 1)[0] + f"/{name}"


def _serve(directory: str) -> None:
    """Serve at the pace that `gateway serve` has."""
    from gateway.service.pace import Pace
    from tests.integration import served

    served.PACE = Pace()
    served.main(directory)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        _serve(sys.argv[2])
    else:
        main()
