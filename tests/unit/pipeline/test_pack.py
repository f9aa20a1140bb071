"""What the platform's XSD refuses is left out of its document record by record, with the reason; the rest goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl
import pytest

from gateway.domain.departments import DEPARTMENTS
from gateway.formats.json_documents import decompress, idempotency_key
from gateway.formats.profile import load_profile
from gateway.formats.xml_documents import MESSAGES as XML_MESSAGES
from gateway.interfaces import RecordVersion
from gateway.mapping import MESSAGES, compile_map, field_map_of
from gateway.messages import Catalogue
from gateway.pipeline.pack import Packed, Packer
from gateway.shipped import shipped
from gateway.transport.xml import Schema, parse

PLATFORM = "hebei/platform/2022-03"

Pack = Callable[[pl.DataFrame], tuple[list[Packed], pl.DataFrame]]


@pytest.fixture
def packer(tmp_path: Path) -> Packer:
    """For departments whose names have at most five characters, three to a document."""
    folder = tmp_path / "2022-03"
    folder.mkdir()
    five = '<xs:simpleType name="Five"><xs:restriction base="xs:string"><xs:maxLength value="5"/></xs:restriction>'
    changes = {
        "_platform.yml": ("records_per_document: 500", "records_per_document: 3"),
        "_platform.xsd": ("</xs:schema>", f"{five}</xs:simpleType></xs:schema>"),
        "departments.xsd": ('"Filled100"', '"Five"'),
    }
    for file in (shipped("mappings") / PLATFORM).iterdir():
        old, new = changes.get(file.name, ("", ""))
        (folder / file.name).write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    profile = load_profile(folder / "departments.yml", Schema)
    name = f"{PLATFORM}/departments"
    field_map = field_map_of({"map": name, "dataset": "departments", "fields": profile.fields}, name)
    outward = compile_map(field_map, dict.fromkeys(profile.fields, pl.String()), DEPARTMENTS.schema)
    return Packer("hebei", profile, outward, Catalogue([*MESSAGES, *XML_MESSAGES]))


def versions(*names: str, keys: Sequence[str] = (), levels: Sequence[str] = ()) -> pl.DataFrame:
    """A version of a department each."""
    count = len(names)
    codes = list(keys) or [f"d{n}" for n in range(count)]
    fields = {
        "department_code": codes,
        "name": list(names),
        "region_code": ["130634"] * count,
        "level": list(levels) or ["county"] * count,
    }
    told = pl.DataFrame(fields, schema={name: DEPARTMENTS.schema[name] for name in fields})
    absent = [pl.lit(None, kind).alias(name) for name, kind in DEPARTMENTS.schema.items() if name not in fields]
    stamps = {"record_key": codes, "change_number": list(range(1, count + 1)), "operation": ["insert"] * count}
    types = {"record_key": pl.String, "change_number": pl.Int64, "operation": pl.String}
    return pl.concat([pl.DataFrame(stamps, schema=types), told.with_columns(absent)], how="horizontal")


def carried(packed: list[Packed]) -> list[list[str]]:
    """The names that each document says, read from its bytes."""
    return [[each.text or "" for each in parse(decompress(one.body)).iter("DeptName")] for one in packed]


def test_a_document_that_is_valid_goes_whole(packer: Packer) -> None:
    packed, refused = packer.pack(versions("甲", "乙", "丙", "丁"))
    assert (carried(packed), refused.height) == ([["甲", "乙", "丙"], ["丁"]], 0)


def test_a_guilty_record_stays_behind_with_its_reason_and_the_others_go(packer: Packer) -> None:
    packed, refused = packer.pack(versions("甲", "曲阳县市场监督管理局", "丙", "丁"))
    assert carried(packed) == [["甲", "丙"], ["丁"]]
    assert refused.select("record_key", "change_number", "operation", "code").rows() == [
        ("d1", 2, "insert", "xml.not_valid")
    ]
    (reason,) = refused["reason"]
    assert "部门名称：Element 'DeptName': [facet 'maxLength'] The value has a length of '10'" in reason


def test_what_xml_cannot_hold_is_found_record_by_record(packer: Packer) -> None:
    packed, refused = packer.pack(versions("甲\x01", "乙", "丙\x02"))
    assert (carried(packed), refused["record_key"].to_list()) == ([["乙"]], ["d0", "d2"])


def test_a_document_of_guilty_records_alone_is_not_made(packer: Packer) -> None:
    packed, refused = packer.pack(versions("曲阳县市场监督管理局", "曲阳县公安局"))
    assert (packed, refused["record_key"].to_list()) == ([], ["d0", "d1"])


def test_the_name_of_a_document_is_that_of_the_versions_it_carries(packer: Packer) -> None:
    (packed,), _ = packer.pack(versions("甲", "曲阳县公安局", "丙"))
    went = [RecordVersion("d0", 1), RecordVersion("d2", 3)]
    assert packed.idempotency_key == idempotency_key("hebei", f"{PLATFORM}/departments", went)
    assert packed.versions.rows() == [("d0", 1, "insert"), ("d2", 3, "insert")]


def test_what_the_map_cannot_express_is_refused_before_the_schema_is_asked(packer: Packer) -> None:
    packed, refused = packer.pack(versions("甲", "乙", levels=["village", "county"]))
    assert (carried(packed), refused.select("record_key", "code").rows()) == ([["乙"]], [("d0", "map.lookup")])


def test_two_versions_of_a_record_stand_in_two_documents_in_their_order(packer: Packer) -> None:
    packed, _ = packer.pack(versions("甲", "乙", "丙", keys=["d0", "d1", "d0"]))
    assert carried(packed) == [["甲", "乙"], ["丙"]]


def test_nothing_to_pack_makes_nothing(packer: Packer) -> None:
    packed, refused = packer.pack(versions())
    assert (packed, refused.height, refused.columns) == (
        [],
        0,
        ["record_key", "change_number", "operation", "code", "reason"],
    )
