"""Taking documents and answering questions about them: record by record, each version once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from gateway.sandbox_host.platform.codes import Refused, Wrong
from gateway.sandbox_host.platform.speech import Said, Speech, Submitted
from gateway.sandbox_host.platform.store import REFUSED, TAKEN, TAKEN_BEFORE, Effect, Transaction, Verdict

# What is wrong with a record of a dataset that is not older than the one held; and what is done where it is taken.
Check = Callable[[str, Submitted, Transaction], Wrong | None]
Remember = Callable[[str, Submitted, Transaction], None]


@dataclass(frozen=True, slots=True)
class Judge:
    """Takes what can be taken, and says why of the rest."""

    speech: Speech
    check: Check
    remember: Remember

    def take(self, dataset: str, body: bytes, transaction: Transaction) -> bytes:
        """Take what can be taken of a document and answer for each record; raises Refused when nothing is taken."""
        batch, records = self.speech.delivered(body, dataset)
        digest = hashlib.sha256(body).hexdigest()
        before = transaction.document(batch)
        deduplicates = transaction.setting("deduplicates", "true") == "true"
        if before and before[0] != digest:
            raise Refused(self.speech.whole.batch_reused, batch)
        if before and deduplicates:
            transaction.count("repeated_documents")
            return before[1]
        said = [
            Said(each.key, each.change_number, self._judged(dataset, each, transaction, deduplicates=deduplicates))
            for each in records
        ]
        answer = self.speech.answer(batch, said)
        transaction.remember_document(batch, digest, answer)
        return answer

    def find(self, dataset: str, body: bytes, transaction: Transaction) -> bytes:
        """Answer which of the versions asked about are held, refusals included."""
        batch, asked = self.speech.asked(body, dataset)
        verdicts = [(key, number, transaction.verdict(dataset, key, number)) for key, number in asked]
        return self.speech.answer(batch, [Said(key, number, found) for key, number, found in verdicts if found])

    def _judged(self, dataset: str, record: Submitted, transaction: Transaction, *, deduplicates: bool) -> Verdict:
        if record.wrong:
            return _refused(record.wrong)
        before = transaction.verdict(dataset, record.key, record.change_number)
        if before and before.outcome == TAKEN:
            transaction.count("repeated_versions")
            if deduplicates:
                code = self.speech.record.already_taken
                return Verdict(TAKEN_BEFORE, before.reference, code.code, code.sentence)
        verdict = self._verdict(dataset, record, transaction)
        transaction.remember_verdict(dataset, record.key, record.change_number, verdict)
        return verdict

    def _verdict(self, dataset: str, record: Submitted, transaction: Transaction) -> Verdict:
        if wrong := self._untimely(dataset, record, transaction) or self.check(dataset, record, transaction):
            return _refused(wrong)
        self.remember(dataset, record, transaction)
        content = json.dumps(record.content, ensure_ascii=False, separators=(",", ":"))
        effect = Effect(dataset, record.key, record.change_number, record.operation, content)
        return Verdict(TAKEN, transaction.take(effect))

    def _untimely(self, dataset: str, record: Submitted, transaction: Transaction) -> Wrong | None:
        codes, newest = self.speech.record, transaction.newest(dataset, record.key)
        if newest and newest.change_number > record.change_number:
            return codes.older_version.wrong(value=record.change_number, allowed=newest.change_number)
        if record.withdraws and (newest is None or newest.operation == record.operation):
            return codes.nothing_to_withdraw.wrong()
        return None


def _refused(wrong: Wrong) -> Verdict:
    return Verdict(REFUSED, code=wrong.code, reason=wrong.reason)
