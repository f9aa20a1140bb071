"""CSV files as a source: one file, or several of the same columns, read in name order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import PositiveInt

from gateway.interfaces import Batch, Surroundings
from gateway.messages import Message
from gateway.transport import text_files
from gateway.transport.text_encoding import StatedEncoding, as_stated
from gateway.transport.text_files import TextBlock, TextFile
from gateway_files import csv_header, csv_lost_digits, csv_row, places
from gateway_files.csv_block import BlockReader
from gateway_files.csv_header import Header, read_header
from gateway_files.file_source import FileSource, OpenedFile
from gateway_files.places import FileOptions

COLUMNS_DIFFER = Message(
    "csv.columns_differ",
    zh="文件“{place}”的列与“{first}”不同：缺少 {missing}；多出 {extra}；同一来源的文件列名和顺序必须一致",
    en="the columns of the file {place!r} differ from those of {first!r}: missing {missing}; extra {extra}; "
    "the files of one source need the same columns in the same order",
)
MESSAGES = (
    *places.MESSAGES,
    *text_files.MESSAGES,
    *csv_header.MESSAGES,
    *csv_row.MESSAGES,
    *csv_lost_digits.MESSAGES,
    COLUMNS_DIFFER,
)


# What is under way at once is bounded in bytes, however long the rows are. What a batch costs beside its rows counts in
# a large file, which is read in larger ones.
_BLOCKS_A_BATCH = (3, 12)
_BYTES_A_BLOCK_MORE = 28 << 20


class CsvOptions(FileOptions):
    """Where the files are and how they are written."""

    encoding: StatedEncoding = "auto"
    separator: Literal["auto", ",", ";", "tab", "|"] = "auto"
    quote: Literal['"', "'", "none"] = '"'
    header: PositiveInt | tuple[str, ...] = ()  # its line, or columns that it must name


@dataclass(frozen=True, slots=True)
class _CsvFile:
    place: str
    text: TextFile
    header: Header


class CsvSource(FileSource):
    """Reads CSV files; rows that cannot be split are set aside as faults, and those after them go on."""

    columns_differ = COLUMNS_DIFFER
    order_counts = True

    def __init__(self, options: CsvOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._options = options

    def opened(self, path: Path, place: str) -> OpenedFile:
        """Tell a file's encoding and its header."""
        options = self._options
        text = TextFile.recognise(path, as_stated(options.encoding))
        separator = {"auto": None, "tab": "\t"}.get(options.separator, options.separator)
        quote = "" if options.quote == "none" else options.quote
        file = _CsvFile(place, text, read_header(text, place, separator, quote, options.header))
        blocks = _blocks_a_batch(path.stat().st_size)
        return OpenedFile(place, file.header.columns, lambda: _gathered(_read_file(file), blocks))


def _read_file(file: _CsvFile) -> Iterator[Batch]:
    reader = BlockReader(file.place, file.text.encoding, file.header)
    yield reader.before_rows()
    rest: TextBlock | None = None
    for block in file.text.blocks(file.header.rows_from):
        batch, rest = reader.read(rest.followed_by(block) if rest else block, is_last=False)
        yield batch
    if rest:
        yield reader.read(rest, is_last=True)[0]


def _blocks_a_batch(size: int) -> int:
    """How many blocks of a file of so many bytes make a batch."""
    least, most = _BLOCKS_A_BATCH
    return min(max(size // _BYTES_A_BLOCK_MORE, least), most)


def _gathered(parts: Iterable[Batch], blocks: int) -> Iterator[Batch]:
    """Larger batches of the same rows, each column in one piece, as everything after the reader wants them."""
    waiting: list[Batch] = []
    for part in parts:
        waiting.append(part)
        if len(waiting) >= blocks:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: Sequence[Batch]) -> Batch:
    return Batch(
        parts[0].place,
        pl.concat([part.rows for part in parts], rechunk=True),
        [fault for part in parts for fault in part.faults],
        [line for part in parts for line in part.left_out],
    )
