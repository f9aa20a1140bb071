"""The platform's staff draw, lock, dispatch and match; results are refused in the order of §2.6, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from gateway.shipped import shipped
from gateway_hebei import DATASETS, PLATFORM
from gateway_hebei.sandbox.declared import load_services
from tests.plugins.gateway_hebei.requester import USUAL, Answered, Requester, package, question, record

LEAD, OTHER = "130634-scjg", "130634-gaj"
COMPANY = USUAL["jcdx"]["TargetId"]
ORDER = {"name": "联合抽查", "lead_department": LEAD, "starts_on": "2022-05-02", "ends_on": "2022-05-31", "rate": 300}
Said = tuple[str, str, str]


class County:
    """A county that reports registries and results, and plays the staff."""

    def __init__(self, requester: Requester) -> None:
        self.requester = requester
        self.number = 0

    def report(self, service: str, key: str, operation: str = "1", **fields: str) -> Said:
        """Report one record as a new version: state, error code and reason."""
        self.number += 1
        told = record(key, self.number, operation, service=service, **fields)
        answer = self.requester.signed(f"/hbssj/{service}/put", package(told, catalog=service.upper()))
        (found,) = answer.results
        return found["State"], found["ErrorCode"], found["Reason"]

    def registries(self) -> None:
        """One company, one item, two inspectors of the lead and a police officer."""
        said = [
            self.report("jcdx", "target"),
            self.report("jcsx", "item"),
            self.report("zfry", "inspector-1"),
            self.report("zfry", "inspector-2", CertNo="2"),
            self.report("zfry", "inspector-3", DeptCode=OTHER, CertKind="警官证", CertNo="冀公3"),
        ]
        assert {each[0] for each in said} == {"Y"}

    def task(self, *steps: str, **said: Any) -> str:
        """A task, and the steps it has been through after its draw."""
        number: str = self.requester.control("tasks", **{**ORDER, **said})["task_number"]
        for step in steps:
            assert self.requester.control(step, task_number=number)["http"] == 200
        return number

    def result(self, task: str, key: str = "result", operation: str = "1", **fields: str) -> Said:
        """Report a result."""
        return self.report("jcjg", key, operation, **{"TaskNo": task, **fields})

    def item(self, task: str, code: str = "A1") -> Said:
        """Report an item of a result."""
        return self.report("jcjgmx", f"item-{code}", TaskNo=task, ItemCode=code)


@pytest.fixture
def county(requester: Requester) -> County:
    made = County(requester)
    made.registries()
    return made


# ------------------------------------------------------------------------------------------- refusals, in order


def test_a_result_of_an_unknown_task_is_refused(county: County) -> None:
    assert county.result("13000020220502199") == ("N", "E31", "任务编号异常：没有任务“13000020220502199”")


def test_a_result_of_a_task_that_has_not_drawn_is_refused(county: County) -> None:
    task = county.task(draw=False)
    assert county.result(task) == ("N", "E32", f"任务“{task}”尚未抽取检查对象")


def test_a_result_of_a_target_that_was_not_drawn_is_refused(county: County) -> None:
    task = county.task("lock", "dispatch", "match")
    said = county.result(task, TargetIdType="NB", TargetId="8")
    assert said == ("N", "E33", f"检查对象“8”不在任务“{task}”的抽取名单内")


def test_a_result_before_inspectors_were_matched_is_refused(county: County) -> None:
    task = county.task("lock", "dispatch")
    assert county.result(task)[:2] == ("N", "E34")


def test_a_result_of_other_inspectors_than_those_matched_is_refused(county: County) -> None:
    task = county.task("lock", "dispatch", "match")
    assert county.result(task, CertNos="1;3") == (
        "N",
        "E34",
        f"单位“{LEAD}”对检查对象“{COMPANY}”尚未匹配检查人员，或检查人员“1、3”不在匹配名单内",
    )


def test_a_second_result_under_another_key_is_refused_and_a_newer_version_is_a_change(county: County) -> None:
    task = county.task("lock", "dispatch", "match")
    assert county.result(task) == ("Y", "", "")
    assert county.result(task, key="other") == (
        "N",
        "E35",
        f"任务“{task}”的检查对象“{COMPANY}”已有单位“{LEAD}”的检查结果，不得重复录入",
    )
    assert county.result(task, operation="2", Result="不正常") == ("Y", "", "")


def test_a_withdrawn_result_makes_room_for_another(county: County) -> None:
    task = county.task("lock", "dispatch", "match")
    county.result(task)
    assert county.result(task, operation="3") == ("Y", "", "")
    assert county.result(task, key="other") == ("Y", "", "")


def test_a_result_that_changes_what_it_is_about_makes_room_for_another(county: County) -> None:
    first, second = (county.task("lock", "dispatch", "match") for _ in range(2))
    county.result(first)
    assert county.result(second, operation="2") == ("Y", "", "")
    assert county.result(first, key="other") == ("Y", "", "")
    assert county.result(second, key="third")[1] == "E35"


def test_a_withdrawal_frees_no_place_of_a_record_of_another_dataset(county: County) -> None:
    task = county.task("lock", "dispatch", "match")
    county.report("bm", "one key")
    county.result(task, key="one key")
    assert county.report("bm", "one key", "3") == ("Y", "", "")
    assert county.result(task, key="other")[1] == "E35"


def test_an_item_that_is_not_on_the_list_is_refused_until_it_is(county: County) -> None:
    task = county.task("lock", "dispatch", "match")
    assert county.item(task) == ("Y", "", "")
    assert county.item(task, "A2") == ("N", "E36", f"事项“A2”不在单位“{LEAD}”的随机抽查事项清单内")
    county.report("jcsx", "another item", ItemCode="A2")
    assert county.item(task, "A2") == ("Y", "", "")


@pytest.mark.parametrize(("operation", "fields"), [("3", {}), ("2", {"State": "失效"}), ("2", {"DeptCode": OTHER})])
def test_an_item_taken_off_the_list_is_not_on_it(county: County, operation: str, fields: dict[str, str]) -> None:
    task = county.task("lock", "dispatch", "match")
    county.report("jcsx", "item", operation, **fields)
    assert county.item(task)[1] == "E36"


def test_wrong_fields_come_before_the_task(county: County) -> None:
    assert county.result("no", Result="合格")[1] == "E11"
    assert county.result("no", TargetId="91130634MA07K1LX20")[1] == "E12"


# ---------------------------------------------------------------------------------------------- staff and pulls


def test_three_in_a_hundred_are_drawn_rounded_up_and_each_has_its_team(county: County) -> None:
    for number in range(33):
        county.report("jcdx", f"local-{number}", TargetIdType="NB", TargetId=f"{number}", RegState="1")
    for state in "2", "3", "4", "5", "6":
        county.report("jcdx", f"gone-{state}", TargetIdType="NB", TargetId=f"gone-{state}", RegState=state)
    drawn = county.requester.control("tasks", **ORDER, region="130634", departments=[OTHER])
    assert (drawn["population"], drawn["records"]) == (34, 2)
    for step in ("lock", "dispatch", "match"):
        county.requester.control(step, task_number=drawn["task_number"])
    ((task),) = county.requester.show("tasks")["tasks"]
    assert not any(each["target"]["identifier"].startswith("gone") for each in task["drawn"])
    teams = [(each["target"]["identifier"], each["role"], each["inspector"]["number"]) for each in task["assignments"]]
    assert sorted(number for _, role, number in teams if role == "member") == ["冀公3", "冀公3"]
    assert {number for _, role, number in teams if role == "leader"} <= {"1", "2"}


def test_a_task_number_begins_with_the_code_of_the_province(county: County) -> None:
    assert (county.task()[:6], len(county.task())) == ("130000", 18)


def test_a_step_out_of_its_order_is_refused_with_its_reason(county: County) -> None:
    answer = county.requester.control("dispatch", task_number=county.task())
    assert (answer["http"], answer["code"]) == (409, "C301")
    assert "此步骤要求 locked" in answer["message"]


def test_a_task_whose_draw_finds_nobody_is_not_set_up(county: County) -> None:
    assert county.requester.control("tasks", **ORDER, region="370000")["code"] == "C301"
    assert county.requester.show("tasks")["tasks"] == []


def test_the_third_draw_of_a_year_is_warned_of(county: County) -> None:
    warned = [county.requester.control("tasks", **ORDER)["warnings"] for _ in range(3)]
    name = USUAL["jcdx"]["EntName"]
    assert warned == [[], [], [f"{name}（{COMPANY}）本年度已被抽取 2 次，原则上不再抽取"]]


def test_nothing_is_pulled_before_it_is_dispatched_and_only_by_those_who_take_part(county: County) -> None:
    task = county.task("lock", departments=[OTHER])
    assert county.requester.pull("CCRW").results == []
    county.requester.control("dispatch", task_number=task)
    asked = {each: county.requester.pull("CCRW", each).count for each in (LEAD, OTHER, "130634-zjj")}
    assert asked == {LEAD: 1, OTHER: 1, "130634-zjj": 0}
    (row,) = county.requester.pull("CCRW", f"130634-zjj;{OTHER}").results
    assert row["JoinDepts"] == f"{LEAD};{OTHER}"


def test_a_task_its_list_and_its_assignments_come_as_documented(county: County) -> None:
    first = county.task("lock", "dispatch")
    task = county.task("lock", "dispatch", "match", item_codes=["A1", "A2"], draw_type="1")
    row = county.requester.pull("CCRW").results[1]
    told = ("TaskNo", "DrawWay", "TaskSource", "StartDate", "ItemCodes", "DrawRate", "TargetCount", "TaskState")
    assert [row[name] for name in told] == [task, "定向", "临时任务", "2022-05-02", "A1;A2", "300", "1", "已派发"]
    drawn = county.requester.pull("CQMD").results[1]
    told = ("TaskNo", "TargetKind", "TargetIdType", "TargetId", "TargetName", "LeadDept", "MergedTasks")
    name = USUAL["jcdx"]["EntName"]
    assert [drawn[each] for each in told] == [task, "QY", "USCC", COMPANY, name, LEAD, first]
    team = county.requester.pull("RYPP").results
    assert sorted(each["CertNo"] for each in team) == ["1", "2"]
    assert sorted(each["Role"] for each in team) == ["组员", "组长"]


def test_pages_have_a_fixed_order_and_end(county: County) -> None:
    county.task("lock", "dispatch", "match")
    pages = [county.requester.pull("RYPP", page=page, size=1) for page in (1, 2, 3)]
    assert [(each.count, [row["CertNo"] for row in each.results]) for each in pages] == [
        (2, ["1"]),
        (2, ["2"]),
        (2, []),
    ]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("{}", "HB202"),
        ("<!DOCTYPE a>" + question("CCRW"), "HB202"),
        (question("CQMD"), "HB203"),
        (question("CCRW").replace("2022-03", "2021-03"), "HB203"),
        (question("CCRW", departments=""), "HB203"),
        (question("CCRW", page=0), "HB203"),
        (question("CCRW", size=501), "HB203"),
        (question("CCRW").replace("<PageNo>1</PageNo>", ""), "HB203"),
        (question("CCRW").replace("<PageNo>", "<More>1</More><PageNo>"), "HB203"),
        (package(record()), "HB203"),
    ],
)
def test_a_question_that_is_not_as_agreed_is_refused(requester: Requester, asked: str, code: str) -> None:
    answer = requester.signed("/hbssj/ccrw/get", asked)
    assert (answer.http, answer.code, answer.error) == (200, "0", code)


def test_the_members_of_a_question_may_stand_in_any_order(county: County) -> None:
    county.task("lock", "dispatch")
    page = "<PageNo>1</PageNo>"
    asked = question("CCRW").replace(page, "").replace("<Catalog>", f"{page}<Catalog>")
    assert county.requester.signed("/hbssj/ccrw/get", asked).count == 1


def test_a_pull_must_be_signed(requester: Requester) -> None:
    assert requester.post("/hbssj/ccrw/get", question("CCRW").encode(), {}).error == "HB101"


def test_a_giant_question_is_refused(requester: Requester) -> None:
    answer = requester.signed("/hbssj/ccrw/get", question("CCRW") + " " * 65_536)
    assert (answer.http, answer.error) == (413, "HB201")


def test_a_failure_of_pulls_can_be_ordered(county: County) -> None:
    county.task("lock", "dispatch", "match")
    county.requester.control("faults", kind="429", request="pull")
    assert county.requester.pull("CCRW").error == "HB901"
    county.requester.control("faults", kind="half_answer", request="pull")
    half = county.requester.pull("RYPP")
    assert (half.count, len(half.results)) == (2, 1)


def test_what_is_held_of_a_dataset_can_be_listed(county: County) -> None:
    county.report("jcsx", "gone", ItemCode="A2")
    county.report("jcsx", "gone", "3")
    listed = county.requester.pull("JCSX")
    assert (listed.count, listed.results) == (1, [dict(USUAL["jcsx"])])


def test_a_reset_forgets_tasks_too(county: County) -> None:
    county.task()
    county.requester.control("reset")
    assert county.requester.show("tasks")["tasks"] == []


# -------------------------------------------------------------------------------------------------------- XSD


@pytest.fixture
def valid() -> Callable[[str, bytes], None]:
    """Hold a document against a shipped XSD, without the gateway's own reader."""

    def held(name: str, body: bytes) -> None:
        schema = etree.XMLSchema(etree.parse(str(shipped("mappings") / PLATFORM / f"{name}.xsd")))
        schema.assertValid(etree.fromstring(body))

    return held


def test_every_page_satisfies_its_xsd(county: County, valid: Callable[[str, bytes], None]) -> None:
    county.report("bm", "department")
    county.report("jcdx", "hostile", TargetIdType="NB", TargetId="&lt;/Row&gt;", EntName="]]&gt;&#10;&#13;&#9;&amp;")
    task = county.task("lock", "dispatch", "match", rate=10_000, name="</Row> & \n")
    county.task("lock", "dispatch", count=1, rate=None)
    for key, target in (("result", {}), ("hostile result", {"TargetIdType": "NB", "TargetId": "&lt;/Row&gt;"})):
        assert county.result(task, key, **target)[0] == "Y"
    assert county.item(task)[0] == "Y"
    catalogs = dict(zip(DATASETS, load_services(), strict=True)) | {
        "inbound_inspection_tasks": "CCRW",
        "inbound_drawn_targets": "CQMD",
        "inbound_inspector_assignments": "RYPP",
    }
    for name, catalog in catalogs.items():
        for page in (1, 99):
            answer: Answered = county.requester.pull(catalog, page=page)
            assert (answer.code, bool(answer.results)) == ("1", page == 1), name
            valid(name, answer.body)


def test_a_refused_question_is_answered_as_both_xsds_have_it(
    requester: Requester, valid: Callable[[str, bytes], None]
) -> None:
    answer = requester.pull("CQMD", page=0)
    valid("_answer", answer.body)
    valid("inbound_drawn_targets", answer.body)


def test_a_question_satisfies_its_xsd(valid: Callable[[str, bytes], None]) -> None:
    valid("_question", question("CCRW").encode())
    with pytest.raises(etree.DocumentInvalid):
        valid("_question", question("CCRW", size=0).encode())
