"""A tap's catalog: the streams that it can give, and how it is told which one to give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain import exact_json
from gateway.errors import SourceError
from gateway.interfaces import FoundColumn
from gateway.messages import Message
from gateway_singer.tap import FAILED, Tap

NO_CATALOG = Message(
    "singer.no_catalog",
    zh="取数程序 {tap} 的目录（catalog）无法读懂：{excerpt}；若它不支持 --discover，请写 select: nothing",
    en="the catalog of the tap {tap} cannot be read: {excerpt}; where it knows no --discover, write select: nothing",
)
NOT_DISCOVERED = Message(
    "singer.not_discovered",
    zh="取数程序 {tap} 没有给出目录，以退出码 {code} 结束；它最后说：{said}；请检查 config 和对方系统，"
    "若它不支持 --discover，请写 select: nothing",
    en="the tap {tap} gave no catalog and ended with exit code {code}; its last words: {said}; check config and the "
    "other system, and where it knows no --discover, write select: nothing",
)
UNKNOWN_STREAM = Message(
    "singer.unknown_stream",
    zh="取数程序 {tap} 没有名为“{stream}”的流；现有：{known}；请更正 stream",
    en="the tap {tap} has no stream named {stream!r}; it has: {known}; correct stream",
)

MESSAGES = (NO_CATALOG, NOT_DISCOVERED, UNKNOWN_STREAM)


@dataclass(frozen=True)
class Stream:
    """A stream of a catalog; in its records it goes by either of its names."""

    entry: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        """The name that tells it from others first."""
        return tuple(dict.fromkeys(str(self.entry[key]) for key in ("tap_stream_id", "stream") if self.entry.get(key)))

    @property
    def columns(self) -> list[FoundColumn]:
        """The members of its records, with their types."""
        properties = self.entry.get("schema", {}).get("properties", {})
        return [FoundColumn(name, _type(schema)) for name, schema in properties.items()]


class Catalog:
    """What `--discover` writes, or a file of the deployment holds."""

    def __init__(self, tap: str, text: str, hidden: Callable[[str], str] = str) -> None:
        """Read it; raises SourceError, in which secrets are hidden."""
        try:
            self._content = json.loads(text)
            self.streams = [Stream(entry) for entry in self._content["streams"]]
            self._known = [stream.names[0] for stream in self.streams]
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
            raise SourceError(NO_CATALOG, tap=tap, excerpt=" ".join(hidden(text)[:200].split()) or "-") from error
        self._tap = tap

    def stream(self, name: str) -> Stream:
        """The stream of a name, the one that tells it from others first; raises SourceError."""
        for place in (0, -1):
            named = [stream for stream in self.streams if stream.names[place] == name]
            if len(named) == 1:
                return named[0]
        raise SourceError(UNKNOWN_STREAM, tap=self._tap, stream=name, known=", ".join(self._known) or "-")

    def selecting(self, wanted: Stream, metadata: Mapping[str, str]) -> str:
        """The catalog as JSON, with every member of that stream selected and no other stream."""
        streams = [_selected(each.entry, metadata) if each is wanted else _deselected(each) for each in self.streams]
        return json.dumps({**self._content, "streams": streams}, ensure_ascii=False)


def discovered(tap: Tap) -> Catalog:
    """The catalog of the tap's own discovery; raises SourceError."""
    try:
        text = b"\n".join(tap.lines("--discover")).decode("utf-8", "backslashreplace")
    except SourceError as error:
        if error.message is FAILED:
            raise SourceError(NOT_DISCOVERED, **error.values) from error
        raise
    return Catalog(tap.name, text, tap.hidden)


def _selected(entry: dict[str, Any], metadata: Mapping[str, str]) -> dict[str, Any]:
    """Taps of different ages look for the selection in the metadata or in the schema."""
    schema = entry.get("schema", {})
    properties = {name: _marked(each) for name, each in schema.get("properties", {}).items()}
    known = {tuple(each["breadcrumb"]): dict(each["metadata"]) for each in entry.get("metadata", [])}
    for name in properties:
        known.setdefault(("properties", name), {})
    selected = {where: {**each, "selected": True} for where, each in known.items() if not _is_unsupported(each)}
    stream = {**known.get((), {}), "selected": True, **metadata}
    all_metadata = {**known, **selected, (): stream}
    return {
        **entry,
        "selected": True,
        "schema": {**schema, "selected": True, "properties": properties},
        "metadata": list(_as_list(all_metadata)),
    }


def _marked(schema: Any) -> Any:
    return {**schema, "selected": True} if isinstance(schema, dict) else schema


def _deselected(stream: Stream) -> dict[str, Any]:
    known = {tuple(each["breadcrumb"]): dict(each["metadata"]) for each in stream.entry.get("metadata", [])}
    metadata = {**known, (): {**known.get((), {}), "selected": False}}
    return {**stream.entry, "selected": False, "metadata": list(_as_list(metadata))}


def _is_unsupported(metadata: Mapping[str, Any]) -> bool:
    return metadata.get("inclusion") == "unsupported"


def _as_list(metadata: Mapping[tuple[str, ...], Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for where, each in metadata.items():
        yield {"breadcrumb": list(where), "metadata": each}


def _type(schema: Any) -> str:
    """As `string date-time` or `number`; a schema that says no plain type is shown as it stands."""
    if not isinstance(schema, dict):
        return exact_json.written(schema)
    if _is_unsupported(schema):
        return "unsupported"
    stated = schema.get("type", [])
    types = [str(each) for each in (stated if isinstance(stated, list) else [stated]) if each != "null"]
    return " ".join([*types, str(schema.get("format", ""))]).strip() or exact_json.written(schema)
