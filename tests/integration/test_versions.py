"""What becomes of a record's versions between a register, the exchange and a platform."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.pipeline import inbound
from gateway.pipeline.progress import Point
from gateway.pipeline.run_report import Counts, RunReport
from gateway.state.database import Database
from tests.companies import COUNTY, company, county_map, county_register, key, uscc
from tests.deployment import Deployment, register
from tests.simulated_platform import SimulatedPlatform

KEY = key(1)
KEPT = ("inspection_targets", "inspection_targets_history", "issues", "documents", "deliveries", "receipts")


def run(made: Deployment, *names: str, **more: bool) -> RunReport:
    """Run feeds, none of which may fail, and give the last one's report."""
    reports = made.run(*names, **more)
    assert [report.error for report in reports] == [None] * len(names)
    return reports[-1]


def county(made: Deployment, **more: Any) -> dict[str, Any]:
    """An inbound feed whose map knows versions."""
    return made.inbound("county.csv", map=county_map(made.directory), **more)


def held(made: Deployment) -> list[tuple[Any, ...]]:
    """What the exchange holds: name, the source's version, withdrawn or not."""
    rows = made.query("SELECT name, record_version, withdrawn FROM inspection_targets ORDER BY record_key")
    return [(name, version, bool(withdrawn)) for name, version, withdrawn in rows]


def replaced(made: Deployment) -> list[str]:
    """The names of the versions that newer ones replaced, in their order."""
    return [name for (name,) in made.query("SELECT name FROM inspection_targets_history ORDER BY change_number")]


def issues(made: Deployment) -> list[tuple[Any, ...]]:
    """Code and position of every open issue."""
    return made.query('SELECT code, "row" FROM issues WHERE status = \'open\' ORDER BY "row"')


def test_a_to_b_to_a_with_a_sending_after_each_change_are_three_versions(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    on_either.declare(i=on_either.inbound("r.csv"), o=on_either.outbound(simulated.url))
    for name in ("甲", "乙", "甲"):
        register(on_either.directory / "r.csv", company(1, name))
        assert run(on_either, "i", "o").counts.delivered == 1
    assert simulated.story(KEY) == ["甲", "乙", "甲"]
    assert [operation for _, _, operation in simulated.effects()] == ["i", "u", "u"]


def test_a_to_b_to_a_before_anything_is_sent_are_three_versions_in_order(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    on_either.declare(i=on_either.inbound("r.csv"), o=on_either.outbound(simulated.url))
    for name in ("甲", "乙", "甲"):
        register(on_either.directory / "r.csv", company(1, name), company(2))
        run(on_either, "i")
    assert run(on_either, "o").counts.delivered == 4
    assert simulated.story(KEY) == ["甲", "乙", "甲"]
    assert set(simulated.times_taken().values()) == {1}


def test_the_same_input_again_makes_nothing_and_sends_nothing(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    on_either.declare(i=on_either.inbound("r.csv"), o=on_either.outbound(simulated.url))
    wrong, doubled = company(3, 注册日期="1998-02-30"), [company(4), company(4, "另一名称")]
    register(on_either.directory / "r.csv", company(1), company(2), wrong, *doubled)
    run(on_either, "i", "o")
    before = {table: on_either.query(f"SELECT count(*) FROM {table}") for table in KEPT}
    asked = simulated.state()
    again = run(on_either, "i")
    assert again.counts == Counts(read=5, unchanged=2, rejected=1, held=2)
    assert run(on_either, "o").counts == Counts()
    assert {table: on_either.query(f"SELECT count(*) FROM {table}") for table in KEPT} == before
    assert simulated.state() == asked


def test_an_older_version_that_arrives_late_overwrites_nothing(on_either: Deployment) -> None:
    on_either.declare(i=county(on_either))
    for name, version in (("新", "20240203"), ("旧", "20240105")):
        county_register(on_either.directory / "county.csv", (1, name, version))
        last = run(on_either, "i")
    assert last.counts == Counts(read=1, unchanged=1)
    assert (held(on_either), replaced(on_either)) == ([("新", "20240203", False)], [])


def test_a_mended_header_gives_the_same_cells_another_meaning(
    made: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "LOOKED_UP", 0)  # however few rows there are, they are known in the next run
    made.declare(i=made.inbound("r.csv"))
    file = register(made.directory / "r.csv", company(1, "甲", 法人代表="乙"))
    run(made, "i")
    assert run(made, "i").counts == Counts(read=1, unchanged=1)
    text = file.read_text(encoding="utf-8")
    header, rows = text.split("\n", 1)
    swapped = header.replace("企业名称", "x").replace("法人代表", "企业名称").replace("x", "法人代表")
    file.write_text(f"{swapped}\n{rows}", encoding="utf-8")
    assert run(made, "i").counts.accepted == 1
    assert [name for name, _, _ in held(made)] == ["乙"]


@pytest.mark.parametrize("spoilt", [b"", b"ARROW1\x00\x00 and then nothing"])
def test_known_rows_that_were_spoilt_are_judged_again(
    made: Deployment, monkeypatch: pytest.MonkeyPatch, spoilt: bytes
) -> None:
    monkeypatch.setattr(inbound, "LOOKED_UP", 0)
    made.declare(i=made.inbound("r.csv"))
    register(made.directory / "r.csv", company(1))
    run(made, "i")
    (known,) = (made.directory / "spool").rglob("known-*.arrow")
    known.write_bytes(spoilt)
    assert run(made, "i").counts == Counts(read=1, unchanged=1)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("9", "10"),
        ("9" * 20, "1" + "0" * 20),
        ("007", "8"),
        ("9.5", "10.0"),
        ("2024-01-31", "2024-02-01"),
        ("2024/9/30 8:00", "2024/10/1 8:00"),
        ("2024-09-30 9:05", "2024-09-30 10:05"),
        ("2024-09-30", "20241001"),
        ("2024年9月30日", "2024年10月1日"),
        ("2024-09-30T08:00:00Z", "2024-09-30T08:00:00.5Z"),
        ("2024-09-30T08:00:00+08:00", "2024-09-30T01:00:00Z"),
    ],
)
def test_versions_are_compared_as_the_numbers_and_times_they_are(made: Deployment, earlier: str, later: str) -> None:
    made.declare(i=county(made))
    county_register(made.directory / "county.csv", (1, "早", earlier))
    run(made, "i")
    county_register(made.directory / "county.csv", (1, "晚", later))
    assert run(made, "i").counts.accepted == 1
    county_register(made.directory / "county.csv", (1, "早", earlier))
    assert run(made, "i").counts.unchanged == 1
    assert [name for name, _, _ in held(made)] == ["晚"]


def test_a_version_that_tells_nothing_holds_its_row_and_says_so(made: Deployment) -> None:
    made.declare(i=county(made))
    county_register(made.directory / "county.csv", (1, "甲", "v9"), (2, "乙", "9"))
    assert run(made, "i").counts == Counts(read=2, accepted=1, held=1, records=1)
    assert made.query('SELECT code, "row", "column", value FROM issues') == [("version.unreadable", 2, "版本", "v9")]
    assert [name for name, _, _ in held(made)] == ["乙"]


@pytest.mark.parametrize(("earlier", "later"), [("9", "2024-10-01"), ("2024-10-01 08:00", "2024-10-02T08:00:00Z")])
def test_versions_of_different_kinds_hold_the_row_until_they_compare(
    on_either: Deployment, earlier: str, later: str
) -> None:
    on_either.declare(i=county(on_either))
    county_register(on_either.directory / "county.csv", (1, "早", earlier), (2, "同", earlier))
    run(on_either, "i")
    county_register(on_either.directory / "county.csv", (1, "晚", later), (2, "同", later))
    assert run(on_either, "i").counts == Counts(read=2, unchanged=1, held=1)
    assert issues(on_either) == [("version.other_kind", 2)]
    assert held(on_either) == [("早", earlier, False), ("同", later, False)]
    # What the source says now is taken once its version is left aside; the versions after that compare again.
    county_map(
        on_either.directory, COUNTY.replace("  record_version: {from: 版本}\n", "") + "ignore: {版本: 换过写法}\n"
    )
    assert run(on_either, "i").counts == Counts(read=2, accepted=1, unchanged=1, records=1)
    county_map(on_either.directory)
    assert run(on_either, "i").counts == Counts(read=2, unchanged=2)
    assert held(on_either) == [("晚", later, False), ("同", later, False)]
    assert issues(on_either) == []


def test_of_two_held_rows_whose_versions_do_not_compare_none_is_lost(made: Deployment) -> None:
    made.declare(i=county(made, reads="changes"))
    for name, version in (("甲", "9"), ("乙", "2024-10-01")):
        unknown = {"代码": uscc(1), "名称": name, "类别": "商行", "版本": version}
        county_register(made.directory / "county.csv", unknown)
        run(made, "i")
    county_register(made.directory / "county.csv")
    county_map(made.directory, COUNTY.replace("企业:", "商行: enterprise, 企业:"))
    assert run(made, "i").counts == Counts(read=2, held=2)
    assert (held(made), issues(made)) == ([], [("key.doubled", 2), ("key.doubled", 2)])


def test_a_held_row_whose_version_does_not_compare_with_the_record_stays_held(made: Deployment) -> None:
    made.declare(i=county(made, reads="changes"))
    county_register(made.directory / "county.csv", {"代码": uscc(1), "名称": "甲", "类别": "商行", "版本": "9"})
    run(made, "i")
    county_register(made.directory / "county.csv", (1, "乙", "2024-10-01"))
    county_map(made.directory, COUNTY)
    run(made, "i")
    county_register(made.directory / "county.csv")
    county_map(made.directory, COUNTY.replace("企业:", "商行: enterprise, 企业:"))
    assert run(made, "i").counts == Counts(read=1, held=1)
    assert (held(made), issues(made)) == ([("乙", "2024-10-01", False)], [("version.other_kind", 2)])


def test_the_time_step_makes_versions_of_any_writing_comparable(made: Deployment) -> None:
    version = "{from: 版本, steps: [strip, {time: {formats: ['%d/%m/%Y %H:%M'], zone: Asia/Shanghai}}]}"
    made.declare(i=county(made))
    county_map(made.directory, COUNTY.replace("{from: 版本}", version))
    for name, written in (("早", "30/9/2024 8:00"), ("晚", "1/10/2024 8:00"), ("早", "30/9/2024 8:00")):
        county_register(made.directory / "county.csv", (1, name, written))
        run(made, "i")
    assert held(made) == [("晚", "2024-10-01T00:00:00Z", False)]


def test_versions_that_an_earlier_release_kept_padded_or_as_they_were_still_compare(made: Deployment) -> None:
    made.declare(i=county(made))
    county_register(made.directory / "county.csv", (1, "甲", "9"), (2, "乙", "2024/9/30 8:00"))
    run(made, "i")
    database = Database(made.database_url)
    with database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE inspection_targets SET record_version = '{'9'.zfill(64)}' WHERE name = '甲'"
        )
    database.close()
    county_register(made.directory / "county.csv", (1, "甲二", "10"), (2, "乙二", "2024/10/1 8:00"))
    assert run(made, "i").counts.accepted == 2
    assert held(made) == [("甲二", "10", False), ("乙二", "2024/10/1 8:00", False)]


def test_a_withdrawn_record_that_is_in_the_list_again_is_back_with_whichever_version(on_either: Deployment) -> None:
    on_either.declare(i=county(on_either, expect={"vanish_at_most": "1"}))
    others = [(number, f"公司{number}", "1") for number in range(2, 5)]
    for row in ([(1, "甲", "5")], [], [(1, "乙", "4")]):
        county_register(on_either.directory / "county.csv", *row, *others)
        last = run(on_either, "i")
    assert last.counts == Counts(read=4, accepted=1, unchanged=3, records=1)
    assert ("乙", "4", False) in held(on_either)


def test_the_latest_of_several_rows_decides_where_the_feed_says_so(made: Deployment) -> None:
    made.declare(i=county(made, doubled="latest"))
    county_register(made.directory / "county.csv", (1, "中", "2"), (1, "新", "3"), (1, "旧", "1"), (2, "独", "1"))
    assert run(made, "i").counts == Counts(read=4, accepted=2, unchanged=2, records=2)
    assert {name for name, _, _ in held(made)} == {"新", "独"}


def test_several_rows_of_the_latest_version_decide_nothing(made: Deployment) -> None:
    made.declare(i=county(made, doubled="latest"))
    county_register(made.directory / "county.csv", (1, "甲", "3"), (1, "乙", "3"), (1, "旧", "1"))
    assert run(made, "i").counts == Counts(read=3, held=3)
    assert issues(made) == [("key.doubled", 2), ("key.doubled", 3), ("key.doubled", 4)]


def test_the_same_content_under_a_newer_version_only_moves_the_version_held(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    on_either.declare(i=county(on_either), o=on_either.outbound(simulated.url))
    for name, version in (("甲", "1"), ("甲", "5"), ("乙", "3")):
        county_register(on_either.directory / "county.csv", (1, name, version))
        run(on_either, "i", "o")
    assert (held(on_either), replaced(on_either)) == ([("甲", "5", False)], [])
    assert simulated.story(KEY) == ["甲"]


def test_a_record_returns_after_its_withdrawal_as_a_new_version(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    on_either.declare(i=on_either.inbound("r.csv"), o=on_either.outbound(simulated.url))
    for rows in ([company(1, "甲"), company(2)], [company(2)], [company(1, "甲"), company(2)]):
        register(on_either.directory / "r.csv", *rows)
        run(on_either, "i", "o", accept_withdrawals=True)
    assert simulated.story(KEY) == ["甲", "withdrawn", "甲"]
    assert len(simulated.contents()) == 2


def test_two_feeds_to_one_destination_send_a_version_once(on_either: Deployment, simulated: SimulatedPlatform) -> None:
    on_either.declare(
        i=on_either.inbound("r.csv"), o1=on_either.outbound(simulated.url), o2=on_either.outbound(simulated.url)
    )
    register(on_either.directory / "r.csv", company(1), company(2))
    run(on_either, "i")
    assert [report.counts.delivered for report in on_either.run("o1", "o2")] == [2, 0]
    register(on_either.directory / "r.csv", company(1, "改名"), company(2))
    run(on_either, "i")
    assert [report.counts.delivered for report in on_either.run("o2", "o1")] == [1, 0]
    assert set(simulated.times_taken().values()) == {1}
    assert simulated.story(KEY) == ["企业1", "改名"]


def test_a_destination_is_one_destination_whatever_its_address_becomes(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    made.declare(i=made.inbound("r.csv"), o=made.outbound(simulated.url))
    register(made.directory / "r.csv", company(1))
    run(made, "i", "o")
    made.declare(o=made.outbound(simulated.url.replace("127.0.0.1", "localhost")))
    assert run(made, "o").counts == Counts()


def test_a_feed_sends_only_what_its_where_says(made: Deployment, simulated: SimulatedPlatform) -> None:
    there = {"省份": "山东", "名称": "甲", "版本": "1"}
    elsewhere = {"省份": "河北", "名称": "乙", "版本": "1"}
    nowhere = {"省份": "", "名称": "丙", "版本": "1"}
    rows = [{**row, "代码": uscc(number)} for number, row in enumerate((there, elsewhere, nowhere))]
    made.declare(i=county(made), o=made.outbound(simulated.url, where={"province": "山东", "identifier": "9137*"}))
    county_register(made.directory / "county.csv", *rows)
    assert run(made, "i", "o").counts == Counts(selected=1, delivered=1)
    county_register(made.directory / "county.csv", *rows[1:])
    assert run(made, "i", "o", accept_withdrawals=True).counts == Counts(selected=1, delivered=1)
    assert simulated.story(key(0)) == ["甲", "withdrawn"]
    assert list(simulated.contents()) == []


def test_the_record_of_another_feed_is_held_and_says_so(on_either: Deployment) -> None:
    on_either.declare(a=on_either.inbound("a.csv"), b=on_either.inbound("b.csv"))
    register(on_either.directory / "a.csv", company(1, "甲方"))
    register(on_either.directory / "b.csv", company(2), company(1, "乙方"))
    run(on_either, "a")
    for _ in range(2):
        last = run(on_either, "b")
    assert last.counts == Counts(read=2, unchanged=1, held=1)
    assert (last.status, issues(on_either)) == ("with_issues", [("key.foreign", 3)])
    assert [name for name, _, _ in held(on_either)] == ["甲方", "企业2"]
    register(on_either.directory / "b.csv", company(2))
    assert run(on_either, "b").status == "succeeded"
    assert issues(on_either) == []


def test_what_another_feed_stored_while_the_source_was_read_is_seen(
    on_either: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound, "LOOKED_UP", 0)  # as if the register were large: the exchange is looked at early
    on_either.declare(i=on_either.inbound("r.csv"), other=on_either.inbound("s.csv"))
    register(on_either.directory / "r.csv", company(1))
    run(on_either, "i")
    register(on_either.directory / "r.csv", company(1), company(2))
    register(on_either.directory / "s.csv", company(2))

    def stores_meanwhile(point: Point) -> None:
        if point is Point.SPOOL_COMPLETE:
            assert run(on_either, "other").counts.accepted == 1

    (report,) = on_either.run("i", reached=stores_meanwhile)
    assert report.error is None
    assert (report.counts.unchanged, report.counts.held) == (1, 1)
    assert [code for code, _ in issues(on_either)] == ["key.foreign"]
