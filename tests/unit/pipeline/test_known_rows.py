from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from gateway.interfaces import ROW
from gateway.pipeline.known_rows import KNOWN, KnownRows, keep_known, read_known, row_hashes

BASIS = ("map", "dataset")


def rows(*cells: tuple[str | None, ...], names: tuple[str, ...] = ("a", "b"), first: int = 2) -> pl.DataFrame:
    numbers = pl.Series(ROW, range(first, first + len(cells)), dtype=pl.Int64)
    return pl.DataFrame(list(cells), schema=dict.fromkeys(names, pl.String()), orient="row").insert_column(0, numbers)


def known(frame: pl.DataFrame) -> KnownRows:
    hashes = row_hashes(frame)
    number = pl.Series(range(len(hashes)), dtype=pl.UInt128)
    return KnownRows(pl.DataFrame({"row_hash": hashes, "key": number, "digest": number, "version": None}, schema=KNOWN))


def found(before: KnownRows, frame: pl.DataFrame, position: int = 0) -> list[tuple[int, int]]:
    """Where known rows stand now, and where they stood."""
    return before.among(row_hashes(frame), position).select("index", "key").rows()


def test_a_row_is_known_wherever_it_stands_now() -> None:
    before = known(rows(("1", "x"), ("2", "y"), ("3", "z")))
    assert found(before, rows(("3", "z"), ("4", "y"), ("1", "x"), first=70)) == [(0, 2), (2, 0)]
    assert found(before, rows(("3", "z")), position=5_000_000) == [(0, 2)]


@pytest.mark.parametrize(
    "changed",
    [
        rows(("1", "y")),
        rows(("1", None)),
        rows(("1x", "")),
        rows(("x", "1")),
        rows(("1", "x"), names=("b", "a")),
        rows(("1", "x"), names=("a", "c")),
        rows(("1", "x", ""), names=("a", "b", "c")),
    ],
    ids=["cell", "empty", "shifted", "swapped", "header swapped", "column renamed", "column more"],
)
def test_a_row_that_may_mean_something_else_is_not_known(changed: pl.DataFrame) -> None:
    assert found(known(rows(("1", "x"))), changed) == []


def test_an_empty_cell_is_not_a_missing_one() -> None:
    assert found(known(rows(("1", ""))), rows(("1", None))) == []


def test_a_row_twice_is_known_twice() -> None:
    assert found(known(rows(("1", "x"))), rows(("1", "x"), ("1", "x"))) == [(0, 0), (1, 0)]


def test_what_was_kept_is_read_only_under_the_same_basis(tmp_path: Path) -> None:
    before = known(rows(("1", "x"))).rows
    keep_known(tmp_path, BASIS, before)
    again = read_known(tmp_path, BASIS)
    assert again is not None
    assert again.rows.equals(before)
    assert read_known(tmp_path, ("map", "another")) is None
    keep_known(tmp_path, ("map", "another"), before)
    assert read_known(tmp_path, BASIS) is None


@pytest.mark.parametrize("spoilt", [b"", b"ARROW1", b"ARROW1\x00\x00" + bytes(200), b"\xff" * 500])
def test_a_spoilt_file_is_no_memory(tmp_path: Path, spoilt: bytes) -> None:
    keep_known(tmp_path, BASIS, known(rows(("1", "x"))).rows)
    (file,) = tmp_path.iterdir()
    file.write_bytes(spoilt)
    assert read_known(tmp_path, BASIS) is None


def test_a_file_that_was_cut_off_is_no_memory(tmp_path: Path) -> None:
    keep_known(tmp_path, BASIS, known(rows(*((str(number), "x") for number in range(1000)))).rows)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-100])
    assert read_known(tmp_path, BASIS) is None
