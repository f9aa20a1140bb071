"""Side by side with the loaders that a department could pick instead: CSV → PostgreSQL, merged by key.

200 000 rows × 10 Chinese columns are loaded, loaded again, loaded in another order (which the bytes of the file do not
tell the gateway), and loaded with 1 % of the rows changed. The gateway maps, checks, and keeps rejected rows and
replaced versions; the peers copy texts. A load is one process from start to end; the loaders take turns, so that what
else the machine does meets them all alike, and medians are shown.

    python tests/benchmarks/bench_against_loaders.py [--rounds N] [--rows N] [--peers FOLDER]

`loaders.py` says how to install the peers; their folder may also stand in GATEWAY_BENCH_PEERS. Absent ones are skipped.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from loaders import DLT_ARROW, DLT_ROWS, GATEWAY, LOADERS, SLING_COPY, SLING_MERGE, Job, Loader
from process_tree import Cost, measured

SERVER = os.environ.get("GATEWAY_TEST_PG_URL", "postgresql://root@127.0.0.1:5432/test")
FIRST, AGAIN, MOVED, CHANGED = "first load", "same file again", "same rows, moved", "1 % changed"
LEGS = {FIRST: "register.csv", AGAIN: "register.csv", MOVED: "moved.csv", CHANGED: "changed.csv"}
MOST_MEMORY = 300  # MiB
REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Load:
    """What one load cost, and how many rows it wrote to the table where they end."""

    cost: Cost
    written: int


Loads = dict[tuple[str, str], list[Load]]  # by the loader's name and the leg


def main() -> None:
    said = _arguments()
    present = [loader for loader in LOADERS if loader.is_installed(said.peers)]
    for loader in LOADERS:
        if loader not in present:
            print(f"{loader.name} is skipped: there is no {said.peers / loader.program} (see loaders.py)")
    # As an installed package is; a checkout's modules may be compiled anew by every process.
    subprocess.run([sys.executable, "-m", "compileall", "-q", "gateway", "plugins"], cwd=REPOSITORY, check=True)
    loads: Loads = {}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(__file__).with_name("ten_columns.py")
        subprocess.run([sys.executable, str(script), folder, str(said.rows)], check=True)
        for number in range(said.rounds):
            for name, leg, load in _round(Path(folder), said.peers, present, said.rows):
                loads.setdefault((name, leg), []).append(load)
            print(f"round {number + 1} of {said.rounds}, load average {os.getloadavg()[0]:.1f}", flush=True)
    _print_table(loads)
    _print_aims(loads, said.rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--peers", type=Path, default=Path(os.environ.get("GATEWAY_BENCH_PEERS", "peers")))
    said = parser.parse_args()
    said.peers = said.peers.absolute()
    return said


def _round(folder: Path, peers: Path, present: list[Loader], rows: int) -> Iterator[tuple[str, str, Load]]:
    """Each leg by every loader in turn, each into a database of its own."""
    jobs = {loader: _empty(loader, folder, peers) for loader in present}
    try:
        for leg, file in LEGS.items():
            for loader, job in jobs.items():
                if loader.merges or leg == FIRST:
                    job.file.unlink(missing_ok=True)
                    os.link(folder / file, job.file)
                    yield loader.name, leg, _load(loader, job, rows, leg)
    finally:
        for job in jobs.values():
            _drop(job)


def _load(loader: Loader, job: Job, rows: int, leg: str) -> Load:
    command, before = loader.command(job), _written(loader, job)
    with suppress(psycopg.errors.InsufficientPrivilege):
        _on(SERVER, "CHECKPOINT")  # nobody pays for what the one before wrote
    cost = measured(command, loader.environ(job), job.folder, loader.well)
    written = {table: count - before.get(table, 0) for table, count in _written(loader, job).items()}
    _assert_loaded(loader, job, rows, leg)
    return Load(cost, sum(written.values()))


def _empty(loader: Loader, folder: Path, peers: Path) -> Job:
    name = "gateway_bench_" + "".join(filter(str.isalnum, loader.name.lower()))
    home = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=folder))
    job = Job(peers, home / "register.csv", f"{SERVER.rsplit('/', 1)[0]}/{name}", home)
    _drop(job)
    _on(SERVER, f"CREATE DATABASE {name}")
    return job


def _drop(job: Job) -> None:
    _on(SERVER, f"DROP DATABASE IF EXISTS {job.url.rsplit('/', 1)[1]} WITH (FORCE)")


def _written(loader: Loader, job: Job) -> dict[int, int]:
    """Rows inserted, updated and deleted so far, by table: sling makes its table anew."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = %s"
    while _on(job.url, others, "client backend")[0][0] > 1:  # what a server process wrote is counted once it has ended
        time.sleep(0.05)
    counted = "SELECT relid, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname = %s"
    return dict(_on(job.url, f"{counted} AND schemaname NOT LIKE '%%staging'", loader.table))


def _assert_loaded(loader: Loader, job: Job, rows: int, leg: str) -> None:
    """That all rows are there, in the gateway's case but for the dirty ones, which are issues; changes too."""
    schema = "loaded." if loader in (DLT_ROWS, DLT_ARROW) else ""
    counted = f'SELECT count(*), count(*) FILTER (WHERE "{loader.scope}" LIKE %s) FROM {schema}{loader.table}'
    [(found, changed)] = _on(job.url, counted, "%（变更）")
    if loader is GATEWAY:
        issues = "SELECT count(DISTINCT row) FROM issues WHERE status = 'open' AND outcome IN ('rejected', 'held')"
        found += _on(job.url, issues)[0][0]
    expected = (rows, rows // 100 if leg == CHANGED else 0)
    assert (found, changed) == expected, f"{loader.name}, {leg}: {(found, changed)} instead of {expected}"


def _on(url: str, statement: str, *values: str) -> list[tuple[int, int]]:
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(statement, values or None)
        return done.fetchall() if done.description else []


# ------------------------------------------------------------------------------------------------- what is printed


def _print_table(loads: Loads) -> None:
    """A row a loader: median seconds, in brackets how many times the gateway's; the highest peak of all loads."""
    legs = " | ".join(LEGS)
    print(f"| | {legs} | processor, first load | peak memory | rows written |\n|---|---|---|---|---|---|---|")
    for loader in LOADERS:
        own = {leg: loads[loader.name, leg] for leg in LEGS if (loader.name, leg) in loads}
        if own:
            seconds = " | ".join(_against_ours(loads, loader, leg) if leg in own else "" for leg in LEGS)
            processor = statistics.median(load.cost.processor_seconds for load in own[FIRST])
            peak = max(load.cost.peak_mib for leg in own.values() for load in leg)
            written = ", ".join(f"{leg[-1].written:,}".replace(",", " ") for leg in own.values())
            print(f"| {loader.name} | {seconds} | {processor:.1f} s | {peak:.0f} MiB | {written} |")


def _against_ours(loads: Loads, loader: Loader, leg: str) -> str:
    seconds = _seconds(loads, loader, leg)
    return f"{seconds:.1f} s ({seconds / _seconds(loads, GATEWAY, leg):.2f})"


def _print_aims(loads: Loads, rows: int) -> None:
    for loader, leg, aim in (
        (DLT_ROWS, FIRST, 8.0),
        (DLT_ARROW, FIRST, 8.0),
        (SLING_COPY, FIRST, 1.0),
        (SLING_MERGE, AGAIN, 3.0),
        (SLING_MERGE, MOVED, 3.0),
    ):
        if (loader.name, leg) in loads:
            ratio = _seconds(loads, loader, leg) / _seconds(loads, GATEWAY, leg)
            print(f"{_met(ratio >= aim)}: {leg}, {ratio:.2f} × as fast as {loader.name} (aim {aim:g})")
    for leg, allowed in ((AGAIN, 0), (MOVED, 0), (CHANGED, rows // 100)):
        written = max(load.written for load in loads[GATEWAY.name, leg])
        print(f"{_met(written == allowed)}: {leg}, {written:,} rows written (aim {allowed:,})")
    peak = max(load.cost.peak_mib for leg in LEGS for load in loads[GATEWAY.name, leg])
    print(f"{_met(peak < MOST_MEMORY)}: peak memory {peak:.0f} MiB (aim below {MOST_MEMORY})")


def _seconds(loads: Loads, loader: Loader, leg: str) -> float:
    return statistics.median(load.cost.seconds for load in loads[loader.name, leg])


def _met(met: bool) -> str:
    return "met  " if met else "short"


if __name__ == "__main__":
    main()
