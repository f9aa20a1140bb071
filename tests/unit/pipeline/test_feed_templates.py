"""One file of feeds is stamped out for many departments, by putting values into texts and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.errors import StartError
from gateway.pipeline.feeds import InboundFeed, OutboundFeed, load_feeds, read_feeds

FILE = """
for: departments
departments:
  370400-scjg: {name: 市场监管局, folder: scjg}
  370400-yjj: {name: 应急管理局, folder: yjj}
feeds:
  targets:
    direction: inbound
    dataset: inspection_targets
    department: "{department}"
    source: {type: csv, path: "inbox/{folder}/{department}-*.csv"}
    map: departments/county/inspection_targets
  inspectors:
    direction: inbound
    dataset: inspectors
    department: "{department}"
    source: {type: sql, url: "sqlite:///{folder}.db", query: "SELECT '{{}}' FROM t", order_by: ["{folder}"]}
    map: departments/county/inspectors
"""


def declared(folder: Path, *changes: tuple[str, str]) -> tuple[dict[str, InboundFeed | OutboundFeed], list[StartError]]:
    text = FILE
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (folder / "2_many.yml").write_text(text, encoding="utf-8")
    return read_feeds(folder)


def refusals(folder: Path, *changes: tuple[str, str]) -> list[str]:
    feeds, wrong = declared(folder, *changes)
    assert feeds == {}
    return [error.text("zh") for error in wrong]


def test_every_template_gives_one_feed_a_department(tmp_path: Path) -> None:
    feeds, wrong = declared(tmp_path)
    assert (list(feeds), wrong) == (
        ["targets-370400-scjg", "targets-370400-yjj", "inspectors-370400-scjg", "inspectors-370400-yjj"],
        [],
    )


def test_the_values_of_a_department_stand_in_its_texts(tmp_path: Path) -> None:
    feeds, _ = declared(tmp_path)
    targets, inspectors = feeds["targets-370400-yjj"], feeds["inspectors-370400-yjj"]
    assert isinstance(targets, InboundFeed)
    assert isinstance(inspectors, InboundFeed)
    assert (targets.department, targets.source["path"]) == ("370400-yjj", "inbox/yjj/370400-yjj-*.csv")
    assert (inspectors.source["query"], inspectors.source["order_by"]) == ("SELECT '{}' FROM t", ["yjj"])


def test_a_stamped_feed_is_the_one_that_would_have_been_written_out(tmp_path: Path) -> None:
    feeds, _ = declared(tmp_path)
    written = tmp_path / "written"
    written.mkdir()
    (written / "1.yml").write_text(
        "targets-370400-scjg:\n  direction: inbound\n  dataset: inspection_targets\n  department: 370400-scjg\n"
        "  source: {type: csv, path: inbox/scjg/370400-scjg-*.csv}\n  map: departments/county/inspection_targets\n",
        encoding="utf-8",
    )
    assert load_feeds(written)["targets-370400-scjg"] == feeds["targets-370400-scjg"]


def test_a_value_is_never_looked_through_for_placeholders(tmp_path: Path) -> None:
    feeds, _ = declared(tmp_path, ("folder: scjg", 'folder: "{department}"'))
    feed = feeds["targets-370400-scjg"]
    assert isinstance(feed, InboundFeed)
    assert feed.source["path"] == "inbox/{department}/370400-scjg-*.csv"


def test_a_department_without_values_of_its_own_has_its_code(tmp_path: Path) -> None:
    (tmp_path / "1.yml").write_text(
        "for: departments\ndepartments:\n  scjg:\n  yjj:\nfeeds:\n"
        "  t:\n    direction: inbound\n    dataset: departments\n"
        '    department: "{department}"\n    source: {type: csv, path: a.csv}\n    map: m\n',
        encoding="utf-8",
    )
    assert list(load_feeds(tmp_path)) == ["t-scjg", "t-yjj"]


def test_an_unknown_placeholder_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    (said,) = refusals(tmp_path, ("inbox/{folder}", "inbox/{foldre}"))
    assert said == (
        "2_many.yml 的模板“targets”用了 {foldre}，而这些部门没有这一项：370400-scjg（市场监管局）、"
        "370400-yjj（应急管理局）；最接近的是：folder；请更正，或给它们补上"
    )


def test_a_department_that_lacks_a_value_is_named(tmp_path: Path) -> None:
    said = refusals(tmp_path, ("{name: 应急管理局, folder: yjj}", "{name: 应急管理局}"))
    assert [sentence.count("370400-yjj（应急管理局）") for sentence in said] == [1, 1]
    assert [sentence.count("370400-scjg") for sentence in said] == [0, 0]


def test_a_value_that_no_template_uses_is_refused_with_the_nearest_names(tmp_path: Path) -> None:
    (said,) = refusals(tmp_path, ("folder: yjj}", "folder: yjj, foldr: yjj}"))
    assert said == (
        "2_many.yml 中“foldr”这一项没有任何模板用到（部门：370400-yjj（应急管理局））；模板中最接近的是：folder；"
        "请更正名称或删去它"
    )


def test_every_mistake_of_a_file_is_told(tmp_path: Path) -> None:
    said = refusals(tmp_path, ("inbox/{folder}", "inbox/{foldre}"), ('["{folder}"]', '["{forder}"]'))
    assert len(said) == 2


def test_what_is_wrong_with_a_template_is_said_once_for_all_departments(tmp_path: Path) -> None:
    feeds, wrong = declared(tmp_path, ("    map: departments/county/inspection_targets\n", ""))
    assert list(feeds) == ["inspectors-370400-scjg", "inspectors-370400-yjj"]
    (said,) = [error.text("zh") for error in wrong]
    assert said == (
        "2_many.yml 中的模板“targets”用于部门 370400-scjg（市场监管局）、370400-yjj（应急管理局） 时写法有误："
        "map：必须写明"
    )


def test_what_is_wrong_for_one_department_names_it_alone(tmp_path: Path) -> None:
    (tmp_path / "1_one.yml").write_text(
        "targets-370400-yjj:\n  direction: inbound\n  dataset: departments\n  department: x\n"
        "  source: {type: csv, path: a.csv}\n  map: m\n",
        encoding="utf-8",
    )
    feeds, wrong = declared(tmp_path)
    assert len(feeds) == 4
    (said,) = [error.text("zh") for error in wrong]
    assert "模板“targets”用于部门 370400-yjj（应急管理局） 时写法有误" in said
    assert "2_many.yml 和 1_one.yml 中各声明了一次" in said


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("for: departments", "for: counties", "for 写法有误：值为“counties”"),
        ("for: departments", "for: departments\nfor_each: x", "for_each 写法有误：没有这一部分"),
        ("folder: scjg}", "folder: [a, b]}", "departments.370400-scjg 写法有误：各项值应为文字"),
        (
            "folder: scjg}",
            "folder: scjg, department: x}",
            "departments.370400-scjg.department 写法有误：它就是部门编码",
        ),
        ('"{folder}"]', '"{folder"]', "“{folder”的花括号不成对"),
        ('"{folder}"]', '"{folder.x}"]', "“{folder.x}”的花括号不成对"),
    ],
)
def test_a_file_that_is_not_written_right_is_refused(tmp_path: Path, before: str, after: str, said: str) -> None:
    (sentence,) = refusals(tmp_path, (before, after))
    assert said in sentence
    assert "2_many.yml" in sentence


@pytest.mark.parametrize("part", ["departments", "feeds"])
def test_a_part_that_is_missing_is_named(tmp_path: Path, part: str) -> None:
    (tmp_path / "1.yml").write_text(
        "for: departments\ndepartments: {a: }\nfeeds: {a: }\n".replace(f"{part}: {{a: }}", "")
    )
    _, (wrong,) = read_feeds(tmp_path)
    assert f"{part} 写法有误：缺少内容" in wrong.text("zh")


def test_a_template_that_every_department_would_get_alike_is_refused(tmp_path: Path) -> None:
    changes = [
        (
            'department: "{department}"\n    source: {type: csv, path: "inbox/{folder}/{department}-*.csv"}',
            "department: x\n    source: {type: csv, path: a.csv}",
        )
    ]
    assert "没有用到任何一项部门的值" in refusals(tmp_path, *changes)[0]


def test_a_feed_that_is_called_for_is_a_feed(tmp_path: Path) -> None:
    (tmp_path / "1.yml").write_text(
        "for:\n  direction: inbound\n  dataset: departments\n  department: x\n"
        "  source: {type: csv, path: a.csv}\n  map: m\n",
        encoding="utf-8",
    )
    assert list(load_feeds(tmp_path)) == ["for"]


OUTBOUND = """
upwards:
  direction: outbound
  dataset: inspection_targets
  profile: shandong/platform/2023-01
  destination: {type: rest, name: shandong}
  after: [%s]
"""


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("targets", ("targets-370400-scjg", "targets-370400-yjj")),
        ("inspectors-370400-yjj, targets", ("inspectors-370400-yjj", "targets-370400-scjg", "targets-370400-yjj")),
    ],
)
def test_a_feed_that_runs_after_a_template_runs_after_every_department(
    tmp_path: Path, after: str, expected: tuple[str, ...]
) -> None:
    (tmp_path / "3.yml").write_text(OUTBOUND % after, encoding="utf-8")
    feeds, wrong = declared(tmp_path)
    upwards = feeds["upwards"]
    assert isinstance(upwards, OutboundFeed)
    assert (upwards.after, wrong) == (expected, [])


def test_an_after_that_names_neither_feed_nor_template_is_refused(tmp_path: Path) -> None:
    (tmp_path / "3.yml").write_text(OUTBOUND % "target", encoding="utf-8")
    _, wrong = declared(tmp_path)
    assert [error.message.code for error in wrong] == ["feed.after_what"]


def test_the_file_of_the_how_to_is_one_of_templates(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "many-departments.md"
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "1.yml").write_text(text, encoding="utf-8")
    assert list(load_feeds(tmp_path)) == ["targets-370400-scjg", "targets-370400-yjj"]
