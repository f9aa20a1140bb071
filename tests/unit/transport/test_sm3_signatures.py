"""HMAC-SM3 as the profile of 河北 has it: the standard's own vectors, and parts that cannot run into one another."""

from __future__ import annotations

import hashlib

import pytest

from gateway.transport.signatures import (
    HEBEI_SM3,
    SignatureScheme,
    Signer,
    body_sm3,
    signature_sm3,
    signed_headers,
)

SECRET = "s3cret-密钥"
SCHEME = SignatureScheme(
    {"rid": "X-R", "rtime": "X-T", "nonce": "X-N", "body_sm3": "X-D", "sign": "X-S"},
    ("rid", "rtime", "nonce", "body_sm3"),
    HEBEI_SM3,
)
PARTS = {"rid": "r", "rtime": "1700000000000", "nonce": "0" * 32, "body_sm3": body_sm3(b"<a/>")}


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        # GB/T 32905-2016, annex A
        ("abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        ("abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_the_digest_is_that_of_the_standard(text: str, digest: str) -> None:
    assert body_sm3(text.encode()) == digest


@pytest.mark.parametrize("secret", ["", "k", SECRET, "x" * 64, "x" * 65])
def test_the_signature_is_the_hmac_of_the_digest(secret: str) -> None:
    key = secret.encode()
    key = (bytes.fromhex(body_sm3(key)) if len(key) > 64 else key).ljust(64, b"\0")  # RFC 2104
    inner = bytes.fromhex(body_sm3(bytes(each ^ 0x36 for each in key) + "河北".encode()))
    assert signature_sm3(secret, "河北") == body_sm3(bytes(each ^ 0x5C for each in key) + inner)


def test_requester_time_nonce_and_body_are_signed() -> None:
    headers = signed_headers(Signer(SCHEME, "r", "-", SECRET), b"<a/>", milliseconds=1700000000000, nonce="0" * 32)
    # printf 'r\n1700000000000\n000…\n8211…' | openssl dgst -sm3 -hmac 's3cret-密钥'
    assert headers == {
        "X-R": "r",
        "X-T": "1700000000000",
        "X-N": "0" * 32,
        "X-D": "8211ec97b27f6bf928855425db602128ed7287a14de594398821ae5c5a73e6b5",
        "X-S": "364cebdf66f9702f96c18d19120e532e047eec8f0c48c6f752d7b156c3a589eb",
    }


@pytest.mark.parametrize("part", list(PARTS))
def test_another_value_of_a_signed_part_breaks_the_signature(part: str) -> None:
    said = SCHEME.sign(SECRET, PARTS)
    assert SCHEME.verifies(SECRET, PARTS, said) is True
    assert SCHEME.verifies(SECRET, {**PARTS, part: PARTS[part] + "0"}, said) is False


def test_what_stands_in_one_part_cannot_be_moved_to_the_next() -> None:
    moved = {**PARTS, "rid": "r1", "rtime": PARTS["rtime"][1:]}
    assert SCHEME.sign(SECRET, moved) != SCHEME.sign(SECRET, PARTS)


def test_a_signature_of_the_other_kind_is_refused() -> None:
    other = SignatureScheme(SCHEME.headers, SCHEME.signed)
    assert SCHEME.verifies(SECRET, PARTS, other.sign(SECRET, PARTS)) is False


@pytest.mark.parametrize("said", ["", "签名", "\udcff", "a" * 64])
def test_a_signature_that_is_none_is_refused_without_an_error(said: str) -> None:
    assert SCHEME.verifies(SECRET, PARTS, said) is False


def test_a_kind_that_is_not_known_is_named() -> None:
    with pytest.raises(ValueError, match="'md5' is no kind of signature; there are national_exchange, hebei_sm3"):
        SignatureScheme(SCHEME.headers, SCHEME.signed, "md5")


@pytest.mark.skipif("sm3" not in hashlib.algorithms_available, reason="this Python's OpenSSL has no SM3")
def test_both_libraries_agree() -> None:
    assert body_sm3(SECRET.encode()) == hashlib.new("sm3", SECRET.encode()).hexdigest()
