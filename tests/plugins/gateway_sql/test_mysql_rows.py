"""MySQL's text protocol, against an encoder written from its documentation; no server needed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.transport.sql.mysql_rows import cut_cells, row_packets

Row = Sequence[bytes | None]
END = b"\x05\x00\x00\x07\xfe\x00\x00\x22\x00"


class Failed(Exception):
    pass


def length(size: int) -> bytes:
    if size < 251:
        return bytes([size])
    if size < 2**16:
        return b"\xfc" + size.to_bytes(2, "little")
    if size < 2**24:
        return b"\xfd" + size.to_bytes(3, "little")
    return b"\xfe" + size.to_bytes(8, "little")


def packets(payload: bytes) -> bytes:
    """One packet, or several where it is of the greatest length."""
    some, rest = payload[: 2**24 - 1], payload[2**24 - 1 :]
    packet = len(some).to_bytes(3, "little") + b"\x01" + some
    return packet + packets(rest) if len(some) == 2**24 - 1 else packet


def encoded(rows: Sequence[Row]) -> bytes:
    cells = (b"".join(b"\xfb" if cell is None else length(len(cell)) + cell for cell in row) for row in rows)
    return b"".join(map(packets, cells)) + END


def decoded(sent: bytes, block: int, count: int) -> list[Row]:
    blocks = iter([sent[at : at + block] for at in range(0, len(sent), block)])
    rows = [row for some in row_packets(lambda: next(blocks), fail) for row in some]
    return list(zip(*(cells.to_list() for cells in cut_cells(rows, count)), strict=True)) if rows else []


def fail(packet: bytes) -> None:
    raise Failed(packet)


cell = st.none() | st.binary(max_size=300) | st.sampled_from([b"", b"x" * 250, b"x" * 251, b"\xfb", b"\xfe\x00"])


@settings(deadline=None)
@given(st.lists(st.tuples(cell, cell, cell), max_size=8), st.integers(1, 400))
@example([(None, None, None)], 1)
@example([(b"\xfe", b"", None)], 5)
@example([(b"x" * 65_536, b"y" * 65_535, b"z" * 251)], 1000)
def test_every_cell_comes_back_however_the_blocks_are_cut(rows: list[Row], block: int) -> None:
    assert decoded(encoded(rows), block, 3) == rows


@pytest.mark.parametrize("size", [2**24 - 9, 2**24 - 8, 2**24 - 4, 2**24 + 5])
def test_a_cell_that_takes_more_than_one_packet_comes_back_whole(size: int) -> None:
    rows = [(b"a", b"x" * size), (None, b"b")]
    assert decoded(encoded(rows), 1 << 20, 2) == rows


def test_a_row_that_begins_as_the_end_does_is_not_taken_for_it() -> None:
    row = (b"x" * 2**24,)
    blocks = iter([encoded([row]).removesuffix(END), END])
    assert [len(some) for some in row_packets(lambda: next(blocks), fail)] == [1, 0]


def test_an_error_among_the_rows_is_raised() -> None:
    sent = encoded([(b"1",)]).removesuffix(END) + packets(b"\xff\x25\x05#70100Query execution was interrupted")
    with pytest.raises(Failed, match="interrupted"):
        decoded(sent, 1 << 20, 1)


def test_a_row_of_one_short_cell_is_not_taken_for_the_end() -> None:
    assert decoded(encoded([(b"\x00\x00\x22\x00",), (b"",)]), 3, 1) == [(b"\x00\x00\x22\x00",), (b"",)]
