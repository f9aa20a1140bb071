"""What a run read, as text with true positions, kept before anything is judged.

A spool is a folder: one Arrow file a batch, one JSON file a batch for the rows that could not be split into cells or
were left out, and `complete` once the source was read to its end. A killed run goes on from a complete spool; an
incomplete one is thrown away and read again. `judged/` beside it holds what mapping and checking made of each batch.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from gateway.interfaces import Batch, LeftOut, RowFault
from gateway.messages import Catalogue


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
        )

    def rows(self, number: int) -> pl.DataFrame:
        """The rows of a batch, as the source wrote them."""
        return pl.read_ipc(self._rows(number))

    def numbers(self) -> Iterator[int]:
        """The numbers of its batches, in order."""
        return iter(sorted(int(path.stem) for path in self.folder.glob("*.arrow")))

    def begin(self, again: int) -> None:
        """Say how many of the first batches hold rows that are looked at again."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "again").write_text(str(again))

    @property
    def again(self) -> int:
        """How many of the first batches hold rows that are looked at again."""
        return int((self.folder / "again").read_text())

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
