"""What there is to read at an address: its lists of records, their members, and a few values of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from gateway.domain import exact_json
from gateway.domain.wrong_values import wrong_values
from gateway.errors import SourceError, StartError
from gateway.interfaces import Found, FoundColumn, Surroundings
from gateway.messages import Message
from gateway_rest.asking import Asking
from gateway_rest.content import value_at
from gateway_rest.rows import wrong
from gateway_rest.source_options import RestSourceOptions

NOT_DISCOVERED = Message(
    "rest.not_discovered",
    zh="不能按这些选项查看接口：{reason_zh}；至少需要 url、path 和 auth（或 platform）",
    en="these options do not say what to look at: {reason}; url, path and auth (or platform) at least are needed",
)
NO_LIST = Message(
    "rest.no_list",
    zh="{url} 的应答中没有由记录组成的列表（内容：{excerpt}）；请核对查询选项，或写明 rows",
    en="the answer of {url} holds no list of records (content: {excerpt}); check the options of the question, or say "
    "rows",
)

MESSAGES = (NOT_DISCOVERED, NO_LIST)

_DEEPEST = 8
_SAMPLES = 5
_ROWS_LOOKED_AT = 100
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
# What a feed must say, and a person who only looks need not know yet.
_UNKNOWN_YET = {"rows": "@", "columns": ("-",)}


def discover_rest(options: Mapping[str, Any], surroundings: Surroundings) -> Sequence[Found]:
    """The lists in the first page, or the one at `rows`; raises StartError, or SourceError where there is none."""
    given = {name: value for name, value in options.items() if name != "type"}
    asking = Asking(_complete(given), surroundings)
    content = asking.first_content()
    lists = {given["rows"]: value_at(given["rows"], content)} if "rows" in given else dict(_lists(content, ""))
    found = [_found(given, path, _records(rows)) for path, rows in lists.items() if _records(rows)]
    if not found:
        raise SourceError(NO_LIST, url=asking.url, excerpt=asking.reader.excerpt(_json(content).encode()))
    return found


def _complete(given: Mapping[str, Any]) -> RestSourceOptions:
    paging = {} if {"page", "pagination"} & set(given) else {"pagination": "none"}
    known = {name: value for name, value in given.items() if name not in {*_UNKNOWN_YET, "cursor"}}
    try:
        return RestSourceOptions.model_validate({**paging, **known, **_UNKNOWN_YET})
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en"), wrong_values(error, "zh")
        raise StartError(NOT_DISCOVERED, reason=reason, reason_zh=reason_zh) from error


def _lists(content: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every list of records in an answer, by the path to it."""
    if isinstance(content, list):
        yield path or "@", content
    elif isinstance(content, dict) and depth < _DEEPEST:
        for name, value in content.items():
            step = name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
            yield from _lists(value, f"{path}.{step}" if path else step, depth + 1)


def _records(rows: Any) -> list[dict[str, Any]]:
    listed = rows if isinstance(rows, list) else [rows]
    return [row for row in listed[:_ROWS_LOOKED_AT] if wrong(row) is None]


def _found(given: Mapping[str, Any], path: str, rows: Sequence[Mapping[str, Any]]) -> Found:
    names = dict.fromkeys(name for row in rows for name in row)
    columns = [_column(name, [row.get(name) for row in rows]) for name in names]
    source = {"type": "rest", **given, "rows": path, "columns": list(names)}
    return Found(source, columns, title=path)


def _column(name: str, values: Sequence[Any]) -> FoundColumn:
    there = [value for value in values if value not in (None, "")]
    kinds = dict.fromkeys(_kind(value) for value in there)
    samples = dict.fromkeys(exact_json.cell(value) or "" for value in there)
    return FoundColumn(name, " or ".join(kinds), list(samples)[:_SAMPLES])


def _kind(value: Any) -> str:
    kinds: Iterable[tuple[type, str]] = (
        (exact_json.Number, "number"),
        (str, "text"),
        (bool, "boolean"),
        (list, "list"),
    )
    return next((kind for each, kind in kinds if isinstance(value, each)), "object")


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)
