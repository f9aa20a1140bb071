"""A new deployment can be checked and run as it stands, and its examples when they are switched on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from gateway.app import Gateway, opened
from gateway.errors import GatewayError, StartError
from gateway.operations.check import check_feed
from gateway.operations.new_deployment import REHEARSAL_SECRET, make
from gateway.operations.rehearsal import known_requesters
from gateway.pipeline.feeds import load_feeds
from gateway.pipeline.run_report import Counts
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.settings import Settings, load_settings
from gateway.shipped import shipped


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    make(tmp_path / "new")
    return tmp_path / "new"


def settings_of(directory: Path) -> Settings:
    return load_settings(directory, {})


def switch_on(directory: Path, example: str, *changes: tuple[str, str]) -> None:
    feeds = directory / "config" / "feeds"
    text = (feeds / f"{example}.yml.example").read_text(encoding="utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (feeds / f"{example}.yml").write_text(text, encoding="utf-8")


def found(gateway: Gateway) -> dict[str, list[GatewayError]]:
    findings = {name: check_feed(gateway, name, feed) for name, feed in gateway.feeds.items()}
    return {name: [*each.problems, *each.remarks] for name, each in findings.items()}


def test_nothing_is_wrong_with_a_new_deployment(fresh: Path) -> None:
    with opened(settings_of(fresh), load_plugins()) as gateway:
        assert found(gateway) == {"companies": []}


def test_the_sample_data_are_accepted(fresh: Path) -> None:
    with opened(settings_of(fresh), load_plugins()) as gateway:
        report = gateway.runner("companies").run()
    assert (report.status, report.counts) == ("succeeded", Counts(read=3, accepted=3, records=3))


def test_it_is_a_rehearsal_with_every_default(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    ours, bare = settings_of(fresh).model_dump(), settings_of(tmp_path / "bare").model_dump()
    places = {"directory", "database_url", "spool", "secrets_dir"}
    assert (ours["environment"], {name for name in ours if ours[name] != bare[name]}) == ("rehearsal", places)


def test_every_example_is_a_feed(fresh: Path) -> None:
    feeds = fresh / "config" / "feeds"
    for example in feeds.glob("*.example"):
        example.rename(example.with_suffix(""))
    assert list(load_feeds(feeds)) == [
        "companies",
        "departments",
        "shandong-targets",
        "targets-CX-SCJG",
        "targets-CX-YJGL",
    ]


def test_the_example_of_a_database_reads_one(fresh: Path) -> None:
    with closing(sqlite3.connect(fresh / "inbox" / "government_office.db")) as database, database:
        database.execute("CREATE TABLE 部门目录 (部门编码, 部门名称, 信用代码, 区划, 层级, 上级编码)")
        database.execute("INSERT INTO 部门目录 VALUES ('CX-SCJG', '市场监督管理局', '', '370102', '县级', '')")
    switch_on(fresh, "2_sql")
    with opened(settings_of(fresh), load_plugins()) as gateway:
        assert found(gateway)["departments"] == []
        assert gateway.runner("departments").run().counts == Counts(read=1, accepted=1, records=1)


def test_the_example_of_many_departments_reads_the_folder_of_each(fresh: Path) -> None:
    switch_on(fresh, "4_many_departments")
    sample = (fresh / "inbox" / "market_regulation.csv").read_bytes()
    for folder in ("market_regulation", "emergency_management"):
        (fresh / "inbox" / folder).mkdir()
        (fresh / "inbox" / folder / "1.csv").write_bytes(sample)
    with opened(settings_of(fresh), load_plugins()) as gateway:
        assert found(gateway) == {"companies": [], "targets-CX-SCJG": [], "targets-CX-YJGL": []}


def test_the_example_of_a_platform_sends_to_the_simulated_one(fresh: Path, tmp_path: Path) -> None:
    settings = settings_of(fresh)
    platform = load_plugins().sandbox("shandong")
    secrets = {"chenxing-county": settings.secret(REHEARSAL_SECRET)}
    with serve(platform.open(tmp_path / "platform", secrets)) as served:
        switch_on(fresh, "3_shandong", ("http://127.0.0.1:8370", served.url))
        with opened(settings, load_plugins()) as gateway:
            assert found(gateway) == {"companies": [], "shandong-targets": []}
            assert known_requesters(gateway.feeds, settings.secret) == secrets
            gateway.runner("companies").run()
            assert gateway.runner("shandong-targets").run().counts == Counts(selected=3, delivered=3)


def test_only_the_owner_reads_the_secrets_and_each_deployment_has_its_own(fresh: Path, tmp_path: Path) -> None:
    make(tmp_path / "other")
    secrets = fresh / "secrets"
    modes = [path.stat().st_mode & 0o777 for path in (secrets, secrets / REHEARSAL_SECRET)]
    assert modes == [0o700, 0o600]
    assert settings_of(fresh).secret(REHEARSAL_SECRET) != settings_of(tmp_path / "other").secret(REHEARSAL_SECRET)


def test_every_shipped_file_arrives(fresh: Path) -> None:
    made = {path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()}
    source = shipped("config") / "init"
    kept = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    assert made == kept - {"gitignore"} | {".gitignore", "gateway.toml", f"secrets/{REHEARSAL_SECRET}"}


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    make(tmp_path)
    assert (tmp_path / "gateway.toml").is_file()


def test_a_directory_that_is_not_empty_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "报表.xlsx").touch()
    with pytest.raises(StartError) as refused:
        make(tmp_path)
    assert refused.value.text("zh") == (
        f"目录“{tmp_path}”不是空的（其中有 报表.xlsx），没有改动它；请指定一个空目录或新目录"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["报表.xlsx"]


def test_a_place_where_no_directory_can_be_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"no deployment directory can be made in .*/file': File exists"):
        make(tmp_path / "file")
