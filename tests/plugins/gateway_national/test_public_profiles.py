"""Whatever a mapping says, what is personal or secret never reaches a public destination (promise 7)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.app import opened
from gateway.domain.dataset import Dataset, Privacy
from gateway.domain.datasets import DATASETS
from gateway.errors import StartError
from gateway.formats.declaration import ProfileDeclaration
from gateway.formats.json_documents import decompress
from gateway.mapping import field_map_of
from gateway.pipeline.wiring import Wiring
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from gateway.shipped import shipped
from tests.companies import company, uscc
from tests.deployment import Deployment, register
from tests.plugins.gateway_national.conftest import PublicitySystem

NAME = "county/publication/2019-01"
PHONE = "0632-5551234"
PLATFORM = "national/publication/2019-01/_platform.yml"

LEAKS: Mapping[str, Mapping[str, Any]] = {
    "from": {"from": "phone"},
    "steps": {"from": "phone", "steps": ["strip"]},
    "coalesce": {"coalesce": [{"from": "legal_representative"}, {"from": "phone"}]},
    "coalesce in coalesce": {"coalesce": [{"from": "name"}, {"coalesce": [{"from": "name"}, {"from": "phone"}]}]},
    "sql": {"sql": "CONCAT(name, phone)"},
    "sql in coalesce": {"coalesce": [{"from": "name"}, {"sql": "CASE WHEN name = '' THEN phone ELSE name END"}]},
    "quoted sql": {"sql": 'CONCAT(name, "phone")'},
}


@pytest.fixture
def made(tmp_path: Path, system: PublicitySystem) -> Deployment:
    """A deployment whose county publishes targets by a profile of its own."""
    made = Deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    made.declare(leak=made.outbound(system.url, dataset="inspection_targets", profile=NAME, via="direct"))
    return made


def declare(made: Deployment, origin: Mapping[str, Any], **more: Any) -> None:
    """Write the county's profile with one field beside the identifier."""
    folder = made.directory / "mappings" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    shared = (shipped("mappings") / PLATFORM).read_text(encoding="utf-8")
    shared = shared.replace("profile: national/publication", "profile: county/publication")
    (folder / "_platform.yml").write_text(shared, encoding="utf-8")
    check = {"title": "某项", "provenance": "OURS"}
    content = {
        "dataset": "inspection_targets",
        "title": "公开的检查对象",
        "endpoints": {"deliver": "/nowhere", "find": "/nowhere", "health": "/gsxt/health"},
        "envelope": {"document": "b", "dataset": "d", "dataset_code": "T", "count": "n", "records": "r"},
        "fields": {"id": {"from": "identifier"}, "said": origin},
        "wire_checks": {"id": check, "said": check},
        **more,
    }
    (folder / "inspection_targets.yml").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def refusal(made: Deployment) -> StartError:
    """What the start says of the feed."""
    settings = load_settings(made.directory, made.environ)
    with opened(settings, load_plugins()) as gateway, pytest.raises(StartError) as caught:
        gateway.runner("leak")
    return caught.value


@pytest.mark.parametrize("way", LEAKS)
def test_a_public_profile_that_reads_a_personal_field_stops_the_start(made: Deployment, way: str) -> None:
    declare(made, LEAKS[way])
    error = refusal(made)
    assert error.message.code == "publication.private_field"
    said = {name: error.values[name] for name in ("file", "wire", "dataset", "field", "privacy")}
    assert said == {
        "file": f"{NAME}/inspection_targets",
        "wire": "said",
        "dataset": "inspection_targets",
        "field": "phone",
        "privacy": "personal",
    }
    assert "个人信息" in error.text("zh")


def test_a_selector_of_columns_stops_the_start(made: Deployment) -> None:
    declare(made, {"sql": "CONCAT_WS('', COLUMNS('pho.*'), name)"})
    assert refusal(made).message.code == "map.sql_refused"


def test_a_pattern_of_column_names_finds_nothing_personal(made: Deployment) -> None:
    # Quoted, it names no column, and polars reads it as a pattern over all that are there.
    made.declare(i=made.inbound("r.csv", map=registry_with_phone(made)))
    register(made.directory / "r.csv", {**company(1), "地区": PHONE})
    declare(made, {"sql": 'CONCAT("^pho.*$", name)'})
    inbound, _ = made.run("i", "leak")
    assert inbound.counts.accepted == 1
    assert made.query("SELECT phone FROM inspection_targets") == [(PHONE,)]
    bodies = [decompress(body).decode() for (body,) in made.query("SELECT body FROM documents")]
    assert len(bodies) == 1
    assert uscc(1) in bodies[0]
    assert PHONE not in bodies[0]


def registry_with_phone(made: Deployment) -> str:
    """A map that reads a phone number out of one of the register's columns."""
    file = made.directory / "mappings" / "county" / "phones.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    fields = {
        "kind": {"constant": "enterprise"},
        "identifier_scheme": {"constant": "uscc"},
        "identifier": {"from": "统一社会信用代码"},
        "name": {"from": "企业名称"},
        "phone": {"from": "地区"},
    }
    content = {"map": "county/phones", "dataset": "inspection_targets", "fields": fields}
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return "county/phones"


def test_a_feed_of_a_public_profile_cannot_choose_by_a_personal_field(
    made: Deployment, system: PublicitySystem
) -> None:
    declare(made, {"from": "name"})
    choosing = {"dataset": "inspection_targets", "profile": NAME, "where": {"phone": "0632*"}}
    made.declare(leak=made.outbound(system.url, **choosing))
    assert refusal(made).values["name"] == "phone"


def wiring(datasets: Mapping[str, Dataset] = DATASETS, **more: Any) -> Wiring:
    """A wiring of the shipped profile, with parts of it said otherwise."""
    from gateway.formats.profile import load_profile

    profile = load_profile(shipped("mappings") / "national/publication/2019-01/inspection_results.yml")
    declared = {**profile.declared.model_dump(), **more}
    return Wiring(ProfileDeclaration.model_validate(declared), datasets, "the profile")


def with_privacy(name: str, field: str, privacy: Privacy) -> dict[str, Dataset]:
    """The datasets, with another privacy class of one field."""
    dataset = DATASETS[name]
    fields = tuple(replace(each, privacy=privacy) if each.name == field else each for each in dataset.fields)
    return {**DATASETS, name: replace(dataset, fields=fields)}


@pytest.mark.parametrize(
    ("dataset", "field"),
    [
        ("inspection_results", "finished_on"),
        ("inspection_tasks", "plan_name"),
        ("departments", "name"),
        ("inspection_result_items", "item_name"),
        ("inspection_results", "conclusions"),  # read by the items alone
    ],
)
def test_what_goes_out_beside_a_record_is_held_to_the_same(dataset: str, field: str) -> None:
    wired = wiring(with_privacy(dataset, field, Privacy.SECRET))
    outward = {"map": "the profile", "dataset": "inspection_results", "fields": wired.declared.fields}
    with pytest.raises(StartError) as caught:
        wired.outward(field_map_of(outward, "the profile"))
        wired.companions()
    assert (caught.value.message.code, caught.value.values["field"]) == ("publication.private_field", field)


@pytest.mark.parametrize("dataset", ["inspection_results", "inspection_tasks", "inspection_result_items"])
def test_a_dataset_with_a_personal_key_is_never_published(dataset: str) -> None:
    wired = wiring(with_privacy(dataset, "task_number", Privacy.PERSONAL))
    with pytest.raises(StartError) as caught:
        wired.exchange("inspection_results")
        wired.companions()
    assert caught.value.message.code == "publication.private_key"


def test_a_profile_that_is_not_public_may_read_everything() -> None:
    wired = wiring(with_privacy("inspection_result_items", "item_name", Privacy.SECRET), public=False)
    assert list(wired.companions().lists) == ["details"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"beside": {"inspection_tasks": ["department_code", "task_number"]}}, "beside"),
        ({"beside": {"nothing": ["task_number"]}}, "beside"),
    ],
)
def test_a_profile_that_names_another_dataset_wrongly_stops_the_start(more: Mapping[str, Any], place: str) -> None:
    with pytest.raises(StartError) as caught:
        wiring(**more).companions()
    assert (caught.value.message.code, caught.value.values["place"]) == ("profile.not_related", place)
