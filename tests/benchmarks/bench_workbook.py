"""How fast the `workbook` source reads .xlsx and .xls of ten columns (`bench_workbook.py [ROWS]`).

Each leg runs in a process of its own, on one processor and in seconds of that processor, so that what else the machine
does matters little. fastexcel alone, which passes over errors and lost digits, is the floor.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HEADINGS = (
    "统一社会信用代码",
    "企业名称",
    "法定代表人",
    "注册资本",
    "成立日期",
    "地区",
    "地址",
    "电话",
    "状态",
    "序号",
)
TARGET = 50_000  # rows/s of .xlsx
MOST_XLS = 65_000  # rows that fit into a sheet of an .xls


def row(at: int) -> tuple[str | int, ...]:
    """A registration as departments keep it: long codes as text, one column of numbers."""
    name = f"青岛天高装饰工程有限公司{at % 9999}"
    digits = f"{at:09d}"
    return (
        f"91370202{digits}X",
        name,
        f"杨{at % 97}",
        "100万元",
        "1997-01-01",
        "青岛",
        f"燕儿岛路{at % 500}号",
        f"0532{digits}",
        "存续（在营、开业、在册）",
        at,
    )


def write_xlsx(path: Path, count: int) -> None:
    """Write the rows as an .xlsx with shared strings, as Excel does."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("名单")
        sheet.write_row(0, 0, HEADINGS)
        for at in range(count):
            sheet.write_row(at + 1, 0, row(at))


def write_xls(path: Path, count: int) -> None:
    """Write the rows as an .xls."""
    import xlwt

    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("名单")
    for at, cells in enumerate((HEADINGS, *map(row, range(count)))):
        for column, cell in enumerate(cells):
            sheet.write(at, column, cell)
    workbook.save(str(path))


def measure(leg: str, path: Path) -> tuple[int, float, float]:
    """Rows, seconds and peak megabytes above the imports, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--leg", leg, str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    return int(answer[0]), float(answer[1]), float(answer[2])


def run_leg(leg: str, path: Path) -> None:
    """Read the workbook once and print rows, seconds and peak megabytes."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    import fastexcel
    import polars as pl

    from gateway.interfaces import Surroundings
    from gateway_files.workbook_source import WorkbookOptions, WorkbookSource

    pl.DataFrame({"a": ["1"]}).select(pl.all().str.strip_chars())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    if leg == "fastexcel":
        read = fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars().height
    else:
        source = WorkbookSource(WorkbookOptions(path=str(path)), Surroundings(path.parent, str))
        read = sum(batch.rows.height + len(batch.faults) for batch in source.read())
    seconds = time.process_time() - start
    print(read, seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def main(count: int) -> None:
    """Print a table: each kind of workbook, this source, fastexcel alone, the ratio, the target."""
    kinds = {"xlsx": (write_xlsx, count, TARGET), "xls": (write_xls, min(count, MOST_XLS), 0)}
    print(f"{'file':6} {'rows/s':>10} {'target':>8} {'peak MB':>8} {'fastexcel':>10} {'peak MB':>8} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for kind, (write, rows, target) in kinds.items():
            path = Path(folder) / f"a.{kind}"
            write(path, rows)
            _, ours, peak = min((measure("source", path) for _ in range(3)), key=lambda leg: leg[1])
            _, floor, floor_peak = min((measure("fastexcel", path) for _ in range(3)), key=lambda leg: leg[1])
            print(
                f"{kind:6} {rows / ours:10,.0f} {target:8,} {peak:8.0f} {rows / floor:10,.0f} {floor_peak:8.0f} "
                f"{ours / floor:6.2f}",
                flush=True,
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--leg"]:
        run_leg(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
