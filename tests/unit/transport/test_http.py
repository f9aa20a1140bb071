"""HTTP over real sockets: what went wrong tells exactly whether the body had left."""

from __future__ import annotations

import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.domain.environment import Environment
from gateway.errors import AccessRefused, DeliveryError, OutcomeUnknown, TryAgain
from gateway.transport.http import HttpClient, Reply, retry_after

BODY = b'{"pch":"1"}'
Listen = Callable[..., "Listening"]


class Listening:  # what the fixture gives, for the annotations
    url: str
    requests: list[bytes]


def says(head: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)


def client(seconds: float = 5, limit: int = 1_000_000) -> HttpClient:
    return HttpClient(connect_seconds=seconds, answer_seconds=seconds, limit_bytes=limit)


def failure(url: str, http: HttpClient) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        http.post(url, BODY, {})
    return raised.value


def kind(error: DeliveryError) -> tuple[type[DeliveryError], str]:
    return type(error), error.message.code


# ------------------------------------------------------------------------------------------------ what comes back


def test_an_answer_comes_back_whatever_its_status(listen: Listen) -> None:
    server = listen(says("HTTP/1.1 429 Busy\nContent-Type: text/plain\nRetry-After: 7\nContent-Length: 2", b"no"))
    assert client().post(server.url, BODY, {}) == Reply(429, "text/plain", b"no", 7.0)


def test_the_body_and_the_headers_arrive_as_given(listen: Listen) -> None:
    server = listen(says("HTTP/1.1 200 OK\nContent-Length: 0"))
    client().post(server.url, BODY, {"gjgxjhpt_rid": "req"})
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert (body, b"\r\ngjgxjhpt_rid: req\r\n" in head, b"\r\nContent-Length: 11\r\n" in head + b"\r\n") == (
        BODY,
        True,
        True,
    )


@pytest.mark.parametrize(("mark", "ours"), [("rehearsal", "production"), ("production", "rehearsal")])
def test_an_answer_of_the_other_environment_refuses_us(listen: Listen, mark: str, ours: Environment) -> None:
    server = listen(says(f"HTTP/1.1 200 OK\nGateway-Environment: {mark}\nContent-Length: 0"))
    with pytest.raises(AccessRefused, match=f"answers that it is for {mark}, and this deployment is {ours}"):
        HttpClient(environment=ours).get(server.url, {})


@pytest.mark.parametrize("head", ["", "\nGateway-Environment: production"])
def test_an_answer_without_a_mark_or_with_our_own_is_taken(listen: Listen, head: str) -> None:
    server = listen(says(f"HTTP/1.1 200 OK{head}\nContent-Length: 0"))
    assert HttpClient(environment="production").get(server.url, {}).status == 200


def test_a_redirect_is_an_answer_and_is_not_followed(listen: Listen) -> None:
    server = listen(says("HTTP/1.1 302 Found\nLocation: /elsewhere\nContent-Length: 0"))
    assert (client().post(server.url, BODY, {}).status, len(server.requests)) == (302, 1)


def test_proxies_of_the_environment_do_not_count(listen: Listen, monkeypatch: pytest.MonkeyPatch) -> None:
    server = listen(says("HTTP/1.1 204 Nothing\nContent-Length: 0"))
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert client().post(server.url, BODY, {}).status == 204


def test_a_query_arrives_escaped_and_beside_the_one_of_the_address(listen: Listen) -> None:
    server = listen(says("HTTP/1.1 200 OK\nContent-Length: 0"))
    client().get(f"{server.url}?a=1", {}, {"键": "x &y"})
    client().post(server.url, BODY, {}, {"key": "k"})
    lines = [request.partition(b"\r\n")[0] for request in server.requests]
    assert lines == [b"GET /path?a=1&%E9%94%AE=x+%26y HTTP/1.1", b"POST /path?key=k HTTP/1.1"]


def test_the_link_to_the_next_page_is_handed_on(listen: Listen) -> None:
    links = '</path>; rel="first", </path?p=2&n=1>; rel="next"'
    server = listen(says(f"HTTP/1.1 200 OK\nLink: {links}\nContent-Length: 0"))
    assert client().get(server.url, {}).next_link == "/path?p=2&n=1"


@pytest.mark.parametrize("query", [None, {"key": "s3cret"}])
def test_no_error_says_a_query(listen: Listen, query: dict[str, str] | None) -> None:
    address = "" if query else "?key=s3cret"
    gone = listen(lambda _: None)
    for url in (f"{gone.url}{address}", f"http://127.0.0.1:1/path{address}", f"http://[::1/path{address}"):
        with pytest.raises(DeliveryError) as raised:
            client().get(url, {}, query)
        told = f"{raised.value} {raised.value.values} {raised.value.__cause__!r}"
        assert ("s3cret" in told, raised.value.__suppress_context__) == (False, True)


def test_a_question_without_an_answer_was_asked(listen: Listen) -> None:
    half = says("HTTP/1.1 200 OK\nContent-Length: 100", b"half")
    for behaviour in (half, lambda _: None, lambda connection: connection.recv(1)):
        with pytest.raises(DeliveryError) as raised:
            client(0.2).get(listen(behaviour).url, {})
        assert kind(raised.value) == (TryAgain, "http.not_answered")


# ---------------------------------------------------------------------------- nothing had left: it is tried again


def test_a_refused_connection_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}/path", client())
    assert kind(error) == (TryAgain, "http.not_reached")
    with pytest.raises(TryAgain, match="cannot be reached"):
        client().get(f"http://127.0.0.1:{port}/path", {})
    assert error.text("zh") == (
        f"无法连接 http://127.0.0.1:{port}/path：[Errno 111] Connection refused；"
        "尚未送出任何内容，稍后会重试；请检查网址、网络与对方服务是否开启"
    )


def test_a_name_that_does_not_exist_is_tried_again() -> None:
    assert kind(failure("http://platform.invalid/path", client())) == (TryAgain, "http.not_reached")


def test_a_connection_that_is_never_accepted_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        address = server.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        error = failure(f"http://127.0.0.1:{address[1]}/path", client(0.2))
        for each in waiting:
            each.close()
    assert kind(error) == (TryAgain, "http.not_reached")


def test_an_untrusted_certificate_is_told_and_nothing_is_sent(listen: Listen, certificate: Path) -> None:
    server = listen(says("HTTP/1.1 200 OK\nContent-Length: 0"), _tls(certificate))
    assert kind(failure(server.url, client())) == (TryAgain, "http.not_trusted")
    assert server.requests == []


def test_a_certificate_named_as_trusted_is_trusted(listen: Listen, certificate: Path) -> None:
    server = listen(says("HTTP/1.1 200 OK\nContent-Length: 0"), _tls(certificate))
    assert HttpClient(ca_file=certificate).post(server.url, BODY, {}).status == 200


def test_an_address_without_tls_behind_https_is_tried_again(listen: Listen) -> None:
    server = listen(says("HTTP/1.1 200 OK\nContent-Length: 0"))
    url = server.url.replace("http:", "https:")
    assert kind(failure(url, client(1))) == (TryAgain, "http.not_reached")


# ------------------------------------------------------------------------------ it had left: nobody knows what came


def test_no_answer_in_time_is_an_unknown_outcome(listen: Listen) -> None:
    server = listen(lambda connection: connection.recv(1))
    assert kind(failure(server.url, client(0.2))) == (OutcomeUnknown, "http.no_answer")


def test_a_hang_up_without_an_answer_is_an_unknown_outcome_and_not_sent_again(listen: Listen) -> None:
    server = listen(lambda _: None)
    assert kind(failure(server.url, client())) == (OutcomeUnknown, "http.broken_off")
    assert len(server.requests) == 1


def test_a_reset_after_sending_is_an_unknown_outcome(listen: Listen) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert kind(failure(listen(reset).url, client())) == (OutcomeUnknown, "http.broken_off")


@pytest.mark.parametrize(
    "head",
    ["HTTP/1.1 200 OK\nContent-Length: 100", "HTTP/1.1 200 OK\nTransfer-Encoding: chunked"],
    ids=["shorter than said", "last chunk missing"],
)
def test_half_an_answer_is_an_unknown_outcome(listen: Listen, head: str) -> None:
    server = listen(says(head, b"5\r\nhello\r\n"))
    assert kind(failure(server.url, client())) == (OutcomeUnknown, "http.broken_off")


def test_an_answer_that_is_no_http_is_an_unknown_outcome(listen: Listen) -> None:
    server = listen(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"))
    assert kind(failure(server.url, client())) == (OutcomeUnknown, "http.broken_off")


def test_an_answer_that_trickles_is_given_up(listen: Listen) -> None:
    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        connection.settimeout(0.05)
        for _ in range(100):
            connection.sendall(b"x")
            with suppress(TimeoutError):
                assert connection.recv(1) == b""  # the client gave up
                return

    assert kind(failure(listen(trickle).url, client(0.3))) == (OutcomeUnknown, "http.no_answer")


def test_an_answer_without_end_is_given_up(listen: Listen) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    assert kind(failure(listen(endless).url, client(limit=200_000))) == (OutcomeUnknown, "http.too_large")


def test_a_client_works_on_after_a_failure(listen: Listen) -> None:
    http = client()
    failure(listen(lambda _: None).url, http)
    assert http.post(listen(says("HTTP/1.1 200 OK\nContent-Length: 0")).url, BODY, {}).status == 200


# ------------------------------------------------------------------------------------------------------ Retry-After

NOW = datetime(2026, 5, 31, 4, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 31 May 2026 04:00:30 GMT", 30.0),
        ("Sun, 31 May 2026 12:00:30 +0800", 30.0),
        ("Sun, 31 May 2026 03:59:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("１２", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=NOW) == seconds


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody signed, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "platform.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
