"""The feed that the reference shows is one that reads, and it reads the real registrations as they are written."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

from gateway.domain.yaml_text import read_yaml_text
from gateway.interfaces import Memory, ResumingSource, Surroundings
from gateway_rest.source import open_rest
from gateway_rest.source_options import RestSourceOptions
from tests.plugins.gateway_rest.vendor import Asked, Vendor, rows_of, served

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "pulls-and-tables.md"
PASSWORD = "s3cret"


def documented() -> dict[str, Any]:
    (block,) = re.findall(r"```yaml\n(vendor-targets:\n.*?)```", REFERENCE.read_text(encoding="utf-8"), re.DOTALL)
    source: dict[str, Any] = read_yaml_text(block, "reference")["vendor-targets"]["source"]
    assert source.pop("type") == "rest"
    return source


def test_the_documented_feed_logs_in_asks_as_it_says_and_goes_on_by_its_cursor() -> None:
    def answer(asked: Asked) -> Any:
        if asked.path == "/api/login":
            assert asked.json == {"user": "gateway", "password": PASSWORD}
            return {"data": {"token": "t"}}
        assert asked.headers["AUTHORIZATION"] == "Bearer t"
        rows = [{"企业名称": "甲", "统一社会信用代码": "1", "住所": "乙", "更新时间": "2026-03-01 10:00:00"}]
        return {"code": 0, "msg": "", "data": {"total": 1, "list": rows}}

    with served(Vendor(answer)) as vendor:
        options = RestSourceOptions.model_validate({**documented(), "url": vendor.url})
        source = open_rest(options, Surroundings(Path(), {"vendor-password": PASSWORD}.__getitem__))
        assert isinstance(source, ResumingSource)
        (batch,) = source.resume(Memory(cursor={"更新时间": "2026-02-01 00:00:00"}))
        assert batch.cursor == {"更新时间": "2026-03-01 10:00:00"}
        assert vendor.asked[1].json == {
            "where": {"department": "370400-scjg", "updatedSince": "2026-01-31 23:00:00"},
            "page": {"current": 1, "size": 500},
        }


def test_the_real_registrations_come_as_they_are_written(registry_folder: Path) -> None:
    file = min(registry_folder.glob("*.csv"), key=lambda path: path.stat().st_size)
    with file.open(encoding="utf-8", newline="") as lines:
        columns, *cells = csv.reader(lines)
    rows = [dict(zip(columns, each, strict=True)) for each in cells if len(each) == len(columns)]

    def answer(asked: Asked) -> Any:
        start = int(asked.query["from"])
        return {"total": len(rows), "rows": rows[start : start + 5000]}

    with served(Vendor(answer)) as vendor:
        paging = {"type": "offset", "offset": "from", "page_size": "5000"}
        declared = {"url": vendor.url, "path": "/", "method": "get", "auth": "none", "rows": "rows", "total": "total"}
        options = RestSourceOptions.model_validate({**declared, "pagination": paging, "columns": columns})
        assert rows_of(open_rest(options, Surroundings(Path(), str))) == rows
