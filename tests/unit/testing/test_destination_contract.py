"""Each promise of the destination contract is shown to catch a destination that breaks it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import pytest

from gateway.errors import OutcomeUnknown, TryAgain
from gateway.interfaces import Answer, Destination, Document, Receipt, ReceiptOutcome, RecordVersion
from gateway.messages import Message
from gateway.testing.destination_contract import DestinationContract

LOST = Message("test.lost", zh="没有应答", en="no answer")
AWAY = Message("test.away", zh="无法连接", en="not there")


@dataclass
class Receiver:
    """Takes documents in memory; a record that says "bad" is refused."""

    taken: list[RecordVersion] = field(default_factory=list)
    held: dict[RecordVersion, Receipt] = field(default_factory=dict)
    loses_next: bool = False
    reachable: bool = True


class Honest:
    """A destination that keeps every promise."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def check(self) -> None:
        if not self.receiver.reachable:
            raise TryAgain(AWAY)

    def deliver(self, document: Document) -> Answer:
        self.check()
        bad = document.body.decode().split()
        receipts = [self.take(each, refused=each.record_key in bad) for each in document.versions]
        if self.receiver.loses_next:
            raise self.lost()
        return Answer(receipts, b"said")

    def find(self, document: Document) -> Answer:
        self.check()
        held = self.receiver.held
        return Answer([held[each] for each in document.versions if each in held], b"found")

    def take(self, version: RecordVersion, *, refused: bool) -> Receipt:
        if refused:
            return Receipt(version, ReceiptOutcome.REFUSED, code="R1", reason="not as it should be")
        if version not in self.receiver.held:
            self.receiver.taken.append(version)
            self.receiver.held[version] = Receipt(version, ReceiptOutcome.ACCEPTED, reference=version.record_key)
        return self.receiver.held[version]

    def lost(self) -> Exception:
        return OutcomeUnknown(LOST)


class Forgets(Honest):
    def take(self, version: RecordVersion, *, refused: bool) -> Receipt:
        return Receipt(version, ReceiptOutcome.ACCEPTED)


class TakesTwice(Honest):
    def take(self, version: RecordVersion, *, refused: bool) -> Receipt:
        self.receiver.held.pop(version, None)
        return super().take(version, refused=refused)


class TakesTheNewestOnly(Honest):
    def deliver(self, document: Document) -> Answer:
        newest = {each.record_key: each for each in document.versions}
        return super().deliver(replace(document, versions=list(newest.values())))


class TakesBackwards(Honest):
    def deliver(self, document: Document) -> Answer:
        return super().deliver(replace(document, versions=document.versions[::-1]))


class StopsAtTheFirstRefusal(Honest):
    def deliver(self, document: Document) -> Answer:
        bad = document.body.decode().split()
        stop = next((i for i, each in enumerate(document.versions) if each.record_key in bad), len(document.versions))
        return super().deliver(replace(document, versions=document.versions[: stop + 1]))


class RefusesWithoutReason(Honest):
    def take(self, version: RecordVersion, *, refused: bool) -> Receipt:
        return replace(super().take(version, refused=refused), reason="")


class TakesWhatItRefuses(Honest):
    def take(self, version: RecordVersion, *, refused: bool) -> Receipt:
        taken = super().take(version, refused=False)
        return replace(taken, outcome=ReceiptOutcome.REFUSED, reason="bad") if refused else taken


class AnswersTwice(Honest):
    def deliver(self, document: Document) -> Answer:
        answer = super().deliver(document)
        return replace(answer, receipts=[*answer.receipts, *answer.receipts])


class ThrowsEvidenceAway(Honest):
    def deliver(self, document: Document) -> Answer:
        return replace(super().deliver(document), evidence=b"")


class FindsNothing(Honest):
    def find(self, document: Document) -> Answer:
        return replace(super().find(document), receipts=[])


class FindsWhatIsNotThere(Honest):
    def find(self, document: Document) -> Answer:
        self.check()
        return Answer([Receipt(each, ReceiptOutcome.ACCEPTED, each.record_key) for each in document.versions], b"")


class DeliversWhenAsked(Honest):
    def find(self, document: Document) -> Answer:
        self.deliver(document)
        return Answer([], b"")


class DeliversWhenChecked(Honest):
    def check(self) -> None:
        super().check()
        self.receiver.taken.append(RecordVersion("check", 1))


class SendsAgainByItself(Honest):
    def lost(self) -> Exception:
        return TryAgain(LOST)


class LosesWhatWasTaken(Honest):
    def lost(self) -> Exception:
        self.receiver.held.clear()
        return OutcomeUnknown(LOST)


class KnowsNotWhetherItLeft(Honest):
    def deliver(self, document: Document) -> Answer:
        if not self.receiver.reachable:
            raise OutcomeUnknown(AWAY)
        return super().deliver(document)


class RaisesItsOwnErrors(Honest):
    def find(self, document: Document) -> Answer:
        if not self.receiver.reachable:
            raise ConnectionError("not there")
        return super().find(document)


class FindsAllWell(Honest):
    def check(self) -> None:
        pass


class Contract(DestinationContract):
    """The contract over a kind of destination and a receiver in memory."""

    def __init__(self, kind: type[Honest] = Honest) -> None:
        self.kind = kind
        self.receiver = Receiver()

    def destination(self) -> Destination:
        return self.kind(self.receiver)

    def unreachable(self) -> Destination:
        return self.kind(Receiver(reachable=False))

    def document(self, versions: Sequence[RecordVersion], refused: Collection[RecordVersion] = ()) -> Document:
        body = " ".join(each.record_key for each in refused).encode()
        return Document(idempotency_key="k", dataset="departments", body=body, versions=list(versions))

    def taken(self) -> Sequence[RecordVersion]:
        return self.receiver.taken

    def lose_next_answer(self) -> None:
        self.receiver.loses_next = True


PROMISES = sorted(name for name in vars(DestinationContract) if name.startswith("test_"))
CAUGHT = {
    "test_a_document_takes_effect_once_and_every_version_has_a_receipt": [Forgets, AnswersTwice, TakesBackwards],
    "test_the_same_document_twice_takes_effect_once": [TakesTwice],
    "test_versions_of_one_record_take_effect_in_order": [TakesTheNewestOnly, TakesBackwards],
    "test_a_refused_record_has_its_reason_and_does_not_stop_the_others": [
        StopsAtTheFirstRefusal,
        RefusesWithoutReason,
        TakesWhatItRefuses,
    ],
    "test_an_answer_keeps_its_evidence": [ThrowsEvidenceAway],
    "test_find_tells_what_is_held": [FindsNothing],
    "test_find_tells_only_what_is_held": [FindsWhatIsNotThere],
    "test_find_delivers_nothing": [DeliversWhenAsked],
    "test_checking_delivers_nothing": [DeliversWhenChecked],
    "test_a_lost_answer_is_an_unknown_outcome_that_find_resolves": [SendsAgainByItself, LosesWhatWasTaken],
    "test_an_unreachable_receiver_is_tried_again": [KnowsNotWhetherItLeft, RaisesItsOwnErrors],
    "test_a_check_says_that_the_receiver_is_not_there": [FindsAllWell],
}


@pytest.mark.parametrize("promise", PROMISES)
def test_a_destination_that_keeps_every_promise_passes(promise: str) -> None:
    getattr(Contract(), promise)()


def test_every_promise_is_shown_to_catch_something() -> None:
    assert sorted(CAUGHT) == PROMISES


@pytest.mark.parametrize(
    ("promise", "broken"), [(promise, broken) for promise, kinds in CAUGHT.items() for broken in kinds]
)
def test_a_broken_destination_is_caught(promise: str, broken: type[Honest]) -> None:
    with pytest.raises(AssertionError):
        getattr(Contract(broken), promise)()
