"""Chinese text broken into lines: between any two wide characters, never inside a number, a word or a code.

rich breaks at spaces only, which leaves Chinese lines ragged. No line begins with a closing sign or ends with an
opening one (避头尾).
"""

from __future__ import annotations

import re

from rich.cells import cell_len

_UNITS = re.compile(r"\s|[!-~]+|.", re.DOTALL)
_NOT_FIRST = set("，。；：、！？）”’》】〉」』…—·％,.;:!?)]}")
_NOT_LAST = set("（“‘《【〈「『([{")


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, none wider than `width` cells."""
    lines: list[list[str]] = [[]]
    for unit in _units(text, width):
        if unit == "\n":
            lines.append([])
        elif cell_len("".join(lines[-1]) + unit) <= width:
            lines[-1].append(unit)
        elif not unit.isspace():
            lines.append([*_carried(lines[-1], unit, width), unit])
    return ["".join(line).rstrip() for line in lines]


def _carried(line: list[str], unit: str, width: int) -> list[str]:
    """What must go to the next line together with a unit: taken off the line, unless that would be too much."""
    keep, first = len(line), unit
    while keep > 1 and (first[0] in _NOT_FIRST or line[keep - 1][-1] in _NOT_LAST) and not line[keep - 1].isspace():
        keep -= 1
        first = line[keep]
    if cell_len("".join(line[keep:]) + unit) > width:
        return []
    carried = line[keep:]
    del line[keep:]
    return carried


def _units(text: str, width: int) -> list[str]:
    """Characters and runs of plain ASCII; a run that is wider than a line is cut."""
    return [
        unit[start : start + width] for unit in _UNITS.findall(text) for start in range(0, len(unit), max(width, 1))
    ]
