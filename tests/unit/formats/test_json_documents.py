"""Records to documents: the same input gives the same bytes, within the platform's limits."""

from __future__ import annotations

import json
import random
from hashlib import sha256
from itertools import chain

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.formats.json_documents import (
    compress,
    decompress,
    document_body,
    document_slices,
    idempotency_key,
    render_records,
)
from gateway.formats.profile import Profile
from gateway.interfaces import RecordVersion

VERSIONS = [RecordVersion("甲|1", 3), RecordVersion("乙|", 4)]


def test_a_record_keeps_its_columns_in_order_and_its_numbers_as_numbers() -> None:
    frame = pl.DataFrame({"z": ["济南"], "a": [9_223_372_036_854_775_807]})
    assert render_records(frame).to_list() == ['{"z":"济南","a":9223372036854775807}']


def test_a_field_without_a_value_is_null_and_not_left_out() -> None:
    frame = pl.DataFrame({"a": [None, ""]}, schema={"a": pl.String})
    assert render_records(frame).to_list() == ['{"a":null}', '{"a":""}']


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_every_text_comes_back_from_its_json(texts: list[str]) -> None:
    rendered = render_records(pl.DataFrame({"a": texts}))
    assert [json.loads(each)["a"] for each in rendered.to_list()] == texts


def test_the_document_is_the_envelope_around_the_records(profile: Profile) -> None:
    body = document_body(profile, "k1", ['{"id":"济"}', '{"id":"b"}'])
    assert body.decode() == '{"batch":"k1","kind":"BM","fmt":"1","n":2,"rows":[{"id":"济"},{"id":"b"}]}'


def test_a_document_of_nothing_is_still_json(profile: Profile) -> None:
    assert json.loads(document_body(profile, "k1", [])) == {"batch": "k1", "kind": "BM", "fmt": "1", "n": 0, "rows": []}


# The envelope of the profile takes 64 + 44 bytes and its limits are 3 records and 400 bytes.
@pytest.mark.parametrize(
    ("lengths", "cut"),
    [
        ([], []),
        ([10], [(0, 1)]),
        ([10] * 7, [(0, 3), (3, 6), (6, 7)]),
        ([200, 200, 10], [(0, 1), (1, 3)]),
        ([10, 500, 10], [(0, 1), (1, 2), (2, 3)]),
        ([500, 500], [(0, 1), (1, 2)]),
    ],
    ids=["nothing", "one", "by count", "by size", "a giant among others", "giants"],
)
def test_documents_keep_the_platforms_limits(profile: Profile, lengths: list[int], cut: list[tuple[int, int]]) -> None:
    records = pl.Series(["x" * length for length in lengths], dtype=pl.String)
    assert [(each.start, each.stop) for each in document_slices(profile, records)] == cut


def test_no_document_of_several_records_is_larger_than_allowed(profile: Profile) -> None:
    chance = random.Random(400)
    for _ in range(100):
        records = pl.Series(["济" * chance.randint(1, 120) for _ in range(12)])
        documents = [records[each].to_list() for each in document_slices(profile, records)]
        assert list(chain.from_iterable(documents)) == records.to_list()
        several = [document_body(profile, "0" * 64, each) for each in documents if len(each) > 1]
        assert [len(body) for body in several if len(body) > 400] == []


def test_the_idempotency_key_is_the_digest_of_a_documented_text() -> None:
    text = '["shandong","shandong/platform/2023-01/departments",[["甲|1",3],["乙|",4]]]'
    assert (
        idempotency_key("shandong", "shandong/platform/2023-01/departments", VERSIONS)
        == sha256(text.encode()).hexdigest()
        == "0c71bb8e9e5e491e68284f19c21ba38f01029e7fc6aeb5a54c3c2778ce1c6aab"
    )


@pytest.mark.parametrize(
    ("destination", "profile_version", "versions"),
    [
        ("other", "p", VERSIONS),
        ("d", "q", VERSIONS),
        ("d", "p", VERSIONS[::-1]),
        ("d", "p", VERSIONS[:1]),
        ("d", "p", [RecordVersion("甲|1", 34)]),
        ("d", "p", [RecordVersion("甲|13", 4)]),
    ],
)
def test_another_document_has_another_key(
    destination: str, profile_version: str, versions: list[RecordVersion]
) -> None:
    assert idempotency_key(destination, profile_version, versions) != idempotency_key("d", "p", VERSIONS)


@given(st.binary(max_size=2000))
def test_what_is_compressed_comes_back(body: bytes) -> None:
    assert decompress(compress(body)) == body


def test_the_same_bytes_are_compressed_alike() -> None:
    assert compress(b"same" * 1000) == compress(b"same" * 1000)


def test_no_time_stands_in_what_is_compressed() -> None:
    assert compress(b"x")[4:8] == bytes(4)


def test_damage_is_seen() -> None:
    packed = bytearray(compress(b"some body" * 100))
    packed[-5] ^= 1
    with pytest.raises(OSError, match="CRC check failed"):
        decompress(bytes(packed))


def test_a_missing_end_is_seen() -> None:
    with pytest.raises(EOFError):
        decompress(compress(b"some body" * 100)[:-20])
