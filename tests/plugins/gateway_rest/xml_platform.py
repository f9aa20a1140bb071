"""A platform that is asked and answers in XML, over a real socket; it verifies the signature by the library alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from wsgiref.types import StartResponse, WSGIEnvironment
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

SECRET = "s3cret-密钥"
Answer = tuple[str, str, bytes]  # status, content type, body


def answered(body: str, status: str = "200 OK", charset: str = "utf-8", content_type: str = "") -> Answer:
    """An answer in XML."""
    return status, content_type or f"application/xml; charset={charset}", body.encode(charset)


def page_in_xml(rows: Sequence[str], number: int, size: int, total: int | None = None) -> str:
    """A successful answer with one page of rows, each the inside of its element."""
    part = "".join(f"<Row>{row}</Row>" for row in rows[(number - 1) * size : number * size])
    count = len(rows) if total is None else total
    return (
        f'<?xml version="1.0"?><Answer><Head><Code>1</Code><ErrorCode/><Message>成功</Message><Count>{count}</Count>'
        f"</Head><Body>{part}</Body></Answer>"
    )


def refusal_in_xml(code: str, said: str) -> str:
    """A failed answer."""
    return f"<Answer><Head><Code>0</Code><ErrorCode>{code}</ErrorCode><Message>{said}</Message></Head><Body/></Answer>"


def row(code: str, name: str, more: str = "") -> str:
    """The inside of a row's element."""
    return f"<Code>{escape(code)}</Code><Name>{escape(name)}</Name>{more}"


@dataclass
class XmlPlatform:
    """Answers from its rows, or first with the answers that wait in `instead`; `asked` are the questions' bodies."""

    rows: list[str] = field(default_factory=list)
    instead: list[Answer] = field(default_factory=list)
    asked: list[bytes] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        self.asked.append(body)
        status, content_type, content = self._answer(environ, body)
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, environ: WSGIEnvironment, body: bytes) -> Answer:
        if environ["HTTP_X_HB_SIGNATURE"] != _signature(environ, body):
            return answered(refusal_in_xml("HB105", "签名不符"), "401 Unauthorized")
        if self.instead:
            return self.instead.pop(0)
        question = ET.fromstring(body)
        number, size = (int(question.findtext(name, "")) for name in ("PageNo", "PageSize"))
        return answered(page_in_xml(self.rows, number, size))


def _signature(environ: WSGIEnvironment, body: bytes) -> str:
    digest = hashes.Hash(hashes.SM3())
    digest.update(body)
    said = [str(environ[f"HTTP_X_HB_{part}"]) for part in ("REQUESTER", "TIMESTAMP", "NONCE")]
    mac = HMAC(SECRET.encode(), hashes.SM3())
    mac.update("\n".join([*said, digest.finalize().hex()]).encode())
    return mac.finalize().hex()
