"""The corpus of faulty inputs: every file is made here, none by hand (`python -m tests.corpus.make FOLDER`)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.corpus import csv_cases, document_cases, value_cases, workbook_cases
from tests.corpus.case import Case


@cache
def corpus() -> Sequence[Case]:
    """All cases, each under its own name."""
    modules = (csv_cases, value_cases, workbook_cases, document_cases)
    cases = [case for module in modules for case in module.cases()]
    assert len({case.name for case in cases}) == len(cases)
    return cases


def write(folder: Path) -> None:
    """Write every input into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in corpus():
        case.write(folder / case.name)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
