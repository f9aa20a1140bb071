"""The field maps of the corpus: the steps that a department would use, and no more."""

from __future__ import annotations

from pathlib import Path

TARGETS = """\
map: corpus/targets
dataset: inspection_targets
fields:
  kind: {constant: enterprise}
  identifier_scheme: {constant: uscc}
  identifier: {from: 代码, steps: [strip, half_width, {extract: '^(?:=")?([^"]*)"?$'}, upper]}
  name: {from: 名称, steps: [strip]}
  established_on:
    from: 成立日期
    default: ""
    steps: [strip, half_width, {date: ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"]}]
  registered_capital:
    from: 注册资本
    default: ""
    steps: [strip, half_width, {decimal: {unit: 元, separators: ","}}]
  licence_label: {from: 证号, default: "", steps: [strip, half_width, {extract: '^(?:=")?([^"]*)"?$'}]}
"""
INSPECTORS = """\
map: corpus/inspectors
dataset: inspectors
fields:
  inspector_number: {from: 工号, steps: [strip]}
  department_code: {constant: 370000-sjj}
  certificate_kind: {constant: staff}
  name: {from: 姓名, steps: [strip]}
  certificate_valid_until:
    from: 有效期至
    steps:
      - strip
      - half_width
      - empty: [长期, 长期有效, 永久, 永久有效, 无固定期限, "2099/12/31", "2099-12-31"]
      - empty: ["9999-09-09", "9999-12-31", "99991231"]
      - date: ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"]
"""
MAPS = {
    "corpus/targets": TARGETS,
    "corpus/pinyin": TARGETS.replace("corpus/targets", "corpus/pinyin")
    .replace("from: 代码", "from: code")
    .replace("from: 名称", "from: name"),
    "corpus/ten_thousand": TARGETS.replace("corpus/targets", "corpus/ten_thousand").replace("unit: 元", "unit: 万元"),
    "corpus/inspectors": INSPECTORS,
}


def write_maps(deployment: Path) -> None:
    """Put the maps into a deployment."""
    for name, text in MAPS.items():
        file = deployment / "mappings" / f"{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
