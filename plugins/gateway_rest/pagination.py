"""How a list is asked for page by page: by number, by offset, by a cursor or a link in each answer, or all at once."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from gateway_rest.content import text_at, value_at
from gateway_rest.page import Page
from gateway_rest.words import Declared, JsonPath, PageSize, Text, by_name

_ANY = sys.maxsize


class NotNamed(ValueError):
    """An answer that does not name the page after it as declared; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One question: which page of the list it is for, from 1, and what it asks; or the link that it follows."""

    number: int
    members: Mapping[str, str | int] = field(default_factory=dict)
    link: str = ""


@dataclass(frozen=True, slots=True)
class Walked:
    """What has been read so far: how many rows, of which pages; and how many the first page announced in all."""

    rows: int = 0
    first_length: int | None = None
    last_length: int | None = None
    total: int | None = None

    @property
    def left(self) -> int:
        """How many rows are still to come, where that is known; else no number is too large."""
        return _ANY if self.total is None else self.total - self.rows


class _Pagination(Declared):
    page_size_name: Text | None = None
    stable_order: bool = False

    def names(self) -> tuple[str, ...]:
        """The members of a question that are not constant."""
        return (self.page_size_name,) if self.page_size_name else ()

    def _sized(self, size: int | None) -> dict[str, str | int]:
        return {self.page_size_name: size} if self.page_size_name and size else {}

    def beyond(self, step: Step, page: Page, walked: Walked) -> Step | None:  # noqa: ARG002 - as every kind has it
        """The page behind the last one, where rows may stand that the total does not count; None where none can."""
        return None


class NoPages(_Pagination):
    """One question, one answer with every row."""

    type: Literal["none"]
    page_size_name: None = None
    stable_order: Literal[False] = False  # there is nothing to move in one answer

    def first(self) -> Step:
        """The only question."""
        return Step(1)

    def after(self, step: Step, page: Page, walked: Walked) -> Step | None:  # noqa: ARG002 - as every kind has it
        """Nothing."""
        return None

    def lengths(self, walked: Walked) -> tuple[int, int]:
        """All rows that are announced."""
        return (0, _ANY) if walked.total is None else (walked.left, walked.left)


class _Counted(_Pagination):
    """Pages that the question counts; `ends` says where a list without a total ends."""

    page_size: PageSize = 200
    ends: Literal["empty", "short"] = "empty"

    def beyond(self, step: Step, page: Page, walked: Walked) -> Step | None:
        """The next page, where the last one is full."""
        full = walked.total is not None and len(page.rows) == self.page_size
        return self._behind(step, walked) if full else None

    def _behind(self, step: Step, walked: Walked) -> Step:
        raise NotImplementedError

    def _is_over(self, page: Page, walked: Walked) -> bool:
        if walked.total is not None:
            return walked.left == 0
        return not page.rows or (self.ends == "short" and len(page.rows) < self.page_size)

    def _exactly(self, walked: Walked) -> tuple[int, int]:
        length = min(self.page_size, walked.left)
        return length, length


class PageNumbers(_Counted):
    """The question says the number of a page."""

    type: Literal["page"]
    page: Text
    first_page: Annotated[int, Field(ge=0, le=1)] = 1

    def names(self) -> tuple[str, ...]:
        """The number of the page, and its size."""
        return (self.page, *super().names())

    def first(self) -> Step:
        """The first page."""
        return self._step(1)

    def after(self, step: Step, page: Page, walked: Walked) -> Step | None:
        """The next page, until all rows that are announced were read, or to the end."""
        return None if self._is_over(page, walked) else self._behind(step, walked)

    def lengths(self, walked: Walked) -> tuple[int, int]:
        """Where no total is said: no page is longer than the one before, and after a shorter one comes nothing."""
        if walked.total is not None:
            return self._exactly(walked)
        if walked.first_length is None:
            return 0, self.page_size
        return 0, walked.first_length if walked.last_length == walked.first_length else 0

    def _behind(self, step: Step, walked: Walked) -> Step:  # noqa: ARG002 - as every kind has it
        return self._step(step.number + 1)

    def _step(self, number: int) -> Step:
        return Step(number, {self.page: number - 1 + self.first_page, **self._sized(self.page_size)})


class Offsets(_Counted):
    """The question says how many rows are passed over."""

    type: Literal["offset"]
    offset: Text
    first_offset: Annotated[int, Field(ge=0, le=1)] = 0

    def names(self) -> tuple[str, ...]:
        """The offset, and the size of a page."""
        return (self.offset, *super().names())

    def first(self) -> Step:
        """The first rows."""
        return self._step(1, 0)

    def after(self, step: Step, page: Page, walked: Walked) -> Step | None:
        """The rows behind those read, however many a page had."""
        return None if self._is_over(page, walked) else self._behind(step, walked)

    def lengths(self, walked: Walked) -> tuple[int, int]:
        """Up to the size of a page."""
        return (0, self.page_size) if walked.total is None else self._exactly(walked)

    def _behind(self, step: Step, walked: Walked) -> Step:
        return self._step(step.number + 1, walked.rows)

    def _step(self, number: int, rows: int) -> Step:
        return Step(number, {self.offset: rows + self.first_offset, **self._sized(self.page_size)})


class _Led(_Pagination):
    """Pages each of which leads to the next."""

    page_size: PageSize | None = None

    def lengths(self, walked: Walked) -> tuple[int, int]:
        """Up to the size that was asked for, and to what is announced."""
        asked = self.page_size if self.page_size and self.page_size_name else _ANY
        return 0, min(asked, walked.left)


class NextCursor(_Led):
    """Each answer holds, at `next`, what the question for the next page says as `ask`; without it the list ends.

    `more` is where an answer says whether there is a next page, where it says so.
    """

    type: Literal["cursor"]
    next: JsonPath
    ask: Text
    more: JsonPath | None = None

    def names(self) -> tuple[str, ...]:
        """What leads to the page, and its size."""
        return (self.ask, *super().names())

    def first(self) -> Step:
        """The first page."""
        return Step(1, self._sized(self.page_size))

    def after(self, step: Step, page: Page, walked: Walked) -> Step | None:  # noqa: ARG002 - as every kind has it
        """The page that the answer leads to; raises NotNamed."""
        following = _plain(self.next, page.content)
        if self.more and not _said(self.more, page.content):
            return None
        if self.more and not following:
            raise NotNamed(f"there are more pages, and {self.next} leads to none")
        return Step(step.number + 1, {self.ask: following, **self._sized(self.page_size)}) if following else None


class NextLink(_Led):
    """Each answer holds the address of the next page, at `next` or in its header Link; without it the list ends.

    A link leads to the same host, or to one in `hosts`, as `other.example:8443`.
    """

    type: Literal["next_link"]
    next: JsonPath | None = None
    hosts: tuple[Text, ...] = ()

    def first(self) -> Step:
        """The first page."""
        return Step(1, self._sized(self.page_size))

    def after(self, step: Step, page: Page, walked: Walked) -> Step | None:  # noqa: ARG002 - as every kind has it
        """The page that the answer leads to; raises NotNamed."""
        link = _plain(self.next, page.content) if self.next else page.reply.next_link
        return Step(step.number + 1, link=link) if link else None


def _plain(path: str, content: Any) -> str:
    value = value_at(path, content)
    if isinstance(value, dict | list) or value is True:
        raise NotNamed(f"{path} is no plain value")
    return text_at(path, content) if value else ""


def _said(path: str, content: Any) -> bool:
    said = text_at(path, content).lower()
    if said not in _YES_OR_NO:
        raise NotNamed(f"{path} is none of {', '.join(_YES_OR_NO)}")
    return _YES_OR_NO[said]


_YES_OR_NO = {"true": True, "false": False, "1": True, "0": False}


Pagination = Annotated[
    NoPages | PageNumbers | Offsets | NextCursor | NextLink, Field(discriminator="type"), BeforeValidator(by_name)
]
