"""JSON lines: a row a line, and a line that is none is set aside alone."""

from __future__ import annotations

from collections.abc import Iterator
from json import JSONDecodeError

from gateway.interfaces import LeftOut, RowFault
from gateway.messages import Message
from gateway.transport.text_files import TextFile
from gateway_files.json_values import DECODER, row_of
from gateway_files.named_rows import Item

BAD_LINE = Message(
    "json.bad_line",
    zh="本行不是一个完整的 JSON 对象（第 {column} 个字符：{why}）；请更正",
    en="the line is no whole object of JSON (character {column}: {why}); correct it",
)
BLANK_LINE = Message("json.blank_line", zh="空行，不计入读取的行", en="a blank line, which is not counted as a row")
MESSAGES = (BAD_LINE, BLANK_LINE)

_SHOWN = 4000  # characters of a faulty line


def lines(file: TextFile) -> Iterator[Item]:
    """Every line of a file; raises SourceError."""
    for block in file.blocks():
        for number, line in enumerate(block.lines(), block.first_line):
            unreadable = block.unreadable.get(number)
            if unreadable:
                yield RowFault(number, unreadable, {"line": number, "encoding": file.encoding}, line[:_SHOWN])
            elif not line.strip():
                yield LeftOut(number, BLANK_LINE, "")
            else:
                yield line_of(number, line)


def line_of(number: int, line: str) -> Item:
    """One line."""
    try:
        return row_of(number, DECODER.decode(line), line)
    except JSONDecodeError as error:
        return RowFault(number, BAD_LINE, {"column": error.pos + 1, "why": error.msg}, line[:_SHOWN])
    except RecursionError:
        return RowFault(number, BAD_LINE, {"column": 1, "why": "it is nested too deeply"}, line[:_SHOWN])
