"""What the demo's inspectors report: a result and its items for each drawn target, some out of the ordinary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gateway.domain.datasets import DATASETS
from gateway.operations.demo_authorities import Authority, Row, item
from gateway.operations.template_rows import append_template_rows, write_template_rows

_REFERENCE = ("target_identifier", "target_scheme", "target_kind", "target_label", "task_number")
_CHINA = ZoneInfo("Asia/Shanghai")
_EVERY_NTH_HAS_A_PROBLEM = 4

Drawn = Mapping[str, Any]


def write_results(folder: Path, authority: Authority, drawn: Sequence[Drawn], assignments: Sequence[Drawn]) -> None:
    """Write the authority's results and their items; what stands there already is kept."""
    teams = _teams(assignments)
    results = [_result(each, authority, teams, number) for number, each in enumerate(drawn)]
    if authority.uninvited:
        # The task does not name them, so the platform takes no result of theirs.
        results += [{**each, "department_code": authority.uninvited} for each in results[-1:]]
    found = [row for number, each in enumerate(drawn) for row in _items(each, authority, number)]
    for dataset, rows in (("inspection_results", results), ("inspection_result_items", found)):
        file = folder / f"{authority.files}{dataset}.csv"
        if rows and not file.exists():
            write_template_rows(file, DATASETS[dataset], rows)


def list_the_item(folder: Path, authority: Authority) -> bool:
    """Add to the published list what was missing from it; false where it is there already."""
    file = folder / f"{authority.files}inspection_items.csv"
    code, name = authority.unlisted
    if code in file.read_text(encoding="utf-8"):
        return False
    append_template_rows(file, DATASETS["inspection_items"], [item(authority, authority.department, code, name)])
    return True


def _teams(assignments: Sequence[Drawn]) -> dict[tuple[Any, ...], list[str]]:
    teams: dict[tuple[Any, ...], list[str]] = {}
    for each in sorted(assignments, key=lambda row: (row["role"] != "leader", row["inspector_number"])):
        teams.setdefault(_about(each), []).append(each["inspector_number"])
    return teams


def _about(row: Drawn) -> tuple[Any, ...]:
    return tuple(row[name] or "" for name in _REFERENCE)


def _result(drawn: Drawn, authority: Authority, teams: Mapping[tuple[Any, ...], list[str]], number: int) -> Row:
    problem = _has_problem(drawn, authority, number)
    day = drawn["drawn_at"].astimezone(_CHINA).date().isoformat()
    return {
        **{name: drawn[name] or "" for name in _REFERENCE},
        "department_code": authority.department,
        "target_name": drawn["name"],
        "inspected_on": day,
        "finished_on": day,
        "inspectors": ";".join(teams.get(_about(drawn), ())),
        "method": "1",
        "conclusions": "5" if problem else "1",
        "description": "已责令改正" if problem else "",
        "signature_refused": "false",
    }


def _items(drawn: Drawn, authority: Authority, number: int) -> Iterator[Row]:
    looked_at = [authority.unlisted] if _is_followed(drawn, authority) else list(authority.items)
    problem = _has_problem(drawn, authority, number)
    for code, name in looked_at:
        abnormal = problem and code == looked_at[-1][0]
        yield {
            **{name: drawn[name] or "" for name in _REFERENCE},
            "department_code": authority.department,
            "item_code": code,
            "item_name": name,
            "outcome": "abnormal" if abnormal else "normal",
            "problem": "未按规定办理登记或公示" if abnormal else "",
            "handling": "责令改正" if abnormal else "",
        }


def _is_followed(drawn: Drawn, authority: Authority) -> bool:
    return bool(drawn["target_identifier"] == authority.followed)


def _has_problem(drawn: Drawn, authority: Authority, number: int) -> bool:
    return _is_followed(drawn, authority) or number % _EVERY_NTH_HAS_A_PROBLEM == 1
