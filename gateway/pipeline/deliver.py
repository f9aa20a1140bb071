"""Documents on their way: one attempt after the other until every version has its receipt or nothing more can be done.

What an attempt does depends on what is known: a document that may have taken effect is asked about (`find`) before it
is ever sent again; versions that the receiver then does not hold go into a new document, so that none is sent twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.domain.environment import Environment
from gateway.errors import AccessRefused, DeliveryError, DocumentRefused, OutcomeUnknown, TryAgain
from gateway.formats.json_documents import compress, decompress
from gateway.interfaces import Answer, Destination, Document, RecordVersion
from gateway.messages import Message
from gateway.pipeline.crossing import refuse_documents
from gateway.pipeline.feeds import Retry
from gateway.pipeline.progress import Point, Reached
from gateway.state import outbox
from gateway.state.database import Connection, Database
from gateway.state.leases import Lease
from gateway.state.outbox import Outgoing

if TYPE_CHECKING:
    import tenacity

NO_RECEIPT = Message(
    "delivery.no_receipt",
    zh="接收方的答复缺少 {missing} 条记录的回执（共 {records} 条）；先向接收方查询，再决定是否重发",
    en="the receiver's answer lacks the receipts of {missing} of {records} records; it is asked about them before "
    "anything is sent again",
)


@dataclass
class Deliverer:
    """Delivers the pending documents of one feed."""

    feed: str
    destination: Destination
    database: Database
    lease: Lease
    retry: Retry
    parallel: int
    environment: Environment
    send_again: Callable[[Connection, list[int]], None]  # puts versions, by change number, into new documents
    reached: Reached
    stopped: threading.Event = field(default_factory=threading.Event)
    troubles: list[DeliveryError] = field(default_factory=list)  # why documents stay behind

    def deliver(self) -> set[int]:
        """Deliver until nothing more can be sent; return every document that was pending at any moment."""
        refuse_documents(self.database, self.feed, self.environment)
        seen: set[int] = set()
        tried: set[int] = set()
        with ThreadPoolExecutor(self.parallel, thread_name_prefix=f"deliver {self.feed}") as threads:
            while True:
                pending, ready = self._ready()
                seen.update(pending)
                turn = [document for document in ready if document not in tried]
                if turn and not tried:
                    self._greet()
                if not turn or self.stopped.is_set():
                    return seen
                tried.update(turn)
                list(threads.map(self._try, turn))

    def _greet(self) -> None:
        """Send nothing to a receiver that refuses us already when greeted, as one of the other environment does."""
        try:
            self.destination.check()
        except AccessRefused as refusal:
            self.troubles.append(refusal)
            self.stopped.set()
        except DeliveryError:
            return  # whatever else keeps it from answering, each attempt finds out and tries again

    def _ready(self) -> tuple[list[int], list[int]]:
        with self.database.read() as connection:
            pending = outbox.pending(connection, self.feed)
            waiting_for = outbox.predecessors(connection, self.feed)
        return pending, [document for document in pending if not waiting_for.get(document)]

    def _try(self, document: int) -> None:
        """Try one document as often as the feed allows; trouble that concerns the receiver ends the run's sending."""
        import tenacity  # late, as an inbound run sends nothing

        if self.stopped.is_set():
            return
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((TryAgain, OutcomeUnknown)),
            stop=self._has_to_stop,
            wait=self._wait,
            sleep=tenacity.sleep_using_event(self.stopped),
            reraise=True,
        )
        try:
            attempts(self._attempt, document)
        except DeliveryError as trouble:
            self.troubles.append(trouble)
            self.stopped.set()

    def _has_to_stop(self, state: tenacity.RetryCallState) -> bool:
        """Whether the next run is soon enough: also where the receiver asks for more time than a run is given."""
        tried = state.attempt_number >= self.retry.attempts
        return tried or self.stopped.is_set() or _asked_to_wait(state) > self.retry.longest_wait_seconds

    def _wait(self, state: tenacity.RetryCallState) -> float:
        import tenacity

        growing = tenacity.wait_exponential_jitter(
            multiplier=self.retry.first_wait_seconds,
            max=self.retry.longest_wait_seconds,
            jitter=self.retry.first_wait_seconds,
        )(state)
        return max(growing, _asked_to_wait(state))

    def _attempt(self, document: int) -> None:
        with self.database.read() as connection:
            outgoing = outbox.load(connection, document)
        if outgoing.status in {"sending", "unknown"} and self._settled_by_asking(outgoing):
            return
        self._send(replace(outgoing, status="waiting"))

    def _settled_by_asking(self, outgoing: Outgoing) -> bool:
        """Ask which versions took effect; where only some did, the others go into a new document."""
        self._mark(outgoing, "unknown")
        asked = replace(_unpacked(outgoing.document), versions=outgoing.open)
        found = self.destination.find(asked)
        missing = _missing(outgoing, found)
        nothing_taken = len(missing) == len(outgoing.document.versions)
        with self.database.write() as connection:
            self.lease.assert_held(connection)
            outbox.add_receipts(connection, outgoing, "find", found, compress(found.evidence))
            if nothing_taken:
                outbox.mark(connection, outgoing.id, "waiting")  # the same document goes out again
            else:
                self.send_again(connection, [version.change_number for version in missing])
                outbox.settle(connection, outgoing.id)
        return not nothing_taken

    def _send(self, outgoing: Outgoing) -> None:
        with self.database.write() as connection:
            self.lease.assert_held(connection)
            outbox.mark_sending(connection, outgoing.id)
        self.reached(Point.SENDING)
        try:
            answer = self.destination.deliver(_unpacked(outgoing.document))
        except (TryAgain, AccessRefused):
            self._mark(outgoing, "waiting")
            raise
        except OutcomeUnknown:
            self._mark(outgoing, "unknown")
            raise
        except DocumentRefused as refusal:
            with self.database.write() as connection:
                outbox.refuse(connection, outgoing.id, refusal.message.code, refusal.text("zh"))
            self.troubles.append(refusal)
            return
        self.reached(Point.SENT)
        missing = _missing(outgoing, answer)
        with self.database.write() as connection:
            outbox.add_receipts(connection, outgoing, "deliver", answer, compress(answer.evidence))
            if missing:
                outbox.mark(connection, outgoing.id, "unknown")
            else:
                outbox.settle(connection, outgoing.id)
        self.reached(Point.RECEIPTS_STORED)
        if missing:
            raise OutcomeUnknown(NO_RECEIPT, missing=len(missing), records=len(outgoing.open))

    def _mark(self, outgoing: Outgoing, status: str) -> None:
        with self.database.write() as connection:
            outbox.mark(connection, outgoing.id, status)


def _asked_to_wait(state: tenacity.RetryCallState) -> float:
    """The seconds that the receiver asks for before anything is sent again."""
    trouble = state.outcome.exception() if state.outcome else None
    return trouble.retry_after or 0 if isinstance(trouble, TryAgain) else 0


def _unpacked(document: Document) -> Document:
    return replace(document, body=decompress(document.body))


def _missing(outgoing: Outgoing, answer: Answer) -> list[RecordVersion]:
    answered = {receipt.version for receipt in answer.receipts}
    return [version for version in outgoing.open if version not in answered]


MESSAGES = (NO_RECEIPT,)
