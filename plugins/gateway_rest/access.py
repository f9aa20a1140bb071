"""What each request carries to be let in, and how it is got again where it has run out."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

from gateway.errors import OptionError, SourceError, StartError, TryAgain
from gateway.interfaces import Surroundings
from gateway.messages import Message
from gateway.transport.http import HttpClient
from gateway.transport.signatures import SignatureScheme, Signer
from gateway_rest.auth import ApiKey, Auth, Basic, Bearer, Login, NoAccess, OAuth2, Signed
from gateway_rest.content import text_at
from gateway_rest.destination import WRONG_SIGNATURE
from gateway_rest.page import BUSY, AnswerReader
from gateway_rest.platform_facts import PlatformFacts, PullSignature
from gateway_rest.question import form_question, json_question
from gateway_rest.source_options import RestSourceOptions
from gateway_rest.veil import Veil

NOT_SENDABLE = Message(
    "rest.secret_not_sendable",
    zh="密钥“{secret}”含有请求头不能容纳的字符（空格、换行或非 ASCII 字符）；请检查密钥文件末尾是否多了换行",
    en="the secret {secret!r} holds characters that no header can (spaces, line ends or other than ASCII); see whether "
    "its file ends with a line end too many",
)
NO_TOKEN = Message(
    "rest.no_token",
    zh="{url} 的应答中没有可用的令牌（{path}）：{said}；请核对用户、密钥与令牌的位置",
    en="the answer of {url} holds no usable token at {path}: {said}; check the user, the secret and where the token "
    "stands",
)

MESSAGES = (NOT_SENDABLE, NO_TOKEN)

_SENDABLE = re.compile(r"[!-~]+")

Headers = Callable[[bytes], Mapping[str, str]]
Clock = Callable[[], float]
_Answered = tuple[AnswerReader, Any]


@dataclass(frozen=True, slots=True)
class Access:
    """The headers of a request with this body, what is added to its address, and how to get a token once more.

    `renew` says whether there is anything to get; the codes in `expired` say that it is time, as 401 does.
    """

    headers: Headers = field(default=lambda _: {}, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    renew: Callable[[], bool] = lambda: False
    expired: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Granted:
    """A token, and for how many seconds it holds, where that was said."""

    token: str = field(repr=False)
    seconds: float | None = None


class Token:
    """A token that is got when it is first needed, and again when it has run out or was refused."""

    def __init__(self, get: Callable[[], Granted], now: Clock = time.monotonic) -> None:
        self._get = get
        self._now = now
        self._token = ""
        self._until = 0.0

    def text(self) -> str:
        """The token that holds now; raises what getting it raises."""
        if not self._token or self._now() >= self._until:
            granted = self._get()
            self._token, self._until = granted.token, self._now() + _kept(granted.seconds)
        return self._token

    def forget(self) -> bool:
        """Get another one when it is needed next."""
        self._token = ""
        return True


def _kept(seconds: float | None) -> float:
    """How long a token is used: it must not run out on its way."""
    return float("inf") if seconds is None else max(0.0, seconds - min(30.0, seconds / 10))


@dataclass(frozen=True, slots=True)
class Door:
    """Everything that opening an access needs."""

    options: RestSourceOptions
    facts: PlatformFacts
    surroundings: Surroundings
    http: HttpClient
    veil: Veil

    def open(self) -> Access:
        """The access that the feed declares; raises StartError for secrets that are not there or cannot be sent."""
        return self._opened(self.options.access)

    def _opened(self, auth: Auth) -> Access:
        match auth:
            case NoAccess():
                return Access()
            case Signed():
                return Access(self._signer().headers)
            case Bearer():
                return _by_header("Authorization", f"Bearer {self._sendable(auth.secret)}")
            case Basic():
                return _by_header("Authorization", self._basic(auth.user, self._secret(auth.secret)))
            case ApiKey(header=str() as header):
                return _by_header(header, self._sendable(auth.secret))
            case ApiKey():
                return Access(query={str(auth.query): self._secret(auth.secret)})
            case Login():
                return self._login(auth)
            case OAuth2():
                return self._oauth2(auth)

    def _secret(self, name: str) -> str:
        return self.veil.hide(self.surroundings.secret(name))

    def _sendable(self, name: str) -> str:
        secret = self._secret(name)
        if not _SENDABLE.fullmatch(secret):
            raise StartError(NOT_SENDABLE, secret=name)
        return secret

    def _basic(self, user: str, password: str) -> str:
        return f"Basic {self.veil.hide(base64.b64encode(f'{user}:{password}'.encode()).decode('ascii'))}"

    def _signer(self) -> Signer:
        options = self.options
        if self.facts.signature is None:
            raise StartError(
                WRONG_SIGNATURE, why=f"{options.platform} says none", why_zh=f"{options.platform} 没有写明"
            )
        return Signer(_scheme(self.facts.signature), options.requester, options.service, self._secret(options.secret))

    def _login(self, auth: Login) -> Access:
        secrets = {member: self._secret(name) for member, name in auth.secrets.items()}
        write = form_question if auth.form == "form" else json_question
        ask = self._asking(self.options.url + auth.path, *write({**auth.send, **secrets}), {})
        token = Token(lambda: self._granted(*ask(), auth.token, auth.expires_in))
        return _by_token(token, auth.header, auth.prefix, auth.expired)

    def _oauth2(self, auth: OAuth2) -> Access:
        secret, headers = self._secret(auth.secret), {"Accept": "application/json"}
        members = {"grant_type": "client_credentials", **({"scope": auth.scope} if auth.scope else {}), **auth.send}
        if auth.client_in == "body":
            members |= {"client_id": auth.client, "client_secret": secret}
        else:  # RFC 6749, 2.3.1: both are written as in a form first
            headers["Authorization"] = self._basic(quote_plus(auth.client), quote_plus(secret))
        ask = self._asking(auth.token_url, *form_question(members), headers)
        token = Token(lambda: self._granted(*ask(), "access_token", "expires_in"))
        return _by_token(token, "Authorization", "Bearer ", frozenset())

    def _asking(self, url: str, content_type: str, body: bytes, headers: Mapping[str, str]) -> Callable[[], _Answered]:
        """How a token is asked for; the answer is JSON, and says no other success than the token.

        Only a service that is busy is asked again: credentials that are refused several times lock an account.
        """
        reader = AnswerReader(url, PlatformFacts(), self.veil)

        def ask() -> _Answered:
            reply = self.http.post(url, body, {"Content-Type": content_type, **headers})
            try:
                return reader, reader.content(reply)
            except TryAgain as error:
                if error.message is BUSY:
                    raise
                raise SourceError(error.message, **error.values) from error

        return ask

    def _granted(self, reader: AnswerReader, content: Any, path: str, expires_in: str | None) -> Granted:
        token = text_at(path, content)
        if not _SENDABLE.fullmatch(token):
            said = reader.excerpt(json.dumps(content, ensure_ascii=False).encode(errors="replace"))
            raise SourceError(NO_TOKEN, url=reader.url, path=path, said=said)
        return Granted(self.veil.hide(token), _seconds(text_at(expires_in, content)) if expires_in else None)


def _by_header(name: str, value: str) -> Access:
    return Access(lambda _: {name: value})


def _by_token(token: Token, header: str, prefix: str, expired: frozenset[str]) -> Access:
    return Access(lambda _: {header: f"{prefix}{token.text()}"}, renew=token.forget, expired=expired)


def _scheme(declared: PullSignature) -> SignatureScheme:
    try:
        return SignatureScheme(headers=declared.headers, signed=tuple(declared.signed), kind=declared.scheme)
    except OptionError as error:
        raise StartError(WRONG_SIGNATURE, why=error.text("en"), why_zh=error.text("zh")) from error


def _seconds(text: str) -> float | None:
    return float(text) if text.isascii() and text.isdigit() else None
