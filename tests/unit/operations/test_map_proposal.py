"""Which columns are proposed for which fields, how surely, and that nothing is applied before a person confirms."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import pytest

from gateway.domain.datasets import DATASETS
from gateway.errors import StartError
from gateway.interfaces import Found, FoundColumn
from gateway.mapping import check_covers, compile_map, load_field_map
from gateway.operations.map_proposal import Confidence, Match, Proposal, propose_map
from gateway.operations.map_proposal_text import MARK, map_name, proposal_text

USCC = "91370202264706576B"
TARGETS = DATASETS["inspection_targets"]


def _found(columns: Mapping[str, Sequence[str]]) -> Found:
    return Found({"type": "csv"}, [FoundColumn(name, "", values) for name, values in columns.items()])


def _proposed(dataset: str, columns: Mapping[str, Sequence[str]]) -> Proposal:
    return propose_map(DATASETS[dataset], _found(columns))


def _taken(proposal: Proposal) -> dict[str, str]:
    return {each.field.name: each.column for each in proposal.taken}


def _match(proposal: Proposal, field: str) -> Match:
    return next(each for each in proposal.matches if each.field.name == field)


def _codes(match: Match) -> list[str]:
    return [message.code for message, _ in match.reasons]


def _without_mark(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(f"{MARK}:"))


def test_the_columns_of_the_real_register_find_their_fields(registry_folder: Path) -> None:
    with (registry_folder / "山东_1997.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for _, row in zip(range(20), csv.DictReader(file), strict=False)]
    proposal = _proposed("inspection_targets", {name: [row[name] for row in rows] for name in rows[0]})
    assert _taken(proposal) == {
        "identifier": "统一社会信用代码",
        "name": "企业名称",
        "legal_representative": "法人代表",
        "enterprise_type": "企业类型",
        "established_on": "注册日期",
        "business_scope": "经营范围",
        "province": "所在省份",
        "region_name": "地区",
        "address": "注册地址",
    }
    assert [each.column for each in proposal.unsure] == ["注册资金"]  # “100万元”, “56(万元人民币)”: no plain number
    assert proposal.unmatched_columns == ()


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("XM", "name"),
        ("ZFZH", "inspector_number"),
        ("DWBM", "department_code"),
        ("lxdh", "phone"),
        ("ZW", "position"),
    ],
)
def test_initials_of_inspectors_find_their_fields(column: str, field: str) -> None:
    assert _taken(_proposed("inspectors", {column: ["x"]})) == {field: column}


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("TYSHXYDM", "identifier"),
        ("ZCH", "identifier"),
        ("QYMC", "name"),
        ("FDDBR", "legal_representative"),
        ("CLRQ", "established_on"),
        ("JYFW", "business_scope"),
        ("OpScope", "business_scope"),
        ("established_on", "established_on"),
        ("企业（机构）名称", "name"),
    ],
)
def test_abbreviations_and_other_names_of_targets_find_their_fields(column: str, field: str) -> None:
    assert _taken(_proposed("inspection_targets", {column: []})) == {field: column}


def test_a_title_is_surer_than_another_name_and_that_than_initials() -> None:
    confidences = [
        _match(_proposed("inspection_targets", {column: []}), "legal_representative").confidence
        for column in ("法定代表人", "法人代表", "FDDBR", "企业法定代表人")
    ]
    assert confidences == [Confidence.HIGH, Confidence.HIGH, Confidence.MIDDLE, Confidence.MIDDLE]


def test_values_that_carry_a_check_are_mentioned_where_the_name_tells_nothing() -> None:
    proposal = _proposed("inspection_targets", {"F1": [USCC], "F2": ["370202"], "F3": ["2017-03-09"], "F4": ["甲"]})
    assert _taken(proposal) == {}
    assert {each.field.name: each.column for each in proposal.unsure} == {
        "identifier": "F1",
        "region_code": "F2",
        "established_on": "F3",
    }
    assert proposal.unmatched_columns == ("F4",)


def test_the_column_whose_values_pass_the_check_wins_over_one_of_an_equal_name() -> None:
    columns = {"注册号": ["330100000111310"], "信用代码": [USCC]}
    proposal = _proposed("inspection_targets", columns)
    assert (_taken(proposal)["identifier"], proposal.unmatched_columns) == ("信用代码", ("注册号",))


def test_a_sample_that_does_not_fit_speaks_against_a_match() -> None:
    match = _match(_proposed("inspection_targets", {"CLRQ": ["2017-02-30"]}), "established_on")
    assert (match.confidence, _codes(match)) == (Confidence.LOW, ["proposal.initials", "proposal.values_differ"])


def test_two_columns_that_would_do_equally_are_both_named() -> None:
    match = _match(_proposed("inspection_targets", {"企业名称": [], "单位名称": []}), "name")
    assert match.reasons[-1][0].code == "proposal.rivals"
    assert match.reasons[-1][1] == {"others": "“单位名称”"}
    assert match.confidence is Confidence.MIDDLE


def test_a_column_and_a_field_are_taken_once() -> None:
    proposal = _proposed("inspection_targets", {"名称": [], "企业名称": [], "单位名称": [], "住所": [], "地址": []})
    columns = [each.column for each in proposal.matches]
    fields = [each.field.name for each in proposal.matches]
    assert (sorted(columns), sorted(fields)) == (["住所", "名称"], ["address", "name"])


@pytest.mark.parametrize(
    ("dataset", "column", "values", "steps"),
    [
        ("inspection_targets", "成立日期", ["2017/3/9", "2017-03-09"], ["strip", {"date": ["%Y-%m-%d", "%Y/%m/%d"]}]),
        (
            "inspection_targets",
            "注册资本（万元）",
            ["1,094.3"],
            ["strip", {"decimal": {"unit": "万元", "separators": ","}}],
        ),
        ("inspection_targets", "注册资本(元)", ["50"], ["strip", {"decimal": {"unit": "元"}}]),
        ("inspection_targets", "统一社会信用代码", ["９１370202264706576b"], ["strip", "half_width", "upper"]),
        ("inspection_targets", "行政区划代码", ["370202"], ["strip"]),
        ("inspectors", "是否专家", ["Y", "N"], ["strip", {"boolean": {"true": ["Y"], "false": ["N"]}}]),
        ("inspectors", "证件类型", ["certificate"], ["strip"]),
        ("inspection_tasks", "抽取对象数", ["007"], ["strip", "integer"]),
        (
            "departments",
            "层级",
            ["县级"],
            [
                "strip",
                {
                    "lookup": {
                        "国家级": "nation",
                        "省级": "province",
                        "市级": "city",
                        "县级": "county",
                        "所级": "station",
                    }
                },
            ],
        ),
        (
            "drawn_targets",
            "抽取时间",
            ["2026-03-01 09:30:00"],
            ["strip", {"time": {"formats": ["%Y-%m-%d %H:%M:%S"], "zone": "Asia/Shanghai"}}],
        ),
    ],
)
def test_steps_follow_the_type_and_the_sample(dataset: str, column: str, values: list[str], steps: list[Any]) -> None:
    (match,) = _proposed(dataset, {column: values}).taken
    assert list(match.reading.steps) == steps


def test_money_without_a_unit_is_left_to_a_person() -> None:
    proposal = _proposed("inspection_targets", {"ZCZB": ["100"]})
    assert (proposal.taken, [each.column for each in proposal.unsure]) == ((), ["ZCZB"])


@pytest.mark.parametrize(
    "column",
    [
        "注册资本(万美元)",
        "注册资本(亿美元)",
        "注册资本(港元)",
        "注册资本（日元）",
        "注册资本(千元)",
        "注册资本(十万元)",
        "注册资本(百万元)",
        "注册资本(USD万元)",
        "美元注册资本(万元)",
    ],
)
def test_money_of_a_unit_that_no_step_reads_or_of_another_currency_is_left_to_a_person(column: str) -> None:
    proposal = _proposed("inspection_targets", {column: ["100"]})
    (match,) = proposal.unsure
    assert (proposal.taken, match.reading.steps) == ((), ["strip", {"decimal": {"unit": "?"}}])
    assert match.reading.remark is not None
    assert match.reading.remark[0].code == "proposal.other_unit"


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("注册资本(元)", "元"),
        ("注册资本（人民币元）", "元"),
        ("注册资本(万元人民币)", "万元"),
        ("注册资本(单位：万元)", "万元"),
        ("注册资本[RMB亿元]", "亿元"),
        ("注册资本(分)", "分"),
    ],
)
def test_money_is_read_in_the_unit_that_the_columns_name_says_alone(column: str, unit: str) -> None:
    (match,) = _proposed("inspection_targets", {column: ["100"]}).taken
    assert match.reading.steps == ["strip", {"decimal": {"unit": unit}}]


def test_codes_of_the_sample_that_the_dataset_has_not_are_named() -> None:
    match = _match(_proposed("inspection_targets", {"登记状态": ["注销", "歇业"]}), "registration_state")
    assert match.reading.remark is not None
    assert match.reading.remark[1]["values"] == "“歇业”"


def test_the_scheme_is_proposed_where_every_identifier_passes_its_check() -> None:
    proposal = _proposed("inspection_targets", {"信用代码": [USCC, ""]})
    assert {field: text for field, (text, _) in proposal.constants.items()} == {"identifier_scheme": "uscc"}
    assert _proposed("inspection_targets", {"信用代码": [USCC, "1"]}).constants == {}


def test_required_fields_without_a_column_are_listed() -> None:
    proposal = _proposed("inspection_targets", {"信用代码": [USCC], "备注": []})
    assert [each.name for each in proposal.unmatched_fields] == ["kind", "name"]
    assert proposal.unmatched_columns == ("备注",)


COMPLETE = {
    "部门编码": ["001"],
    "部门名称": ["市场监督管理局"],
    "行政区划代码": ["370202"],
    "层级": ["县级"],
    "表头\n换行": ["#"],
    "a: b # c": ["'"],
}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_proposal_is_refused_until_the_mark_is_taken_out(language: Any) -> None:
    text = proposal_text(_proposed("departments", COMPLETE), None, language)
    with pytest.raises(StartError) as refused:
        load_field_map(text, "departments.yml")
    assert refused.value.text("zh").startswith("departments.yml 是 gateway discover 提出的建议，还有“待确认”一行")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_its_mark_a_complete_proposal_is_a_field_map(language: Any) -> None:
    proposal = _proposed("departments", COMPLETE)
    field_map = load_field_map(_without_mark(proposal_text(proposal, None, language)), "departments.yml")
    check_covers(field_map, DATASETS["departments"])
    compiled = compile_map(field_map, DATASETS["departments"].schema)
    assert set(compiled.demanded) == set(COMPLETE) - {"表头\n换行", "a: b # c"}


def test_every_column_stands_in_the_text_once() -> None:
    text = proposal_text(_proposed("departments", COMPLETE), None, "zh")
    assert text.count('"表头\\n换行": ?') == 1
    assert text.count("'a: b # c': ?") == 1
    assert [line for line in text.splitlines() if line.startswith(("#", " ", "fields", "map", "dataset", MARK))] == (
        text.splitlines()
    )


UNSURE = {"F1": [USCC], "备注": ["x"]}


def _uncommented(text: str, *comments: str) -> str:
    for comment in comments:
        assert text.count(f"# {comment}") == 1
        text = text.replace(f"# {comment}", comment)
    return text


def test_the_comments_of_a_proposal_become_a_map_too_when_a_person_takes_them() -> None:
    text = _without_mark(proposal_text(_proposed("inspection_targets", UNSURE), None, "zh"))
    text = _uncommented(text, "  identifier: {from: F1", "ignore:", "  备注:").replace("备注: ?", "备注: 内部")
    field_map = load_field_map(text, "inspection_targets.yml")
    assert (field_map.source_columns, field_map.ignore) == ({"F1"}, {"备注": "内部"})


def test_a_question_that_is_left_open_is_refused() -> None:
    text = _without_mark(proposal_text(_proposed("inspection_targets", UNSURE), None, "zh"))
    for comments in (["ignore:", "  备注:"], ["  kind: {constant: ?}"]):
        with pytest.raises(StartError):
            load_field_map(_uncommented(text, "  identifier: {from: F1", *comments), "inspection_targets.yml")


def test_a_proposal_without_any_match_is_no_map() -> None:
    text = _without_mark(proposal_text(_proposed("inspectors", {"列1": []}), None, "zh"))
    assert "#   inspector_number: ?  # 执法证号或工号" in text.splitlines()
    with pytest.raises(StartError):
        load_field_map(text, "inspectors.yml")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (None, "inspectors"),
        ("/srv/gateway/mappings/departments/county/staff.yml", "departments/county/staff"),
        ("/tmp/staff.yml", "staff"),
        ("mappings/mappings/a.yml", "a"),
    ],
)
def test_a_map_says_where_it_stands(file: str | None, name: str) -> None:
    assert map_name(PurePath(file) if file else None, "inspectors") == name


def test_every_dataset_reads_its_own_titles_back() -> None:
    for dataset in DATASETS.values():
        proposal = propose_map(dataset, _found({field.title: [] for field in dataset.fields}))
        found = {each.field.name: each.column for each in proposal.matches}
        assert found == {field.name: field.title for field in dataset.fields}, dataset.name


def test_the_documented_proposal_is_the_one_that_is_made() -> None:
    documented = Path(__file__).parents[3] / "docs" / "how-to" / "discover.md"
    (text,) = re.findall(r"```yaml\n(# .*?)```", documented.read_text(encoding="utf-8"), re.DOTALL)
    columns = {"XM": ["张某"], "ZFZH": ["001"], "DWBM": ["A"], "ZJLX": ["行政执法证"], "BZ": [""]}
    file = PurePath("mappings/departments/yjgl/inspectors.yml")
    assert proposal_text(_proposed("inspectors", columns), file, "zh") == text
