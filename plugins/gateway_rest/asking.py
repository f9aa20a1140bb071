"""Asks one question at a time: written, let in, in its turn, read, and asked again while it cannot be answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urljoin, urlsplit

from gateway.errors import DeliveryError, SourceError, StartError
from gateway.interfaces import Surroundings
from gateway.messages import Message
from gateway.transport.http import HttpClient, Reply
from gateway.transport.patience import ask_patiently
from gateway.transport.rate_limit import RateLimit
from gateway_rest.access import Door
from gateway_rest.page import AccessExpired, AnswerReader, Page
from gateway_rest.pagination import NextLink, Step
from gateway_rest.platform_facts import read_platform
from gateway_rest.question import Members, form_question, is_element_name, json_question, xml_question
from gateway_rest.source_options import RestSourceOptions
from gateway_rest.veil import Veil

NOT_PULLED = Message(
    "rest.not_pulled",
    zh="{url} 的第 {page} 页没有取到：{why_zh}；没有保存任何数据，下次运行重新取数",
    en="page {page} of {url} was not got: {why}; nothing was stored, the next run pulls them all again",
)
LINK_ELSEWHERE = Message(
    "rest.link_elsewhere",
    zh="{url} 的下一页指向另一处“{host}”，只允许 {allowed}；若确应前往，请写入 pagination 的 hosts",
    en="the next page of {url} is at {host!r}, and only {allowed} may be gone to; name it in the hosts of pagination "
    "if it is meant",
)
NO_ELEMENT = Message(
    "rest.no_element_name",
    zh="查询的数据项“{names}”不能用作 XML 元素名；请核对 ask、page 等选项",
    en="the members {names} of the question cannot be names of XML elements; check ask, page and the like",
)

MESSAGES = (NOT_PULLED, LINK_ELSEWHERE, NO_ELEMENT)

_Read = TypeVar("_Read")


class Asking:
    """Asks the questions of one feed."""

    def __init__(self, options: RestSourceOptions, surroundings: Surroundings) -> None:
        self._options = options
        self.url = options.url + options.path
        self._facts = read_platform(options.platform, surroundings.directory) if options.platform else options.own_facts
        self._is_xml = options.method == "post" and (options.body or self._facts.format) == "xml"
        if self._is_xml and (wrong := [name for name in options.asked if not is_element_name(name)]):
            raise StartError(NO_ELEMENT, names=", ".join(wrong))
        self._http = HttpClient(
            connect_seconds=options.connect_seconds,
            answer_seconds=options.timeout_seconds,
            limit_bytes=options.answer_bytes,
            ca_file=surroundings.directory / options.ca_file if options.ca_file else None,
            environment=surroundings.environment,
        )
        veil = Veil()
        self._access = Door(options, self._facts, surroundings, self._http, veil).open()
        self.reader = AnswerReader(self.url, self._facts, veil, options.encoding, self._access.expired)
        self._limit = RateLimit(options.requests_per_second)

    def page(self, step: Step, constants: Members, before: str) -> Page:
        """The page that a step is for; raises SourceError. `before` is the address that a relative link starts at."""
        options = self._options
        return self._patiently(
            step, constants, before, lambda reply: self.reader.page(reply, options.rows, options.total)
        )

    def first_content(self) -> Any:
        """The whole content of the first answer; raises SourceError."""
        return self._patiently(self._options.paging.first(), self._options.constants, self.url, self.reader.content)

    def address(self, step: Step, before: str) -> str:
        """Where a step leads; raises SourceError for a link to somewhere that the feed does not allow."""
        if not step.link:
            return self.url
        try:
            address = urljoin(before, step.link).partition("#")[0]
            scheme, host = _place(address)
        except ValueError:  # no address at all
            scheme, host = "", step.link.partition("?")[0]
        if (scheme, host) not in self._places():
            allowed = ", ".join(each for _, each in self._places())
            raise SourceError(LINK_ELSEWHERE, url=self.url, host=host, allowed=allowed)
        return address

    def _places(self) -> list[tuple[str, str]]:
        """The schemes and hosts that links may lead to."""
        scheme, ours = _place(self.url)
        paging = self._options.paging
        return [(scheme, ours), *((scheme, host) for host in (paging.hosts if isinstance(paging, NextLink) else ()))]

    def _patiently(self, step: Step, constants: Members, before: str, read: Callable[[Reply], _Read]) -> _Read:
        address, question = self.address(step, before), {**constants, **step.members}
        try:
            return ask_patiently(
                lambda: self._let_in(lambda: read(self._sent(address, question, follows=bool(step.link)))),
                attempts=self._options.attempts,
                first_wait_seconds=self._options.first_wait_seconds,
                longest_wait_seconds=self._options.longest_wait_seconds,
            )
        except DeliveryError as error:
            why, why_zh = error.text("en"), error.text("zh")
            raise SourceError(NOT_PULLED, url=self.url, page=step.number, why=why, why_zh=why_zh) from error

    def _let_in(self, ask: Callable[[], _Read]) -> _Read:
        """Ask, and once more with a token got anew where the one before is refused."""
        try:
            return ask()
        except AccessExpired:
            if not self._access.renew():
                raise
            return ask()

    def _sent(self, address: str, question: Members, *, follows: bool) -> Reply:
        self._limit.wait()
        if follows or self._options.method == "get":
            return self._http.get(address, self._headers(b""), self._query(address, {} if follows else question))
        content_type, body = self._written(question)
        headers = {"Content-Type": content_type, **self._headers(body)}
        return self._http.post(address, body, headers, self._access.query)

    def _headers(self, body: bytes) -> Mapping[str, str]:
        return {**self._options.headers, **self._access.headers(body)}

    def _query(self, address: str, question: Members) -> Mapping[str, str]:
        """What is added to an address, which may hold the key already where the platform wrote it."""
        said = dict(parse_qsl(urlsplit(address).query))
        key = {name: value for name, value in self._access.query.items() if name not in said}
        return {**{name: str(value) for name, value in question.items()}, **key}

    def _written(self, question: Members) -> tuple[str, bytes]:
        if self._is_xml:
            return xml_question(self._facts.root or "", question)
        return form_question(question) if self._options.body == "form" else json_question(question)


def _place(address: str) -> tuple[str, str]:
    """Scheme and host, with the port where it is not the usual one; raises ValueError for what is no address."""
    parts = urlsplit(address)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    user = "@" if parts.username or parts.password else ""
    return parts.scheme, f"{user}{parts.hostname or ''}{port}"
