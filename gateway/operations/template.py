"""The workbook that a department fills in for a dataset, made from its declaration.

Row 1 is the title, row 2 the headings, row 3 hints, row 4 a sample to be deleted; the sheet 参数表 holds the code
lists that the drop-downs show.
The field map that reads it back is `template_map`, shipped as `mappings/departments/template/<dataset>.yml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from gateway.domain.dataset import CodeList, Dataset, Field, Type

SAMPLE = "案例（请删除）"
LISTS_SHEET = "参数表"
YES, NO = "是", "否"

_TITLE_ROW, _HEADING_ROW, _HINT_ROW, _SAMPLE_ROW, _FIRST_ROW, _LAST_ROW = 0, 1, 2, 3, 4, 1_048_575
_TEXT = 49  # the number format "@"
_NUMBER_FORMATS: Mapping[Type, str] = {
    Type.DATE: "yyyy-mm-dd",
    Type.TIME: "yyyy-mm-dd hh:mm:ss",
    Type.MONEY: "0.00####",
    Type.INTEGER: "0",
}
_KINDS = {
    Type.DATE: "日期，格式 2026-01-31",
    Type.TIME: "时间，格式 2026-01-31 09:30:00（北京时间）",
    Type.MONEY: "金额，单位万元，至多 6 位小数",
    Type.INTEGER: "整数",
    Type.BOOLEAN: f"从下拉列表选择：{YES}、{NO}",
}
_SAMPLES = {
    Type.DATE: "2026-01-31",
    Type.TIME: "2026-01-31 09:30:00",
    Type.MONEY: "100",
    Type.INTEGER: "1",
    Type.BOOLEAN: YES,
}
_WIDTHS = {Type.DATE: 14, Type.TIME: 21, Type.MONEY: 16, Type.INTEGER: 12, Type.BOOLEAN: 10}
_LONGEST_VALIDATED = 32_767  # characters of a cell


def heading(field: Field) -> str:
    """The heading of a field's column: its title, with the unit that people count money in."""
    return f"{field.title.removesuffix('（分）')}（万元）" if field.type is Type.MONEY else field.title


def write_template(dataset: Dataset, file: Path) -> None:
    """Write the empty form of a dataset; raises OSError where the file cannot be written."""
    content = BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        sheet = workbook.add_worksheet(dataset.title)
        lists = _write_lists(workbook, dataset)
        formats = _Formats(workbook)
        sheet.merge_range(_TITLE_ROW, 0, _TITLE_ROW, len(dataset.fields) - 1, f"{dataset.title}填报表", formats.title)
        sheet.set_row(_HINT_ROW, 48)
        sheet.freeze_panes(_HEADING_ROW + 1, 1)
        for column, field in enumerate(dataset.fields):
            sheet.set_column(column, column, _width(field), formats.of_cells(field))
            sheet.write_string(_HEADING_ROW, column, heading(field), formats.heading(field))
            sheet.write_string(_HINT_ROW, column, hint(dataset, field), formats.hint)
            sheet.write_string(_SAMPLE_ROW, column, SAMPLE if column == 0 else _sample(field), formats.sample)
            allowed = _validation(field, lists)
            if allowed:
                sheet.data_validation(_FIRST_ROW, column, _LAST_ROW, column, allowed)
    file.write_bytes(content.getvalue())


def hint(dataset: Dataset, field: Field) -> str:
    """What may be written into a column, in a sentence: required, type, length, allowed values."""
    parts = ["必填" if field.required else "选填"]
    if field.codes:
        parts.append("从下拉列表选择")
    elif field.type is Type.TEXT:
        parts.append(f"文本，不超过 {field.length} 字" if field.length else "文本")
    else:
        parts.append(_KINDS[field.type])
    if any(field.name == parent.several for parent in dataset.parents):
        parts.append("多个之间用英文分号 ; 分隔")
    parts += [f"允许：{rule.allowed}" for rule in dataset.rules if rule.field == field.name and rule.allowed]
    return "；".join(parts)


def template_map(dataset: Dataset) -> str:
    """The field map that reads a filled form, as YAML."""
    import yaml

    content = {
        "map": f"departments/template/{dataset.name}",
        "dataset": dataset.name,
        "fields": {field.name: {"from": heading(field), "steps": _steps(field)} for field in dataset.fields},
    }
    written: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, default_flow_style=None, width=110)
    made_by = f"gateway template {dataset.name} --map"
    return f"# {dataset.title}填报表 → {dataset.title}；由 {made_by} 生成，请勿手工修改\n{written}"


def _steps(field: Field) -> list[Any]:
    if field.codes:
        named = {title: code for code, title in field.codes.codes.items()}
        return ["strip"] if all(code == title for title, code in named.items()) else ["strip", {"lookup": named}]
    match field.type:
        case Type.DATE:
            return ["strip", {"date": ["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d"]}]
        case Type.TIME:
            days = ("%Y-%m-%d", "%Y/%m/%d")
            formats = [f"{day}{clock}" for day in days for clock in (" %H:%M:%S", " %H:%M", "")]
            return ["strip", {"time": {"formats": formats, "zone": "Asia/Shanghai"}}]
        case Type.MONEY:
            return ["strip", {"decimal": {"unit": "万元", "separators": ","}}]
        case Type.INTEGER:
            return ["strip", "integer"]
        case Type.BOOLEAN:
            return ["strip", {"boolean": {"true": [YES], "false": [NO]}}]
    return ["strip"]


def _write_lists(workbook: Any, dataset: Dataset) -> Mapping[str, str]:
    """Write the code lists, one a column, and give the range of each for drop-downs."""
    lists: Sequence[CodeList] = list(
        {field.codes.name: field.codes for field in dataset.fields if field.codes}.values()
    )
    if not lists:
        return {}
    sheet = workbook.add_worksheet(LISTS_SHEET)
    bold = workbook.add_format({"bold": True})
    ranges: dict[str, str] = {}
    for column, codes in enumerate(lists):
        sheet.set_column(column, column, 30)
        sheet.write_string(0, column, codes.title, bold)
        for row, title in enumerate(codes.codes.values(), 1):
            sheet.write_string(row, column, title)
        cells = xlsxwriter.utility.xl_range_abs(1, column, len(codes.codes), column)
        ranges[codes.name] = f"='{LISTS_SHEET}'!{cells}"
    return ranges


def _validation(field: Field, lists: Mapping[str, str]) -> dict[str, Any] | None:
    """What Excel itself refuses while somebody types."""
    if field.codes:
        return _listed(lists[field.codes.name])
    if field.type is Type.BOOLEAN:
        return _listed([YES, NO])
    if field.length and field.length < _LONGEST_VALIDATED:
        return {
            "validate": "length",
            "criteria": "<=",
            "value": field.length,
            "error_title": "内容过长",
            "error_message": f"不超过 {field.length} 字",
        }
    return None


def _listed(source: str | list[str]) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": source,
        "error_title": "不在列表中",
        "error_message": "请从下拉列表中选择",
    }


def _sample(field: Field) -> str:
    if field.codes:
        return next(iter(field.codes.codes.values()))
    return _SAMPLES.get(field.type, "")


def _width(field: Field) -> int:
    longest = max(map(len, field.codes.codes.values())) if field.codes else min(field.length or 0, 20)
    return max(_WIDTHS.get(field.type, 0), 2 * len(heading(field)) + 2, min(longest, 20) + 2)


class _Formats:
    """The looks of the form: required headings are red."""

    def __init__(self, workbook: Any) -> None:
        self._workbook = workbook
        self._cells: dict[str | int, Any] = {}
        self.title = workbook.add_format({"bold": True, "font_size": 14, "align": "center"})
        looks = {"bold": True, "bg_color": "#DDEBF7", "border": 1, "align": "center"}
        self._required = workbook.add_format({**looks, "font_color": "#C00000"})
        self._optional = workbook.add_format(looks)
        self.hint = workbook.add_format({"text_wrap": True, "font_color": "#7F7F7F", "font_size": 9, "valign": "top"})
        self.sample = workbook.add_format({"italic": True, "font_color": "#7F7F7F", "num_format": _TEXT})

    def heading(self, field: Field) -> Any:
        """The look of a heading."""
        return self._required if field.required else self._optional

    def of_cells(self, field: Field) -> Any:
        """The format of the cells below: text, so that no code loses its zeros or its last digits."""
        wanted: str | int = _NUMBER_FORMATS.get(field.type, _TEXT)
        return self._cells.setdefault(wanted, self._workbook.add_format({"num_format": wanted}))
