"""The generated registry as departments export it: the ten Chinese columns of a register of market subjects, as CSV.

    python tests/benchmarks/ten_columns.py FOLDER ROWS

writes `register.csv`, its rows in another order as `moved.csv`, and, of the next day, `changed.csv`, in which one row
in a hundred has another business scope.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
from generated_registry import registry_frames, write_moved

COLUMNS = (
    "企业名称",
    "统一社会信用代码",
    "注册日期",
    "企业类型",
    "法人代表",
    "注册资金",
    "经营范围",
    "所在省份",
    "地区",
    "注册地址",
)
FRAME_ROWS = 50_000


def write(folder: Path, rows: int) -> None:
    """Write both days, the first of them twice."""
    for name, changed in (("register", False), ("changed", True)):
        with (folder / f"{name}.csv").open("wb") as file:
            for number, frame in enumerate(registry_frames(rows, FRAME_ROWS)):
                day = _with_changes(frame, number * FRAME_ROWS) if changed else frame
                cells = day.select(COLUMNS).with_columns(pl.when(pl.all() != "").then(pl.all()))
                file.write(cells.write_csv(include_header=number == 0).encode())
    write_moved(folder)


def _with_changes(frame: pl.DataFrame, start: int) -> pl.DataFrame:
    """None of the changed rows is a dirty one."""
    is_changed = (pl.int_range(pl.len()) + start) % 100 == 3
    scope = pl.col("经营范围")
    return frame.with_columns(pl.when(is_changed).then(scope + "（变更）").otherwise(scope).alias("经营范围"))


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
