"""The demo sets up a deployment of its own and touches nobody else's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.errors import StartError
from gateway.operations.demo_deployment import SECRET, set_up
from gateway.operations.demo_inspection import point_feeds
from gateway.operations.rehearsal import known_requesters, named_port
from gateway.pipeline.feeds import load_feeds

HERE = ["departments", "market-regulation", "emergency-management", "shandong-departments", "shandong-targets"]


def _feeds(directory: Path) -> list[str]:
    return list(load_feeds(directory / "config" / "feeds"))


def _registry(folder: Path) -> Path:
    folder.mkdir()
    for name in ("山东_1997", "山东_1998", "河北_1998", "河北_1999"):
        (folder / f"{name}.csv").write_text("企业名称\n", encoding="utf-8")
    return folder


def test_it_declares_the_feeds_of_the_departments_and_the_platform(tmp_path: Path) -> None:
    set_up(tmp_path / "demo", None)
    assert _feeds(tmp_path / "demo") == HERE


def test_real_registrations_are_linked_and_never_copied(tmp_path: Path) -> None:
    registry = _registry(tmp_path / "real")
    set_up(tmp_path / "demo", registry)
    links = sorted((tmp_path / "demo" / "registry").iterdir())
    assert [(link.is_symlink(), link.resolve()) for link in links] == [
        (True, each) for each in sorted(registry.iterdir())
    ]
    assert [name for name in _feeds(tmp_path / "demo") if name not in HERE] == [
        "registry-shandong-1997",
        "registry-shandong-1998",
        "registry-hebei-1998",
        "registry-hebei-1999",
    ]


def test_a_registry_that_moved_is_linked_anew(tmp_path: Path) -> None:
    first = _registry(tmp_path / "first")
    set_up(tmp_path / "demo", first)
    second = first.rename(tmp_path / "second")
    set_up(tmp_path / "demo", second)
    assert {link.resolve().parent for link in (tmp_path / "demo" / "registry").iterdir()} == {second}


def test_what_a_person_changed_is_kept(tmp_path: Path) -> None:
    set_up(tmp_path, None)
    changed = [tmp_path / "departments" / "market_regulation.csv", tmp_path / "secrets" / SECRET]
    for file in changed:
        file.write_text("changed", encoding="utf-8")
    set_up(tmp_path, None)
    assert [file.read_text(encoding="utf-8") for file in changed] == ["changed", "changed"]


def test_somebody_elses_directory_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text('environment = "production"\n', encoding="utf-8")
    with pytest.raises(StartError, match="holds something else"):
        set_up(tmp_path, None)
    assert [file.name for file in tmp_path.iterdir()] == ["gateway.toml"]


def test_a_place_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot be set up"):
        set_up(tmp_path / "file" / "demo", None)


def test_only_the_owner_reads_the_secret(tmp_path: Path) -> None:
    set_up(tmp_path, None)
    file = tmp_path / "secrets" / SECRET
    assert (file.stat().st_mode & 0o077, len(file.read_text(encoding="ascii"))) == (0, 64)


def test_the_feeds_follow_the_platform_to_another_port(tmp_path: Path) -> None:
    set_up(tmp_path, None)
    point_feeds(tmp_path, {"shandong": "http://127.0.0.1:4711"})
    feeds = load_feeds(tmp_path / "config" / "feeds")
    assert (named_port(feeds), known_requesters(feeds, lambda name: f"the secret {name}")) == (
        4711,
        {"chenxing-county": f"the secret {SECRET}"},
    )


def test_without_a_local_destination_no_port_is_named() -> None:
    assert named_port({}) == 0


def test_whoever_only_pulls_from_a_platform_is_known_to_it_too(tmp_path: Path) -> None:
    pulls = {"type": "rest", "url": "http://127.0.0.1:1", "requester": "county", "secret": "pulling"}
    declared = {"direction": "inbound", "dataset": "inspection_tasks", "department": "CX", "source": pulls, "map": "m"}
    (tmp_path / "feeds.yml").write_text(json.dumps({"tasks": declared}), encoding="utf-8")
    assert known_requesters(load_feeds(tmp_path), lambda name: f"the secret {name}") == {"county": "the secret pulling"}
