"""What every destination promises, as tests to inherit.

    class TestMyDestination(DestinationContract):
        def destination(self) -> Destination: ...

Answer the six questions and pytest runs each promise against your destination and a receiver that really takes
documents. Every test starts with a receiver that holds nothing, so make one anew for each (an autouse fixture).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence

from gateway.errors import DeliveryError, OutcomeUnknown, TryAgain
from gateway.interfaces import Answer, Destination, Document, Receipt, ReceiptOutcome, RecordVersion

FIRST, SECOND, THIRD = RecordVersion("first", 1), RecordVersion("second", 2), RecordVersion("third", 3)
ALL = (FIRST, SECOND, THIRD)


class DestinationContract(ABC):
    """The promises of a destination; a subclass says how to reach it and what its receiver took."""

    @abstractmethod
    def destination(self) -> Destination:
        """The destination, opened on a receiver that is there."""

    @abstractmethod
    def unreachable(self) -> Destination:
        """The same kind of destination, opened where nothing listens."""

    @abstractmethod
    def document(self, versions: Sequence[RecordVersion], refused: Collection[RecordVersion] = ()) -> Document:
        """A document of these versions, in order; those in `refused` say what the receiver must refuse."""

    @abstractmethod
    def taken(self) -> Sequence[RecordVersion]:
        """Every version that took effect at the receiver, in the order taken, twice where it did so twice."""

    @abstractmethod
    def lose_next_answer(self) -> None:
        """Let the receiver take the next document and lose its answer."""

    # ------------------------------------------------------------------------------------------- what is promised

    def test_a_document_takes_effect_once_and_every_version_has_a_receipt(self) -> None:
        """Delivering is what a destination is for."""
        answer = self.destination().deliver(self.document(ALL))
        assert _outcomes(answer) == dict.fromkeys(ALL, ReceiptOutcome.ACCEPTED)
        assert list(self.taken()) == list(ALL)

    def test_the_same_document_twice_takes_effect_once(self) -> None:
        """A document may come again after a crash, and its answer must then say the same."""
        destination, document = self.destination(), self.document(ALL)
        first, second = destination.deliver(document), destination.deliver(document)
        assert _outcomes(second) == _outcomes(first)
        assert list(self.taken()) == list(ALL)

    def test_versions_of_one_record_take_effect_in_order(self) -> None:
        """A→B→A is three versions, and the last one is the one that holds."""
        versions = [RecordVersion("one", number) for number in (1, 2, 3)]
        self.destination().deliver(self.document(versions))
        assert list(self.taken()) == versions

    def test_a_refused_record_has_its_reason_and_does_not_stop_the_others(self) -> None:
        """The receiver's reason belongs on the record, and on no other."""
        answer = self.destination().deliver(self.document(ALL, refused=[SECOND]))
        accepted, refused = ReceiptOutcome.ACCEPTED, ReceiptOutcome.REFUSED
        assert _outcomes(answer) == {FIRST: accepted, SECOND: refused, THIRD: accepted}
        assert [each.version for each in answer.receipts if each.reason.strip()] == [SECOND]
        assert list(self.taken()) == [FIRST, THIRD]

    def test_an_answer_keeps_its_evidence(self) -> None:
        """What was answered is kept as bytes."""
        assert self.destination().deliver(self.document(ALL)).evidence

    def test_find_tells_what_is_held(self) -> None:
        """Asked after a delivery, the receiver's word is the same as it was then."""
        destination, document = self.destination(), self.document(ALL, refused=[SECOND])
        delivered, found = destination.deliver(document), destination.find(document)
        accepted = [each for each in _receipts(delivered) if each.outcome is ReceiptOutcome.ACCEPTED]
        assert [each for each in _receipts(found) if each.outcome is ReceiptOutcome.ACCEPTED] == accepted

    def test_find_tells_only_what_is_held(self) -> None:
        """A version without a receipt is sent again, so nothing may be claimed that is not there."""
        destination = self.destination()
        destination.deliver(self.document([FIRST]))
        assert _outcomes(destination.find(self.document(ALL))) == {FIRST: ReceiptOutcome.ACCEPTED}

    def test_find_delivers_nothing(self) -> None:
        """Asking has no effect."""
        found = self.destination().find(self.document(ALL))
        assert (list(found.receipts), list(self.taken())) == ([], [])

    def test_checking_delivers_nothing(self) -> None:
        """A check may be made at any time."""
        self.destination().check()
        assert list(self.taken()) == []

    def test_a_lost_answer_is_an_unknown_outcome_that_find_resolves(self) -> None:
        """It took effect and nobody said so: only asking may come next."""
        destination, document = self.destination(), self.document(ALL)
        self.lose_next_answer()
        raised = _raised(lambda: destination.deliver(document))
        assert isinstance(raised, OutcomeUnknown)
        assert _outcomes(destination.find(document)) == dict.fromkeys(ALL, ReceiptOutcome.ACCEPTED)
        assert list(self.taken()) == list(ALL)

    def test_an_unreachable_receiver_is_tried_again(self) -> None:
        """Nothing left, so nothing took effect."""
        destination, document = self.unreachable(), self.document(ALL)
        raised = _raised(lambda: destination.deliver(document)), _raised(lambda: destination.find(document))
        assert [type(each) for each in raised] == [TryAgain, TryAgain]

    def test_a_check_says_that_the_receiver_is_not_there(self) -> None:
        """`gateway check` must not find well what cannot work."""
        assert isinstance(_raised(self.unreachable().check), DeliveryError)


def _receipts(answer: Answer) -> Sequence[Receipt]:
    """The receipts, at most one a version."""
    versions = [each.version for each in answer.receipts]
    assert len(versions) == len(set(versions)), "a version has two receipts"
    return answer.receipts


def _outcomes(answer: Answer) -> dict[RecordVersion, ReceiptOutcome]:
    return {each.version: each.outcome for each in _receipts(answer)}


def _raised(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - what it is, is what the test looks at
        return error
    return None
