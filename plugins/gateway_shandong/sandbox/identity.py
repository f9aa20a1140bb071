"""How requests to the platform are signed."""

from __future__ import annotations

from gateway.transport.signatures import SignatureScheme

SCHEME = SignatureScheme(
    headers={
        "sid": "gjgxjhpt_sid",
        "rid": "gjgxjhpt_rid",
        "rtime": "gjgxjhpt_rtime",
        "sign": "gjgxjhpt_sign",
        "nonce": "gjgxjhpt_nonce",
        "body_sha256": "gjgxjhpt_digest",
    },
    signed=("sid", "rid", "rtime", "nonce", "body_sha256"),
)
