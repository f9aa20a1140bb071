"""Canonical records as CSV files, and the field maps that read them back as they are."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.domain.dataset import Dataset, Field, Type

_STEPS: Mapping[Type, list[Any]] = {
    Type.TEXT: [],
    Type.DATE: [{"date": "%Y-%m-%d"}],
    Type.TIME: [{"time": {"formats": ["%Y-%m-%d %H:%M:%S"], "zone": "Asia/Shanghai"}}],
    Type.MONEY: [{"decimal": "分"}],
    Type.INTEGER: ["integer"],
    Type.BOOLEAN: [{"boolean": {"true": ["true"], "false": ["false"]}}],
}


def write_canonical(path: Path, dataset: Dataset, *rows: Mapping[str, str]) -> None:
    """Write records whose columns are named as the fields; a field that a row does not name is empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [each.name for each in dataset.fields], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_map(directory: Path, name: str, dataset: Dataset, fields: Mapping[str, Any]) -> str:
    """Put a field map into a deployment, and give its name."""
    file = directory / "mappings" / f"{name}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"map": name, "dataset": dataset.name, "fields": fields}
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return name


def canonical_fields(dataset: Dataset) -> dict[str, Any]:
    """The field map of a file that `write_canonical` wrote."""
    return {each.name: {"from": each.name, "steps": _STEPS[each.type]} for each in dataset.fields}


def inverse_fields(outward: Mapping[str, Any], dataset: Dataset, absent: Mapping[str, str]) -> dict[str, Any]:
    """The field map that undoes a profile's, so that what went out can be compared with what was there."""
    inward = {
        origin["from"]: _inverse(wire, origin, dataset.by_name[origin["from"]]) for wire, origin in outward.items()
    }
    return inward | {name: {"constant": text} for name, text in absent.items()}


def _inverse(wire: str, origin: Mapping[str, Any], field: Field) -> dict[str, Any]:
    steps = [_undone(step, field) for step in origin.get("steps", [])]
    # ``a;b`` was split and joined by commas: undone in the same order with the signs changed over.
    signs = [next(iter(step.values())) for step in origin.get("steps", []) if set(step) & {"split", "join"}]
    if signs:
        steps = [{"split": signs[1]}, {"join": signs[0]}]
    return {"from": wire, "steps": steps}


def _undone(step: Mapping[str, Any] | str, field: Field) -> dict[str, Any]:
    if isinstance(step, str):
        return {"date": "%Y-%m-%d"}  # what `format` alone writes
    if "lookup" in step:
        table = {said: code for code, said in step["lookup"].items()}
        if field.type is Type.BOOLEAN:
            return {"boolean": {table[said]: [said] for said in table}}
        return {"lookup": table}
    return {"date": step["format"]} if "format" in step else dict(step)
