"""A field map in words."""

from __future__ import annotations

from gateway.mapping import explain, load_field_map

MAP = """
map: m
dataset: d
ignore: {备注: 内部使用}
fields:
  kind: {constant: enterprise}
  name: {from: 名称, empty: [无], default: 未知, steps: [strip, upper]}
  region: {coalesce: [{from: 地区}, {from: 省份, steps: [{lookup: {山东: '37'}}]}], steps: [half_width]}
  label: {sql: "A || B"}
"""

NAME_EN = (
    "empty if 无; '未知' where the source has no such column; without white space at the ends; "
    "raised to capitals, with a note"
)


def test_every_field_is_said_in_both_languages() -> None:
    lines = [(line.field, line.column, line.zh, line.en) for line in explain(load_field_map(MAP, "m.yml"))]
    assert lines == [
        ("kind", "", "固定为“enterprise”", "always 'enterprise'"),
        (
            "name",
            "名称",
            "视为空：无；来源无此列时用“未知”；去掉首尾空白（含全角空格、零宽字符）；小写字母转大写并留注",
            NAME_EN,
        ),
        ("region", "地区", "", ""),
        ("region", "省份", "查对照表：山东", "looked up in a table: 山东"),
        ("region", "", "全角转半角", "full width to half width"),
        ("label", "A, B", "按算式：A || B", "worked out: A || B"),
        ("", "备注", "不采用：内部使用", "left aside: 内部使用"),
    ]
