"""A platform that answers page by page as a test has it answer, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

Answer = tuple[str, str, bytes]  # status, content type, body


def page_of(rows: Sequence[Any], number: int, size: int, total: int | None = None) -> Answer:
    """A successful answer with one page."""
    part = rows[(number - 1) * size : number * size]
    return said({"code": "0", "data": {"zs": len(rows) if total is None else total, "jglb": part}})


def said(content: Any, status: str = "200 OK", charset: str = "utf-8") -> Answer:
    """A JSON answer."""
    body = json.dumps(content, ensure_ascii=False).encode(charset)
    return status, f"application/json; charset={charset}", body


@dataclass
class PagedPlatform:
    """Answers from its rows, or first with the answers that wait in `instead`; `asked` are the questions."""

    rows: list[Any] = field(default_factory=list)
    instead: list[Answer] = field(default_factory=list)
    answer: Callable[[int, int], Answer] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        question = json.loads(body) if body else dict(parse_qsl(environ.get("QUERY_STRING", "")))
        self.asked.append(question)
        self.headers.append({name: str(value) for name, value in environ.items() if name.startswith("HTTP_")})
        status, content_type, content = self._answered(int(question["ym"]), int(question["mytj"]))
        start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(content)))])
        return [content]

    def _answered(self, number: int, size: int) -> Answer:
        if self.instead:
            return self.instead.pop(0)
        return self.answer(number, size) if self.answer else page_of(self.rows, number, size)
