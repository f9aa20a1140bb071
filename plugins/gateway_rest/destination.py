"""A platform that takes documents over HTTP: posted once, signed at send time, read by the profile."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from gateway.errors import DeliveryError, OptionError, StartError, TryAgain
from gateway.interfaces import Answer, Document, Options, Surroundings, Wire
from gateway.messages import Message
from gateway.transport.http import HttpClient, Reply
from gateway.transport.signatures import NATIONAL, SignatureScheme, Signer

NOT_HEALTHY = Message(
    "rest.not_healthy",
    zh="{url} 可以连接，但以 HTTP {status} 应答；请核对网址，或向平台方询问",
    en="{url} can be reached, but answers with HTTP {status}; check the address or ask the platform's operators",
)
WRONG_SIGNATURE = Message(
    "rest.wrong_signature",
    zh="报送格式的 signature 不可用：{why_zh}；请更正该报送格式",
    en="the signature that the profile declares cannot be used: {why}; correct the profile",
)
NOT_ASKED = Message(
    "rest.not_asked",
    zh="未能向 {url} 查询已受理的记录，稍后再查：{why_zh}",
    en="{url} could not be asked what it holds and is asked again later: {why}",
)

NO_ADDRESS = Message(
    "rest.no_address",
    zh="须写成 https://platform.example/path 这样的网址",
    en="an address like https://platform.example/path is expected",
)
LOGIN_IN_ADDRESS = Message(
    "rest.login_in_address",
    zh="网址中不能写用户名或密码；请用密钥",
    en="a user name or password does not belong in an address; use a secret",
)
NO_HEADER_VALUE = Message(
    "rest.no_header_value",
    zh="只能用英文字母、数字和半角符号，不含空格，且不得为空",
    en="letters, digits and signs without spaces are expected",
)

OPTION_MESSAGES = (NO_ADDRESS, LOGIN_IN_ADDRESS, NO_HEADER_VALUE)
MESSAGES = (NOT_HEALTHY, WRONG_SIGNATURE, NOT_ASKED, *OPTION_MESSAGES)


def address(text: str) -> str:
    """Where a platform is, as a feed may say it, without a slash at its end; raises OptionError."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise OptionError(NO_ADDRESS)
    if parts.username or parts.password:
        raise OptionError(LOGIN_IN_ADDRESS)
    return text.rstrip("/")


def _header_value(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise OptionError(NO_HEADER_VALUE)
    return text


HeaderValue = Annotated[str, AfterValidator(_header_value)]


class RestOptions(Options, defer_build=True):
    """Where the platform is, and as whom and with which secret to sign.

    `secret` is the secret's name, never the secret itself; `ca_file` names the root certificate of a platform whose
    certificate no public authority signed, relative to the deployment's directory.
    """

    url: Annotated[str, AfterValidator(address)]
    requester: HeaderValue
    service: HeaderValue
    secret: Annotated[str, Field(min_length=1)]
    connect_seconds: Annotated[float, Field(gt=0, le=120)] = 10
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    answer_bytes: Annotated[int, Field(ge=1024)] = 16 * 1024 * 1024
    ca_file: Path | None = None


class RestDestination:
    """Delivers and asks over HTTP, each with one request; what is tried again, and when, is the pipeline's to say."""

    def __init__(self, options: RestOptions, wire: Wire, surroundings: Surroundings) -> None:
        self._url = options.url
        self._wire = wire
        self._signer = Signer(
            scheme=_scheme(wire.options["signature"]),
            requester=options.requester,
            service=options.service,
            secret=surroundings.secret(options.secret),
        )
        self._http = HttpClient(
            connect_seconds=options.connect_seconds,
            answer_seconds=options.timeout_seconds,
            limit_bytes=options.answer_bytes,
            ca_file=surroundings.directory / options.ca_file if options.ca_file else None,
            environment=surroundings.environment,
        )

    def check(self) -> None:
        """Raise DeliveryError unless the platform answers that it is well; deliver nothing."""
        url = self._url + self._wire.options["health_path"]
        reply = self._http.get(url, {})
        if not 200 <= reply.status < 300:
            raise TryAgain(NOT_HEALTHY, url=url, status=reply.status, retry_after=reply.retry_after)

    def deliver(self, document: Document) -> Answer:
        """Post the document once; raises TryAgain, OutcomeUnknown, DocumentRefused or AccessRefused."""
        reply = self._post(self._wire.deliver_path, document.body)
        try:
            return self._wire.read_answer(document, reply.status, reply.content_type, reply.body)
        except TryAgain as error:
            error.retry_after = error.retry_after or reply.retry_after
            raise

    def find(self, document: Document) -> Answer:
        """Ask which versions the platform holds; raises AccessRefused, or TryAgain whatever else prevents an answer."""
        try:
            reply = self._post(self._wire.find_path, self._wire.find_request(document))
        except DeliveryError as error:
            url = self._url + self._wire.find_path
            raise TryAgain(NOT_ASKED, url=url, why=error.text("en"), why_zh=error.text("zh")) from error
        try:
            return self._wire.read_found(document, reply.status, reply.content_type, reply.body)
        except TryAgain as error:
            error.retry_after = error.retry_after or reply.retry_after
            raise

    def _post(self, path: str, body: bytes) -> Reply:
        headers = {"Content-Type": self._wire.content_type, **self._signer.headers(body)}
        return self._http.post(self._url + path, body, headers)


def _scheme(declared: Mapping[str, Any]) -> SignatureScheme:
    try:
        return SignatureScheme(declared["headers"], tuple(declared["signed"]), declared.get("scheme", NATIONAL))
    except OptionError as error:
        raise StartError(WRONG_SIGNATURE, why=error.text("en"), why_zh=error.text("zh")) from error
    except KeyError as error:
        raise StartError(WRONG_SIGNATURE, why=f"{error} is missing", why_zh=f"没有写明 {error}") from error
