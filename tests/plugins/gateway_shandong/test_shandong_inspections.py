"""The platform's staff draw, lock, dispatch and match; results are refused in the order of §2.6, with the reason."""

from __future__ import annotations

from typing import Any

import pytest

LEAD, OTHER = "370400-scjg", "370400-yjj"
COMPANY = "91370202264706576B"
KEY = f"{COMPANY}|uscc|enterprise|"
REFERENCE = {"ObjKind": "1", "IdType": "01", "IdNO": COMPANY, "LicLabel": None}


class Story:
    """A requester who reports registries and results, and plays the staff."""

    def __init__(self, requester: Any) -> None:
        self.requester = requester
        self.number = 0

    def report(self, dataset: str, path: str, key: str, operation: str = "i", **fields: Any) -> tuple[str, str, str]:
        """Submit one record as a new version: outcome, code and sentence."""
        self.number += 1
        record = {"sjbs": key, "bbh": self.number, "czlx": operation, **fields}
        envelope = self.requester.envelope(record, sjlx=dataset)
        (found,) = self.requester.signed(f"/sjjh/{path}/submit", envelope)["data"]["jglb"]
        return found["jg"], found["cwdm"], found["cwsm"]

    def registries(self) -> None:
        """One company, one item, two inspectors of the lead and one of another department."""
        said = [
            self.report("JCDX", "jcdx", KEY, **REFERENCE, EntName="青岛天高装饰工程有限公司", DistCode="370202"),
            self.report("JCSX", "jcsx", f"A1|{LEAD}", CheckCode="A1", DutyDeptCode=LEAD, CheckName="公示信息检查"),
            *(
                self.report(
                    "ZFRY", "zfry", f"{no}|{unit}", LawNO=no, UnitCode=unit, LawType="1", AgentName=f"检查员{no}"
                )
                for no, unit in [("1", LEAD), ("2", LEAD), ("3", OTHER)]
            ),
        ]
        assert {each[0] for each in said} == {"1"}

    def task(self, *steps: str, **said: Any) -> str:
        """A task, and the steps it has been through after its draw."""
        order = {"name": "联合抽查", "lead_department": LEAD, "starts_on": "2026-03-02", "ends_on": "2026-03-31"}
        answer = self.requester.control("tasks", **{**order, "rate": 500, **said})
        number: str = answer["task_number"]
        for step in steps:
            assert self.requester.control(step, task_number=number)["http"] == 200
        return number

    def result(self, task: str, key: str = "", operation: str = "i", **fields: Any) -> tuple[str, str, str]:
        """Report a result."""
        usual = {
            **REFERENCE,
            "TaskCode": task,
            "CheckDeptCode": LEAD,
            "EntName": "青岛天高装饰工程有限公司",
            "CheckDate": "20260310",
            "CheckDeptPerson": "1,2",
            "CheckResult": "1",
        }
        return self.report("JCJG", "jcjg", key or f"{KEY}|{task}|{LEAD}", operation, **{**usual, **fields})

    def item(self, task: str, code: str = "A1", **fields: Any) -> tuple[str, str, str]:
        """Report an item of a result."""
        usual = {
            **REFERENCE,
            "TaskCode": task,
            "CheckDeptCode": LEAD,
            "CheckCode": code,
            "CheckName": "公示信息检查",
            "ScResult": "1",
        }
        return self.report("JCJGMX", "jcjgmx", f"{KEY}|{task}|{LEAD}|{code}", **{**usual, **fields})

    def pulled(self, code: str, path: str, departments: str = LEAD, page: int = 1, size: int = 200) -> dict[str, Any]:
        """The data of one page."""
        question = {"sjlx": code, "gsbb": "2023-01", "bmbm": departments, "ym": page, "mytj": size}
        data: dict[str, Any] = self.requester.signed(f"/sjjh/{path}/query", question)["data"]
        return data


@pytest.fixture
def story(requester: Any) -> Story:
    made = Story(requester)
    made.registries()
    return made


# ------------------------------------------------------------------------------------------- refusals, in order


def test_a_result_of_an_unknown_task_is_refused(story: Story) -> None:
    assert story.result("37000020260302199") == ("0", "R301", "任务编号异常：没有任务“37000020260302199”")


def test_a_result_of_a_task_that_has_not_drawn_is_refused(story: Story) -> None:
    task = story.task(draw=False)
    assert story.result(task) == ("0", "R302", f"任务“{task}”还未抽取检查对象")


def test_a_result_of_a_target_that_was_not_drawn_is_refused(story: Story) -> None:
    task = story.task("lock", "dispatch", "match")
    said = story.result(task, IdType="99", IdNO="8")
    assert said == ("0", "R303", f"任务“{task}”未抽中检查对象“8”")


def test_a_result_before_inspectors_were_matched_is_refused(story: Story) -> None:
    task = story.task("lock", "dispatch")
    assert story.result(task)[:2] == ("0", "R304")


def test_a_result_of_other_inspectors_than_those_matched_is_refused(story: Story) -> None:
    task = story.task("lock", "dispatch", "match")
    assert story.result(task, CheckDeptPerson="1,3") == (
        "0",
        "R304",
        f"部门“{LEAD}”对检查对象“{COMPANY}”还未匹配检查人员，或检查人员“1、3”不在匹配名单内",
    )


def test_a_second_result_under_another_key_is_refused_and_a_newer_version_is_a_change(story: Story) -> None:
    task = story.task("lock", "dispatch", "match")
    assert story.result(task) == ("1", "", "")
    assert story.result(task, key="other") == (
        "0",
        "R305",
        f"任务“{task}”的检查对象“{COMPANY}”已有部门“{LEAD}”的检查结果，不允许重复报送",
    )
    assert story.result(task, operation="u", CheckResult="5,7") == ("1", "", "")


def test_a_withdrawn_result_makes_room_for_another(story: Story) -> None:
    task = story.task("lock", "dispatch", "match")
    story.result(task)
    assert story.report("JCJG", "jcjg", f"{KEY}|{task}|{LEAD}", "d") == ("1", "", "")
    assert story.result(task, key="other") == ("1", "", "")


def test_an_item_that_is_not_on_the_list_is_refused_until_it_is(story: Story) -> None:
    task = story.task("lock", "dispatch", "match")
    assert story.item(task) == ("1", "", "")
    assert story.item(task, "A2") == ("0", "R306", f"事项“A2”不在部门“{LEAD}”的抽查事项清单内")
    story.report("JCSX", "jcsx", f"A2|{LEAD}", CheckCode="A2", DutyDeptCode=LEAD, CheckName="另一项")
    assert story.item(task, "A2") == ("1", "", "")


@pytest.mark.parametrize("how", ["withdrawn", "no longer valid"])
def test_an_item_taken_off_the_list_is_not_on_it(story: Story, how: str) -> None:
    task = story.task("lock", "dispatch", "match")
    fields = {} if how == "withdrawn" else {"CheckCode": "A1", "DutyDeptCode": LEAD, "CheckName": "x", "IsScVlid": "0"}
    story.report("JCSX", "jcsx", f"A1|{LEAD}", "u" if fields else "d", **fields)
    assert story.item(task)[1] == "R306"


def test_evidence_of_a_target_that_was_not_drawn_is_refused(story: Story) -> None:
    task = story.task()
    fields = {**REFERENCE, "TaskCode": task, "FileDigest": "0" * 64, "FileKind": "2"}
    assert story.report("ZJCL", "zjcl", "e1", **fields)[0] == "1"
    assert story.report("ZJCL", "zjcl", "e2", **{**fields, "TaskCode": "no"})[1] == "R301"
    assert story.report("ZJCL", "zjcl", "e3", **fields, FilePlace="\\\\server\\secret")[1] == "R201"


def test_wrong_fields_come_before_the_task(story: Story) -> None:
    assert story.result("no", CheckResult="1,2")[1] == "R205"
    assert story.result("")[1] == "R202"


# ---------------------------------------------------------------------------------------------- staff and pulls


def test_a_step_out_of_its_order_is_refused_with_its_reason(story: Story) -> None:
    answer = story.requester.control("dispatch", task_number=story.task())
    assert (answer["http"], answer["code"]) == (409, "C301")
    assert "此步骤要求 locked" in answer["message"]


def test_a_task_whose_draw_finds_nobody_is_not_set_up(story: Story) -> None:
    order = {"name": "x", "lead_department": LEAD, "starts_on": "2026-03-02", "ends_on": "2026-03-31", "rate": 1}
    assert story.requester.control("tasks", **order, region="130000")["code"] == "C301"
    assert story.requester.get("/_sandbox/tasks")["tasks"] == []


def test_a_withdrawn_target_is_not_drawn(story: Story) -> None:
    story.report("JCDX", "jcdx", KEY, "d")
    order = {"name": "x", "lead_department": LEAD, "starts_on": "2026-03-02", "ends_on": "2026-03-31", "rate": 1}
    assert story.requester.control("tasks", **order)["code"] == "C301"


def test_nothing_is_pulled_before_it_is_dispatched_and_only_by_those_who_take_part(story: Story) -> None:
    task = story.task("lock", departments=[OTHER])
    assert story.pulled("RW", "rw")["zs"] == 0
    story.requester.control("dispatch", task_number=task)
    asked = {department: story.pulled("RW", "rw", department)["zs"] for department in (LEAD, OTHER, "370400-gaj")}
    assert asked == {LEAD: 1, OTHER: 1, "370400-gaj": 0}
    assert story.pulled("RW", "rw", f"370400-gaj,{OTHER}")["jglb"][0]["TaskInspectDeptCode"] == f"{LEAD},{OTHER}"


def test_a_drawn_list_and_its_assignments_come_as_documented(story: Story) -> None:
    task = story.task("lock", "dispatch", "match")
    (drawn,) = story.pulled("CQMD", "cqmd")["jglb"]
    assert {name: drawn[name] for name in ("TaskCode", "IdNO", "EntName", "CheckDeptCode", "MergedTasks")} == {
        "TaskCode": task,
        "IdNO": COMPANY,
        "EntName": "青岛天高装饰工程有限公司",
        "CheckDeptCode": LEAD,
        "MergedTasks": "",
    }
    team = story.pulled("RYPP", "rypp")["jglb"]
    assert sorted(each["LawNO"] for each in team) == ["1", "2"]
    assert sorted(each["LeaderFlag"] for each in team) == ["0", "1"]


def test_pages_have_a_fixed_order_and_end(story: Story) -> None:
    story.task("lock", "dispatch", "match")
    pages = [story.pulled("RYPP", "rypp", page=page, size=1) for page in (1, 2, 3)]
    assert [(page["zs"], [row["LawNO"] for row in page["jglb"]]) for page in pages] == [(2, ["1"]), (2, ["2"]), (2, [])]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        (b"{", "B202"),
        ({"sjlx": "CQMD", "gsbb": "2023-01", "bmbm": LEAD}, "B203"),
        ({"sjlx": "RW", "gsbb": "2022-01", "bmbm": LEAD}, "B203"),
        ({"sjlx": "RW", "gsbb": "2023-01"}, "B203"),
        ({"sjlx": "RW", "gsbb": "2023-01", "bmbm": LEAD, "ym": 0}, "B203"),
        ({"sjlx": "RW", "gsbb": "2023-01", "bmbm": LEAD, "mytj": 501}, "B203"),
        ({"sjlx": "RW", "gsbb": "2023-01", "bmbm": LEAD, "more": 1}, "B203"),
    ],
    ids=str,
)
def test_a_question_that_is_not_as_agreed_is_refused(requester: Any, question: Any, code: str) -> None:
    assert requester.signed("/sjjh/rw/query", question)["code"] == code


def test_a_pull_must_be_signed(requester: Any) -> None:
    assert requester.post("/sjjh/rw/query", b"{}", {})["code"] == "A101"


def test_a_failure_of_pulls_can_be_ordered(story: Story) -> None:
    story.requester.control("faults", kind="429", request="pull")
    assert story.requester.signed("/sjjh/rw/query", b"{}")["code"] == "S901"


def test_what_is_held_of_a_dataset_can_be_listed(story: Story) -> None:
    question = {"sjlx": "JCSX", "gsbb": "2023-01", "bmbm": LEAD}
    data = story.requester.signed("/sjjh/jcsx/list", question)["data"]
    assert data["jglb"] == [{"CheckCode": "A1", "DutyDeptCode": LEAD, "CheckName": "公示信息检查"}]


def test_a_reset_forgets_tasks_too(story: Story) -> None:
    story.task()
    story.requester.control("reset")
    assert story.requester.get("/_sandbox/tasks")["tasks"] == []
