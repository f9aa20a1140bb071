"""A SOAP service as a feed: what it answers is stored, and what it no longer answers is gone."""

from __future__ import annotations

import shutil
from pathlib import Path

from gateway.sandbox_host import serve
from tests.companies import county_map, key, uscc
from tests.deployment import Deployment
from tests.plugins.gateway_soap.soap_platform import SoapPlatform, rows_xml, said


def test_a_service_is_read_as_a_snapshot(tmp_path: Path) -> None:
    made = Deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    shutil.copy(Path(__file__).with_name("vendor.wsdl"), made.directory)
    cells = {"类别": "企业", "省份": "山东", "版本": ""}
    rows = [{"代码": uscc(number), "名称": f"企业{number}", **cells} for number in (1, 2)]
    platform = SoapPlatform(lambda _: said(rows_xml(rows, total=len(rows))))
    with serve(platform) as served:
        source = {
            "type": "soap",
            "wsdl": "vendor.wsdl",
            "url": served.url,
            "operation": "query",
            "parameters": {"in0": "<ROOT/>"},
            "text": "return",
            "rows": "DATA.ROW",
            "total": "ZS",
            "columns": ["代码", "名称", *cells],
        }
        feed = {"direction": "inbound", "dataset": "inspection_targets", "department": "CX-SCJG", "source": source}
        made.declare(companies={**feed, "map": county_map(made.directory), "expect": {"vanish_at_most": "50 %"}})
        assert made.run("companies")[0].counts.accepted == 2
        del rows[0]
        (report,) = made.run("companies")
    assert (report.status, report.counts.unchanged, report.counts.withdrawn) == ("succeeded", 1, 1)
    assert made.query("SELECT record_key FROM inspection_targets WHERE withdrawn = 0") == [(key(2),)]
