"""Signing of requests: which parts are signed, in which order, and by which of the kinds below.

`national_exchange` is how the national data-sharing exchange platform does it (standards §7a): the headers
`gjgxjhpt_sid`, `gjgxjhpt_rid`, `gjgxjhpt_rtime` (milliseconds) and `gjgxjhpt_sign` travel, and the signature is
Base64(HMAC-SHA256(secret, sid + rid + rtime)). That text says nothing of the body and holds for as long as the
receiver's time window, so whoever overhears one request may send another body, or the same one again. The parts
`nonce` and `body_sha256` are ours and close both gaps; a profile says which parts a platform signs, and in which
order, so the original scheme is the declaration ``[sid, rid, rtime]``.

`hebei_sm3` signs by HMAC-SM3 (GB/T 32905), in hexadecimal, the parts joined by line feeds: none can run into the next.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.errors import OptionError
from gateway.messages import Message

WRONG_PARTS = Message(
    "signature.wrong_parts",
    zh="不认得的部分：{unknown}；没有写明请求头的部分：{missing}；可以签名的有：{allowed}",
    en="unknown parts: {unknown}; parts without a header: {missing}; what may be signed: {allowed}",
)
UNKNOWN_KIND = Message(
    "signature.unknown_kind",
    zh="没有“{kind}”这种签名；有 {allowed}",
    en="{kind!r} is no kind of signature; there are {allowed}",
)

MESSAGES = (WRONG_PARTS, UNKNOWN_KIND)

# What may be signed; `sign` is the header of the signature itself.
PARTS = ("sid", "rid", "rtime", "nonce", "body_sha256", "body_sm3")
SIGN = "sign"
NATIONAL, HEBEI_SM3 = "national_exchange", "hebei_sm3"


def signature(secret: str, text: str) -> str:
    """Base64 of the HMAC-SHA256 of a text, both in UTF-8."""
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode("ascii")


def signature_sm3(secret: str, text: str) -> str:
    """The HMAC-SM3 of a text, both in UTF-8: hexadecimal, lower case."""
    # Not by hashlib: the OpenSSL that a Python was built with need not know SM3. Late, since few platforms ask for it.
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.hmac import HMAC

    mac = HMAC(secret.encode(), hashes.SM3())
    mac.update(text.encode())
    return mac.finalize().hex()


@dataclass(frozen=True, slots=True)
class _Kind:
    sign: Callable[[str, str], str]
    between: str  # what stands between the signed parts


_KINDS = {NATIONAL: _Kind(signature, ""), HEBEI_SM3: _Kind(signature_sm3, "\n")}


def _list(parts: set[str]) -> str:
    return ", ".join(sorted(parts)) or "-"


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """How requests are signed: the header of each part and of the signature, the parts signed, in order, and how."""

    headers: Mapping[str, str]
    signed: Sequence[str]
    kind: str = NATIONAL

    def __post_init__(self) -> None:
        unknown = (set(self.headers) | set(self.signed)) - {*PARTS, SIGN}
        missing = {*self.signed, SIGN} - set(self.headers)
        if unknown or missing or SIGN in self.signed:
            raise OptionError(WRONG_PARTS, unknown=_list(unknown), missing=_list(missing), allowed=", ".join(PARTS))
        if self.kind not in _KINDS:
            raise OptionError(UNKNOWN_KIND, kind=self.kind, allowed=", ".join(_KINDS))

    def text(self, parts: Mapping[str, str]) -> str:
        """The text to sign: the signed parts one after the other."""
        return _KINDS[self.kind].between.join(parts[part] for part in self.signed)

    def sign(self, secret: str, parts: Mapping[str, str]) -> str:
        """The signature of the parts."""
        return _KINDS[self.kind].sign(secret, self.text(parts))

    def verifies(self, secret: str, parts: Mapping[str, str], said: str) -> bool:
        """Whether a signature is the right one, in a time that does not depend on where the two differ."""
        return _same(self.sign(secret, parts), said)


@dataclass(frozen=True, slots=True)
class Signer:
    """Who asks for which service, with which secret."""

    scheme: SignatureScheme
    requester: str
    service: str
    secret: str = field(repr=False)

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers of one attempt to send a body: with its own time and nonce, so never reuse them."""
        return signed_headers(self, body, milliseconds=time.time_ns() // 1_000_000, nonce=secrets.token_hex(16))


def signed_headers(signer: Signer, body: bytes, *, milliseconds: int, nonce: str) -> dict[str, str]:
    """The headers for a body at a time and with a nonce that the caller chose."""
    scheme = signer.scheme
    parts = {
        "sid": signer.service,
        "rid": signer.requester,
        "rtime": str(milliseconds),
        "nonce": nonce,
        **{part: digest(body) for part, digest in DIGESTS.items() if part in scheme.headers},
    }
    headers = {scheme.headers[part]: value for part, value in parts.items() if part in scheme.headers}
    return headers | {scheme.headers[SIGN]: scheme.sign(signer.secret, parts)}


def verify(secret: str, text: str, said: str) -> bool:
    """Whether a signature by HMAC-SHA256 is the right one, in a time that does not depend on where the two differ."""
    return _same(signature(secret, text), said)


def body_sha256(body: bytes) -> str:
    """The digest of a body as it is signed: hexadecimal, lower case."""
    return hashlib.sha256(body).hexdigest()


def body_sm3(body: bytes) -> str:
    """The SM3 digest of a body as it is signed: hexadecimal, lower case."""
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(body)
    return digest.finalize().hex()


# The parts that are digests of the body.
DIGESTS: Mapping[str, Callable[[bytes], str]] = {"body_sha256": body_sha256, "body_sm3": body_sm3}


def _same(right: str, said: str) -> bool:
    return hmac.compare_digest(right.encode(), said.encode("utf-8", "surrogatepass"))
