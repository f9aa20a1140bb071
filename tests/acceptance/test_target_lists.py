"""A department without a target list gets one: proposed from the register, decided by a person, read by a feed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastexcel
import pytest
import xlsxwriter

from gateway.cli.application import run_command
from gateway.domain.datasets import DATASETS
from gateway.state import event_log
from gateway.state.database import Database
from tests.canonical_files import canonical_fields, write_canonical, write_map
from tests.deployment import Deployment

LABEL = "危险化学品经营"
CODES = [
    "91370202264706576B",
    "9137160272425345XG",
    "91370200X143571235",
    "91371726796177011H",
    "91371300868255630E",
    "91371623726717289Y",
    "91370212264706509W",
    "91370103964734164Y",
    "91371602166931657C",
]
NAMES = ["甲公司", "乙公司", "丙公司", "丁公司", "戊公司", "己公司", "庚公司", "辛公司", "壬公司"]
PLAIN, EXCLUDED, BY_CLASS, COARSE, CLOSED, OTHER, SILENT, DOUBLED, LISTED = CODES


def _company(code: str, **more: str) -> dict[str, str]:
    fields = {"identifier": code, "identifier_scheme": "uscc", "kind": "enterprise", "name": NAMES[CODES.index(code)]}
    return {**fields, **more}


REGISTER = [
    _company(
        PLAIN,
        business_scope="危险化学品零售；五金",
        registered_capital="1094300000",
        capital_currency="CNY",
        established_on="2017-03-09",
        registration_state="1",
        enterprise_type="有限责任公司",
        phone="0532-1234567",
        address='甲路 "1" 号, 二层',
    ),
    _company(EXCLUDED, business_scope="化工产品（不含危险化学品）"),
    _company(BY_CLASS, industry_code="C2614", business_scope="有机化学原料"),
    _company(COARSE, industry_code="26"),
    _company(CLOSED, business_scope="危险化学品批发", registration_state="4"),
    _company(OTHER, business_scope="食品", industry_code="5226"),
    _company(SILENT),
    _company(DOUBLED, business_scope="危险化学品运输"),
    _company(DOUBLED, licence_label="道路运输", business_scope="危险化学品运输", industry_code="2614"),
    _company(LISTED, business_scope="危险化学品零售"),
]
ALREADY = [_company(LISTED, licence_label=LABEL)]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Call = Callable[..., Said]


def _filled(deployment: Deployment) -> Deployment:
    """Give it a register of market regulation, and a list of emergency management that holds one company."""
    departments = [{"department_code": code, "name": code, "region_code": "370202"} for code in ("SCJG", "YJGL")]
    for name, dataset, rows, department in (
        ("departments", "departments", departments, "SCJG"),
        ("register", "inspection_targets", REGISTER, "SCJG"),
        ("emergency", "inspection_targets", ALREADY, "YJGL"),
    ):
        write_canonical(deployment.directory / f"{name}.csv", DATASETS[dataset], *rows)
        fields = canonical_fields(DATASETS[dataset])
        field_map = write_map(deployment.directory, f"test/{name}", DATASETS[dataset], fields)
        source = {"type": "csv", "path": f"{name}.csv"}
        feed = {"direction": "inbound", "dataset": dataset, "department": department, "source": source}
        deployment.declare(**{name: {**feed, "map": field_map}})
    reports = deployment.run("departments", "register", "emergency")
    assert [report.counts.accepted for report in reports] == [2, len(REGISTER), 1]
    return deployment


@pytest.fixture(scope="module")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("targets") / "deployment"
    directory.mkdir()
    return _filled(Deployment(directory, f"sqlite:///{directory / 'g.db'}")).directory


@pytest.fixture
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Deployment:
    """A deployment of a test's own, on SQLite unless it asks for PostgreSQL."""
    if getattr(request, "param", "sqlite") == "postgresql":
        return _filled(Deployment(tmp_path, request.getfixturevalue("postgresql_url")))
    directory = Path(shutil.copytree(request.getfixturevalue("_once"), tmp_path / "deployment"))
    return Deployment(directory, f"sqlite:///{directory / 'g.db'}")


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> Call:
    monkeypatch.chdir(deployment.directory)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", deployment.database_url)

    def called(*arguments: object, language: str = "zh") -> Said:
        monkeypatch.setenv("GATEWAY_LANG", language)
        code = run_command([str(each) for each in arguments])
        out, err = capsys.readouterr()
        return Said(code, out, err)

    return called


def _propose(call: Call, *more: str, **how: Any) -> Said:
    criteria = ["--industry", "26", "--keyword", "危险化学品"] if not more else list(more)
    return call("targets", "propose", "--department", "YJGL", "--label", LABEL, "--out", "建议.xlsx", *criteria, **how)


def _rows(file: Path) -> list[list[str]]:
    reader = fastexcel.read_excel(file)
    return [
        [cell or "" for cell in row]
        for row in reader.load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()
    ]


def _decide(file: Path, decide: Callable[[list[str]], str], rows: Sequence[list[str]] | None = None) -> None:
    """Save the workbook again as a person's program does, with the first column decided."""
    basis = fastexcel.read_excel(file).load_sheet(1, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()
    head, *below = rows or _rows(file)
    with xlsxwriter.Workbook(file) as workbook:
        sheet, second = workbook.add_worksheet("检查对象"), workbook.add_worksheet("依据")
        for number, row in enumerate([head, *([decide(row), *row[1:]] for row in below)]):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
        for number, (name, value) in enumerate(basis):
            second.write_string(number, 0, name or "")
            second.write_string(number, 1, value or "")


def _events(deployment: Deployment) -> list[dict[str, Any]]:
    rows = deployment.query("SELECT detail FROM event_log WHERE action = 'targets.confirmed' ORDER BY number")
    return [json.loads(detail) for (detail,) in rows]


@pytest.mark.parametrize("deployment", ["sqlite", "postgresql"], indirect=True)
def test_each_company_is_proposed_once_with_its_reasons(call: Call, deployment: Deployment) -> None:
    said = _propose(call)
    assert (said.code, said.err) == (0, "")
    rows = {row[3]: (row[0], row[1], row[2].split("\n")) for row in _rows(deployment.directory / "建议.xlsx")[1:]}
    chemicals = "化学原料和化学制品制造业"
    assert rows == {
        "甲公司": ("是", "列入", ["经营范围写有“危险化学品”：“危险化学品零售”"]),
        "乙公司": ("", "存疑", ["存疑：经营范围提到“危险化学品”，但可能是排除：“不含危险化学品”"]),
        "丙公司": ("是", "列入", [f"行业代码 C2614 属于 26（{chemicals}）"]),
        "丁公司": ("是", "列入", [f"行业代码 26 属于 26（{chemicals}）"]),
        "戊公司": ("", "存疑", ["经营范围写有“危险化学品”：“危险化学品批发”", "存疑：登记状态为“注销”"]),
        "辛公司": (
            "是",
            "列入",
            ["经营范围写有“危险化学品”：“危险化学品运输”", f"行业代码 2614 属于 26（{chemicals}）"],
        ),
    }
    assert "建议列入 4 户，存疑 2 户" in said.out
    assert "名录中已有 1 户；登记数据没有写明经营范围或行业、无从判断的 1 户；不相符的 1 户" in said.out


def test_a_coarse_code_of_the_register_is_doubtful(call: Call, deployment: Deployment) -> None:
    _propose(call, "--industry", "2614", language="en")
    rows = {row[3]: (row[0], row[1], row[2]) for row in _rows(deployment.directory / "建议.xlsx")[1:]}
    assert rows["丁公司"] == (
        "",
        "doubtful",
        "doubtful: its industry is only given as 26, which may be 2614 (化学原料和化学制品制造业)",
    )
    assert rows["丙公司"][:2] == ("yes", "list")


def test_proposing_stores_nothing(call: Call, deployment: Deployment) -> None:
    before = deployment.query("SELECT count(*) FROM event_log")
    _propose(call)
    assert deployment.query("SELECT count(*) FROM event_log") == before


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--department", "YJ", "--label", "x", "--keyword", "x"], "没有名为“YJ”的部门；最接近的是：YJGL"),
        (["--department", "YJGL", "--label", "x"], "没有写明行业或关键词"),
        (["--department", "YJGL", "--label", " ", "--keyword", "x"], "标签“ ”不可用"),
        (["--department", "YJGL", "--label", "x", "--industry", "99"], "“99”不是国民经济行业分类"),
        (["--department", "YJGL", "--label", "x", "--keyword", "x", "--feed", "regster"], "register"),
    ],
)
def test_criteria_that_cannot_be_used_are_refused(
    call: Call, deployment: Deployment, arguments: list[str], what: str
) -> None:
    said = call("targets", "propose", "--out", "建议.xlsx", *arguments)
    assert (said.code, said.out, what in said.err) == (2, "", True)
    assert not (deployment.directory / "建议.xlsx").exists()


def test_only_the_named_feed_is_looked_at(call: Call, deployment: Deployment) -> None:
    said = _propose(call, "--keyword", "危险化学品", "--feed", "departments")
    assert (said.code, (deployment.directory / "建议.xlsx").exists()) == (1, False)


def test_a_file_that_is_there_is_left_alone(call: Call, deployment: Deployment) -> None:
    (deployment.directory / "建议.xlsx").write_bytes(b"decided")
    assert _propose(call).code == 2
    assert (deployment.directory / "建议.xlsx").read_bytes() == b"decided"


@pytest.mark.parametrize("deployment", ["sqlite", "postgresql"], indirect=True)
def test_a_confirmed_list_is_logged_and_a_feed_reads_it(call: Call, deployment: Deployment) -> None:
    _propose(call)
    file = deployment.directory / "建议.xlsx"
    _decide(file, lambda row: "是" if row[3] in {"甲公司", "乙公司", "辛公司"} else "否")
    said = call("targets", "confirm", file, "--by", "李某", "--out", "名录.csv")
    assert (said.code, said.err) == (0, "")
    assert "列入 3 户，不列入 3 户，确认人 李某" in said.out
    content = (deployment.directory / "名录.csv").read_bytes()
    (event,) = _events(deployment)
    assert {name: event[name] for name in ("by", "department", "label", "listed", "declined", "gone", "list")} == {
        "by": "李某",
        "department": "YJGL",
        "label": LABEL,
        "listed": 3,
        "declined": 3,
        "gone": [],
        "list": "名录.csv",
    }
    assert event["list_digest"] == hashlib.sha256(content).hexdigest()
    assert event["proposal"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (event["industries"], event["keywords"]) == ("26", "危险化学品")
    assert deployment.query("SELECT count(*) FROM inspection_targets WHERE owner_department = 'YJGL'") == [(1,)]
    deployment.declare(
        chemicals={
            "direction": "inbound",
            "dataset": "inspection_targets",
            "department": "YJGL",
            "source": {"type": "csv", "path": "名录.csv"},
            "map": "departments/template/inspection_targets",
        }
    )
    (report,) = deployment.run("chemicals")
    assert (report.error, report.counts.read, report.counts.accepted) == (None, 3, 3)
    fields = "name, licence_label, registered_capital, established_on, registration_state, phone, address"
    stored = deployment.query(f"SELECT {fields} FROM inspection_targets WHERE feed = 'chemicals' ORDER BY name")
    assert [(name, label) for name, label, *_ in stored] == [(name, LABEL) for name in ("乙公司", "甲公司", "辛公司")]
    plain = next(row for row in stored if row[0] == "甲公司")
    assert (plain[2], str(plain[3]), *plain[4:]) == (1094300000, "2017-03-09", "1", "0532-1234567", '甲路 "1" 号, 二层')
    with closing(Database(deployment.database_url)) as database, database.read() as connection:
        assert event_log.first_broken(connection) is None


def test_an_undecided_proposal_is_refused_with_its_rows(call: Call, deployment: Deployment) -> None:
    _propose(call)
    said = call("targets", "confirm", "建议.xlsx", "--by", "李某")
    assert (said.code, said.out) == (2, "")
    assert "还有 2 行没有决定“是否列入”" in said.err
    assert (_events(deployment), list(deployment.directory.glob("建议.csv"))) == ([], [])


@pytest.mark.parametrize("change", ["row taken out", "row added", "key changed", "basis changed"])
def test_a_proposal_whose_rows_are_others_is_refused(call: Call, deployment: Deployment, change: str) -> None:
    _propose(call)
    file = deployment.directory / "建议.xlsx"
    rows = _rows(file)
    if change == "row taken out":
        rows.pop()
    elif change == "row added":
        rows.append([*rows[-1][:-1], f"{OTHER}|uscc|enterprise|"])
    elif change == "key changed":
        rows[-1][-1] = f"{OTHER}|uscc|enterprise|"
    _decide(file, lambda _: "是", rows)
    if change == "basis changed":
        _change_label(file)
    said = call("targets", "confirm", file, "--by", "李某")
    assert (said.code, "与提出时不同" in said.err, _events(deployment)) == (2, True, [])


def _change_label(file: Path) -> None:
    rows = _rows(file)
    basis = fastexcel.read_excel(file).load_sheet(1, header_row=None, skip_rows=0, dtypes="string").to_polars().rows()
    with xlsxwriter.Workbook(file) as workbook:
        for number, cells in enumerate((rows, basis)):
            sheet = workbook.add_worksheet(str(number))
            for row, line in enumerate(cells):
                for column, cell in enumerate(line):
                    sheet.write_string(row, column, "放射源" if cell == LABEL else cell or "")


def test_rows_may_be_sorted(call: Call, deployment: Deployment) -> None:
    _propose(call)
    file = deployment.directory / "建议.xlsx"
    head, *rows = _rows(file)
    _decide(file, lambda _: "否", [head, *reversed(rows)])
    said = call("targets", "confirm", file, "--by", "李某")
    assert (said.code, "没有一行决定列入" in said.err) == (2, True)


def test_a_company_that_left_the_register_is_named_and_not_listed(call: Call, deployment: Deployment) -> None:
    _propose(call)
    file = deployment.directory / "建议.xlsx"
    _decide(file, lambda row: "是" if row[3] in {"甲公司", "丙公司"} else "否")
    kept = [each for each in REGISTER if each["identifier"] != BY_CLASS]
    write_canonical(deployment.directory / "register.csv", DATASETS["inspection_targets"], *kept)
    deployment.run("register", accept_withdrawals=True)
    said = call("targets", "confirm", file, "--by", "李某")
    assert (said.code, f"1 户已不在登记数据中，没有列入：{BY_CLASS}|uscc|enterprise|" in said.out) == (0, True)
    rows = list(csv.DictReader(io.StringIO((deployment.directory / "建议.csv").read_text(encoding="utf-8-sig"))))
    assert [row["名称"] for row in rows] == ["甲公司"]
    assert _events(deployment)[0]["gone"] == [f"{BY_CLASS}|uscc|enterprise|"]


def test_a_list_that_cannot_be_written_is_not_logged(call: Call, deployment: Deployment) -> None:
    _propose(call)
    file = deployment.directory / "建议.xlsx"
    _decide(file, lambda _: "是")
    (deployment.directory / "名录.csv").write_text("earlier", encoding="utf-8")
    there = call("targets", "confirm", file, "--by", "李某", "--out", "名录.csv")
    nowhere = call("targets", "confirm", file, "--by", "李某", "--out", "没有/名录.csv")
    assert (there.code, nowhere.code, _events(deployment)) == (2, 2, [])
    assert (deployment.directory / "名录.csv").read_text(encoding="utf-8") == "earlier"


def test_nobody_confirms_nothing(call: Call, deployment: Deployment) -> None:
    _propose(call)
    _decide(deployment.directory / "建议.xlsx", lambda _: "是")
    said = call("targets", "confirm", "建议.xlsx", "--by", " ")
    assert (said.code, _events(deployment)) == (2, [])


def test_another_workbook_is_no_proposal(call: Call, deployment: Deployment) -> None:
    call("template", "inspectors", "--out", "表.xlsx")
    (deployment.directory / "文.xlsx").write_text("x", encoding="utf-8")
    codes = [call("targets", "confirm", name, "--by", "李某") for name in ("表.xlsx", "文.xlsx")]
    assert [(said.code, "不是 gateway targets propose 写出的建议" in said.err) for said in codes] == [(2, True)] * 2


def test_the_register_is_left_as_it_was(call: Call, deployment: Deployment) -> None:
    before = deployment.query("SELECT * FROM inspection_targets ORDER BY id")
    _propose(call)
    _decide(deployment.directory / "建议.xlsx", lambda _: "是")
    call("targets", "confirm", "建议.xlsx", "--by", "李某")
    assert deployment.query("SELECT * FROM inspection_targets ORDER BY id") == before
