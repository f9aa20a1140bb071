"""Several feeds speak of the same records: a declared order decides field by field, and it is known who said what."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.app import opened
from gateway.cli.application import run_command
from gateway.errors import GatewayError
from gateway.operations.preview import preview_inbound
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.deployment import Deployment

MAP = """\
map: tests/targets
dataset: inspection_targets
fields:
  identifier: {from: 标识}
  identifier_scheme: {constant: local}
  kind: {constant: project}
  name: {from: 名称}
  phone: {from: 电话}
  established_on: {from: 成立, steps: [{date: ["%Y-%m-%d"]}]}
  registered_capital: {from: 资本, steps: [{decimal: 元}]}
"""
HEADER = "标识,名称,电话,成立,资本"
ORDER = {"inspection_targets": {"feeds": ["a", "b"], "fields": {"phone": ["b"]}}}
KEY = "{}|local|project|".format
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def deployment(on_either: Deployment) -> Deployment:
    return declared(on_either)


@pytest.fixture
def quick(made: Deployment) -> Deployment:
    return declared(made)


def declared(made: Deployment) -> Deployment:
    folder = made.directory / "mappings" / "tests"
    folder.mkdir(parents=True)
    (folder / "targets.yml").write_text(MAP, encoding="utf-8")
    for feed in ("a", "b", "c"):
        made.declare(**{feed: made.inbound(f"{feed}.csv", map="tests/targets", department=f"D-{feed}")})
        (made.directory / f"{feed}.csv").write_text(f"{HEADER}\n", encoding="utf-8")
    order(made, ORDER)
    return made


def order(made: Deployment, content: Any) -> None:
    (made.directory / "config" / "precedence.yml").write_text(json.dumps(content), encoding="utf-8")


def give(made: Deployment, feed: str, *rows: str) -> Any:
    (made.directory / f"{feed}.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    (report,) = made.run(feed, accept_withdrawals=True)
    return report


def held(made: Deployment) -> dict[str, tuple[Any, ...]]:
    found = made.query(
        "SELECT identifier, name, phone, established_on, registered_capital FROM inspection_targets"
        " WHERE withdrawn = 0 ORDER BY identifier"
    )
    return {row[0]: (*row[1:3], row[3] and str(row[3]), row[4]) for row in found}


def speakers(made: Deployment) -> dict[str, str]:
    (found,) = made.query("SELECT fields FROM provenance ORDER BY change_number DESC LIMIT 1")
    return {field: feed for field, feed in json.loads(found[0]).items() if feed is not None}


# --------------------------------------------------------------------------------------------------- fields


def test_each_field_takes_the_value_of_the_first_feed_that_has_one(deployment: Deployment) -> None:
    give(deployment, "b", "P1,乙名,0632-2,2001-01-01,")
    give(deployment, "a", "P1,甲名,0632-1,,500")
    assert held(deployment) == {"P1": ("甲名", "0632-2", "2001-01-01", 50000)}
    said = speakers(deployment)
    assert {name: said[name] for name in ("name", "phone", "established_on", "registered_capital")} == {
        "name": "a",
        "phone": "b",
        "established_on": "b",
        "registered_capital": "a",
    }


def test_the_order_of_running_changes_nothing(quick: Deployment) -> None:
    give(quick, "a", "P1,甲名,0632-1,,500")
    give(quick, "b", "P1,乙名,0632-2,2001-01-01,")
    assert held(quick) == {"P1": ("甲名", "0632-2", "2001-01-01", 50000)}


def test_the_same_input_again_makes_no_version(deployment: Deployment) -> None:
    for _ in range(2):
        reports = [give(deployment, "a", "P1,甲名,1,,"), give(deployment, "b", "P1,乙名,2,2001-01-01,", "P2,乙二,,,")]
    assert [(each.counts.unchanged, each.counts.accepted) for each in reports] == [(1, 0), (2, 0)]
    assert deployment.query("SELECT count(*) FROM inspection_targets_history") == [(1,)]


def test_what_a_later_feed_says_of_a_field_that_is_taken_makes_no_version(quick: Deployment) -> None:
    give(quick, "a", "P1,甲名,1,,")
    give(quick, "b", "P1,乙名,,,")
    report = give(quick, "b", "P1,乙的新名,,,")
    assert (report.counts.accepted, held(quick)["P1"][0]) == (1, "甲名")
    assert quick.query("SELECT count(*) FROM inspection_targets_history") == [(0,)]


def test_a_field_that_is_emptied_falls_to_the_next_feed(quick: Deployment) -> None:
    give(quick, "a", "P1,甲名,1,2002-02-02,")
    give(quick, "b", "P1,乙名,,2001-01-01,")
    give(quick, "a", "P1,甲名,1,,")
    assert held(quick) == {"P1": ("甲名", "1", "2001-01-01", None)}


def test_a_record_is_withdrawn_when_no_feed_speaks_of_it(deployment: Deployment) -> None:
    give(deployment, "a", "P1,甲名,1,,")
    give(deployment, "b", "P1,乙名,,,")
    assert give(deployment, "a").counts.withdrawn == 1
    assert held(deployment) == {"P1": ("乙名", None, None, None)}
    give(deployment, "b")
    assert held(deployment) == {}
    give(deployment, "b", "P1,乙名,,,")
    operations = deployment.query(
        "SELECT operation FROM (SELECT operation, change_number FROM inspection_targets UNION ALL"
        " SELECT operation, change_number FROM inspection_targets_history) versions ORDER BY change_number"
    )
    assert [operation for (operation,) in operations] == ["insert", "change", "withdraw", "change"]


# ------------------------------------------------------------------------------------------ before and after


def test_without_a_precedence_the_second_feed_waits_for_a_person(quick: Deployment) -> None:
    (quick.directory / "config" / "precedence.yml").unlink()
    give(quick, "a", "P1,甲名,,,")
    assert give(quick, "b", "P1,乙名,2,,").counts.held == 1
    assert quick.query("SELECT count(*) FROM contributions") == [(0,)]


def test_what_was_stored_before_it_was_declared_is_taken_over(deployment: Deployment) -> None:
    (deployment.directory / "config" / "precedence.yml").unlink()
    give(deployment, "a", "P1,甲名,1,2002-02-02,500", "P9,甲九,,,")
    order(deployment, ORDER)
    report = give(deployment, "b", "P1,乙名,2,2001-01-01,")
    assert (report.counts.accepted, held(deployment)["P1"]) == (1, ("甲名", "2", "2002-02-02", 50000))
    assert deployment.query("SELECT code, status FROM issues WHERE status = 'open'") == []
    again = give(deployment, "a", "P1,甲名,1,2002-02-02,500")
    assert (again.counts.unchanged, again.counts.withdrawn, list(held(deployment))) == (1, 1, ["P1"])


def test_another_order_takes_effect_in_the_next_run_of_any_feed(quick: Deployment) -> None:
    give(quick, "a", "P1,甲名,1,,")
    give(quick, "b", "P1,乙名,2,,")
    order(quick, {"inspection_targets": {"feeds": ["b", "a"]}})
    give(quick, "a", "P1,甲名,1,,")
    assert held(quick) == {"P1": ("乙名", "2", None, None)}


def test_a_feed_that_is_not_listed_still_waits_for_a_person(quick: Deployment) -> None:
    give(quick, "a", "P1,甲名,,,")
    assert give(quick, "c", "P1,丙名,,,", "P3,丙三,,,").counts.held == 1
    assert give(quick, "a", "P1,甲名,,,", "P3,甲三,,,").counts.held == 1
    assert {name: row[0] for name, row in held(quick).items()} == {"P1": "甲名", "P3": "丙三"}


def test_a_preview_tells_what_the_run_then_does(quick: Deployment) -> None:
    (quick.directory / "config" / "precedence.yml").unlink()
    give(quick, "a", "P1,甲名,1,,", "P2,甲二,,,")
    order(quick, ORDER)
    (quick.directory / "a.csv").write_text(f"{HEADER}\nP1,甲名,1,,\nP3,甲三,,,\n", encoding="utf-8")
    with opened(load_settings(quick.directory, quick.environ), load_plugins()) as gateway:
        preview = preview_inbound(gateway.runner("a"))  # type: ignore[arg-type]
    assert (preview.inserted, preview.unchanged, preview.withdrawals_held_back) == (1, 1, 1)


# -------------------------------------------------------------------------------------------- rules, traces


def test_values_that_only_break_a_rule_together_keep_the_version_before(quick: Deployment) -> None:
    inspectors(quick)
    write(quick, "inspectors-a", "证号,类别,证件", "1,,certificate")
    quick.run("inspectors-a")
    write(quick, "inspectors-b", "证号,类别,证件", "1,civil,certificate")
    quick.run("inspectors-b")
    write(quick, "inspectors-a", "证号,类别,证件", "1,,staff")
    (broken,) = quick.run("inspectors-a")
    assert (broken.status, broken.counts.accepted) == ("with_issues", 1)
    assert quick.query("SELECT certificate_kind, category FROM inspectors") == [("certificate", "civil")]
    (issue,) = quick.query("SELECT code, outcome, record_key, status FROM issues")
    assert issue == ("precedence.broken_together", "held", "1|D1", "open")
    (still,) = quick.run("inspectors-a")
    assert still.status == "with_issues"
    write(quick, "inspectors-b", "证号,类别,证件", "1,daily,certificate")
    quick.run("inspectors-b", "inspectors-a")
    assert quick.query("SELECT certificate_kind, category FROM inspectors") == [("staff", "daily")]
    assert quick.query("SELECT status FROM issues") == [("closed",)]


def inspectors(made: Deployment) -> None:
    text = """\
map: tests/inspectors
dataset: inspectors
fields:
  inspector_number: {from: 证号}
  department_code: {constant: D1}
  certificate_kind: {from: 证件}
  category: {from: 类别}
  name: {constant: 某}
"""
    (made.directory / "mappings" / "tests" / "inspectors.yml").write_text(text, encoding="utf-8")
    for feed in ("inspectors_a", "inspectors_b"):
        file = f"{feed.replace('_', '-')}.csv"
        made.declare(**{feed: made.inbound(file, map="tests/inspectors", dataset="inspectors")})
    order(made, {"inspectors": {"feeds": ["inspectors-a", "inspectors-b"]}})


def write(made: Deployment, name: str, *lines: str) -> None:
    (made.directory / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def call(quick: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("GATEWAY_LANG", "en")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", quick.database_url)

    def called(*arguments: str) -> tuple[int, str, str]:
        code = run_command([*arguments, "--dir", str(quick.directory)])
        return code, *capsys.readouterr()

    return called


def test_a_trace_tells_whose_value_stands_in_each_field(quick: Deployment, call: Call) -> None:
    give(quick, "a", "P1,甲名,1,,")
    give(quick, "b", "P1,乙名,2,,")
    (life,) = json.loads(call("trace", "P1", "--json")[1])
    told = [(each["provenance"]["name"], each["provenance"]["phone"]) for each in life["versions"]]
    assert told == [("a", "a"), ("a", "b")]
    said = call("trace", "P1")[1]
    assert "b: phone" in said


def test_a_merged_identity_is_merged_for_every_feed(quick: Deployment, call: Call) -> None:
    give(quick, "a", "P1,甲名,1,,")
    give(quick, "b", "P1,乙名,2,2001-01-01,")
    call("merge", "inspection_targets", KEY("P1"), KEY("Q1"), "--by", "张三", "--reason", "换号")
    give(quick, "a", "Q1,甲名,1,,")
    give(quick, "b", "P1,乙名,2,2001-01-01,")
    assert held(quick) == {"Q1": ("甲名", "2", "2001-01-01", None)}
    withdrawn = quick.query("SELECT record_key FROM inspection_targets WHERE withdrawn = 1")
    assert withdrawn == [(KEY("P1"),)]
    assert quick.query("SELECT count(*) FROM inspection_targets_history WHERE operation = 'withdraw'") == [(0,)]


def test_a_merged_record_that_vanishes_before_its_heir_comes_is_withdrawn(quick: Deployment, call: Call) -> None:
    give(quick, "a", "P1,甲名,1,,")
    call("merge", "inspection_targets", KEY("P1"), KEY("Q1"), "--by", "张三", "--reason", "换号")
    assert (give(quick, "a").counts.withdrawn, held(quick)) == (1, {})
    assert give(quick, "a").counts.withdrawn == 0


# ------------------------------------------------------------------------------------------------- declaring

WRONG = {
    "one feed": ({"inspection_targets": {"feeds": ["a"]}}, "precedence.yml"),
    "unknown dataset": ({"targets": {"feeds": ["a", "b"]}}, "inspection_targets"),
    "unknown feed": ({"inspection_targets": {"feeds": ["a", "x"]}}, "allowed: a, b, c"),
    "feed twice": ({"inspection_targets": {"feeds": ["a", "a"]}}, "twice"),
    "unknown field": ({"inspection_targets": {"feeds": ["a", "b"], "fields": {"phon": ["b"]}}}, "phone"),
    "key field": ({"inspection_targets": {"feeds": ["a", "b"], "fields": {"kind": ["b"]}}}, "part of the key"),
    "field of another feed": (
        {"inspection_targets": {"feeds": ["a", "b"], "fields": {"phone": ["c"]}}},
        "allowed: a, b",
    ),
    "misspelt": ({"inspection_targets": {"feed": ["a", "b"]}}, "precedence.yml"),
    "a list": (["inspection_targets"], "precedence.yml"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_declaration_stops_the_start(quick: Deployment, case: str) -> None:
    content, said = WRONG[case]
    order(quick, content)
    with pytest.raises(GatewayError) as caught:
        quick.run("a")
    assert said in caught.value.text("en")
    assert quick.query("SELECT * FROM runs") == []
