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
from gateway.transport.workbooks import number_format
from gateway.transport.workbooks.faults import OTHER_KIND, PASSWORD, TOO_LARGE, UNREADABLE

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

    def looked_at(self) -> dict[int, str]:
        """The format codes of the cell styles whose numbers show more than their value or their whole day."""
        return number_format.looked_at(*self._formats())

    def day_styles(self) -> set[int]:
        """The numbers of the cell styles that show days or times."""
        return number_format.day_styles(*self._formats())

    def _formats(self) -> tuple[list[int], dict[int, str]]:
        """The number format of each cell style, and the codes of the formats that the workbook declares."""
        if "xl/styles.xml" not in self._infos:
            return [], {}
        declared = {int(each["numFmtId"]): each["formatCode"] for each in self._elements("xl/styles.xml", "numFmt")}
        of_styles = [int(each.get("numFmtId", "0")) for each in self._elements("xl/styles.xml", "cellXfs/xf")]
        return of_styles, declared

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
