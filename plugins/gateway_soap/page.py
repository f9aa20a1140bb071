"""One answer, read strictly: rows only where the path to them leads, and success only where it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain import exact_json
from gateway.errors import SourceError, TryAgain
from gateway.messages import Message
from gateway.transport.http import Reply
from gateway.transport.soap_answer import excerpt, read_response
from gateway.transport.xml import NotXml
from gateway.transport.xml_content import read_members
from gateway_soap.options import ITSELF, SoapOptions, Success

NO_DOCUMENT = Message(
    "soap.no_document",
    zh="{url} 的应答中，“{path}”处没有可读的 {format} 文本：{why}（内容：{excerpt}）；请核对 text 与 text_format",
    en="in the answer of {url} there is no readable {format} text at {path!r}: {why} (content: {excerpt}); check text "
    "and text_format",
)
NO_ROWS = Message(
    "soap.no_rows",
    zh="{url} 的应答中没有“{path}”（只有：{known}）；请核对 rows、total 和 text",
    en="the answer of {url} has nothing at {path!r} (there is: {known}); check rows, total and text",
)
NO_SUCCESS = Message(
    "soap.no_success",
    zh="{url} 应答的代码“{code}”不表示成功：{said}；请核对 parameters 与 success，或向对方询问",
    en="{url} answers with the code {code!r}, which is no success: {said}; check parameters and success, or ask its "
    "operators",
)

MESSAGES = (NO_DOCUMENT, NO_ROWS, NO_SUCCESS)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of an answer, and how many there are in all where it says so."""

    rows: Sequence[Any]
    total: int | None


def read_page(options: SoapOptions, reply: Reply) -> Page:
    """Read an answer; raises TryAgain where asking again may help, else SourceError."""
    url, content = options.url, read_response(options.url, reply)
    if options.text is not None:
        content = _document(options, content, options.text)
    if options.success:
        _assert_success(url, content, options.success)
    total = _number(url, content, options.total) if options.total else None
    return Page(_rows(url, content, options.rows), total)


def _document(options: SoapOptions, content: Any, path: str) -> Any:
    text = _text_at(options.url, content, path)
    try:
        if options.text_format == "json":
            return exact_json.read(text)
        # The text has been decoded with its envelope, whatever encoding it names itself.
        return read_members(text.strip("\ufeff \t\r\n").encode(errors="surrogatepass"), "utf-8")
    except (NotXml, ValueError, RecursionError) as error:
        raise SourceError(
            NO_DOCUMENT,
            url=options.url,
            path=path,
            format=options.text_format.upper(),
            why=str(error),
            excerpt=excerpt(text),
        ) from error


def _assert_success(url: str, content: Any, success: Success) -> None:
    code = _text_at(url, content, success.code)
    if code not in success.values:
        said = _first(_at(content, success.message)) if success.message else "-"
        raise SourceError(NO_SUCCESS, url=url, code=code, said=excerpt(str(said)))


def _number(url: str, content: Any, path: str) -> int:
    text = _text_at(url, content, path).strip()
    if not (text.isascii() and text.isdigit()):
        raise TryAgain(NO_ROWS, url=url, path=path, known=excerpt(text))
    return int(text)


def _text_at(url: str, content: Any, path: str) -> str:
    found = _first(_at(content, path))
    if not isinstance(found, str):
        raise SourceError(NO_ROWS, url=url, path=path, known=_known(content))
    return found


def _rows(url: str, content: Any, path: str) -> list[Any]:
    """Every row; none where only the last element of the path is missing, for that is how XML writes none."""
    if path == ITSELF:
        return _listed(content)
    *outer, last = path.split(".")
    around = _along(content, outer)
    if not around or not all(isinstance(each, dict) or _is_empty(each) for each in around):
        raise SourceError(NO_ROWS, url=url, path=path, known=_known(content))
    return _along(around, [last])


def _at(content: Any, path: str) -> list[Any]:
    return _along(content, path.split("."))


def _along(content: Any, names: Sequence[str]) -> list[Any]:
    """What stands at the end of a path, which goes through every element of a name."""
    found = _listed(content)
    for name in names:
        inside = (each[name] for each in found if isinstance(each, dict) and name in each)
        found = [one for each in inside for one in _listed(each)]
    return found


def _listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]


def _first(found: Sequence[Any]) -> Any:
    return found[0] if found else None


def _is_empty(content: Any) -> bool:
    return content is None or (isinstance(content, str) and not content.strip())


def _known(content: Any) -> str:
    return ", ".join(content) if isinstance(content, dict) else excerpt(str(content))
