"""The shipped profile and the simulated platform agree, and canonical records come out as the platform wants them."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from gateway.domain.code_lists import (
    CERTIFICATE_KINDS,
    DEPARTMENT_LEVELS,
    EVIDENCE_KINDS,
    IDENTIFIER_SCHEMES,
    INSPECTION_METHODS,
    INSPECTOR_CATEGORIES,
    ITEM_CLASSES,
    ITEM_OUTCOMES,
    REGISTRATION_STATES,
    RESULT_VOCABULARIES,
    TARGET_KINDS,
    VALIDITY_STATES,
)
from gateway.domain.dataset import CodeList, Dataset, Privacy
from gateway.domain.datasets import DATASETS as EXCHANGE
from gateway.domain.departments import DEPARTMENTS
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.formats.profile import Profile, load_profile
from gateway.mapping import compile_map, field_map_of
from gateway.sandbox_host.platform.faults import kinds
from gateway.sandbox_host.platform.store import REFUSED, TAKEN, TAKEN_BEFORE
from gateway.shipped import shipped
from gateway_shandong import gateway_jurisdictions, gateway_profiles, gateway_sandboxes
from gateway_shandong.sandbox import codes, records, speech
from gateway_shandong.sandbox.application import HEALTH
from gateway_shandong.sandbox.declared import DATASETS, PROFILE, load_services
from gateway_shandong.sandbox.identity import SCHEME

ROOT = Path(__file__).parents[3]
SHIPPED = {name: EXCHANGE[name] for name in DATASETS}
# What stays with the department: secrets, and of evidence everything but digest and kind.
KEPT_BACK = {
    "inspectors": {"resident_id"},
    "evidence_files": {"place", "media_type", "size", "taken_at", "keep_until"},
}


def profile_of(dataset: str) -> Profile:
    return load_profile(shipped("mappings") / PROFILE / f"{dataset}.yml")


def outward(profile: Profile, dataset: Dataset, **fields: Any) -> dict[str, Any]:
    """One canonical record as its wire fields."""
    name = f"{PROFILE}/{dataset.name}"
    field_map = field_map_of({"map": name, "dataset": dataset.name, "fields": profile.fields}, name)
    compiled = compile_map(field_map, dict.fromkeys(profile.fields, pl.String()), dataset.schema)
    mapped = compiled.apply(pl.DataFrame([fields], schema=dataset.schema))
    assert mapped.findings.height == 0
    row: dict[str, Any] = mapped.records.row(0, named=True)
    return row


def test_the_plugin_offers_the_province_its_profile_and_a_sandbox() -> None:
    (jurisdiction,), (profile,), (sandbox,) = gateway_jurisdictions(), gateway_profiles(), gateway_sandboxes()
    assert (jurisdiction.slug, jurisdiction.region, profile.name, tuple(profile.datasets), sandbox.name) == (
        "shandong",
        "37",
        PROFILE,
        DATASETS,
        "shandong",
    )


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_offered_dataset_has_its_profile(dataset: str) -> None:
    assert profile_of(dataset).identity == f"{PROFILE}/{dataset}"


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_field_of_the_dataset_reaches_the_platform(dataset: str) -> None:
    taken = {origin["from"] for origin in profile_of(dataset).fields.values()}
    assert taken == {each.name for each in SHIPPED[dataset].fields} - KEPT_BACK.get(dataset, set())


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_secret_field_reaches_the_platform(dataset: str) -> None:
    taken = [SHIPPED[dataset].by_name[origin["from"]] for origin in profile_of(dataset).fields.values()]
    assert [each.name for each in taken if each.privacy is Privacy.SECRET] == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_the_platform_demands_the_exchange_demands_too(dataset: str) -> None:
    profile, fields = profile_of(dataset), SHIPPED[dataset].by_name
    demanded = [profile.fields[wire]["from"] for wire, check in profile.wire_checks.items() if check.required]
    assert [name for name in demanded if not fields[name].required] == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_text_of_the_exchange_is_too_long_for_the_platform(dataset: str) -> None:
    profile, fields = profile_of(dataset), SHIPPED[dataset].by_name
    shorter = {
        wire: (check.length, fields[profile.fields[wire]["from"]].length)
        for wire, check in profile.wire_checks.items()
        if check.length and (fields[profile.fields[wire]["from"]].length or 0) > check.length
    }
    assert shorter == {}


@pytest.mark.parametrize(
    ("dataset", "wire", "code_list"),
    [
        ("departments", "DeptLevel", DEPARTMENT_LEVELS),
        ("inspection_targets", "ObjKind", TARGET_KINDS),
        ("inspection_targets", "IdType", IDENTIFIER_SCHEMES),
        ("inspection_targets", "RegState", REGISTRATION_STATES),
        ("inspection_items", "ItemClass", ITEM_CLASSES),
        ("inspection_items", "ResFillType", RESULT_VOCABULARIES),
        ("inspection_items", "IsScVlid", VALIDITY_STATES),
        ("inspectors", "LawType", CERTIFICATE_KINDS),
        ("inspectors", "AgentCatg", INSPECTOR_CATEGORIES),
        ("inspectors", "AgentState", VALIDITY_STATES),
        ("inspection_results", "ObjKind", TARGET_KINDS),
        ("inspection_results", "IdType", IDENTIFIER_SCHEMES),
        ("inspection_results", "CheckType", INSPECTION_METHODS),
        ("inspection_result_items", "ScResult", ITEM_OUTCOMES),
        ("evidence_files", "FileKind", EVIDENCE_KINDS),
    ],
)
def test_every_code_of_the_exchange_has_one_at_the_platform(dataset: str, wire: str, code_list: CodeList) -> None:
    profile = profile_of(dataset)
    steps = profile.fields[wire].get("steps", [{"lookup": {code: code for code in code_list.codes}}])
    table = steps[0]["lookup"]
    assert set(table) == set(code_list.codes)
    assert set(table.values()) == set(profile.wire_checks[wire].codes or {})


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_code_of_the_platform_has_its_meaning(dataset: str) -> None:
    errors = profile_of(dataset).declared.errors
    assert set(errors.document) == {each.code for each in codes.WHOLE_CODES}
    assert set(errors.record) == {each.code for each in codes.RECORD_CODES}


@pytest.mark.parametrize("dataset", DATASETS)
def test_envelope_record_names_and_signature_are_those_of_the_platform(dataset: str) -> None:
    declared = profile_of(dataset).declared
    envelope, service = declared.envelope, load_services()[declared.envelope.dataset_code]
    assert declared.record.names == (records.KEY, records.CHANGE_NUMBER, records.OPERATION)
    assert declared.record.operations.withdraw == records.WITHDRAW
    assert (dict(envelope.constants), declared.endpoints.health) == ({"gsbb": speech.FORMAT}, HEALTH)
    assert (service.deliver, service.find) == (declared.endpoints.deliver, declared.endpoints.find)
    assert (dict(declared.signature.headers), tuple(declared.signature.signed)) == (dict(SCHEME.headers), SCHEME.signed)
    assert set(declared.answer.accepted) == {speech.OUTCOMES[TAKEN], speech.OUTCOMES[TAKEN_BEFORE]}
    assert list(declared.answer.refused) == [speech.OUTCOMES[REFUSED]]


def test_a_company_comes_out_in_the_platforms_codes_and_units() -> None:
    assert outward(
        profile_of("inspection_targets"),
        INSPECTION_TARGETS,
        kind="enterprise",
        identifier_scheme="uscc",
        identifier="91370202264706576B",
        licence_label="",
        name="青岛天高装饰工程有限公司",
        registered_capital=100_000_050,
        capital_currency="CNY",
        established_on=date(1997, 1, 1),
        registration_state="1",
        region_code="370202",
    ) == {
        **dict.fromkeys(profile_of("inspection_targets").fields),
        "ObjKind": "1",
        "IdType": "01",
        "IdNO": "91370202264706576B",
        "EntName": "青岛天高装饰工程有限公司",
        "RegCap": "100.00005",
        "RegCapCur": "CNY",
        "EstDate": "19970101",
        "RegState": "1",
        "DistCode": "370202",
    }


def test_a_department_comes_out_in_the_platforms_codes() -> None:
    fields = {"department_code": "0370100", "name": "济南市市场监督管理局", "region_code": "370100", "level": "city"}
    assert outward(profile_of("departments"), DEPARTMENTS, **fields) == {
        "DeptCode": "0370100",
        "DeptName": "济南市市场监督管理局",
        "UniSCID": None,
        "DistCode": "370100",
        "DeptLevel": "3",
        "SupDeptCode": None,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"registered_capital": 0},
        {"registered_capital": 1},
        {"registered_capital": 2**53},
        {"established_on": date(1949, 10, 1)},
        {"legal_representative": "杨" * 200, "business_scope": "批" * 4000},
    ],
    ids=str,
)
def test_what_comes_out_is_taken_by_the_platform(requester: Any, fields: dict[str, Any]) -> None:
    usual = {"kind": "enterprise", "identifier_scheme": "uscc", "identifier": "91370202264706576B", "name": "甲"}
    profile = profile_of("inspection_targets")
    wire = pl.DataFrame([outward(profile, INSPECTION_TARGETS, **usual, **fields)])
    named = pl.DataFrame({"record_key": ["k1"], "change_number": [1], "operation": ["insert"]})
    answer = requester.signed("/sjjh/jcdx/submit", profile.body("b1", profile.render(named, wire).to_list()))
    assert [(each["jg"], each["cwsm"]) for each in answer["data"]["jglb"]] == [("1", "")]


def test_the_reference_page_lists_every_code_and_fault() -> None:
    page = (ROOT / "docs/reference/shandong-sandbox.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([^`]+)` ", page, flags=re.MULTILINE))
    known = {each.code for each in (*codes.WHOLE_CODES, *codes.RECORD_CODES, codes.SUCCESS)}
    assert known | set(kinds(speech.ShandongSpeech(load_services()))) <= listed


def test_the_example_on_the_reference_page_is_taken(requester: Any) -> None:
    page = (ROOT / "docs/reference/shandong-sandbox.md").read_text(encoding="utf-8")
    request, answer = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)[:2])
    taken = requester.signed("/sjjh/jcdx/submit", request)
    assert {name: taken[name] for name in ("code", "message", "data")} == answer
