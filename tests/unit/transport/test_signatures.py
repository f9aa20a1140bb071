"""HMAC-SHA256 as the national data-sharing exchange platform has it, and our two parts against replay."""

from __future__ import annotations

import pytest

from gateway.transport.signatures import SignatureScheme, Signer, body_sha256, signature, signed_headers, verify

HEADERS = {
    "sid": "gjgxjhpt_sid",
    "rid": "gjgxjhpt_rid",
    "rtime": "gjgxjhpt_rtime",
    "sign": "gjgxjhpt_sign",
    "nonce": "gjgxjhpt_nonce",
    "body_sha256": "gjgxjhpt_digest",
}
ORIGINAL = SignatureScheme({part: HEADERS[part] for part in ("sid", "rid", "rtime", "sign")}, ("sid", "rid", "rtime"))
OURS = SignatureScheme(HEADERS, ("sid", "rid", "rtime", "nonce", "body_sha256"))
SECRET = "s3cret-密钥"
PARTS = {"sid": "svc", "rid": "req", "rtime": "1700000000000", "nonce": "0" * 32, "body_sha256": body_sha256(b"{}")}


def test_the_original_scheme_signs_service_requester_and_time() -> None:
    headers = signed_headers(Signer(ORIGINAL, "req", "svc", SECRET), b"{}", milliseconds=1700000000000, nonce="n")
    # printf 'svcreq1700000000000' | openssl dgst -sha256 -hmac 's3cret-密钥' -binary | base64
    assert headers == {
        "gjgxjhpt_sid": "svc",
        "gjgxjhpt_rid": "req",
        "gjgxjhpt_rtime": "1700000000000",
        "gjgxjhpt_sign": "WTgI2Wer2dbDIGler7z4eXSWD5812SJoipWKuqssfv4=",
    }


def test_our_scheme_signs_the_nonce_and_the_body_too() -> None:
    headers = signed_headers(Signer(OURS, "req", "svc", SECRET), b"{}", milliseconds=1700000000000, nonce="0" * 32)
    text = "svcreq1700000000000" + "0" * 32 + "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert headers["gjgxjhpt_sign"] == signature(SECRET, text)


@pytest.mark.parametrize("part", list(PARTS))
def test_another_value_of_a_signed_part_breaks_the_signature(part: str) -> None:
    said = signature(SECRET, OURS.text(PARTS))
    assert verify(SECRET, OURS.text({**PARTS, part: PARTS[part][:-1] + "x"}), said) is False


def test_the_right_signature_is_verified() -> None:
    assert verify(SECRET, OURS.text(PARTS), signature(SECRET, OURS.text(PARTS))) is True


def test_another_secret_breaks_the_signature() -> None:
    assert verify("other", OURS.text(PARTS), signature(SECRET, OURS.text(PARTS))) is False


@pytest.mark.parametrize("said", ["", "签名", "\udcff", "A" * 44])
def test_a_signature_that_is_none_is_refused_without_an_error(said: str) -> None:
    assert verify(SECRET, OURS.text(PARTS), said) is False


def test_two_attempts_never_share_a_nonce() -> None:
    signer = Signer(OURS, "req", "svc", SECRET)
    assert signer.headers(b"{}")["gjgxjhpt_nonce"] != signer.headers(b"{}")["gjgxjhpt_nonce"]


def test_the_secret_stands_in_no_repr() -> None:
    assert SECRET not in repr(Signer(OURS, "req", "svc", SECRET))


@pytest.mark.parametrize(
    ("headers", "signed"),
    [
        ({**HEADERS, "colour": "x"}, ("sid",)),
        (HEADERS, ("sid", "colour")),
        (HEADERS, ("sid", "sign")),
        ({"sign": "s", "sid": "i"}, ("sid", "rid")),
        ({"sid": "i"}, ("sid",)),
    ],
    ids=["unknown header", "unknown part", "signs itself", "part without header", "no header for the signature"],
)
def test_a_scheme_that_cannot_be_verified_is_refused(headers: dict[str, str], signed: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="parts"):
        SignatureScheme(headers, signed)
