"""What a run read, as text with true positions, kept before anything is judged.

A spool is a folder: the `terms` on which the run reads, one Arrow file a batch, one JSON file a batch for what stands
beside its rows (those that could not be split into cells or were left out, where reading goes on), and `complete` once
the source was read to its end. A killed run goes on from a complete spool; an incomplete one is thrown away and read
again. `judged/` beside it holds what mapping and checking made of each batch.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import polars as pl

from gateway.interfaces import Batch, Content, LeftOut, RowFault
from gateway.messages import Catalogue


@dataclass(frozen=True, kw_only=True)
class Terms:
    """On what terms a run reads, so that one resumed after a kill stores it as it would have been stored."""

    again: int = 0  # how many of the first batches hold rows that are looked at again
    since: str | None = None
    limit: int | None = None
    declared: Mapping[str, str] = field(default_factory=dict)  # digests of the source's declaration by member


@dataclass(frozen=True)
class Spool:
    """The spool of one run."""

    folder: Path

    def write(self, number: int, batch: Batch) -> None:
        """Keep a batch."""
        self.folder.mkdir(parents=True, exist_ok=True)
        batch.rows.write_ipc(self._rows(number), compression="lz4")
        beside = {
            "place": batch.place,
            "faults": [{**asdict(each), "message": each.message.code} for each in batch.faults],
            "left_out": [{**asdict(each), "message": each.message.code} for each in batch.left_out],
            "cursor": dict(batch.cursor) if batch.cursor is not None else None,
            "read_whole": [asdict(each) for each in batch.read_whole],
        }
        self._beside(number).write_text(json.dumps(beside, ensure_ascii=False), encoding="utf-8")

    def read(self, number: int, messages: Catalogue) -> Batch:
        """A batch as it was kept."""
        beside = json.loads(self._beside(number).read_text(encoding="utf-8"))
        return Batch(
            place=beside["place"],
            rows=self.rows(number),
            faults=[RowFault(**{**each, "message": messages[each["message"]]}) for each in beside["faults"]],
            left_out=[LeftOut(**{**each, "message": messages[each["message"]]}) for each in beside["left_out"]],
            cursor=beside["cursor"],
            read_whole=[Content(**each) for each in beside["read_whole"]],
        )

    def rows(self, number: int) -> pl.DataFrame:
        """The rows of a batch, as the source wrote them."""
        return pl.read_ipc(self._rows(number))

    def numbers(self) -> Iterator[int]:
        """The numbers of its batches, in order."""
        return iter(sorted(int(path.stem) for path in self.folder.glob("*.arrow")))

    def begin(self, terms: Terms) -> None:
        """Say on what terms it is read."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "terms").write_text(json.dumps(asdict(terms), ensure_ascii=False), encoding="utf-8")

    @property
    def terms(self) -> Terms:
        """On what terms it is read."""
        return Terms(**json.loads((self.folder / "terms").read_text(encoding="utf-8")))

    def complete(self) -> None:
        """Say that the source was read to its end."""
        with (self.folder / "complete").open("w") as marker:
            os.fsync(marker.fileno())

    @property
    def is_complete(self) -> bool:
        """Whether the source was read to its end."""
        return (self.folder / "complete").exists()

    @property
    def judged(self) -> Path:
        """Where the judged batches are kept."""
        folder = self.folder / "judged"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def remove_judged(self) -> None:
        """Throw away what mapping and checking made of it; it can be made again."""
        shutil.rmtree(self.folder / "judged", ignore_errors=True)

    def remove(self) -> None:
        """Throw it away."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _rows(self, number: int) -> Path:
        return self.folder / f"{number:06}.arrow"

    def _beside(self, number: int) -> Path:
        return self.folder / f"{number:06}.json"
