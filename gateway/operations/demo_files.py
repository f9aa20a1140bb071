"""The files that the demo's three departments hand over, some rows wrong on purpose, one for each way to go wrong."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import astuple, replace
from pathlib import Path

from gateway.operations.demo_companies import (
    COMPANIES,
    REGION,
    REGION_NAME,
    TRACED,
    Company,
    authority_code,
    companies,
    enterprise_code,
)

_LICENSED = 200
_LICENCES = ("危险化学品经营许可证", "安全生产许可证", "烟花爆竹经营许可证")
_OFFICES: Mapping[str, str] = {
    "SCJG": "市场监督管理局",
    "YJGL": "应急管理局",
    "ZFJS": "住房和城乡建设局",
    "STHJ": "生态环境局",
    "JTYS": "交通运输局",
    "NYNC": "农业农村局",
    "WSJK": "卫生健康局",
    "WHLY": "文化和旅游局",
    "JYTY": "教育和体育局",
    "ZRZY": "自然资源局",
    "SLSW": "水利局",
    "XFJY": "消防救援大队",
}
_COLUMNS = (
    "企业名称",
    "统一社会信用代码",
    "法定代表人",
    "企业类型",
    "注册资本（万元）",
    "币种",
    "成立日期",
    "登记状态",
    "行业代码",
    "行政区划代码",
    "地区",
    "住所",
    "联系电话",
    "经办人",
)


def write_market_regulation(file: Path) -> None:
    """Write the register of companies as the department exports it: CSV in GB18030."""
    lines = [_line(_COLUMNS), *(_line(astuple(each)) for each in companies())]
    for place, wrong in _wrong_lines(companies()):
        lines[place + 1] = wrong  # after the header
    file.write_bytes("".join(f"{line}\r\n" for line in lines).encode("gb18030"))


def _wrong_lines(good: tuple[Company, ...]) -> Iterator[tuple[int, str]]:
    """The places of wrong rows among the companies, and those rows."""
    changed: Mapping[int, Company] = {
        23: replace(good[23], uscc=_with_other_check_character(good[23].uscc)),
        47: replace(good[47], name=""),
        61: replace(good[61], established="2023-02-30"),
        88: replace(good[88], kind="中外合资经营企业"),
        102: replace(good[102], capital="壹佰万元"),
        131: replace(good[131], region="371199"),
        150: replace(good[12], phone="0633-2000001"),
        169: replace(good[169], name=f"{REGION_NAME}{'云' * 100}有限公司"),
        204: replace(good[204], address=f"{REGION_NAME}\x07工业一路5号"),
        217: replace(good[217], industry="Z1499"),  # passes here; the platform has no such branch of industry
        230: replace(good[230], state="歇业"),
        244: replace(good[244], uscc=good[244].uscc.lower()),
    }
    for place, company in changed.items():
        yield place, _line(astuple(company))
    yield 187, _line(astuple(good[187])).replace("号,", "号,东门,", 1)
    yield 258, _line(astuple(good[258])[:-2])
    yield 277, f'"{_line(astuple(good[277]))}'


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def _with_other_check_character(code: str) -> str:
    return code[:-1] + ("2" if code[-1] == "1" else "1")


def write_emergency_management(file: Path) -> None:
    """Write the holders of licences: some companies of the register, some of other places, some rows wrong."""
    rows = [_licence(number) for number in range(_LICENSED)]
    rows[35]["信用代码"] = _with_other_check_character(str(rows[35]["信用代码"]))
    rows[72]["单位名称"] = None
    rows[118]["风险颜色"] = "紫"
    rows[140] = {**rows[90], "序号": 141}
    rows[163]["信用代码"] = None
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE 持证单位 (序号 INTEGER PRIMARY KEY, 信用代码 TEXT, 单位名称 TEXT, 许可证种类 TEXT,"
            " 区划 TEXT, 地址 TEXT, 风险颜色 TEXT, 值班电话 TEXT)"
        )
        connection.executemany(
            "INSERT INTO 持证单位 VALUES"
            " (:序号, :信用代码, :单位名称, :许可证种类, :区划, :地址, :风险颜色, :值班电话)",
            rows,
        )


def _licence(number: int) -> dict[str, object]:
    """Every second holder is a company of the register; the others are known here alone."""
    company = companies()[TRACED + number // 2] if number % 2 == 0 else None
    return {
        "序号": number + 1,
        "信用代码": company.uscc if company else enterprise_code(COMPANIES + number),
        "单位名称": company.name if company else f"{REGION_NAME}第{number}加油站",
        "许可证种类": _LICENCES[number % len(_LICENCES)],
        "区划": REGION,
        "地址": company.address if company else f"{REGION_NAME}国道{number}公里处",
        "风险颜色": "红橙黄蓝"[number * 7 % 4],
        "值班电话": f"0633-{3_000_000 + number}",
    }


def write_government_office(file: Path) -> None:
    """Write the list of departments, one of them with a region that is in no table."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "CREATE TABLE 部门目录 (部门编码 TEXT PRIMARY KEY, 部门名称 TEXT, 信用代码 TEXT, 区划 TEXT,"
            " 层级 TEXT, 上级编码 TEXT)"
        )
        connection.executemany("INSERT INTO 部门目录 VALUES (?, ?, ?, ?, ?, ?)", _departments())


def _departments() -> Iterator[tuple[str, ...]]:
    for number, (code, name) in enumerate(_OFFICES.items()):
        region = "371198" if code == "SLSW" else REGION
        yield f"CX-{code}", f"{REGION_NAME}{name}", authority_code(number), region, "县级", "CX-ZFB"
