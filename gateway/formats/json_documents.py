"""Records to JSON documents: rendered by polars, and compressed so that the same input gives the same bytes.

A field without a value is written as null and not left out: the receiver must see that a value was emptied, where a
missing member might be taken for "unchanged". Whole numbers stay numbers, everything else is text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from isal import igzip

from gateway.formats.answer_content import read_content
from gateway.formats.declaration import ProfileDeclaration, RecordNames
from gateway.formats.wire_format import RecordFault
from gateway.interfaces import RecordVersion

if TYPE_CHECKING:
    from gateway.formats.profile import Profile

# Level 1 packs JSON at some gigabytes a second; the next levels cost twice the time for a few per cent.
_LEVEL = 1


class JsonFormat:
    """The documents and answers of one profile in JSON."""

    content_type = "application/json; charset=utf-8"

    def __init__(self, declared: ProfileDeclaration) -> None:
        self.declared = declared

    def render(self, names: pl.DataFrame, wire: pl.DataFrame, withdrawn: pl.Series) -> pl.Series:  # noqa: ARG002
        """One JSON text a record; one that is withdrawn says what it said last."""
        return render_records(pl.concat([names, wire], how="horizontal"))

    def body(self, idempotency_key: str, records: Sequence[str]) -> bytes:
        """The document of rendered records."""
        return document_body(self, idempotency_key, records)

    def question(self, idempotency_key: str, versions: Iterable[RecordVersion]) -> bytes:
        """The same envelope, with records that say nothing of their versions."""
        return self.body(idempotency_key, question_records(self.declared.record, versions))

    def faults(self, body: bytes, records: int) -> Mapping[int, RecordFault]:  # noqa: ARG002
        """Nothing: no platform has given a schema of its JSON."""
        return {}

    def read_content(self, status: int, content_type: str, body: bytes) -> Any:
        """The JSON of an answer."""
        return read_content(status, content_type, body)


def render_records(frame: pl.DataFrame) -> pl.Series:
    """One JSON object a row, its members in the order of the columns, without line breaks or spaces."""
    return frame.rechunk().select(pl.struct(pl.all()).struct.json_encode().alias("record")).to_series()


def document_slices(profile: Profile, records: pl.Series) -> Iterator[slice]:
    """Cut rendered records into documents that keep the platform's limits, in order.

    A record that is too large by itself gets a document of its own, so that only it is refused.
    """
    limits = profile.limits
    envelope = len(profile.body("0" * 64, ())) + len(str(limits.records_per_document))
    room = limits.bytes_per_document - envelope
    start = size = 0
    # One byte more a record for the comma, or for the end of the line.
    for position, length in enumerate((records.str.len_bytes() + 1).to_list()):
        if position > start and (position - start == limits.records_per_document or size + length > room):
            yield slice(start, position)
            start, size = position, 0
        size += length
    if start < len(records):
        yield slice(start, len(records))


def document_body(profile: Profile | JsonFormat, idempotency_key: str, records: Sequence[str]) -> bytes:
    """The document in UTF-8: the envelope's members in a fixed order, the records last and as they were rendered."""
    envelope = profile.declared.envelope
    members = {
        envelope.document: idempotency_key,
        envelope.dataset: envelope.dataset_code,
        **envelope.constants,
        envelope.count: len(records),
    }
    head = _json(members)[:-1]
    return f"{head},{_json(envelope.records)}:[{','.join(records)}]}}".encode()


def question_records(names: RecordNames, versions: Iterable[RecordVersion]) -> list[str]:
    """Records that name versions and say nothing of them, to ask with."""
    return [_json({names.key: each.record_key, names.change_number: each.change_number}) for each in versions]


def idempotency_key(destination: str, profile_version: str, versions: Iterable[RecordVersion]) -> str:
    """The name of a document: the same destination, profile and record versions in the same order, the same key.

    It is the SHA-256, in hexadecimal, of the UTF-8 JSON text ``[destination, profile_version, [[record_key,
    change_number], …]]`` without spaces and without escaping Chinese characters. `profile_version` is
    `Profile.identity`, which names the dataset too, since two datasets may use the same record keys.
    """
    said = [destination, profile_version, [[each.record_key, each.change_number] for each in versions]]
    return hashlib.sha256(_json(said).encode()).hexdigest()


def compress(body: bytes) -> bytes:
    """Gzip, without a time in it, so that the same bytes give the same bytes."""
    return bytes(igzip.compress(body, _LEVEL, mtime=0))


def decompress(packed: bytes) -> bytes:
    """The bytes that were compressed; raises OSError or EOFError on damage."""
    return bytes(igzip.decompress(packed))  # type: ignore[no-untyped-call]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
