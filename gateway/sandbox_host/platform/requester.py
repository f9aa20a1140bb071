"""Who asks: the signature checks, in the order in which a platform makes them."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.sandbox_host.platform.codes import Refused, WholeCodes
from gateway.sandbox_host.platform.store import Transaction

WINDOW_SECONDS = 300.0
_LONGEST = 128


class Scheme(Protocol):
    """How requests are signed, as `gateway.transport.signatures` has it."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The header of each part."""

    def verifies(self, secret: str, parts: Mapping[str, str], said: str) -> bool:
        """Whether a signature of the parts is the right one."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """The scheme, which of its parts is the digest of the body and how that is made, and who may sign."""

    scheme: Scheme
    digest_part: str
    digest: Callable[[bytes], str]
    secrets: Mapping[str, str]

    def check(
        self, headers: Mapping[str, str], body: bytes, codes: WholeCodes, transaction: Transaction, now: float
    ) -> None:
        """Raise Refused unless a known requester signed exactly this body, just now and for the first time.

        The names of `headers` are in small letters with ``_`` for ``-``.
        """
        names = {part: name.lower().replace("-", "_") for part, name in self.scheme.headers.items()}
        said = {part: headers.get(name, "") for part, name in names.items()}
        missing = [self.scheme.headers[part] for part, value in said.items() if not 0 < len(value) <= _LONGEST]
        if missing:
            raise Refused(codes.headers_missing, "、".join(missing))
        secret = self.secrets.get(said["rid"])
        if secret is None:
            raise Refused(codes.requester_unknown, said["rid"])
        window = float(transaction.setting("window_seconds", str(WINDOW_SECONDS)))
        if not _within(said["rtime"], now, window):
            raise Refused(codes.time_out_of_window, said["rtime"])
        if transaction.nonce_was_seen(said["rid"], said["nonce"]):
            raise Refused(codes.nonce_seen)
        if not hmac.compare_digest(self.digest(body).encode(), said[self.digest_part].encode()):
            raise Refused(codes.signature_wrong, "报文摘要与报文不一致")
        if not self.scheme.verifies(secret, said, said["sign"]):
            raise Refused(codes.signature_wrong, "请核对密钥与签名原文")
        # Only now: a stranger must not use up the nonces of a requester. Kept for both halves of the window.
        transaction.remember_nonce(said["rid"], said["nonce"], now, 2 * window)


def _within(milliseconds: str, now: float, window: float) -> bool:
    return milliseconds.isascii() and milliseconds.isdigit() and abs(int(milliseconds) / 1000 - now) <= window
