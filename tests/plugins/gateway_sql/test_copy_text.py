"""COPY's text format, against an encoder written from its documentation; no server needed."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.interfaces import ROW
from gateway.transport.sql.copy_text import parse_block

ESCAPES = str.maketrans({"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"})

cell = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8") | st.sampled_from("\\N\tnt\n"))


def encoded(rows: Sequence[tuple[str | None, ...]]) -> bytes:
    lines = ("\t".join("\\N" if cell is None else cell.translate(ESCAPES) for cell in row) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode()


@settings(deadline=None)
@given(st.lists(st.tuples(cell, cell, cell), min_size=1))
@example([("\\N", None, "")])
@example([("\ufeff", "", "")])
@example([("x\x01", "taken for zlib", "")])
def test_every_text_comes_back_as_it_was(rows: list[tuple[str | None, ...]]) -> None:
    frame, faults = parse_block(["甲", "", 'c"'], encoded(rows), 7)
    assert (frame.drop(ROW).rows(), list(faults)) == (rows, [])
    assert frame[ROW].to_list() == list(range(7, 7 + len(rows)))


@settings(deadline=None)
@given(st.lists(st.tuples(cell), min_size=1))
@example([("",), (None,), ("",)])
def test_a_single_column_keeps_its_empty_lines(rows: list[tuple[str | None]]) -> None:
    frame, _ = parse_block(["a"], encoded(rows), 1)
    assert frame.drop(ROW).rows() == rows


def test_a_line_that_is_not_utf_8_becomes_a_fault_with_its_number_and_the_others_go_on() -> None:
    block = b"1\tgood\n2\t\xd5\xc5\xc8\xfd\n3\ta\\tb\n"
    frame, [fault] = parse_block(["id", "name"], block, 50_001)
    assert frame.rows() == [(50_001, "1", "good"), (50_003, "3", "a\tb")]
    assert (fault.row, fault.message.code) == (50_002, "sql.cell_not_text")
    assert fault.values == {"columns": "name", "bytes": "d5 c5 c8 fd"}
    assert fault.text == "2\t\\xd5\\xc5\\xc8\\xfd"


def test_a_block_without_one_readable_line_is_faults_alone() -> None:
    frame, faults = parse_block(["a"], b"\xff\n\xfe\n", 1)
    assert (frame.rows(), frame.columns, [fault.row for fault in faults]) == ([], [ROW, "a"], [1, 2])
