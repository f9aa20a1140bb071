"""A small FTP server with TLS that, as most do, refuses data connections that do not go on with the control's session.

pyftpdlib's own TLS needs a library that is not installed here.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from socket import create_server, socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FILES = {"/a.csv": b"n\n1\n2\n"}
SIMPLE = {
    "USER": "331 password",
    "PASS": "230 come in",
    "PBSZ": "200 fine",
    "TYPE": "200 fine",
    "MDTM": "213 20260101000000",
}


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "certificate.pem", folder / "key.pem"
    public.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@contextmanager
def serve_ftps(certificate: Path, key: Path) -> Iterator[int]:
    """The port of a server that runs as long as the block does."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_accept, args=(listening, tls), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(2)
        thread.join(10)


def _accept(listening: socket, tls: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            control, _ = listening.accept()
            with suppress(OSError), control:
                _Session(control, tls).serve()


class _Session:
    def __init__(self, control: socket, tls: ssl.SSLContext) -> None:
        self._control, self._tls = control, tls
        self._passive: socket | None = None
        self._private = False

    def serve(self) -> None:
        self._say("220 ready")
        while line := self._line():
            command, _, argument = line.partition(" ")
            if command == "QUIT":
                self._say("221 bye")
                break
            self._answer(command.upper(), argument)
        if isinstance(self._control, ssl.SSLSocket):
            self._control.close()

    def _answer(self, command: str, argument: str) -> None:
        if command == "AUTH":
            self._say("234 go on")
            self._control = self._tls.wrap_socket(self._control, server_side=True)
        elif command == "PROT":
            self._private = argument == "P"
            self._say("200 fine")
        elif command == "PASV":
            self._passive = create_server(("127.0.0.1", 0))
            port = self._passive.getsockname()[1]
            self._say(f"227 here (127,0,0,1,{port >> 8},{port & 255})")
        elif command == "SIZE":
            self._say(f"213 {len(FILES[argument])}" if argument in FILES else "550 no such file")
        elif command == "NLST":
            self._send("\r\n".join(FILES).encode() + b"\r\n")
        elif command == "RETR":
            self._send(FILES[argument])
        else:
            self._say(SIMPLE.get(command, "502 not here"))

    def _send(self, content: bytes) -> None:
        assert self._passive
        if not self._private:
            self._say("521 data connections must be private")
            return
        self._say("150 it comes")
        with self._passive, self._passive.accept()[0] as plain:
            data = self._tls.wrap_socket(plain, server_side=True)
            reused = data.session_reused
            if reused:
                data.sendall(content)
            with suppress(OSError):
                data.unwrap()
            data.close()
        self._say("226 done" if reused else "522 the session of the control connection is expected")

    def _say(self, text: str) -> None:
        self._control.sendall(text.encode() + b"\r\n")

    def _line(self) -> str:
        line = b""
        while not line.endswith(b"\n"):
            byte = self._control.recv(1)
            if not byte:
                return ""
            line += byte
        return line.decode().strip()
