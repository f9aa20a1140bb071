"""A proposed list of targets, confirmed: a recorded act that gives a file, which a feed then reads like any other.

The file is a CSV of the shipped form of 检查对象名录库, so the map `departments/template/inspection_targets` reads it.
Nothing enters the exchange here.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from gateway.domain.dataset import Dataset, Field, Type
from gateway.errors import StartError
from gateway.messages import Message
from gateway.operations.target_proposal_workbook import Decided, read_decided
from gateway.operations.template import heading
from gateway.state import event_log
from gateway.state.database import Database
from gateway.state.exchange import Exchange

NOBODY = Message(
    "targets.nobody",
    zh="--by 须写明确认人的姓名，至多 {allowed} 个字；请补充",
    en="--by names the person who confirms, in {allowed} characters at most; give it",
)
NOTHING_LISTED = Message(
    "targets.nothing_listed",
    zh="建议中没有一行决定列入，或列入的都已不在登记数据中；没有写出名录",
    en="no row of the proposal is to be listed, or none of those is in the register any more; no list was written",
)
ACTION = "targets.confirmed"

_LONGEST_NAME = 100
_FEN_IN_10_000_YUAN = 1_000_000


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What was confirmed; `gone` are record keys that the register holds no longer, so they are not listed."""

    listed: int
    declined: int
    gone: tuple[str, ...]


def confirm_targets(database: Database, dataset: Dataset, proposal: Path, by: str, out: Path) -> Confirmed:
    """Write the list of a decided proposal and record who confirmed it, both or neither.

    Raises StartError where the proposal cannot be confirmed, FileExistsError or OSError where the list cannot be
    written.
    """
    if not by.strip() or len(by) > _LONGEST_NAME or not by.isprintable():
        raise StartError(NOBODY, allowed=_LONGEST_NAME)
    decided = read_decided(proposal)
    with database.write() as connection:
        records = Exchange(dataset).records_of(connection, list(decided.listed)).sort("record_key")
        if records.is_empty():
            raise StartError(NOTHING_LISTED)
        gone = tuple(sorted(set(decided.listed) - set(records["record_key"])))
        content = list_text(dataset, [{**row, "licence_label": decided.basis["label"]} for row in records.to_dicts()])
        detail = _detail(decided, by, gone, content)
        with out.open("xb") as file:
            try:
                event_log.append(connection, ACTION, {**detail, "list": out.name})
                file.write(content)
                file.flush()
            except BaseException:
                out.unlink()
                raise
    return Confirmed(records.height, len(decided.declined), gone)


def list_text(dataset: Dataset, records: Sequence[Mapping[str, Any]]) -> bytes:
    """Records as the CSV of the dataset's form, in UTF-8 with the mark by which Excel knows it."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([heading(field) for field in dataset.fields])
    writer.writerows([[_cell(field, record[field.name]) for field in dataset.fields] for record in records])
    return text.getvalue().encode("utf-8-sig")


def _cell(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if field.type is Type.MONEY:
        return f"{(Decimal(value) / _FEN_IN_10_000_YUAN).normalize():f}"
    return field.codes.codes.get(value, value) if field.codes else str(value)


def _detail(decided: Decided, by: str, gone: Sequence[str], content: bytes) -> dict[str, Any]:
    return {
        **decided.basis,
        "by": by,
        "proposal": decided.digest,
        "listed": len(decided.listed) - len(gone),
        "declined": len(decided.declined),
        "gone": list(gone),
        "list_digest": hashlib.sha256(content).hexdigest(),
    }
