"""How fast the `csv` source reads, beside plain polars on the same file (`bench_csv_reading.py [ROWS]`).

Each leg runs in a process of its own, so that its peak memory above the imports is its own, and on one processor, in
seconds of that processor, so that what else the machine does matters little. polars'
`read_csv` reads the file at once, checks nothing and knows no GB18030 without holding everything: it is the floor.
"""

from __future__ import annotations

import csv
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

COLUMNS = 20
TARGETS = {"utf-8": 700_000, "utf-8, 20 % quoted": 350_000, "gb18030": 200_000}


def rows(count: int, quoted: float) -> Iterator[list[str]]:
    """Registrations as departments export them, a share of them with a cell that must be quoted."""
    chance = random.Random(7)
    yield [f"列{at}" for at in range(COLUMNS)]
    for at in range(count):
        scope = "装饰装潢。制冷空调安装、批发、零售、代理"
        if chance.random() < quoted:
            scope = '装饰,装潢"制冷"空调'
        numbers = [str(chance.randrange(10**6)) for _ in range(COLUMNS - 8)]
        name = f"青岛天高装饰工程有限公司{at % 9999}"
        yield [
            f"91370202{at:09d}X",
            name,
            "1997-01-01",
            "有限责任公司",
            "杨某",
            "100万元",
            scope,
            *numbers,
            "燕儿岛路23号",
        ]


def write(path: Path, count: int, quoted: float, encoding: str, dirty: float = 0) -> None:
    """Write the rows, a share of them without their last cell."""
    chance = random.Random(8)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        for row in rows(count, quoted):
            writer.writerow(row[:-1] if chance.random() < dirty else row)


def measure(leg: str, path: Path) -> tuple[int, float, float]:
    """Rows, seconds and peak megabytes above the imports, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--leg", leg, str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    return int(answer[0]), float(answer[1]), float(answer[2])


def run_leg(leg: str, path: Path) -> None:
    """Read the file once and print rows, seconds and peak megabytes."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import polars as pl

    from gateway.interfaces import Surroundings
    from gateway_files.csv_source import CsvOptions, CsvSource

    pl.read_csv(b"a,b\n1,2\n", infer_schema=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    if leg == "polars":
        encoding = "gb18030" if "gb18030" in path.name else "utf8"
        read = pl.read_csv(path, infer_schema=False, encoding=encoding).height
    else:
        source = CsvSource(CsvOptions(path=str(path)), Surroundings(path.parent, str))
        read = sum(batch.rows.height + len(batch.faults) for batch in source.read())
    seconds = time.process_time() - start
    print(read, seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def main(count: int) -> None:
    """Print a table: each kind of file, this source, polars, the ratio, the target."""
    kinds = {
        "utf-8": (0.0, "utf-8", 0.0),
        "utf-8, 20 % quoted": (0.2, "utf-8", 0.0),
        "gb18030": (0.0, "gb18030", 0.0),
        "utf-8, 2 % ragged": (0.0, "utf-8", 0.02),
    }
    print(f"{'file':20} {'rows/s':>10} {'target':>8} {'peak MB':>8} {'polars':>10} {'peak MB':>8} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for kind, (quoted, encoding, dirty) in kinds.items():
            path = Path(folder) / f"{encoding}.csv"
            write(path, count, quoted, encoding, dirty)
            _, ours, peak = min((measure("source", path) for _ in range(3)), key=lambda leg: leg[1])
            line = f"{kind:20} {count / ours:10,.0f} {TARGETS.get(kind, 0):8,} {peak:8.0f}"
            if not dirty:  # polars refuses ragged rows
                _, floor, floor_peak = min((measure("polars", path) for _ in range(3)), key=lambda leg: leg[1])
                line += f" {count / floor:10,.0f} {floor_peak:8.0f} {ours / floor:6.2f}"
            print(line, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--leg"]:
        run_leg(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
