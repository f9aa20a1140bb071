"""Versions that changed since the last run become documents in the outbox, in the transaction that moves the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from gateway.formats.profile import Profile
from gateway.mapping import CompiledMap
from gateway.messages import Catalogue, Message
from gateway.pipeline import publication
from gateway.pipeline.companions import Companions, Gathered
from gateway.pipeline.pack import Packed, Packer
from gateway.pipeline.progress import Point, Reached
from gateway.state import outbox, waiting_versions
from gateway.state.database import Connection, Database
from gateway.state.exchange import Exchange
from gateway.state.leases import Lease

NOT_EXPRESSIBLE = Message(
    "profile.not_expressible",
    zh="该记录不能按报送格式 {profile} 表达，未发送：{reasons}",
    en="the record cannot be expressed in the profile {profile} and was not sent: {reasons}",
)

_AT_ONCE = 20_000  # change numbers looked through in one transaction


@dataclass(frozen=True)
class Enqueued:
    """How many versions a run selected, how many of them the profile cannot express, and how many wait.

    `changed` counts records whose children changed after they had gone out.
    """

    selected: int = 0
    refused: int = 0
    waiting: int = 0
    changed: int = 0

    def __add__(self, other: Enqueued) -> Enqueued:
        """Sum two."""
        return Enqueued(
            self.selected + other.selected,
            self.refused + other.refused,
            self.waiting + other.waiting,
            self.changed + other.changed,
        )


@dataclass(frozen=True)
class Enqueuer:
    """Renders the versions of one outbound feed into the outbox."""

    address: outbox.Address
    where: Mapping[str, str]
    exchange: Exchange
    profile: Profile
    outward: CompiledMap
    companions: Companions
    messages: Catalogue
    reached: Reached

    def enqueue(self, database: Database, lease: Lease, run: int) -> Enqueued:
        """Enqueue everything new, and what waited and need not any more; return how many versions that was."""
        enqueued, more = self._look_again(database, lease, run), True
        while more:
            with database.write() as connection:
                lease.assert_held(connection)
                outbox.claim(connection, self.address)
                enqueued += Enqueued(changed=self._changed(connection, run))
                after, last = outbox.cursor(connection, self.address.feed), self.exchange.last_change_number(connection)
                until = min(after + _AT_ONCE, last)
                enqueued += self._enqueue(connection, run, self.select(connection, after, until))
                if until > after:
                    outbox.advance(connection, self.address.feed, until)
                more = until < last
                self.reached(Point.ENQUEUING)
            self.reached(Point.ENQUEUED)
        return enqueued

    def select(self, connection: Connection, after: int, until: int) -> pl.DataFrame:
        """The versions in (after, until] that the feed is for and that this destination was not given already."""
        versions = self.exchange.versions_after(connection, after, until - after, replaced=not self._only_in_force)
        given = outbox.already_enqueued(connection, self.address, after, until)
        return versions.filter(~pl.col("change_number").is_in(given), *self._conditions())

    def again(self, connection: Connection, run: int, numbers: Sequence[int]) -> None:
        """Put versions whose document must not be sent again into a new one; refuse those that none may hold now."""
        if not numbers:
            return
        versions = self.exchange.versions_numbered(connection, list(numbers))
        packed, refused = self._pack(versions, self.companions.gather(connection, versions))
        for each in packed:
            outbox.move(
                connection, each.versions["change_number"].to_list(), self.address, self._add(connection, run, each)
            )
        for number, code, reason in refused.select("change_number", "code", "reason").iter_rows():
            outbox.refuse_version(connection, self.address, number, code, reason)

    def pack(self, connection: Connection, versions: pl.DataFrame) -> tuple[list[Packed], pl.DataFrame, pl.DataFrame]:
        """Give the documents, the versions that cannot go and those that wait, each with code and reason."""
        gathered = self.companions.gather(connection, versions)
        waits = gathered.lacking.is_not_null()
        ready = replace(gathered, versions=gathered.versions.filter(~waits))
        packed, refused = self._pack(versions.filter(~waits), ready)
        return packed, refused, publication.waiting(versions.filter(waits), gathered.lacking.filter(waits))

    def _pack(self, versions: pl.DataFrame, gathered: Gathered) -> tuple[list[Packed], pl.DataFrame]:
        lists, findings = self.companions.nest(versions, gathered.children)
        found = [findings]
        if self.profile.declared.public:
            found.append(publication.personal_identifiers(self.exchange.dataset, versions))
        packer = Packer(self.address.destination, self.profile, self.outward, self.messages, gathered.state)
        return packer.pack(gathered.versions, lists, found)

    @property
    def _only_in_force(self) -> bool:
        """Whether a version that was replaced before it went out stays here.

        What is public cannot be changed by the next one, and children in force belong to the record in force.
        """
        return self.profile.declared.public or bool(self.companions.lists)

    def _look_again(self, database: Database, lease: Lease, run: int) -> Enqueued:
        """Enqueue the versions that waited for what goes out with them, as far as it has arrived."""
        enqueued = Enqueued()
        if not (self.companions.lists or self.companions.beside):
            return enqueued
        with database.write() as connection:
            lease.assert_held(connection)
            outbox.claim(connection, self.address)
            for each in self.companions.beside:
                publication.BesideWatch(self.address, self.exchange, each).look(connection)
            # Before anything waiting goes out, or what it waited for would seem to have come too late.
            enqueued += Enqueued(changed=self._changed(connection, run))
            numbers = waiting_versions.release_held(connection, self.address)
            for start in range(0, len(numbers), _AT_ONCE):
                part = numbers[start : start + _AT_ONCE]
                versions = self.exchange.versions_numbered(connection, part, replaced=not self._only_in_force)
                enqueued += self._enqueue(connection, run, versions)
        return enqueued

    def _changed(self, connection: Connection, run: int) -> int:
        """How many records that have gone out have children which changed since."""
        if not self.profile.declared.public:
            return 0
        watches = (
            publication.ChildrenWatch(self.address, self.exchange.dataset, each.exchange)
            for each in self.companions.lists.values()
        )
        return sum(watch.look(connection, run) for watch in watches)

    def _conditions(self) -> list[pl.Expr]:
        return [
            pl.col(field).cast(pl.String).str.starts_with(value[:-1])
            if value.endswith("*")
            else pl.col(field).cast(pl.String) == value
            for field, value in self.where.items()
        ]

    def _enqueue(self, connection: Connection, run: int, versions: pl.DataFrame) -> Enqueued:
        packed, refused, waiting = self.pack(connection, versions)
        for each in packed:
            document = pl.lit(self._add(connection, run, each)).alias("document")
            outbox.add_deliveries(
                connection, self.address, each.versions.with_columns(document, pl.lit("waiting").alias("status"))
            )
        outbox.add_deliveries(connection, self.address, refused.with_columns(pl.lit("refused").alias("status")))
        outbox.add_deliveries(connection, self.address, waiting.with_columns(pl.lit("waiting").alias("status")))
        return Enqueued(versions.height, refused.height, waiting.height)

    def _add(self, connection: Connection, run: int, packed: Packed) -> int:
        return outbox.add_document(
            connection, self.address, run, packed.idempotency_key, packed.versions.height, packed.body
        )


MESSAGES = (NOT_EXPRESSIBLE,)
