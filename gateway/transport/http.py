"""HTTP, once: no proxies or credentials from the environment, no redirects, no hidden retries, and honest failures.

What went wrong is told by one fact: whether any of the body had left. Before that nothing can have taken effect and
the same may be sent again (TryAgain); after that nobody knows (OutcomeUnknown). What an answer's status and body mean
is for the profile to say. No error says the query of an address, which may hold a key.
"""

from __future__ import annotations

import io
import logging
import re
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
import urllib3

from gateway.domain.environment import MARK_HEADER, Environment, in_chinese
from gateway.errors import AccessRefused, DeliveryError, OutcomeUnknown, TryAgain
from gateway.messages import Message

NOT_REACHED = Message(
    "http.not_reached",
    zh="无法连接 {url}：{why}；尚未送出任何内容，稍后会重试；请检查网址、网络与对方服务是否开启",
    en="{url} cannot be reached: {why}; nothing was sent and it is tried again later; "
    "check the address, the network and whether the service runs",
)
NOT_TRUSTED = Message(
    "http.not_trusted",
    zh="{url} 的证书不受信任：{why}；尚未送出任何内容；请核对网址，或在 ca_file 中给出对方的根证书",
    en="the certificate of {url} is not trusted: {why}; nothing was sent; "
    "check the address or name the platform's root certificate as ca_file",
)
NOT_ANSWERED = Message(
    "http.not_answered",
    zh="{url} 没有给出完整应答：{why}；稍后会再次查询；请检查网络与对方服务",
    en="{url} did not answer in full: {why}; it is asked again later; check the network and the service",
)
NO_ANSWER = Message(
    "http.no_answer",
    zh="已向 {url} 送出内容，但 {seconds} 秒内没有得到完整应答；结果未知，再次发送前会先查询",
    en="{url} was sent the content but did not answer in full within {seconds} seconds; "
    "the outcome is unknown and is asked about before anything is sent again",
)
BROKEN_OFF = Message(
    "http.broken_off",
    zh="已向 {url} 送出内容，但连接在应答完整之前中断：{why}；结果未知，再次发送前会先查询",
    en="{url} was sent the content but the connection broke before the whole answer was there: {why}; "
    "the outcome is unknown and is asked about before anything is sent again",
)
TOO_LARGE = Message(
    "http.too_large",
    zh="{url} 的应答超过 {limit} 字节的上限；结果未知，再次发送前会先查询；请核对网址是否指向平台接口",
    en="the answer of {url} is larger than the {limit} bytes allowed; the outcome is unknown and is asked about before "
    "anything is sent again; check that the address is the platform's",
)
OTHER_ENVIRONMENT = Message(
    "http.other_environment",
    zh="{url} 应答说它是{theirs_zh}环境，而本部署是{ours_zh}；不再向它发送任何内容，请核对网址",
    en="{url} answers that it is for {theirs}, and this deployment is {ours}; nothing more is sent to it, check the "
    "address",
)

MESSAGES = (NOT_REACHED, NOT_TRUSTED, NOT_ANSWERED, NO_ANSWER, BROKEN_OFF, TOO_LARGE, OTHER_ENVIRONMENT)

_CHUNK = 65_536
_QUERY = re.compile(r"\?[^\s'\"()<>]*")

_UNANSWERED = (
    urllib3.exceptions.ReadTimeoutError,
    urllib3.exceptions.ProtocolError,
    urllib3.exceptions.DecodeError,
)

# At DEBUG it quotes every address with its query.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status.

    `retry_after` is in seconds; `next_link` is where the header Link says that the next page is, as it says it;
    `location` is where a redirection leads, without its query. A body that says it is compressed is given as it was.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: float | None
    next_link: str = ""
    location: str = ""


class _Outgoing(io.BytesIO):
    """A body that knows whether any of it has been handed to the connection."""

    begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.begun = True
        return super().read(size)


class HttpClient:
    """Sends requests; may be used by several threads, each of which has its own connections.

    With an `environment`, whoever answers that it is of the other one raises AccessRefused: rehearsal stays rehearsal.
    """

    def __init__(
        self,
        *,
        connect_seconds: float = 10,
        answer_seconds: float = 60,
        limit_bytes: int = 16 * 1024 * 1024,
        ca_file: Path | None = None,
        environment: Environment | None = None,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._answer_seconds = answer_seconds
        self._limit_bytes = limit_bytes
        self._verify: bool | str = str(ca_file) if ca_file else True
        self._environment = environment
        self._local = threading.local()

    def post(self, url: str, body: bytes, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Reply:
        """Post once; raises TryAgain while nothing had left, OutcomeUnknown after."""
        return self._send("POST", url, headers, query, _Outgoing(body))

    def get(self, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None) -> Reply:
        """Get once; raises TryAgain or OutcomeUnknown, which for a question mean the same."""
        return self._send("GET", url, headers, query, None)

    def _send(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str],
        query: Mapping[str, str] | None,
        body: _Outgoing | None,
    ) -> Reply:
        url = address.partition("?")[0]
        try:
            with self._session().request(
                method,
                address,
                params=query,
                data=body,
                headers={"Accept-Encoding": "identity", **headers},
                timeout=(self._connect_seconds, self._answer_seconds),
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            ) as response:
                self._refuse_other_environment(url, response.headers.get(MARK_HEADER))
                return Reply(
                    status=response.status_code,
                    content_type=response.headers.get("Content-Type", ""),
                    body=self._read(url, response),
                    retry_after=retry_after(response.headers.get("Retry-After"), now=datetime.now(UTC)),
                    next_link=response.links.get("next", {}).get("url", ""),
                    location=_QUERY.sub("?…", response.headers.get("Location", "")),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failure = self._failure(url, error, body)
            raise failure from (None if query or address != url else error)

    def _refuse_other_environment(self, url: str, mark: str | None) -> None:
        ours = self._environment
        if ours and mark and mark != ours:
            raise AccessRefused(
                OTHER_ENVIRONMENT,
                url=url,
                theirs=mark,
                theirs_zh=in_chinese(mark),
                ours=ours,
                ours_zh=in_chinese(ours),
            )

    def _read(self, url: str, response: requests.Response) -> bytes:
        deadline = time.monotonic() + self._answer_seconds
        body = bytearray()
        # read1 gives what has come; iter_content would wait for a whole chunk, past any deadline.
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._limit_bytes:
                raise OutcomeUnknown(TOO_LARGE, url=url, limit=self._limit_bytes)
            if time.monotonic() > deadline:
                raise OutcomeUnknown(NO_ANSWER, url=url, seconds=self._answer_seconds)
        return bytes(body)

    def _failure(self, url: str, error: Exception, body: _Outgoing | None) -> DeliveryError:
        causes = _causes(error)
        why = _QUERY.sub("?…", str(causes[-1]))
        if body is None and any(isinstance(each, _UNANSWERED) for each in causes):
            return TryAgain(NOT_ANSWERED, url=url, why=why)
        if body is None or not body.begun:
            untrusted = any(isinstance(each, ssl.SSLCertVerificationError) for each in causes)
            return TryAgain(NOT_TRUSTED if untrusted else NOT_REACHED, url=url, why=why)
        if any(isinstance(each, TimeoutError | urllib3.exceptions.ReadTimeoutError) for each in causes):
            return OutcomeUnknown(NO_ANSWER, url=url, seconds=self._answer_seconds)
        return OutcomeUnknown(BROKEN_OFF, url=url, why=why)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            # Proxies, .netrc and certificate bundles of the environment are not declared, so they do not count.
            session.trust_env = False
        return session


def retry_after(header: str | None, *, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, said as seconds or as a date; None where it says neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds())


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was made from, the innermost last (requests and urllib3 wrap without `from`)."""
    causes: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or each in causes:
            continue
        causes.append(each)
        inner = [getattr(each, "reason", None), each.__cause__, *each.args]
        waiting += [cause for cause in inner if isinstance(cause, BaseException)]
    return causes
