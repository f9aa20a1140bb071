"""What a plugin implements: sources, destinations, jurisdictions and sandboxes, and the offers that name them.

An offer is a noun: what there is, how it is configured (a pydantic model that forbids unknown options) and how it is
opened. Opening does no work; `check` and `read`, `deliver` and `find` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable
from wsgiref.types import WSGIApplication

import polars as pl
from pydantic import BaseModel, ConfigDict

from gateway.domain.dataset import Rule
from gateway.domain.environment import Environment
from gateway.messages import Message

# The column of a batch that says where a row stood: the line of a file (1-based), the row of a query (1-based).
ROW = "_row"


class Options(BaseModel):
    """The options of a connector; an unknown one is refused, so a misspelt option never passes in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a connector may know of its deployment: where relative paths start, secrets by name, and its mark.

    `secret` raises StartError for a name that neither the environment nor the secrets folder holds.
    """

    directory: Path
    secret: Callable[[str], str]
    environment: Environment = "rehearsal"


# ---------------------------------------------------------------------------------------------------- sources


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that the reader could not split into cells: where it stood, why, and what was there."""

    row: int
    message: Message
    values: Mapping[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that a named rule leaves out (blank line, 合计, signature): reported, and not counted as read."""

    row: int
    message: Message
    text: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows read together, from one place.

    `rows` holds `_row` (Int64, true position) and every source column as String, as the outside wrote it: an empty
    cell is "" or null, both mean empty. `place` is what a person would look for: a file's name, a sheet, a table.
    Every row read stands in exactly one of `rows` and `faults`. `read_whole` says what was read to its end by then, and
    `cursor`, of a source that resumes, where reading goes on once everything up to the end of this batch is stored.
    """

    place: str
    rows: pl.DataFrame
    faults: Sequence[RowFault] = ()
    left_out: Sequence[LeftOut] = ()
    cursor: Mapping[str, str] | None = None
    read_whole: Sequence[Content] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """Something that is read whole, as one file: known by its bytes, whatever its name."""

    digest: str  # SHA-256 of the bytes, hexadecimal
    name: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What the gateway keeps of a feed's earlier runs: where reading resumes, and what was already read whole.

    Only what was stored is remembered, so a run that fails or is killed is read again.
    """

    cursor: Mapping[str, str] | None = None  # of the last batch that was stored; None: from the beginning
    has_read: Callable[[str], bool] = lambda _digest: False  # whether content of this SHA-256 was stored before
    since: str | None = None  # what an operator asks to read from, instead of the cursor


class Source(Protocol):
    """Where rows come from."""

    def check(self) -> None:
        """Raise SourceError with one clear sentence when it cannot be read as declared; read no rows."""

    def read(self) -> Iterator[Batch]:
        """Read every row once, in order, memory flat; the columns are the same in every batch.

        A source without rows still gives one empty batch, so that its columns are known. Raises SourceError.
        """


@runtime_checkable
class ContentSource(Source, Protocol):
    """A source that can be told by its bytes before a row of it is read, as files at hand.

    Its batches say by `read_whole`, in order, which contents were read.
    """

    def contents(self) -> Sequence[Content]:
        """What `read` would read now: the same contents in the same order give the same rows at the same places.

        Empty where it cannot tell without reading. Raises SourceError as `read` does.
        """


@runtime_checkable
class ResumingSource(Source, Protocol):
    """A source that reads only what is new, or that takes away what was read.

    A feed of it says `reads: changes`, since what is not read again is not gone.
    """

    def resume(self, memory: Memory) -> Iterator[Batch]:
        """Read every row that the memory does not cover, in the order of the cursor; otherwise as `read`."""

    def settle(self, *, stored: bool) -> None:
        """The run has ended: what `resume` read is stored, or nothing of it is; may be called again, or never.

        Raises SourceError when it cannot be done; what is stored stands all the same.
        """


@runtime_checkable
class TakingSource(ResumingSource, Protocol):
    """One whose `settle` takes away what was read, as from a drop folder: it cannot be read whole again and again."""

    takes_away: Literal[True]

    def waiting(self) -> int:
        """How much waits to be taken now: each run takes one, such as a file that is a state of its own."""


@dataclass(frozen=True, slots=True)
class FoundColumn:
    """A column as the outside names it, with its type there and a few values as they would be read."""

    name: str
    type: str = ""
    values: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """Something that could be read: what a feed's `source` has to say for it, and its columns."""

    source: Mapping[str, Any]  # the options, `type` included
    columns: Sequence[FoundColumn]
    title: str = ""


@dataclass(frozen=True, slots=True)
class SourceOffer:
    """A kind of source, by the name that a feed's `source.type` says.

    `discover` takes options that need not be complete (the address of a database without a table, a folder without
    a file) and lists what is there; it raises SourceError, or StartError for options that it cannot use.
    """

    name: str
    title: str
    options: type[Options]
    open: Callable[[Any, Surroundings], Source]
    messages: Sequence[Message] = ()  # the messages of the row faults and errors that it declares
    discover: Callable[[Mapping[str, Any], Surroundings], Sequence[Found]] | None = None


# ----------------------------------------------------------------------------------------------- destinations


@dataclass(frozen=True, slots=True)
class RecordVersion:
    """One version of one record: what can take effect at a destination, once."""

    record_key: str
    change_number: int


class ReceiptOutcome(StrEnum):
    """What the receiver said of a record version."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receiver's answer for one record version; `reference` is its own number, code and reason as it gave them."""

    version: RecordVersion
    outcome: ReceiptOutcome
    reference: str = ""
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """What is handed over: rendered once, byte-identical at every attempt; nonce, time and signature stay outside."""

    idempotency_key: str
    dataset: str
    body: bytes
    versions: Sequence[RecordVersion]


@dataclass(frozen=True, slots=True)
class Answer:
    """Receipts, at most one a version of the document, and the bytes they were read from, kept as evidence.

    A version without a receipt is of unknown outcome after `deliver`, and not held by the receiver after `find`.
    """

    receipts: Sequence[Receipt]
    evidence: bytes


class Wire(Protocol):
    """The part of a profile that a destination needs: how one platform speaks about one dataset."""

    content_type: str
    deliver_path: str
    find_path: str
    options: Mapping[str, Any]

    def find_request(self, document: Document) -> bytes:
        """The body that asks which versions of the document the platform holds."""

    def read_answer(self, document: Document, status: int, content_type: str, body: bytes) -> Answer:
        """Read the platform's answer; raises a DeliveryError, by what happens next, when it holds no receipts."""

    def read_found(self, document: Document, status: int, content_type: str, body: bytes) -> Answer:
        """Read the answer to `find_request`; raises AccessRefused, or TryAgain when it cannot be read."""


class Destination(Protocol):
    """Where documents go."""

    def check(self) -> None:
        """Raise DeliveryError with one clear sentence when it cannot be reached as declared; deliver nothing."""

    def deliver(self, document: Document) -> Answer:
        """Hand the document over once; raises a DeliveryError, by what happens next, where it got no receipts."""

    def find(self, document: Document) -> Answer:
        """Ask which of the versions have taken effect; raises TryAgain or AccessRefused when it cannot tell."""


@dataclass(frozen=True, slots=True)
class DestinationOffer:
    """A kind of destination, by the name that a feed's `destination.type` says."""

    name: str
    title: str
    options: type[Options]
    open: Callable[[Any, Wire, Surroundings], Destination]
    messages: Sequence[Message] = ()


# ---------------------------------------------------------------------------------------------- jurisdictions


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A province or the nation: its slug, its folder under `mappings/`, the region it answers for."""

    slug: str
    title: str
    region: str  # the leading digits of its GB/T 2260 codes, "37" for 山东


@dataclass(frozen=True, slots=True)
class SandboxOffer:
    """A simulated platform: a WSGI application over a folder that it keeps its state in, so that it survives kills.

    `open` takes the folder and the mapping of its secrets (requester → secret).
    """

    name: str
    title: str
    open: Callable[[Path, Mapping[str, str]], WSGIApplication]


@dataclass(frozen=True, slots=True)
class ProfileOffer:
    """A wire format that a plugin ships: the profile's path under `mappings/`, as `shandong/platform/2023-01`."""

    name: str
    title: str
    datasets: Sequence[str] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class RuleOffer:
    """A check that a jurisdiction adds to a dataset of the exchange."""

    dataset: str
    rule: Rule
