"""Map, check and digest: 1 M rows of 20 text columns, 2 % dirty, on one thread and on two.

Each leg is shown as a ratio to its floor, polars' own `read_csv` of the same rows from memory on as many threads,
measured in the same process, and with the processor's time a row, which other work on the machine disturbs less.
A process has as many polars threads as Python threads, so that neither helps the other.

    python tests/benchmarks/bench_mapping.py [ROWS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROWS = int(sys.argv[1]) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 1_000_000
FRAME = 50_000
FRAMES = 4  # held at a time and gone through again and again, so that memory is not what is measured
TARGET = 250_000


def main() -> None:
    for threads in (1, 2):
        environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
        command = [sys.executable, __file__, "--threads", str(threads), str(ROWS)]
        subprocess.run(command, check=True, env=environment)


def _bench(threads: int, rows: int) -> None:
    sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parent)]
    import io

    import polars as pl
    from generated_registry import MAP, MAP_FILE, dirty_rows, registry_frames

    from gateway.checking import compile_checks, verdicts
    from gateway.domain.dataset import Facts
    from gateway.domain.digest import record_digest
    from gateway.domain.inspection_targets import INSPECTION_TARGETS
    from gateway.mapping import compile_map, load_field_map

    compiled = compile_map(load_field_map(MAP_FILE.read_text(encoding="utf-8"), MAP), INSPECTION_TARGETS.schema)
    checks = compile_checks(INSPECTION_TARGETS, Facts())
    digest = record_digest(INSPECTION_TARGETS)
    frames = [frame.with_row_index("_row", offset=2).rechunk() for frame in registry_frames(FRAMES * FRAME, FRAME)]
    records = [compiled.apply(frame).records for frame in frames]
    files = [frame.write_csv().encode() for frame in frames]

    def everything(number: int) -> int:
        mapped = compiled.apply(frames[number])
        found = pl.concat([mapped.findings, checks.apply(mapped.records, compiled.columns, mapped.findings)])
        mapped.records.with_columns(digest)
        return (verdicts(found, mapped.records.height) != "accepted").sum()

    dirty = sum(everything(number) for number in range(FRAMES))
    assert dirty == dirty_rows(FRAMES * FRAME), (dirty, dirty_rows(FRAMES * FRAME))
    empty = compiled.apply(frames[0]).findings.clear()
    legs: dict[str, Callable[[int], object]] = {
        "floor: read_csv": lambda number: pl.read_csv(io.BytesIO(files[number]), infer_schema=False),
        "map": lambda number: compiled.apply(frames[number]),
        "check": lambda number: checks.apply(records[number], compiled.columns, empty),
        "digest": lambda number: records[number].select(digest),
        "map + check + digest": everything,
    }
    turns = [number % FRAMES for number in range(rows // FRAME)]
    seconds = {name: _seconds(leg, turns, threads) for name, leg in legs.items()}
    floor, _ = seconds["floor: read_csv"]
    for name, (taken, worked) in seconds.items():
        speed = len(turns) * FRAME / taken
        print(
            f"{threads} thread(s)  {name:<22} {taken:6.2f} s {speed:>10,.0f} rows/s  {taken / floor:5.2f} × floor  "
            f"{worked / len(turns) / FRAME * 1e6:5.2f} µs of processor a row"
        )
    if threads == 2:
        print(f"target {TARGET:,} rows/s on two threads: {speed / TARGET:.2f} × reached")


def _seconds(leg: Callable[[int], object], turns: Sequence[int], threads: int) -> tuple[float, float]:
    with ThreadPoolExecutor(threads) as executor:
        start, worked = time.perf_counter(), time.process_time()
        for _ in executor.map(leg, turns):
            pass
        return time.perf_counter() - start, time.process_time() - worked


if __name__ == "__main__":
    if sys.argv[1:2] == ["--threads"]:
        _bench(int(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
