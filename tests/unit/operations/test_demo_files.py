"""The demo's files are well formed, invented, and the same every time."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from gateway.domain.identifiers import is_uscc
from gateway.operations.demo_companies import COMPANIES, REGION, TRACED, authority_code, companies, enterprise_code
from gateway.operations.demo_files import write_emergency_management, write_government_office, write_market_regulation

WRITERS = (write_emergency_management, write_government_office, write_market_regulation)


def test_every_code_passes_its_check() -> None:
    codes = [each.uscc for each in companies()] + [enterprise_code(999), authority_code(1)]
    assert pl.select(is_uscc(pl.lit(pl.Series(codes)))).to_series().all()


def test_no_code_could_have_been_issued() -> None:
    assert [each.uscc for each in companies() if each.uscc[2:12] != f"{REGION}XXXX"] == []


def test_no_two_companies_share_a_name_or_a_code() -> None:
    assert [len({each.name for each in companies()}), len({each.uscc for each in companies()})] == [COMPANIES] * 2


@pytest.mark.parametrize("write", WRITERS)
def test_a_file_is_the_same_every_time(write: Callable[[Path], None], tmp_path: Path) -> None:
    for name in ("first", "second"):
        write(tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_register_is_gb18030_with_characters_that_gbk_lacks(tmp_path: Path) -> None:
    write_market_regulation(tmp_path / "register.csv")
    text = (tmp_path / "register.csv").read_bytes().decode("gb18030")
    assert (text.count("\r\n"), "䶮" in text) == (COMPANIES + 1, True)
    with pytest.raises(UnicodeEncodeError):
        text.encode("gbk")


def test_the_traced_company_stands_right_in_both_departments(tmp_path: Path) -> None:
    company = companies()[TRACED]
    write_market_regulation(tmp_path / "register.csv")
    lines = (tmp_path / "register.csv").read_bytes().decode("gb18030").splitlines()
    assert next(csv.reader([lines[TRACED + 1]]))[:2] == [company.name, company.uscc]
    write_emergency_management(tmp_path / "licences.db")
    with closing(sqlite3.connect(tmp_path / "licences.db")) as connection:
        found = connection.execute("SELECT 单位名称 FROM 持证单位 WHERE 信用代码 = ?", [company.uscc]).fetchall()
    assert found == [(company.name,)]
