"""The shipped profiles, their XSDs and the simulated platform agree; records come out as the platform wants them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest
from pydantic import ValidationError

from gateway.domain.code_lists import (
    ASSIGNMENT_ROLES,
    CERTIFICATE_KINDS,
    DEPARTMENT_LEVELS,
    DRAW_TYPES,
    IDENTIFIER_SCHEMES,
    INSPECTION_METHODS,
    INSPECTOR_CATEGORIES,
    ITEM_CLASSES,
    ITEM_OUTCOMES,
    REGISTRATION_STATES,
    RESULT_VOCABULARIES,
    TARGET_KINDS,
    TASK_SOURCES,
    TASK_STATES,
    VALIDITY_STATES,
)
from gateway.domain.dataset import CodeList, Privacy
from gateway.domain.datasets import DATASETS as EXCHANGE
from gateway.domain.yaml_text import read_yaml_text
from gateway.formats.declaration import ProfileDeclaration, WireCheck
from gateway.formats.profile import Profile, load_profile
from gateway.mapping import FieldMap, compile_map, field_map_of, load_field_map
from gateway.sandbox_host.platform.faults import kinds
from gateway.shipped import shipped
from gateway.transport.xml import Schema
from gateway_hebei import DATASETS, PLATFORM, gateway_jurisdictions, gateway_profiles, gateway_sandboxes
from gateway_hebei.sandbox import codes, pulls, wire
from gateway_hebei.sandbox.declared import load_services
from gateway_hebei.sandbox.platform import HEALTH, SCHEME
from tests.plugins.gateway_hebei.requester import USUAL, Requester, package, record

ROOT = Path(__file__).parents[3]
FOLDER = shipped("mappings") / PLATFORM
PAGE = (ROOT / "docs/reference/hebei-sandbox.md").read_text(encoding="utf-8")
XS = "{http://www.w3.org/2001/XMLSchema}"
PROFILES = {dataset: load_profile(FOLDER / f"{dataset}.yml", Schema) for dataset in DATASETS}

# What the platform hands down, and the map of each.
INWARD = ("inbound_inspection_tasks", "inbound_drawn_targets", "inbound_inspector_assignments")
REGISTRIES = DATASETS[:4]
# What this platform does not ask for (001§12).
LEFT_OUT = {"inspectors": {"resident_id"}}
# The codes of the exchange that have none there.
INEXPRESSIBLE = {("inspection_items", "ResultWay"): {"conclusions"}, ("inspectors", "CertKind"): {"staff"}}


def outward(dataset: str, *records: Mapping[str, Any]) -> tuple[list[dict[str, Any]], pl.DataFrame]:
    """Canonical records as their wire fields, and what was found of them."""
    profile, schema = PROFILES[dataset], EXCHANGE[dataset].schema
    name = f"{PLATFORM}/{dataset}"
    field_map = field_map_of({"map": name, "dataset": dataset, "fields": profile.fields}, name)
    compiled = compile_map(field_map, dict.fromkeys(profile.fields, pl.String()), schema)
    mapped = compiled.apply(pl.DataFrame(list(records), schema=schema))
    return mapped.records.rows(named=True), mapped.findings


def document(dataset: str, *records: Mapping[str, Any], operation: str = "insert", key: str = "b1") -> bytes:
    """A document of canonical records."""
    rows, findings = outward(dataset, *records)
    assert findings.rows() == []
    wire_fields = pl.DataFrame(rows, schema=dict.fromkeys(PROFILES[dataset].fields, pl.String))
    count = range(len(records))
    versions = {"record_key": [f"k{n}" for n in count], "change_number": [n + 1 for n in count]}
    named = pl.DataFrame({**versions, "operation": [operation] * len(records)})
    return PROFILES[dataset].body(key, PROFILES[dataset].render(named, wire_fields).to_list())


def origin_of(profile: Profile, field: str) -> str:
    """The canonical field that a wire field is made from."""
    origin = profile.fields[field]
    return str(origin.get("from") or re.findall(r"\b(\w+) =", origin["sql"])[0])


# ------------------------------------------------------------------------------------------------------- offers


def test_the_plugin_offers_the_province_its_profiles_and_a_sandbox() -> None:
    (jurisdiction,), (profile,), (sandbox,) = gateway_jurisdictions(), gateway_profiles(), gateway_sandboxes()
    assert (jurisdiction.slug, jurisdiction.region, profile.name, tuple(profile.datasets), sandbox.name) == (
        "hebei",
        "13",
        PLATFORM,
        DATASETS,
        "hebei",
    )


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_offered_dataset_has_its_profile_and_its_xsd(dataset: str) -> None:
    assert PROFILES[dataset].identity == f"{PLATFORM}/{dataset}"
    assert PROFILES[dataset].declared.format == "xml"


def test_nothing_lies_beside_that_is_not_offered() -> None:
    files = {f"{name}.{kind}" for name in (*DATASETS, *INWARD) for kind in ("yml", "xsd")}
    shared = {"_platform.yml", "_platform.xsd", "_answer.xsd", "_question.xsd"}
    golden = {f"{name}.golden.yml" for name in INWARD}
    assert {each.name for each in FOLDER.iterdir()} - golden == files | shared


# ------------------------------------------------------------------------------------------ against the exchange


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_field_of_the_dataset_reaches_the_platform_or_is_left_out_by_name(dataset: str) -> None:
    taken = {origin_of(PROFILES[dataset], field) for field in PROFILES[dataset].fields}
    assert taken == {each.name for each in EXCHANGE[dataset].fields} - LEFT_OUT.get(dataset, set())


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_secret_field_is_sent(dataset: str) -> None:
    secret = {each.name for each in EXCHANGE[dataset].fields if each.privacy is Privacy.SECRET}
    assert {origin_of(PROFILES[dataset], field) for field in PROFILES[dataset].fields} & secret == set()


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_the_platform_demands_the_exchange_demands_too(dataset: str) -> None:
    profile, fields = PROFILES[dataset], EXCHANGE[dataset].by_name
    demanded = [origin_of(profile, field) for field, check in profile.wire_checks.items() if check.required]
    assert [name for name in demanded if not fields[name].required] == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_text_of_the_exchange_is_too_long_for_the_platform(dataset: str) -> None:
    profile, fields = PROFILES[dataset], EXCHANGE[dataset].by_name
    lengths = {
        field: (check.length or 0, fields[origin_of(profile, field)].length or 0)
        for field, check in profile.wire_checks.items()
        if "sql" not in profile.fields[field]
    }
    assert {field: each for field, each in lengths.items() if each[1] > each[0]} == {}


@pytest.mark.parametrize(
    ("dataset", "field", "code_list"),
    [
        ("departments", "DeptLevel", DEPARTMENT_LEVELS),
        ("inspection_targets", "TargetKind", TARGET_KINDS),
        ("inspection_targets", "TargetIdType", IDENTIFIER_SCHEMES),
        ("inspection_targets", "RegState", REGISTRATION_STATES),
        ("inspection_items", "ResultWay", RESULT_VOCABULARIES),
        ("inspection_items", "ItemClass", ITEM_CLASSES),
        ("inspection_items", "State", VALIDITY_STATES),
        ("inspectors", "CertKind", CERTIFICATE_KINDS),
        ("inspectors", "Category", INSPECTOR_CATEGORIES),
        ("inspectors", "State", VALIDITY_STATES),
        ("inspection_results", "TargetKind", TARGET_KINDS),
        ("inspection_results", "TargetIdType", IDENTIFIER_SCHEMES),
        ("inspection_results", "CheckWay", INSPECTION_METHODS),
        ("inspection_result_items", "TargetKind", TARGET_KINDS),
        ("inspection_result_items", "TargetIdType", IDENTIFIER_SCHEMES),
        ("inspection_result_items", "Result", ITEM_OUTCOMES),
    ],
)
def test_every_code_of_the_exchange_has_one_at_the_platform(dataset: str, field: str, code_list: CodeList) -> None:
    profile = PROFILES[dataset]
    steps = profile.fields[field].get("steps", [{"lookup": {code: code for code in code_list.codes}}])
    table = steps[0]["lookup"]
    assert set(table) == set(code_list.codes) - INEXPRESSIBLE.get((dataset, field), set())
    assert set(table.values()) == set(profile.wire_checks[field].codes or {})


# ----------------------------------------------------------------------------------------------- against the XSD


def facets() -> dict[str, WireCheck]:
    """What each type of the shared XSD demands, said as a check of a wire field."""
    types = {each.get("name", ""): each for each in ET.parse(FOLDER / "_platform.xsd").getroot()}
    return {name: _check(types, name) for name in types if name.startswith(("Text", "Filled")) or name in PATTERNED}


PATTERNED = ("Amount", "Currency", "Date", "IndustryCode", "RegionCode")


def _check(types: Mapping[str, ET.Element], name: str) -> WireCheck:
    union = types[name].find(f"{XS}union")
    if union is not None:
        filled, empty = union.get("memberTypes", "").split()
        assert empty == "Empty"
        return _check(types, filled).model_copy(update={"required": False})
    said = {each.tag.removeprefix(XS): each.get("value", "") for each in types[name].iter()}
    pattern = said.get("pattern")
    optional = pattern is not None and re.fullmatch(r"\((.*)\)\?", pattern)
    return WireCheck(
        title="-",
        provenance="-",
        required=not optional if pattern else "minLength" in said,
        length=int(said["maxLength"]) if "maxLength" in said else len("1998-04-07"),
        pattern=optional[1] if optional else pattern,
    )


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_xsd_demands_of_every_field_what_the_profile_says(dataset: str) -> None:
    root, known = ET.parse(FOLDER / f"{dataset}.xsd").getroot(), facets()
    data = next(each for each in root if each.get("name") == "Data")
    in_xsd = {each.get("name", ""): known[each.get("type", "")] for each in data.iter(f"{XS}element")}
    in_profile = {
        field: check.model_copy(update={"title": "-", "provenance": "-", "codes": None, "uscc_when": None})
        for field, check in PROFILES[dataset].wire_checks.items()
    }
    assert list(in_xsd.items()) == list(in_profile.items())
    assert list(PROFILES[dataset].fields) == list(in_xsd)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_code_of_the_platform_fits_its_field(dataset: str) -> None:
    checks = PROFILES[dataset].wire_checks.items()
    too_long = {field: code for field, check in checks for code in check.codes or {} if len(code) > (check.length or 0)}
    assert too_long == {}


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_field_says_how_sure_we_are_of_it(dataset: str) -> None:
    sure = {field: check.provenance for field, check in PROFILES[dataset].wire_checks.items()}
    assert {field: said for field, said in sure.items() if not re.match(r"(STD|CODE|INFER|OURS)\b", said)} == {}


# ------------------------------------------------------------------------------------------ against the platform


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_code_of_the_platform_has_its_meaning(dataset: str) -> None:
    errors = PROFILES[dataset].declared.errors
    assert set(errors.document) == {wire.FAILURE, *(each.code for each in codes.WHOLE_CODES)}
    assert set(errors.record) == {each.code for each in codes.RECORD_CODES}


@pytest.mark.parametrize("dataset", DATASETS)
def test_layout_paths_and_signature_are_those_of_the_platform(dataset: str) -> None:
    declared = PROFILES[dataset].declared
    layout, envelope, service = declared.xml, declared.envelope, load_services()[declared.envelope.dataset_code]
    assert layout is not None
    assert (layout.package, layout.question, layout.head) == (wire.PACKAGE, wire.QUESTION, wire.HEAD)
    assert (envelope.records, layout.record, layout.data) == (wire.BODY, wire.RECORD_NAME, wire.DATA)
    assert declared.record.names == (wire.KEY, wire.CHANGE_NUMBER, wire.OPERATION)
    assert list(declared.record.operations.model_dump().values()) == list(wire.OPERATIONS)
    assert (service.deliver, service.find) == (declared.endpoints.deliver, declared.endpoints.find)
    assert declared.endpoints.health == HEALTH
    assert declared.question is not None
    assert declared.question.root == wire.PULL
    assert (dict(declared.signature.headers), tuple(declared.signature.signed)) == (dict(SCHEME.headers), SCHEME.signed)
    assert declared.signature.scheme == SCHEME.kind
    assert {*declared.answer.accepted, *declared.answer.refused} == set(wire.STATES.values())


def test_the_root_of_a_question_belongs_to_xml_alone() -> None:
    content = PROFILES["departments"].declared.model_dump(mode="json") | {"format": "json", "xml": None}
    with pytest.raises(ValidationError, match="the part question belongs to the format xml"):
        ProfileDeclaration.model_validate(content)


def test_success_is_the_opposite_of_what_it_is_in_shandong() -> None:
    platform = (shipped("mappings") / "shandong/platform/2023-01/_platform.yml").read_text(encoding="utf-8")
    (other,) = re.findall(r'^  success: \["(.*)"\]$', platform, flags=re.MULTILINE)
    assert (list(PROFILES["departments"].declared.answer.success), other) == (["1"], "0")


# ------------------------------------------------------------------------------------------- canonical to wire

TARGET = {"target_identifier": "8", "target_scheme": "local", "target_kind": "project", "target_label": "采矿许可证"}
TOLD = {"TargetKind": "XM", "TargetIdType": "NB", "TargetId": "8", "TargetLabel": "采矿许可证"}
# A canonical record of each dataset, and what the platform is told where anything is.
RECORDS: Mapping[str, tuple[Mapping[str, Any], Mapping[str, str]]] = {
    "departments": (
        {"department_code": "0130634", "name": "曲阳县公安局", "region_code": "130634", "level": "county"},
        {"DeptCode": "0130634", "DeptName": "曲阳县公安局", "RegionCode": "130634", "DeptLevel": "40"},
    ),
    "inspection_targets": (
        {
            "kind": "enterprise",
            "identifier_scheme": "uscc",
            "identifier": USUAL["jcdx"]["TargetId"],
            "licence_label": "",
            "name": "曲阳县某某雕塑有限公司",
            "registered_capital": 100_000_050,
            "established_on": date(1998, 4, 7),
            "registration_state": "1",
            "phone": "03124211111",
        },
        {
            "TargetKind": "QY",
            "TargetIdType": "USCC",
            "TargetId": USUAL["jcdx"]["TargetId"],
            "EntName": "曲阳县某某雕塑有限公司",
            "RegCap": "100.00005",
            "EstDate": "1998-04-07",
            "RegState": "1",
            "Tel": "03124211111",
        },
    ),
    "inspection_items": (
        {
            "item_code": "A01",
            "department_code": "130634-scjg",
            "name": "登记事项检查",
            "sub_item": "营业执照使用情况",
            "content": "一、是否亮照；\n二、是否涂改",
            "basis": "《企业信息公示暂行条例》",
            "methods": "现场检查",
            "result_vocabulary": "normal",
            "joint": True,
            "state": "1",
        },
        {
            "ItemCode": "A01",
            "DeptCode": "130634-scjg",
            "CheckProject": "登记事项检查",
            "CheckSubProject": "营业执照使用情况",
            "CheckContent": "一、是否亮照；\n二、是否涂改",
            "CheckBasis": "《企业信息公示暂行条例》",
            "CheckWay": "现场检查",
            "ResultWay": "正常/不正常",
            "Joint": "是",
            "State": "有效",
        },
    ),
    "inspectors": (
        {
            "inspector_number": "冀公001234",
            "department_code": "130634-gaj",
            "certificate_kind": "police",
            "name": "某某",
            "category": "civil",
            "position": "二级警长",
            "post": "治安检查",
            "phone": "03124212222",
            "resident_id": "11010519491231002X",
            "certificate_valid_until": date(2027, 12, 31),
            "expert": False,
        },
        {
            "CertNo": "冀公001234",
            "DeptCode": "130634-gaj",
            "CertKind": "警官证",
            "Name": "某某",
            "Category": "01",
            "Position": "二级警长",
            "Post": "治安检查",
            "Tel": "03124212222",
            "CertValidTo": "2027-12-31",
            "Expert": "否",
        },
    ),
    "inspection_results": (
        {
            **TARGET,
            "task_number": "130634202203100001",
            "department_code": "130634-scjg",
            "target_name": "某矿",
            "inspected_on": date(2022, 5, 9),
            "finished_on": date(2022, 5, 10),
            "inspectors": "冀A1;冀A2",
            "method": "1",
            "conclusions": "5;7",
            "description": "见附表",
            "signature_refused": True,
        },
        {
            **TOLD,
            "TaskNo": "130634202203100001",
            "DeptCode": "130634-scjg",
            "TargetName": "某矿",
            "CheckDate": "2022-05-09",
            "FinishDate": "2022-05-10",
            "CertNos": "冀A1;冀A2",
            "CheckWay": "1",
            "Result": "不正常",
            "Description": "见附表",
            "SignRefused": "是",
        },
    ),
    "inspection_result_items": (
        {
            **TARGET,
            "task_number": "130634202203100001",
            "department_code": "130634-scjg",
            "item_code": "A01",
            "item_name": "登记事项检查",
            "outcome": "abnormal",
            "problem": "未亮照",
            "handling": "责令改正",
        },
        {
            **TOLD,
            "TaskNo": "130634202203100001",
            "DeptCode": "130634-scjg",
            "ItemCode": "A01",
            "CheckProject": "登记事项检查",
            "Result": "不正常",
            "Problem": "未亮照",
            "Handling": "责令改正",
        },
    ),
}


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_record_comes_out_in_the_platforms_names_codes_and_units(dataset: str) -> None:
    record, told = RECORDS[dataset]
    ((row,), findings) = outward(dataset, record)
    assert (findings.rows(), {field: value for field, value in row.items() if value}) == ([], dict(told))


@pytest.mark.parametrize(
    ("conclusions", "result"), [("1", "正常"), ("2", "不正常"), ("8", "不正常"), ("5;7", "不正常")]
)
def test_only_nothing_found_is_normal(conclusions: str, result: str) -> None:
    ((row,), _) = outward("inspection_results", {**RECORDS["inspection_results"][0], "conclusions": conclusions})
    assert row["Result"] == result


@pytest.mark.parametrize(
    ("dataset", "change"),
    [("inspectors", {"certificate_kind": "staff"}), ("inspection_items", {"result_vocabulary": "conclusions"})],
)
def test_what_the_platform_has_no_place_for_is_refused_and_not_bent(dataset: str, change: dict[str, str]) -> None:
    _, findings = outward(dataset, {**RECORDS[dataset][0], **change})
    assert findings.select("code", "value").rows() == [("map.lookup", next(iter(change.values())))]


def in_two(dataset: str) -> bytes:
    """A document of a record that says everything, and of one that says only what it must."""
    full, _ = RECORDS[dataset]
    required = {name: value for name, value in full.items() if EXCHANGE[dataset].by_name[name].required}
    keys = [each.name for each in EXCHANGE[dataset].keys if each.absent is None]
    other = {**required, keys[0]: f"{required[keys[0]]}-2", **({"target_label": ""} if "target_label" in full else {})}
    if dataset == "inspection_targets":
        other |= {"identifier": "8", "identifier_scheme": "local", "licence_label": ""}
    return document(dataset, full, other)


@pytest.mark.parametrize("dataset", DATASETS)
def test_what_comes_out_satisfies_the_xsd(dataset: str) -> None:
    assert PROFILES[dataset].faults(in_two(dataset), 2) == {}


@pytest.mark.parametrize("dataset", REGISTRIES)
def test_what_comes_out_is_taken_and_found(requester: Requester, dataset: str) -> None:
    profile, (_, told) = PROFILES[dataset], RECORDS[dataset]
    assert requester.signed(profile.deliver_path, in_two(dataset)).said == [("Y", ""), ("Y", "")]
    (held,) = requester.show("records?key=k0")["records"]
    assert {field: value for field, value in held["content"].items() if value} == dict(told)
    asked = "".join(f"<Record><RecordKey>k{n}</RecordKey><ChangeNo>{n + 1}</ChangeNo></Record>" for n in range(2))
    question = package(asked, root="QueryPackage", catalog=profile.declared.envelope.dataset_code, size=2)
    assert [each["State"] for each in requester.signed(profile.find_path, question).results] == ["Y", "Y"]


@pytest.mark.parametrize("dataset", DATASETS[4:])
def test_what_comes_out_of_an_inspection_is_read_and_waits_for_its_task(requester: Requester, dataset: str) -> None:
    assert requester.signed(PROFILES[dataset].deliver_path, in_two(dataset)).said == [("N", "E31"), ("N", "E31")]


@pytest.mark.parametrize("dataset", DATASETS)
def test_a_withdrawal_satisfies_the_xsd(dataset: str) -> None:
    body = document(dataset, RECORDS[dataset][0], operation="withdraw")
    assert (PROFILES[dataset].faults(body, 1), b"<Data>" in body) == ({}, False)


@pytest.mark.parametrize(
    "fields",
    [
        {"registered_capital": 0},
        {"registered_capital": 1},
        {"registered_capital": 2**53},
        {"established_on": date(1949, 10, 1)},
        {"legal_representative": "杨" * 200, "business_scope": "批" * 4000},
        {"business_scope": "一、批发；\r\n二、零售\t</OpScope>&amp;<![CDATA["},
        {"name": " ]]> <!-- & -->"},
    ],
    ids=str,
)
def test_what_is_unusual_comes_out_valid_too(requester: Requester, fields: dict[str, Any]) -> None:
    body = document("inspection_targets", {**RECORDS["inspection_targets"][0], **fields})
    assert PROFILES["inspection_targets"].faults(body, 1) == {}
    assert requester.signed("/hbssj/jcdx/put", body).said == [("Y", "")]
    (held,) = requester.show("records?key=k0")["records"]
    texts = {"business_scope": "OpScope", "name": "EntName", "legal_representative": "LeRep"}
    assert {field: held["content"][texts[field]] for field in fields if field in texts} == {
        field: value for field, value in fields.items() if field in texts
    }


# ------------------------------------------------------------------------------------------- wire to canonical


def inward(name: str) -> FieldMap:
    """A shipped inward map."""
    return load_field_map((FOLDER / f"{name}.yml").read_text(encoding="utf-8"), f"{PLATFORM}/{name}")


@pytest.mark.parametrize("name", INWARD)
def test_an_inward_map_reads_every_element_of_the_xsd_once_into_every_field(name: str) -> None:
    field_map = inward(name)
    row = next(each for each in ET.parse(FOLDER / f"{name}.xsd").getroot() if each.get("name") == "Row")
    elements = [each.get("name", "") for each in row.iter(f"{XS}element")]
    assert sorted(origin.column for origin in field_map.fields.values()) == sorted(elements)  # type: ignore[union-attr]
    assert set(field_map.fields) == {each.name for each in EXCHANGE[field_map.dataset].fields}


@pytest.mark.parametrize(
    ("name", "field", "told", "code_list"),
    [
        ("inbound_inspection_tasks", "draw_type", pulls.DRAW_WAYS, DRAW_TYPES),
        ("inbound_inspection_tasks", "task_source", pulls.TASK_SOURCES, TASK_SOURCES),
        ("inbound_inspection_tasks", "state", pulls.STATES, TASK_STATES),
        ("inbound_inspector_assignments", "role", pulls.ROLES, ASSIGNMENT_ROLES),
    ],
)
def test_an_inward_map_knows_every_word_of_the_platform(
    name: str, field: str, told: Mapping[str, str], code_list: CodeList
) -> None:
    content = read_yaml_text((FOLDER / f"{name}.yml").read_text(encoding="utf-8"), name)
    ((step),) = content["fields"][field]["steps"]
    assert step["lookup"] == {word: code for code, word in told.items()}
    assert set(told) <= set(code_list.codes)


# ------------------------------------------------------------------------------------------------------- docs


def test_the_reference_page_lists_every_code_fault_and_path() -> None:
    listed = set(re.findall(r"^\| `([^`]+)` ", PAGE, flags=re.MULTILINE))
    known = {each.code for each in (*codes.WHOLE_CODES, *codes.RECORD_CODES)}
    assert known | set(kinds(wire.HebeiSpeech(load_services()))) | set(SCHEME.headers.values()) <= listed
    paths = [each.deliver for each in load_services().values()]
    assert [each for each in (*paths, *pulls.DISPATCHED) if f"`POST {each}`" not in PAGE] == []


def test_the_example_on_the_reference_page_is_taken(requester: Requester) -> None:
    request, answer, *_ = re.findall(r"```xml\n(.*?)\n```", PAGE, flags=re.DOTALL)
    assert requester.signed("/hbssj/bm/put", request).body.decode() == answer


def test_the_pull_on_the_reference_page_is_answered_as_it_shows(requester: Requester) -> None:
    *_, question, answer = re.findall(r"```xml\n(.*?)\n```", PAGE, flags=re.DOTALL)
    own, police = (record(f"z{n}", service="zfry", **said) for n, said in enumerate(({}, POLICE)))
    requester.signed("/hbssj/zfry/put", package(own, police, catalog="ZFRY"))
    requester.put(record())
    who = {"lead_department": "130634-scjg", "departments": ["130634-gaj"]}
    order = {"name": "x", "starts_on": "2022-05-02", "ends_on": "2022-05-31", "rate": 300}
    task = requester.control("tasks", **who, **order)["task_number"]
    for step in ("lock", "dispatch", "match"):
        requester.control(step, task_number=task)
    body = requester.signed("/hbssj/rypp/get", question).body.decode()
    told = re.sub(r"(<MatchTime>).*?(</MatchTime>)", r"\g<1>2022-05-02T09:00:00\2", body)
    assert told.replace(task, "130000202205021001") == answer


POLICE = {"DeptCode": "130634-gaj", "CertKind": "警官证", "CertNo": "冀公3"}
