"""How fast the `xml` and `json` sources read rows of ten columns, and in how much memory (`bench_documents.py [ROWS]`).

Each leg runs in a process of its own, on one processor and in seconds of that processor. With `columns` declared a file
is read once, without them twice.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HEADINGS = ("代码", "名称", "法定代表人", "注册资本", "成立日期", "地区", "住所", "电话", "状态", "序号")


def row(at: int) -> dict[str, str]:
    """A registration as departments keep it."""
    cells = (f"91370202{at:09d}X", f"青岛天高装饰工程有限公司{at % 9999}", "杨某", "100万元", "1997-01-01", "青岛")
    return dict(zip(HEADINGS, (*cells, f"燕儿岛路{at % 500}号", f"0532{at:08d}", "存续", str(at)), strict=True))


def write(path: Path, form: str, count: int, encoding: str = "utf-8") -> None:
    """Write the rows in one of the forms."""
    with path.open("w", encoding=encoding) as file:
        if form == "xml":
            file.write("<名录>\n")
            for at in range(count):
                file.write(
                    "<企业>" + "".join(f"<{name}>{cell}</{name}>" for name, cell in row(at).items()) + "</企业>\n"
                )
            file.write("</名录>")
        else:
            file.write("" if form == "lines" else '{"list":[')
            separator = "\n" if form == "lines" else ","
            for at in range(count):
                file.write((separator if at else "") + json.dumps(row(at), ensure_ascii=False))
            file.write("" if form == "lines" else "]}")


def measure(form: str, path: Path, declared: bool) -> tuple[int, float, float]:
    """Rows, seconds and peak megabytes above the imports, in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--leg", form, str(path), "1" if declared else ""],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return int(answer[0]), float(answer[1]), float(answer[2])


def run_leg(form: str, path: Path, declared: str) -> None:
    """Read the file once and print rows, seconds and peak megabytes."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from gateway.interfaces import Source, Surroundings
    from gateway_files.json_source import JsonOptions, JsonSource
    from gateway_files.xml_source import XmlOptions, XmlSource

    said: dict[str, Any] = {"path": str(path), "columns": HEADINGS if declared else ()}
    here = Surroundings(path.parent, str)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    source: Source
    if form == "xml":
        source = XmlSource(XmlOptions(rows="名录/企业", **said), here)
    else:
        source = JsonSource(JsonOptions(rows="" if form == "lines" else "list", **said), here)
    read = sum(batch.rows.height + len(batch.faults) for batch in source.read())
    seconds = time.process_time() - start
    print(read, seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def main(count: int) -> None:
    """Print a table: each form, in one pass and in two."""
    print(f"{'file':16} {'rows/s':>10} {'peak MB':>8} {'two passes':>12} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for form, encoding in (("xml", "utf-8"), ("xml", "gb18030"), ("lines", "utf-8"), ("document", "utf-8")):
            path = Path(folder) / "a"
            write(path, form, count, encoding)
            legs = [
                min((measure(form, path, each) for _ in range(2)), key=lambda leg: leg[1]) for each in (True, False)
            ]
            figures = "".join(f" {count / seconds:10,.0f} {peak:8.0f} " for _, seconds, peak in legs)
            print(f"{form} {encoding:10} {figures}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--leg"]:
        run_leg(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
