"""已复核的标识例外: genuine identifiers that fail their check, each accepted by a named person for a stated reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from gateway.domain.code_lists import IDENTIFIER_SCHEMES
from gateway.errors import StartError
from gateway.messages import Message

EXCEPTION_REFUSED = Message(
    "start.identifier_exception",
    zh="第 {number} 条标识例外“{identifier}”不能采用，以下各项缺失、为空或有误：{fields}；每条只写 {allowed}："
    "identifier 用大写且不含空格，reviewed_by 写复核人，reviewed_on 写复核日期（如 2026-05-31）",
    en="identifier exception {number}, {identifier!r}, cannot be used, these are missing, empty or wrong: {fields}; "
    "each entry says {allowed} and nothing else: identifier in capitals without spaces, reviewed_by whom, "
    "reviewed_on a date as in 2026-05-31",
)


def _known_scheme(scheme: str) -> str:
    if scheme not in IDENTIFIER_SCHEMES.codes:
        raise ValueError(f"{scheme!r} is none of {', '.join(IDENTIFIER_SCHEMES.codes)}")
    return scheme


Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
# Rules compare letter by letter, so an entry in lower case or with a space would never apply.
Capitals = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z-]+\z")]


class ReviewedException(BaseModel):
    """One identifier that passes in spite of its check, why, where that is known from, and who decided it when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scheme: Annotated[str, AfterValidator(_known_scheme)]
    identifier: Capitals
    reason: Said
    source: Said
    reviewed_by: Said
    reviewed_on: date


def reviewed_exceptions(entries: Iterable[Mapping[str, Any]]) -> tuple[ReviewedException, ...]:
    """Read the entries of a list; raises StartError for the first that is incomplete, with the fields at fault."""
    return tuple(_entry(number, entry) for number, entry in enumerate(entries, start=1))


def exceptions_by_scheme(entries: Iterable[ReviewedException]) -> dict[str, frozenset[str]]:
    """The identifiers of each scheme, as rules look them up in `Facts.exceptions`."""
    entries = tuple(entries)
    schemes = {entry.scheme for entry in entries}
    return {scheme: frozenset(entry.identifier for entry in entries if entry.scheme == scheme) for scheme in schemes}


def _entry(number: int, entry: Mapping[str, Any]) -> ReviewedException:
    try:
        return ReviewedException.model_validate(entry)
    except ValidationError as error:
        fields = dict.fromkeys(str(each["loc"][0]) for each in error.errors() if each["loc"])
        raise StartError(
            EXCEPTION_REFUSED,
            number=number,
            identifier=entry.get("identifier", "") if isinstance(entry, Mapping) else entry,
            fields=", ".join(fields) or "-",
            allowed=", ".join(ReviewedException.model_fields),
        ) from error
