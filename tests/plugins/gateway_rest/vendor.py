"""A vendor's interface that answers as a test has it answer, over a real socket, and remembers what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

from gateway.interfaces import Source, Surroundings
from gateway.sandbox_host import serve
from gateway_rest.source import open_rest
from gateway_rest.source_options import RestSourceOptions

ROWS = [{"code": f"{number:03}", "name": f"企业{number}"} for number in range(5)]
SECRETS = {"key": "k-密 y&?=", "token": "t0ken-s3cret", "line": "l1ne-s3cret\n"}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Said:
    """One answer; content that is no bytes is JSON."""

    content: Any
    status: str = "200 OK"
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        """What is sent."""
        return (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content, ensure_ascii=False).encode()
        )


@dataclass
class Vendor:
    """Answers with `answer`, or first with what waits in `instead`."""

    answer: Callable[[Asked], Any]
    instead: list[Any] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
            {name.removeprefix("HTTP_"): str(value) for name, value in environ.items() if isinstance(value, str)},
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        )
        self.asked.append(asked)
        content = self.instead.pop(0) if self.instead else self.answer(asked)
        said = content if isinstance(content, Said) else Said(content)
        usual = [("Content-Type", said.content_type), ("Content-Length", str(len(said.body)))]
        start_response(said.status, [*usual, *said.headers])
        return [said.body]


@contextmanager
def served(vendor: Vendor) -> Iterator[Vendor]:
    """The vendor at an address."""
    with serve(vendor) as place:
        vendor.url = place.url
        yield vendor


def declared(**options: Any) -> dict[str, Any]:
    """Options for the whole list in one answer to anybody; None leaves one out."""
    usual = {
        "path": "/api/list",
        "method": "get",
        "auth": "none",
        "pagination": "none",
        "rows": "rows",
        "columns": ["code", "name"],
        "attempts": "1",
        "timeout_seconds": "5",
        "first_wait_seconds": "0",
        "longest_wait_seconds": "0.01",
    }
    return {name: value for name, value in {**usual, **options}.items() if value is not None}


def opened(vendor: Vendor, folder: Path = Path(), **options: Any) -> Source:
    """The source that a feed would declare."""
    return open_rest(
        RestSourceOptions.model_validate(declared(**{"url": vendor.url, **options})),
        Surroundings(folder, SECRETS.__getitem__),
    )


def rows_of(source: Source) -> list[dict[str, Any]]:
    """Every row that is read."""
    return [row for batch in source.read() for row in batch.rows.drop("_row").rows(named=True)]
