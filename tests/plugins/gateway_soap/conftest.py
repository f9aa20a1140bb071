"""Sources over real sockets, in front of the two kinds of service that departments have."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gateway.interfaces import Surroundings
from gateway.sandbox_host import serve
from gateway_soap.options import SoapOptions
from gateway_soap.source import SoapSource
from tests.plugins.gateway_soap.soap_platform import Answer, SoapPlatform, enveloped, rows_xml, said

HERE = Path(__file__).parent
SECRETS = {"county": "s3cret<密钥>&1"}
ROWS = [{"code": f"{number:03}", "name": f"企业{number}"} for number in range(5)]


@pytest.fixture
def surroundings(tmp_path: Path) -> Surroundings:
    """A deployment that holds the WSDLs."""
    for file in ("vendor.wsdl", "typed.wsdl", "typed.xsd"):
        shutil.copy(HERE / file, tmp_path)
    return Surroundings(tmp_path, SECRETS.__getitem__)


@pytest.fixture
def vendor() -> SoapPlatform:
    """A service of the kind text in, text out: it pages by what stands in the text."""

    def answer(parameters: dict[str, list[str]]) -> Answer:
        asked = ET.fromstring(parameters["in0"][0])
        page, size = int(asked.findtext("YM") or 1), int(asked.findtext("TS") or 100)
        return said(rows_xml(ROWS[(page - 1) * size : page * size], total=len(ROWS)))

    return SoapPlatform(answer)


@pytest.fixture
def open_vendor(vendor: SoapPlatform, surroundings: Surroundings) -> Iterator[Callable[..., SoapSource]]:
    """A source over it, with other options than usual."""
    usual = {
        "wsdl": "vendor.wsdl",
        "operation": "query",
        "parameters": {"in0": "<ROOT><YM>{page}</YM><TS>{page_size}</TS></ROOT>"},
        "page_size": "2",
        "text": "return",
        "rows": "DATA.ROW",
        "total": "ZS",
        "success": {"code": "CODE", "values": ["0"], "message": "MSG"},
    }
    with serve(vendor) as served:
        yield lambda **options: _opened(served.url, {**usual, **options}, surroundings)


@pytest.fixture
def typed() -> SoapPlatform:
    """A service with typed parameters and rows: it pages by an offset."""

    def answer(parameters: dict[str, list[str]]) -> Answer:
        start, count = int(parameters["start"][0]), int(parameters["count"][0])
        rows = "".join(
            f"<Company><code>{row['code']}</code><name>{row['name']}</name></Company>"
            for row in ROWS[start : start + count]
        )
        result = f"<Total>{len(ROWS)}</Total>{rows}"
        ours = 'xmlns="http://tempuri.org/"'
        return enveloped(
            f"<GetCompaniesResponse {ours}><GetCompaniesResult>{result}</GetCompaniesResult></GetCompaniesResponse>"
        )

    return SoapPlatform(answer)


@pytest.fixture
def open_typed(typed: SoapPlatform, surroundings: Surroundings) -> Iterator[Callable[..., SoapSource]]:
    """A source over it, with other options than usual."""
    usual = {
        "wsdl": "typed.wsdl",
        "schemas": {"http://192.0.2.1/Registry.svc?xsd=xsd0": "typed.xsd"},
        "operation": "GetCompanies",
        "parameters": {"since": "2026-01-01", "start": "{offset}", "count": "{page_size}"},
        "page_size": "2",
        "rows": "GetCompaniesResult.Company",
    }
    with serve(typed) as served:
        yield lambda **options: _opened(served.url, {**usual, **options}, surroundings)


def _opened(url: str, options: dict[str, Any], surroundings: Surroundings) -> SoapSource:
    declared = {
        "url": f"{url}/DataService",
        "columns": ("code", "name"),
        "timeout_seconds": "5",
        "first_wait_seconds": "0",
        "longest_wait_seconds": "0.01",
        **options,
    }
    known = {name: value for name, value in declared.items() if value is not None}
    return SoapSource(SoapOptions.model_validate(known), surroundings)
