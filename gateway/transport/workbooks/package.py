"""The parts of an .xlsx: unpacked within a limit, whatever sizes the file claims."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError  # noqa: N812 - a class, named as one

from lxml import etree

from gateway.errors import SourceError
from gateway.transport.workbooks.faults import OTHER_KIND, PASSWORD, TOO_LARGE, UNREADABLE
from gateway.transport.workbooks.odd_cells import CHINESE_DATE_FORMATS, padded_width

MOST_BYTES = 1 << 29  # 512 MiB, all parts together: more than a sheet of a million rows of ten columns
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """A sheet: its name, whether it is shown, and where its XML lies."""

    name: str
    visible: bool
    path: str


class Package:
    """An .xlsx file; every method raises SourceError for what cannot be read."""

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        self._path = path
        try:
            self._archive = ZipFile(path)
        except (BadZipFile, OSError) as error:
            raise SourceError(UNREADABLE, path=path.name, reason=str(error)) from error
        self._infos = {info.filename: info for info in self._archive.infolist()}
        if any(info.flag_bits & 1 for info in self._infos.values()):
            raise SourceError(PASSWORD, path=path.name)
        if "xl/workbook.xml" not in self._infos:
            zh, en = "其他压缩文件（如 .docx、.ods、.xlsb、.zip）", "another zipped kind (.docx, .ods, .xlsb, .zip)"
            raise SourceError(OTHER_KIND, path=path.name, kind_zh=zh, kind=en)
        self._refuse_bombs(most_bytes)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def sheets(self) -> list[Part]:
        """The worksheets in their order."""
        relations = {each["Id"]: each for each in self._elements("xl/_rels/workbook.xml.rels", "Relationship")}
        found = []
        for sheet in self._elements("xl/workbook.xml", "sheet"):
            target = next((relations.get(value) for key, value in sheet.items() if key.endswith("}id")), None)
            if target is not None and target["Type"].endswith("/worksheet"):
                path = str(PurePosixPath("xl") / target["Target"]).lstrip("/")
                found.append(Part(sheet["name"], sheet.get("state", "visible") == "visible", path))
        return found

    def since_1904(self) -> bool:
        """Whether its days count from 1904."""
        return any(each.get("date1904") in {"1", "true"} for each in self._elements("xl/workbook.xml", "workbookPr"))

    def chinese_date_styles(self) -> set[int]:
        """The numbers of the cell styles that only a Chinese Excel shows as dates."""
        if "xl/styles.xml" not in self._infos:
            return set()
        declared = {int(each["numFmtId"]) for each in self._elements("xl/styles.xml", "numFmt")}
        return {at for at, number in enumerate(self._formats()) if number in CHINESE_DATE_FORMATS - declared}

    def padded_styles(self) -> dict[int, int]:
        """The numbers of the cell styles that fill numbers up with zeros, and to how many digits."""
        if "xl/styles.xml" not in self._infos:
            return {}
        formats = {int(each["numFmtId"]): each["formatCode"] for each in self._elements("xl/styles.xml", "numFmt")}
        widths = {number: padded_width(code) for number, code in formats.items()}
        return {at: widths[number] for at, number in enumerate(self._formats()) if widths.get(number)}

    def _formats(self) -> list[int]:
        """The number format of each cell style."""
        return [int(each.get("numFmtId", "0")) for each in self._elements("xl/styles.xml", "cellXfs/xf")]

    def content(self, part: str) -> bytes:
        """A part, unpacked."""
        if part not in self._infos:
            raise SourceError(UNREADABLE, path=self._path.name, reason=part)
        return b"".join(self._pieces(self._infos[part]))

    def _refuse_bombs(self, most: int) -> None:
        size = sum(info.file_size for info in self._infos.values())
        limit = f"{most >> 20} MiB"
        if size > most:
            raise SourceError(TOO_LARGE, path=self._path.name, limit=limit)
        unpacked = 0
        for info in self._infos.values():  # a file may claim less than it holds
            open_ended = copy(info)
            open_ended.file_size = 1 << 62
            for piece in self._pieces(open_ended):
                unpacked += len(piece)
                if unpacked > most:
                    raise SourceError(TOO_LARGE, path=self._path.name, limit=limit)

    def _pieces(self, info: ZipInfo) -> Iterator[bytes]:
        try:
            with self._archive.open(info) as file:
                while piece := file.read(_PIECE):
                    yield piece
        except (BadZipFile, ZlibError, EOFError, NotImplementedError, OSError) as error:
            raise SourceError(UNREADABLE, path=self._path.name, reason=str(error)) from error

    def _elements(self, part: str, path: str) -> list[dict[str, str]]:
        """The attributes of the elements at a path, in whatever namespace."""
        try:
            tree = etree.fromstring(self.content(part), etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise SourceError(UNREADABLE, path=self._path.name, reason=f"{part}: {error}") from error
        found = tree.findall(".//" + "/".join("{*}" + name for name in path.split("/")))
        return [{str(key): str(value) for key, value in each.items()} for each in found]
