"""Records that vanish from a snapshot: withdrawn when it can be trusted, held back for a person when it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.pipeline.run_report import Counts, RunReport
from tests.companies import COUNTY, company, county_map, county_register, key, uscc
from tests.deployment import Deployment, register
from tests.simulated_platform import SimulatedPlatform

LOOSE = {"vanish_at_most": "50 %"}


def run(made: Deployment, *names: str, **more: bool) -> RunReport:
    """Run feeds, none of which may fail, and give the last one's report."""
    reports = made.run(*names, **more)
    assert [report.error for report in reports] == [None] * len(names)
    return reports[-1]


def in_force(made: Deployment) -> list[str]:
    """The names of the records in force."""
    return [name for (name,) in made.query("SELECT name FROM inspection_targets WHERE withdrawn = 0 ORDER BY 1")]


def open_issues(made: Deployment) -> list[str]:
    """The codes of the open issues."""
    return [code for (code,) in made.query("SELECT code FROM issues WHERE status = 'open' ORDER BY id")]


def write(made: Deployment, *rows: Any) -> None:
    register(made.directory / "r.csv", *rows)


def test_a_vanished_row_is_withdrawn_at_the_platform(on_either: Deployment, simulated: SimulatedPlatform) -> None:
    on_either.declare(i=on_either.inbound("r.csv", expect=LOOSE), o=on_either.outbound(simulated.url))
    write(on_either, company(1), company(2), company(3))
    run(on_either, "i", "o")
    write(on_either, company(1), company(3, "改名"))
    assert run(on_either, "i").counts == Counts(read=2, accepted=1, unchanged=1, records=1, withdrawn=1)
    assert run(on_either, "o").counts == Counts(selected=2, delivered=2)
    assert simulated.story(key(2)) == ["企业2", "withdrawn"]
    assert in_force(on_either) == ["企业1", "改名"]
    assert run(on_either, "i", "o").counts == Counts()


def test_a_withdrawn_record_is_kept_with_what_it_said(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", expect=LOOSE))
    write(made, company(1), company(2))
    run(made, "i")
    write(made, company(1))
    run(made, "i")
    gone = "record_key = :key ORDER BY change_number"
    columns = "name, operation, withdrawn, source_row"
    assert made.query(f"SELECT {columns} FROM inspection_targets WHERE {gone}", key=key(2)) == [
        ("企业2", "withdraw", 1, 3)
    ]
    assert made.query(f"SELECT {columns} FROM inspection_targets_history WHERE {gone}", key=key(2)) == [
        ("企业2", "insert", 0, 3)
    ]


def test_more_than_the_allowed_share_is_held_back_until_a_person_accepts(on_either: Deployment) -> None:
    on_either.declare(i=on_either.inbound("r.csv", expect={"vanish_at_most": "25 %"}))
    write(on_either, *map(company, range(4)))
    run(on_either, "i")
    write(on_either, company(0), company(1, "改名"))
    guarded = run(on_either, "i")
    assert guarded.counts == Counts(read=2, accepted=1, unchanged=1, records=1)
    assert (guarded.status, open_issues(on_either)) == ("held", ["withdrawal.too_many"])
    assert guarded.notices[0].text("zh") == (
        "2 条记录（占本数据流的 50.0 %）不再出现，超过允许的 25.0 %；暂不撤回，其余照常入库；"
        "核实后运行 gateway run i --accept-withdrawals"
    )
    assert in_force(on_either) == ["企业0", "企业2", "企业3", "改名"]
    accepted = run(on_either, "i", accept_withdrawals=True)
    assert (accepted.status, accepted.counts.withdrawn) == ("succeeded", 2)
    assert (in_force(on_either), open_issues(on_either)) == (["企业0", "改名"], [])


def test_exactly_the_allowed_share_is_withdrawn(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", expect={"vanish_at_most": "25 %"}))
    write(made, *map(company, range(4)))
    run(made, "i")
    write(made, *map(company, range(3)))
    assert run(made, "i").counts.withdrawn == 1


def test_what_a_guard_says_is_brought_up_to_date(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv"))
    for rows in (4, 3, 1):
        write(made, *map(company, range(rows)))
        run(made, "i")
    ((arguments,),) = made.query("SELECT arguments FROM issues")
    assert '"vanished": 3' in arguments


def test_a_row_without_a_readable_key_holds_every_withdrawal_back(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", expect=LOOSE))
    write(made, *map(company, range(4)))
    run(made, "i")
    write(made, *map(company, range(3)), company(3, 统一社会信用代码=uscc(3)[:-1] + "?"))
    guarded = run(made, "i")
    assert (guarded.status, guarded.counts) == ("held", Counts(read=4, unchanged=3, rejected=1))
    assert open_issues(made) == ["identifier.uscc", "withdrawal.keys_unreadable"]
    assert len(in_force(made)) == 4


def test_a_row_that_cannot_be_split_holds_every_withdrawal_back(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", expect=LOOSE))
    write(made, *map(company, range(4)))
    run(made, "i")
    lines = (made.directory / "r.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (made.directory / "r.csv").write_text("".join([*lines[:4], "多出,的,一格," + lines[4]]), encoding="utf-8")
    assert run(made, "i").status == "held"
    assert len(in_force(made)) == 4


def test_a_row_whose_key_holds_an_unknown_code_holds_every_withdrawal_back(made: Deployment) -> None:
    made.declare(i=made.inbound("county.csv", map=county_map(made.directory), expect=LOOSE))
    county_register(made.directory / "county.csv", (1, "甲", ""), (2, "乙", ""))
    run(made, "i")
    garbled = {"代码": uscc(2), "名称": "乙", "类别": "企亚"}
    county_register(made.directory / "county.csv", (1, "甲", ""), garbled)
    assert run(made, "i").status == "held"
    assert in_force(made) == ["乙", "甲"]


def test_a_row_whose_key_holds_a_code_outside_its_list_holds_every_withdrawal_back(made: Deployment) -> None:
    text = COUNTY.replace("\n    steps:\n      - lookup: {企业: enterprise, 产品: product}", "")
    made.declare(i=made.inbound("county.csv", map=county_map(made.directory, text), expect=LOOSE))
    rows = [{"代码": uscc(number), "名称": f"企业{number}", "类别": "enterprise"} for number in range(2)]
    county_register(made.directory / "county.csv", *rows)
    run(made, "i")
    county_register(made.directory / "county.csv", rows[0], {**rows[1], "类别": "enterprlse"})
    assert run(made, "i").status == "held"
    assert in_force(made) == ["企业0", "企业1"]


@pytest.mark.parametrize("wrong", [{"注册日期": "1998-02-30"}, {"企业类型": "从未见过"}])
def test_a_rejected_or_held_row_with_a_readable_key_has_not_vanished(made: Deployment, wrong: dict[str, str]) -> None:
    made.declare(i=made.inbound("r.csv", expect={"vanish_at_most": "0"}))
    write(made, company(1), company(2))
    run(made, "i")
    write(made, company(1), company(2, **wrong))
    assert run(made, "i").status == "with_issues"
    assert in_force(made) == ["企业1", "企业2"]


def test_doubled_rows_have_not_vanished(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", expect={"vanish_at_most": "0"}))
    write(made, company(1))
    run(made, "i")
    write(made, company(1), company(1, "另一个"))
    assert run(made, "i").counts == Counts(read=2, held=2)
    assert in_force(made) == ["企业1"]


def test_a_feed_of_changes_withdraws_nothing(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", reads="changes"))
    write(made, company(1), company(2))
    run(made, "i")
    write(made, company(3))
    changes = run(made, "i", accept_withdrawals=True)
    assert (changes.status, changes.counts) == ("succeeded", Counts(read=1, accepted=1, records=1))
    assert len(in_force(made)) == 3


def test_a_feed_of_changes_settles_the_issues_of_what_it_brings(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", reads="changes"))
    write(made, company(1, 注册日期="1998-02-30"), company(2, 注册日期="1998-02-30"))
    run(made, "i")
    write(made, company(1))
    run(made, "i")
    assert made.query("SELECT record_key, status FROM issues ORDER BY id") == [(key(1), "closed"), (key(2), "open")]


def test_a_feed_of_changes_settles_what_was_wrong_with_its_columns(made: Deployment) -> None:
    made.declare(i=made.inbound("county.csv", map=county_map(made.directory), reads="changes"))
    county_register(made.directory / "county.csv", (1, "甲", ""))
    text = (made.directory / "county.csv").read_text(encoding="utf-8")
    (made.directory / "county.csv").write_text(text.replace("版本", "版本,多余").replace("山东,", "山东,,"), "utf-8")
    run(made, "i")
    assert open_issues(made) == ["map.unmapped_column"]
    (made.directory / "county.csv").write_text(text, "utf-8")
    run(made, "i")
    assert open_issues(made) == []


def test_a_feed_never_withdraws_the_records_of_another(made: Deployment) -> None:
    made.declare(a=made.inbound("a.csv"), b=made.inbound("r.csv"))
    register(made.directory / "a.csv", company(1))
    write(made, company(2))
    run(made, "a", "b")
    write(made)
    assert run(made, "b", accept_withdrawals=True).counts.withdrawn == 1
    assert in_force(made) == ["企业1"]


@pytest.mark.parametrize(
    ("expect", "code"),
    [({"rows_at_least": "3"}, "expect.rows_at_least"), ({"rows_at_most": "1"}, "expect.rows_at_most")],
)
def test_an_unexpected_number_of_rows_fails_before_anything_is_written(
    made: Deployment, expect: dict[str, str], code: str
) -> None:
    made.declare(i=made.inbound("r.csv", expect=expect))
    write(made, company(1, 注册日期="1998-02-30"), company(2))
    (report,) = made.run("i")
    assert report.error is not None
    assert (report.status, report.error.message.code, report.counts) == ("failed", code, Counts())
    assert in_force(made) == []
    assert open_issues(made) == []
    assert made.query("SELECT status, failure FROM runs")[0][0] == "failed"
