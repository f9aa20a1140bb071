"""Streams of a compound file (MS-CFB), the container of .xls."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

_END = 0xFFFFFFFA  # sector numbers from here on are marks
_ENTRY = 128


class CompoundFile:
    """A compound file in memory; raises ValueError for one that is damaged."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        try:
            self._read_tables()
        except (struct.error, IndexError) as error:
            raise ValueError("the compound file is cut off") from error

    def stream(self, *names: str) -> bytes | None:
        """The first stream there is of these names."""
        for name in names:
            if name in self._entries:
                return self._stream(*self._entries[name])
        return None

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def _read_tables(self) -> None:
        head = self._content
        self._size = 1 << struct.unpack_from("<H", head, 30)[0]
        directory, self._cutoff, mini = (struct.unpack_from("<I", head, at)[0] for at in (48, 56, 60))
        sectors = [each for each in struct.unpack_from("<109I", head, 76) if each < _END]
        more = struct.unpack_from("<I", head, 68)[0]
        seen: set[int] = set()
        while more < _END and more not in seen:
            seen.add(more)
            *listed, more = self._numbers(self._sector(more))
            sectors += [each for each in listed if each < _END]
        self._table = [number for sector in sectors for number in self._numbers(self._sector(sector))]
        self._mini_table = self._numbers(b"".join(map(self._sector, self._chain(mini, self._table))))
        self._read_directory(b"".join(map(self._sector, self._chain(directory, self._table))))

    def _read_directory(self, directory: bytes) -> None:
        self._entries: dict[str, tuple[int, int]] = {}
        self._mini = b""
        for at in range(0, len(directory) - _ENTRY + 1, _ENTRY):
            length, kind = struct.unpack_from("<HB", directory, at + 64)
            start, size = struct.unpack_from("<II", directory, at + 116)
            name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", errors="replace")
            if kind == 5:  # the root, whose stream holds the small ones
                self._mini = b"".join(map(self._sector, self._chain(start, self._table)))[:size]
            elif kind == 2:  # a stream
                self._entries.setdefault(name, (start, size))

    def _stream(self, start: int, size: int) -> bytes:
        if size >= self._cutoff:
            return b"".join(map(self._sector, self._chain(start, self._table)))[:size]
        pieces = (self._mini[each * 64 : each * 64 + 64] for each in self._chain(start, self._mini_table))
        return b"".join(pieces)[:size]

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        if start >= len(self._content):
            raise ValueError("the compound file is cut off")
        return self._content[start : start + self._size]

    @staticmethod
    def _numbers(sector: bytes) -> Sequence[int]:
        return struct.unpack(f"<{len(sector) // 4}I", sector[: len(sector) // 4 * 4])

    @staticmethod
    def _chain(start: int, table: Sequence[int]) -> Iterator[int]:
        seen = 0
        while start < _END and start < len(table) and seen <= len(table):
            yield start
            start, seen = table[start], seen + 1
