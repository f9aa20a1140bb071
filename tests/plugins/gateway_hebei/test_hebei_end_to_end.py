"""From a department's files to the receipts of the simulated platform of 河北, through the whole pipeline."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from lxml import etree

from gateway.domain.dataset import Type
from gateway.domain.datasets import DATASETS as EXCHANGE
from gateway.formats.json_documents import decompress
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.shipped import shipped
from gateway_hebei import PLATFORM
from tests.companies import company, key, uscc
from tests.deployment import REQUESTER, SECRET, Deployment, register
from tests.simulated_platform import SimulatedPlatform

FOLDER = shipped("mappings") / PLATFORM
REGISTERS = {"河北_1998": 2622, "河北_1999": 3340}
HOSTILE = [
    "</EntName><EntName>",
    "<![CDATA[ ]]>",
    "<!-- & -->",
    "&amp;&lt;&#60;&e;",
    "A & B \"C\" 'D'",
    "𠮷野家（石家庄）",
    "  {0} $1 %s \\  ",
]


@pytest.fixture
def simulated(tmp_path: Path) -> Iterator[SimulatedPlatform]:
    offer = load_plugins().sandbox("hebei")
    with serve(offer.open(tmp_path / "platform", {REQUESTER: SECRET})) as served:
        yield SimulatedPlatform(served.url)


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    directory = tmp_path / "deployment"
    directory.mkdir()
    return Deployment(directory, f"sqlite:///{tmp_path / 'gateway.db'}")


@pytest.fixture
def send(made: Deployment, simulated: SimulatedPlatform) -> Callable[..., Any]:
    """Run a register of these companies in, and what is new out; gives both reports."""

    def sent(*companies: Mapping[str, str], accept_withdrawals: bool = False) -> Any:
        register(
            made.directory / "register.csv", *({"所在省份": "河北", "地区": "石家庄", **each} for each in companies)
        )
        made.declare(**{"in": made.inbound("register.csv"), "out": outbound(made, simulated)})
        return made.run("in", "out", accept_withdrawals=accept_withdrawals)

    return sent


def outbound(made: Deployment, simulated: SimulatedPlatform, dataset: str = "inspection_targets") -> dict[str, Any]:
    """A feed that sends a dataset to the sandbox of 河北."""
    return {**made.outbound(simulated.url, dataset=dataset, profile=PLATFORM)}


def bodies(made: Deployment) -> list[bytes]:
    """Every document of the outbox, as it was sent."""
    return [decompress(body) for (body,) in made.query("SELECT body FROM documents ORDER BY id")]


def assert_valid(documents: Sequence[bytes], dataset: str = "inspection_targets") -> None:
    """Hold documents against the shipped XSD, without the gateway's own reader."""
    schema = etree.XMLSchema(etree.parse(str(FOLDER / f"{dataset}.xsd")))
    for each in documents:
        schema.assertValid(etree.fromstring(each))


# --------------------------------------------------------------------------------------- the real registrations


def test_the_registrations_of_hebei_get_their_receipts(
    made: Deployment, simulated: SimulatedPlatform, registry_folder: Path
) -> None:
    feeds = {f"hb{name[-2:]}": made.inbound(registry_folder / f"{name}.csv") for name in REGISTERS}
    made.declare(**feeds, out={**outbound(made, simulated), "where": {"province": "河北"}})
    *inbound, out = made.run(*feeds, "out")
    assert [each.counts.accepted for each in inbound] == list(REGISTERS.values())
    sent = sum(REGISTERS.values())
    assert (out.status, out.counts.selected, out.counts.delivered) == ("succeeded", sent, sent)
    held = made.query(
        "SELECT t.record_key, t.name, count(d.receipt) FROM inspection_targets t JOIN deliveries d"
        " ON d.record_key = t.record_key AND d.status = 'delivered' GROUP BY t.record_key, t.name"
    )
    assert {count for *_, count in held} == {1}
    assert sorted(simulated.times_taken().values()) == [1] * sent
    assert sorted(name for name, _, _ in held) == sorted(name for name, _, _ in simulated.effects())
    documents = bodies(made)
    assert_valid(documents)
    names = {each.text for body in documents for each in etree.fromstring(body).iter("EntName")}
    assert names == {name for _, name, _ in held}
    (again,) = made.run("out")
    assert (again.counts.selected, bodies(made)) == (0, documents)
    order = {"name": "年度抽查", "lead_department": "HE-SCJG", "starts_on": "2022-03-10", "ends_on": "2022-12-31"}
    drawn = ordered(simulated, "tasks", {**order, "rate": 300, "region": "130000"})
    assert (drawn["population"], drawn["records"]) == (sent, 179)  # 3 % (001§17), rounded up


def ordered(simulated: SimulatedPlatform, door: str, order: Mapping[str, Any]) -> dict[str, Any]:
    """What the platform's staff did."""
    with urlopen(Request(f"{simulated.url}/_sandbox/{door}", json.dumps(order).encode())) as answer:
        done: dict[str, Any] = json.load(answer)
        return done


# ----------------------------------------------------------------------------------------------- generated rows


def test_a_hostile_text_reaches_the_platform_as_it_was_written(
    made: Deployment, simulated: SimulatedPlatform, send: Callable[..., Any]
) -> None:
    inbound, out = send(
        *(company(number, name) for number, name in enumerate(HOSTILE)),
        company(99, "经营范围分行", 经营范围="一、批发；\r\n二、零售\t<b>"),
    )
    assert (inbound.counts.accepted, out.counts.delivered) == (len(HOSTILE) + 1, len(HOSTILE) + 1)
    (exchange,) = made.query("SELECT business_scope FROM inspection_targets WHERE record_key = :key", key=key(99))
    assert simulated.story(key(99), "OpScope") == list(exchange)
    names = dict(made.query("SELECT record_key, name FROM inspection_targets"))
    assert {simulated.story(each)[0] for each in names} == set(names.values())
    assert {name for name in names.values() if "<" in name} == {name for name in HOSTILE if "<" in name}
    assert_valid(bodies(made))


def test_versions_and_a_withdrawal_arrive_in_their_order(
    made: Deployment, simulated: SimulatedPlatform, send: Callable[..., Any]
) -> None:
    send(company(1, "甲"), company(2, "常在"))
    send(company(1, "乙"), company(2, "常在"))
    send(company(1, "甲"), company(2, "常在"))
    send(company(2, "常在"), accept_withdrawals=True)
    assert simulated.story(key(1)) == ["甲", "乙", "甲", "withdrawn"]
    assert_valid(bodies(made))
    assert b"<Data>" not in bodies(made)[-1]


@pytest.mark.parametrize(
    "kind",
    [
        "500",
        "429",
        "html",
        "disconnect",
        "500_after_commit",
        "timeout_after_commit",
        "half_answer",
        "truncated_answer",
        "broken_xml",
    ],
)
def test_whatever_fails_every_version_is_taken_once_and_has_its_receipt(
    made: Deployment, simulated: SimulatedPlatform, send: Callable[..., Any], kind: str
) -> None:
    simulated.fail(kind, seconds=0)
    simulated.fail(kind, request="find", seconds=0)
    send(*(company(number) for number in range(4)))
    made.run("out")
    assert made.query("SELECT status, count(*), count(receipt) FROM deliveries GROUP BY status") == [
        ("delivered", 4, 4)
    ]
    assert sorted(simulated.times_taken().values()) == [1] * 4


def test_what_the_platform_refuses_is_refused_with_its_reason(made: Deployment, simulated: SimulatedPlatform) -> None:
    made.declare(
        departments={**made.inbound("departments.csv", dataset="departments", map=identity(made, "departments"))}
    )
    lines = "department_code,name,uscc,region_code,level,superior_code\n1,甲局,,130634,county,\n"
    (made.directory / "departments.csv").write_text(lines, encoding="utf-8")
    made.declare(out_departments=outbound(made, simulated, "departments"))
    platform = made.directory / "mappings" / PLATFORM
    shutil.copytree(FOLDER, platform)
    own = platform / "departments.yml"
    # The platform has another code list by now than the profile knows.
    own.write_text(own.read_text(encoding="utf-8").replace('"40"', '"41"'), encoding="utf-8")
    _, out = made.run("departments", "out-departments")
    assert (out.status, out.counts.refused) == ("with_issues", 1)
    ((code, reason),) = made.query("SELECT code, reason FROM deliveries")
    assert code == "E11"
    assert reason.startswith("层级（DeptLevel）的代码“41”不在代码表内：10 国家级、20 省级")


def test_a_record_that_the_xsd_refuses_stays_behind_and_is_sent_once_it_is_mended(
    made: Deployment, simulated: SimulatedPlatform, send: Callable[..., Any]
) -> None:
    short_names(made)
    _, out = send(company(1, "甲"), company(2, "名称太长的企业"), company(3, "丙"))
    assert (out.status, out.counts.selected, out.counts.delivered, out.counts.refused) == ("with_issues", 3, 2, 1)
    ((document, code, reason),) = made.query(
        "SELECT document, code, reason FROM deliveries WHERE record_key = :key", key=key(2)
    )
    assert (document, code) == (None, "xml.not_valid")
    assert "名称：Element 'EntName': [facet 'maxLength'] The value has a length of '7'" in reason
    assert sorted(simulated.contents().values()) == ["丙", "甲"]
    ((arguments,),) = made.query("SELECT arguments FROM issues WHERE outcome = 'refused'")
    assert reason in json.loads(arguments).values()
    _, again = send(company(1, "甲"), company(2, "企业"), company(3, "丙"))
    assert (again.status, again.counts.selected, again.counts.delivered) == ("succeeded", 1, 1)
    assert simulated.story(key(2)) == ["企业"]


def test_what_must_go_out_anew_is_held_against_the_xsd_once_more(
    made: Deployment, simulated: SimulatedPlatform, send: Callable[..., Any]
) -> None:
    simulated.fail("half_answer")
    simulated.fail("500", request="find", times=4)
    _, first = send(company(1, "甲"), company(2, "乙"), company(3, "名称太长的企业"), company(4, "丁"))
    assert (first.counts.delivered, first.counts.unknown) == (2, 2)
    simulated.reset()  # what it took and did not answer for is lost there
    short_names(made)
    (second,) = made.run("out")
    assert (second.counts.selected, second.counts.delivered, second.counts.refused) == (2, 1, 1)
    assert made.query("SELECT code FROM deliveries WHERE record_key = :key", key=key(3)) == [("xml.not_valid",)]
    assert simulated.contents() == {key(4): "丁"}


def short_names(made: Deployment) -> None:
    """Give the deployment a profile of its own, whose XSD allows names of four characters."""
    platform = made.directory / "mappings" / PLATFORM
    shutil.copytree(FOLDER, platform)
    xsd = platform / "inspection_targets.xsd"
    longest = 'name="EntName" type="Filled100"'
    assert longest in xsd.read_text(encoding="utf-8")
    xsd.write_text(xsd.read_text(encoding="utf-8").replace(longest, 'name="EntName" type="Filled4"'), encoding="utf-8")


# ---------------------------------------------------------------------------------------------------- registries

# The registries; what follows an inspection is in tests/integration/test_hebei_inspection.py.
ROWS: Mapping[str, Mapping[str, str]] = {
    "departments": {"department_code": "scjg", "name": "市场监管局", "region_code": "130634", "level": "county"},
    "inspection_items": {
        "item_code": "A01",
        "department_code": "scjg",
        "name": "登记事项检查",
        "content": "一、<亮照>；二、<涂改> & 其他",
        "result_vocabulary": "normal",
        "joint": "true",
        "state": "1",
    },
    "inspectors": {
        "inspector_number": "冀公001234",
        "department_code": "scjg",
        "certificate_kind": "police",
        "name": "某某",
        "category": "qualified",
        "phone": "03124212222",
        "certificate_valid_until": "2027-12-31",
        "expert": "false",
    },
    "inspection_targets": {
        "identifier": uscc(1),
        "identifier_scheme": "uscc",
        "kind": "enterprise",
        "licence_label": "",
        "name": "曲阳县某某雕塑有限公司",
        "registered_capital": "50000000",
        "established_on": "1998-04-07",
    },
}
TOLD = {
    "departments": {"DeptName": "市场监管局", "DeptLevel": "40"},
    "inspection_items": {"CheckContent": "一、<亮照>；二、<涂改> & 其他", "ResultWay": "正常/不正常", "Joint": "是"},
    "inspectors": {"CertNo": "冀公001234", "CertKind": "警官证", "CertValidTo": "2027-12-31", "Expert": "否"},
    "inspection_targets": {"TargetId": uscc(1), "RegCap": "50", "EstDate": "1998-04-07", "LeRep": ""},
}
STEPS: Mapping[Type, list[Any]] = {
    Type.DATE: [{"date": "%Y-%m-%d"}],
    Type.INTEGER: ["integer"],
    Type.MONEY: ["integer"],
    Type.BOOLEAN: [{"boolean": {"true": ["true"], "false": ["false"]}}],
}


def identity(made: Deployment, dataset: str) -> str:
    """Put a map into the deployment whose columns are the dataset's fields, and return its name."""
    name = f"county/{dataset}"
    fields = {
        each.name: {"from": each.name, **({"steps": STEPS[each.type]} if each.type in STEPS else {})}
        for each in EXCHANGE[dataset].fields
        if each.type is not Type.TIME
    }
    file = made.directory / "mappings" / f"{name}.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    content = {"map": name, "dataset": dataset, "fields": fields}
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return name


def write_row(made: Deployment, dataset: str) -> str:
    """Write the dataset's one row as a CSV file with every column, and return its name."""
    columns = [each.name for each in EXCHANGE[dataset].fields if each.type is not Type.TIME]
    with (made.directory / f"{dataset}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerow(ROWS[dataset])
    return f"{dataset}.csv"


def test_a_record_of_every_registry_goes_from_its_file_to_the_platform(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    for dataset in ROWS:
        name = write_row(made, dataset)
        made.declare(**{f"in_{dataset}": made.inbound(name, dataset=dataset, map=identity(made, dataset))})
    made.declare(**{f"out_{dataset}": outbound(made, simulated, dataset) for dataset in ROWS})
    inbound = made.run(*(f"in-{dataset.replace('_', '-')}" for dataset in ROWS))
    assert [(each.counts.accepted, each.status) for each in inbound] == [(1, "succeeded")] * len(ROWS)
    sent = made.run(*(f"out-{dataset.replace('_', '-')}" for dataset in ROWS))
    assert [(each.counts.delivered, each.status) for each in sent] == [(1, "succeeded")] * len(ROWS)
    for dataset, told in TOLD.items():
        ((record_key,),) = made.query(f"SELECT record_key FROM {dataset}")
        assert {field: simulated.story(record_key, field) for field in told} == {
            field: [value] for field, value in told.items()
        }, dataset
        documents = made.query("SELECT body FROM documents WHERE dataset = :dataset", dataset=dataset)
        assert_valid([decompress(body) for (body,) in documents], dataset)
