"""A SOAP service that answers as a test has it answer, over a real socket; it reads questions with its own parser."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

Answer = tuple[str, str, bytes]  # status, content type, body

SOAP_11, SOAP_12 = "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"


def enveloped(content: str, *, version: str = SOAP_11, encoding: str = "utf-8", label: str = "") -> Answer:
    """A successful answer; `label` is the encoding that it says it has."""
    text = f'<s:Envelope xmlns:s="{version}"><s:Header/><s:Body>{content}</s:Body></s:Envelope>'
    declared = f'<?xml version="1.0" encoding="{label or encoding}"?>{text}'
    return "200 OK", "text/xml", declared.encode(encoding)


def said(text: str, **more: str) -> Answer:
    """What a vendor's method returns: one text."""
    ours = 'xmlns:v="http://service.vendor.example/"'
    return enveloped(f"<v:queryResponse {ours}><return>{escape(text)}</return></v:queryResponse>", **more)


def rows_xml(rows: Iterable[dict[str, str]], *, total: int | None = None, code: str = "0") -> str:
    """The document inside the text."""
    cells = ("".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in row.items()) for row in rows)
    listed = "".join(f"<ROW>{row}</ROW>" for row in cells)
    count = f"<ZS>{total}</ZS>" if total is not None else ""
    head = f"<CODE>{code}</CODE><MSG>说明</MSG>{count}"
    return f'<?xml version="1.0" encoding="GB2312"?>\n<ROOT>{head}<DATA>{listed}</DATA></ROOT>'


def fault(code: str, text: str) -> Answer:
    """A fault of SOAP 1.1."""
    content = f"<s:Fault><faultcode>{code}</faultcode><faultstring>{escape(text)}</faultstring></s:Fault>"
    return ("500 Internal Server Error", *enveloped(content)[1:])


def fault_12(code: str, text: str) -> Answer:
    """A fault of SOAP 1.2."""
    inside = (
        f'<s:Code><s:Value>{code}</s:Value></s:Code><s:Reason><s:Text xml:lang="zh">{escape(text)}</s:Text></s:Reason>'
    )
    return ("500 Internal Server Error", *enveloped(f"<s:Fault>{inside}</s:Fault>", version=SOAP_12)[1:])


@dataclass
class SoapPlatform:
    """Answers what `answer` says of the parameters, or first what waits in `instead`."""

    answer: Callable[[dict[str, list[str]]], Answer]
    instead: list[Answer] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.bodies.append(body)
        self.headers.append({name: str(value) for name, value in environ.items()})
        parameters = _leaves(ET.fromstring(body))
        self.asked.append(parameters)
        status, content_type, content = self.instead.pop(0) if self.instead else self.answer(parameters)
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(content)))])
        return [content]


def _leaves(envelope: ET.Element) -> dict[str, list[str]]:
    """The texts of a question by the local names of their elements."""
    body = next(each for each in envelope if each.tag.endswith("}Body"))
    leaves: dict[str, list[str]] = {}
    for element in body.iter():
        if not len(element):
            leaves.setdefault(element.tag.rpartition("}")[2], []).append(element.text or "")
    return leaves
