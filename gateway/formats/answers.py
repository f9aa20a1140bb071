"""What a platform answered, read strictly: receipts, or the reason why there are none and what happens next.

Whatever cannot be read with certainty is an unknown outcome, never a success and never a refusal: the document is
asked about before anything is sent again. Where a code that the profile knows stands in the body, it decides; then the
profile's word on the HTTP status; then what the status means in general.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.errors import AccessRefused, DeliveryError, DocumentRefused, OutcomeUnknown, TryAgain
from gateway.formats.answer_content import (
    UNREADABLE,
    WEB_PAGE,
    excerpt,
    number_at,
    page_title,
    read_content,
    text_at,
    unreadable,
    value_at,
)
from gateway.formats.declaration import AnswerPaths, Errors, Next, ProfileDeclaration
from gateway.interfaces import Answer, Document, Receipt, ReceiptOutcome, RecordVersion
from gateway.messages import Message

TRY_AGAIN = Message(
    "answer.try_again",
    zh="对方要求稍后再送（HTTP {status}，代码“{code}”）：{said}；没有任何记录生效，将自动重试",
    en="the platform asks to try later (HTTP {status}, code {code!r}): {said}; nothing took effect, it is sent again",
)
UNKNOWN = Message(
    "answer.unknown",
    zh="对方没有说明是否已受理（HTTP {status}，代码“{code}”）：{said}；结果未知，再次发送前会先查询",
    en="the platform does not say whether it took the document (HTTP {status}, code {code!r}): {said}; "
    "the outcome is unknown and is asked about before anything is sent again",
)
REFUSED = Message(
    "answer.refused",
    zh="对方拒收整份报文（HTTP {status}，代码“{code}”）：{said}；没有任何记录生效，请按此原因处理后再重送",
    en="the platform refused the whole document (HTTP {status}, code {code!r}): {said}; "
    "nothing took effect, deal with the cause and send it again",
)
ACCESS_REFUSED = Message(
    "answer.access_refused",
    zh="对方拒绝本网关的访问（HTTP {status}，代码“{code}”）：{said}；没有任何记录生效，报文留待重送；"
    "请检查网址、请求方、密钥与本机时钟",
    en="the platform refuses this gateway's access (HTTP {status}, code {code!r}): {said}; nothing took effect and the "
    "document waits; check the address, the requester, the secret and this machine's clock",
)
FOREIGN = Message(
    "answer.foreign",
    zh="应答说的不是这份报文：{what}；结果未知，再次发送前会先查询；请与平台方核对",
    en="the answer speaks of something else than this document: {what}; the outcome is unknown and is asked about "
    "before anything is sent again; take it up with the platform",
)
NOT_LEARNT = Message(
    "answer.not_learnt",
    zh="未能查到对方已受理哪些记录，稍后再查：{why_zh}",
    en="what the platform holds could not be learnt and is asked again later: {why}",
)

MESSAGES = (TRY_AGAIN, UNKNOWN, REFUSED, ACCESS_REFUSED, WEB_PAGE, UNREADABLE, FOREIGN, NOT_LEARNT)

# The content of an answer of this status and content type, as mappings, lists and texts.
ReadContent = Callable[[int, str, bytes], Any]

# What a status means where the profile says nothing else; beside these, 4xx refuses the document, and 3xx and 5xx
# leave open what happened behind them. No document is at fault where every one would be refused at this address.
_STATUSES: Mapping[int, Next] = {
    401: Next.ACCESS_REFUSED,
    403: Next.ACCESS_REFUSED,
    404: Next.ACCESS_REFUSED,
    405: Next.ACCESS_REFUSED,
    407: Next.ACCESS_REFUSED,
    408: Next.UNKNOWN,
    425: Next.TRY_AGAIN,
    429: Next.TRY_AGAIN,
    503: Next.TRY_AGAIN,
}
_ERRORS: Mapping[Next, tuple[type[DeliveryError], Message]] = {
    Next.TRY_AGAIN: (TryAgain, TRY_AGAIN),
    Next.UNKNOWN: (OutcomeUnknown, UNKNOWN),
    Next.REFUSED: (DocumentRefused, REFUSED),
    Next.ACCESS_REFUSED: (AccessRefused, ACCESS_REFUSED),
}
_OUTCOMES = {Next.ACCEPTED: ReceiptOutcome.ACCEPTED, Next.REFUSED: ReceiptOutcome.REFUSED}


def read_answer(
    declared: ProfileDeclaration,
    document: Document,
    status: int,
    content_type: str,
    body: bytes,
    read: ReadContent = read_content,
) -> Answer:
    """The receipts of a delivery, at most one a version; raises another DeliveryError where there are none."""
    content = _successful(declared, status, content_type, body, read)
    _belongs(declared.answer, document, content)
    receipts = list(_receipts(declared, content))
    asked = frozenset(document.versions)
    for each in receipts:
        if each.version not in asked:
            raise OutcomeUnknown(FOREIGN, what=f"{each.version.record_key} {each.version.change_number}")
    return Answer(receipts, body)


def read_found(
    declared: ProfileDeclaration,
    document: Document,
    status: int,
    content_type: str,
    body: bytes,
    read: ReadContent = read_content,
) -> Answer:
    """The receipts of the versions that the platform holds; it may name others, which were not asked about.

    Raises AccessRefused where we are refused, and TryAgain whatever else prevents an answer.
    """
    try:
        content = _successful(declared, status, content_type, body, read)
        _belongs(declared.answer, document, content)
        _is_complete(declared.answer, content)
        asked = frozenset(document.versions)
        return Answer([each for each in _receipts(declared, content) if each.version in asked], body)
    except AccessRefused:
        raise  # asking again would change nothing
    except DeliveryError as error:
        raise TryAgain(NOT_LEARNT, why=error.text("en"), why_zh=error.text("zh")) from error


def _successful(declared: ProfileDeclaration, status: int, content_type: str, body: bytes, read: ReadContent) -> Any:
    """The content of an answer that says success; every other answer raises what happens next."""
    if not 200 <= status < 300:
        raise _by_status(declared, status, content_type, body, read)
    content = read(status, content_type, body)
    code = text_at(declared.answer.code, content)
    if code in declared.answer.success:
        return content
    meaning = declared.errors.document.get(code)
    raise _error(meaning.next if meaning else Next.UNKNOWN, status, code, _said(declared, code, content))


def _by_status(
    declared: ProfileDeclaration, status: int, content_type: str, body: bytes, read: ReadContent
) -> DeliveryError:
    code = said = ""
    try:
        content = read(status, content_type, body)
        code = text_at(declared.answer.code, content)
        said = _said(declared, code, content)
    except OutcomeUnknown as error:
        said = excerpt(body) if error.message is UNREADABLE else page_title(body)
    if code in declared.errors.document:
        return _error(declared.errors.document[code].next, status, code, said)
    return _error(_meaning_of_status(declared.errors, status), status, code, said)


def _meaning_of_status(errors: Errors, status: int) -> Next:
    if status in errors.http:
        return errors.http[status].next
    return _STATUSES.get(status, Next.REFUSED if 400 <= status < 500 else Next.UNKNOWN)


def _error(following: Next, status: int, code: str, said: str) -> DeliveryError:
    kind, message = _ERRORS[following]
    return kind(message, status=status, code=code, said=said or "-")


def _said(declared: ProfileDeclaration, code: str, content: Any) -> str:
    """The platform's own sentence, or the profile's title of the code where it gives none."""
    meaning = declared.errors.document.get(code)
    return text_at(declared.answer.message, content) or (meaning.title if meaning else "")


def _belongs(answer: AnswerPaths, document: Document, content: Any) -> None:
    said = text_at(answer.document, content)
    if said != document.idempotency_key:
        raise OutcomeUnknown(FOREIGN, what=said or "-")


def _is_complete(answer: AnswerPaths, content: Any) -> None:
    """What is missing in a list of what is held counts as not held, so the list must be as long as it says."""
    records = value_at(answer.records, content)
    said, found = number_at(answer.count, content), len(records) if isinstance(records, list) else 0
    if said != found:
        raise unreadable(f"{found} records where {said} are announced", content)


def _receipts(declared: ProfileDeclaration, content: Any) -> Iterator[Receipt]:
    """One receipt a version; a version with two different answers has none, so that it is asked about."""
    records = value_at(declared.answer.records, content)
    if not isinstance(records, list):
        raise unreadable(f"no list at {declared.answer.records}", content)
    said: dict[RecordVersion, Receipt | None] = {}
    for record in records:
        version, receipt = _receipt(declared, record)
        said[version] = receipt if said.setdefault(version, receipt) == receipt else None
    return (each for each in said.values() if each)


def _receipt(declared: ProfileDeclaration, record: Any) -> tuple[RecordVersion, Receipt | None]:
    answer, known = declared.answer, declared.errors.record
    version = RecordVersion(text_at(answer.key, record), number_at(answer.change_number, record))
    code, outcome = text_at(answer.error_code, record), text_at(answer.outcome, record)
    following = known[code].next if code in known else _by_outcome(answer, outcome)
    if following not in _OUTCOMES:
        return version, None
    reason = text_at(answer.reason, record) or (known[code].title if code in known else "")
    return version, Receipt(version, _OUTCOMES[following], text_at(answer.reference, record), code, reason)


def _by_outcome(answer: AnswerPaths, outcome: str) -> Next:
    if outcome in answer.accepted:
        return Next.ACCEPTED
    return Next.REFUSED if outcome in answer.refused else Next.UNKNOWN
