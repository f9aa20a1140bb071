"""The proposal as a workbook that a person decides in: a row a company with the reasons, and what it was made from.

Decided rows may be sorted and coloured at will; rows that are added or taken out are noticed by the fingerprint.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter

from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.errors import SourceError, StartError
from gateway.messages import Language, Message
from gateway.operations.target_proposal import Criteria, ProposedTarget, TargetProposal
from gateway.transport.workbooks import open_workbook

NO_PROPOSAL = Message(
    "targets.no_proposal",
    zh="文件 {file} 不是 gateway targets propose 写出的建议（{reason_zh}）；请用原文件",
    en="{file} is no proposal as gateway targets propose writes it ({reason}); use the file that it wrote",
)
OTHER_ROWS = Message(
    "targets.other_rows",
    zh="文件 {file} 的行或依据与提出时不同（增加、删除或改动了记录标识）；不列入的请写“否”，不要删行；请重新提出",
    en="the rows or the basis of {file} are not those proposed (added, taken out, or their keys changed); write no for "
    "what is not listed and leave its row; propose again",
)
UNDECIDED = Message(
    "targets.undecided",
    zh="文件 {file} 还有 {count} 行没有决定“是否列入”（第 {rows} 行）；请逐行写“是”或“否”",
    en="{count} rows of {file} are not decided yet (rows {rows}); write yes or no in each",
)

YES, NO = Message("targets.yes", "是", "yes"), Message("targets.no", "否", "no")
SUGGESTED, DOUBTFUL = Message("targets.suggested", "列入", "list"), Message("targets.doubtful", "存疑", "doubtful")
ROWS, BASIS = Message("targets.sheet", "检查对象", "targets"), Message("targets.basis", "依据", "basis")
_NAMED_ROWS = 10

Cell = Callable[[ProposedTarget, Language], str]


@dataclass(frozen=True, slots=True)
class _Column:
    heading: Message
    width: int
    cell: Cell


def _field(name: str) -> Cell:
    codes = INSPECTION_TARGETS.by_name[name].codes
    return lambda target, _: (codes.codes if codes else {}).get(text := target.fields.get(name, ""), text)


def _decision(target: ProposedTarget, language: Language) -> str:
    return YES.text(language, {}) if target.suggested else ""


def _suggestion(target: ProposedTarget, language: Language) -> str:
    return (SUGGESTED if target.suggested else DOUBTFUL).text(language, {})


def _reasons(target: ProposedTarget, language: Language) -> str:
    return "\n".join(each.text(language) for each in target.reasons)


_COLUMNS = (
    _Column(Message("targets.decision", "是否列入", "list it"), 10, _decision),
    _Column(Message("targets.suggestion", "建议", "suggestion"), 8, _suggestion),
    _Column(Message("targets.reasons", "理由", "reasons"), 60, _reasons),
    _Column(Message("targets.name", "名称", "name"), 36, _field("name")),
    _Column(Message("targets.identifier", "标识", "identifier"), 22, _field("identifier")),
    _Column(Message("targets.state", "登记状态", "registration state"), 16, _field("registration_state")),
    _Column(Message("targets.industry", "行业代码", "industry"), 10, _field("industry_code")),
    _Column(Message("targets.scope", "经营范围", "business scope"), 60, _field("business_scope")),
    _Column(Message("targets.address", "住所", "address"), 40, _field("address")),
    _Column(Message("targets.feed", "来自数据流", "from feed"), 18, lambda each, _: each.feed),
    _Column(Message("targets.record_key", "记录标识", "record key"), 40, lambda each, _: each.record_key),
)
_KEY = len(_COLUMNS) - 1


@dataclass(frozen=True, slots=True)
class Decided:
    """A proposal that a person has decided: record keys to list and to leave, and what it was made from."""

    listed: tuple[str, ...]
    declined: tuple[str, ...]
    basis: Mapping[str, str]  # department, label, industries, keywords, feeds, fingerprint
    digest: str  # SHA-256 of the file


def write_proposal(proposal: TargetProposal, file: Path, language: Language) -> None:
    """Write the workbook; raises OSError where it cannot be written, FileExistsError where it is there already."""
    with file.open("xb") as stream, xlsxwriter.Workbook(stream) as workbook:
        sheet = workbook.add_worksheet(ROWS.text(language, {}))
        text = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        bold = workbook.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1})
        for number, column in enumerate(_COLUMNS):
            sheet.set_column(number, number, column.width, text)
            sheet.write_string(0, number, column.heading.text(language, {}), bold)
            for row, target in enumerate(proposal.targets, 1):
                sheet.write_string(row, number, column.cell(target, language))
        sheet.freeze_panes(1, 1)
        words = [YES.text(language, {}), NO.text(language, {})]
        sheet.data_validation(1, 0, max(len(proposal.targets), 1), 0, {"validate": "list", "source": words})
        basis = workbook.add_worksheet(BASIS.text(language, {}))
        for row, (name, value) in enumerate(basis_of(proposal).items()):
            basis.write_string(row, 0, name)
            basis.write_string(row, 1, value)


def basis_of(proposal: TargetProposal) -> dict[str, str]:
    """What the proposal was made from."""
    criteria = _criteria(proposal.criteria)
    return {**criteria, "fingerprint": fingerprint(criteria, [each.record_key for each in proposal.targets])}


def fingerprint(criteria: Mapping[str, str], record_keys: Sequence[str]) -> str:
    """What the criteria and the proposed records, in whatever order, are recognised by."""
    said = "\n".join([*(f"{name}={value}" for name, value in criteria.items()), *sorted(record_keys)])
    return hashlib.sha256(said.encode()).hexdigest()


def read_decided(file: Path) -> Decided:
    """Read a proposal back; raises StartError where it is none, is not decided, or its rows are others."""
    cells, basis = _read(file)
    keys = [row[_KEY] for row in cells]
    if basis.get("fingerprint") != fingerprint({n: v for n, v in basis.items() if n != "fingerprint"}, keys):
        raise StartError(OTHER_ROWS, file=file)
    answers = [_answer(row[0]) for row in cells]
    if open_rows := [number for number, answer in enumerate(answers, 2) if answer is None]:
        rows = ", ".join(map(str, open_rows[:_NAMED_ROWS])) + (" …" if len(open_rows) > _NAMED_ROWS else "")
        raise StartError(UNDECIDED, file=file, count=len(open_rows), rows=rows)
    listed, declined = (
        [key for key, answer in zip(keys, answers, strict=True) if answer is it] for it in (True, False)
    )
    return Decided(tuple(listed), tuple(declined), basis, hashlib.sha256(file.read_bytes()).hexdigest())


def _read(file: Path) -> tuple[list[tuple[str, ...]], dict[str, str]]:
    """The rows under the headings, and the basis."""
    try:
        with open_workbook(file) as workbook:
            sheets = [workbook.read(name) for name in workbook.visible]
    except SourceError as error:
        raise StartError(NO_PROPOSAL, file=file, reason=error.text("en"), reason_zh=error.text("zh")) from error
    if len(sheets) != 2:
        count = len(sheets)
        raise StartError(
            NO_PROPOSAL, file=file, reason=f"{count} sheets, not 2", reason_zh=f"有 {count} 张表，应为 2 张"
        )
    rows, basis = (sheet.cells.rows() for sheet in sheets)
    if not rows or rows[0] not in [tuple(each.heading.text(to, {}) for each in _COLUMNS) for to in ("zh", "en")]:
        name = sheets[0].name
        reason, reason_zh = f"the sheet {name!r} has other headings", f"工作表“{name}”的表头不同"
        raise StartError(NO_PROPOSAL, file=file, reason=reason, reason_zh=reason_zh)
    return rows[1:], {row[0]: row[1] for row in basis}


def _criteria(criteria: Criteria) -> dict[str, str]:
    return {
        "department": criteria.department,
        "label": criteria.label,
        "industries": " ".join(each.code for each in criteria.industries),
        "keywords": "\n".join(criteria.keywords),
        "feeds": " ".join(criteria.feeds),
    }


def _answer(text: str) -> bool | None:
    said = text.strip().lower()
    return True if said in {YES.zh, YES.en} else False if said in {NO.zh, NO.en} else None
