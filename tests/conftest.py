"""What tests need from outside: a PostgreSQL server, the folder of real registrations.

Where something is absent its tests skip and say why; named in GATEWAY_TEST_REQUIRE (comma list, as
`postgresql,chromium`) it must be there, and its tests fail instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import psycopg
import pytest
from psycopg import sql

LOCAL_SERVER = "postgresql://root@127.0.0.1:5432/test"
DEBIAN_BINARIES = Path("/usr/lib/postgresql")
REPOSITORY = Path(__file__).resolve().parents[1]


def absent(what: str, reason: str) -> NoReturn:
    """Skip the test, or fail it where the environment says that this must be there."""
    if what in os.environ.get("GATEWAY_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{what} is required by GATEWAY_TEST_REQUIRE, but {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def registry_folder() -> Path:
    """The folder of real registrations, one CSV file a province and year."""
    folder = Path(os.environ.get("GATEWAY_TEST_REGISTRY", REPOSITORY.parent / "shared" / "data" / "registry"))
    if not any(folder.glob("*.csv")):
        absent("registry", f"the real registrations are not in {folder}; name their folder in GATEWAY_TEST_REGISTRY")
    return folder


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A server's URL: the one named, else the local one, else one of our own, started for this process."""
    if named := os.environ.get("GATEWAY_TEST_PG_URL"):
        yield named.replace("postgresql+psycopg://", "postgresql://")
    elif _answers(LOCAL_SERVER):
        yield LOCAL_SERVER
    else:
        yield from _own_server()


@pytest.fixture(scope="session")
def _postgresql_database(postgresql_server: str) -> Iterator[str]:
    """A database of this process's own, so that parallel workers never meet."""
    name = f"gateway_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
        )
        yield _with_database(postgresql_server, name)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def postgresql_url(_postgresql_database: str) -> Iterator[str]:
    """The URL of an empty database; what a test leaves there, connections included, is gone before the next one."""
    yield _postgresql_database
    with psycopg.connect(_postgresql_database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
        connection.execute("CREATE SCHEMA public")
        connection.execute("GRANT USAGE ON SCHEMA public TO PUBLIC")


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True


def _with_database(url: str, name: str) -> str:
    address, _, parameters = url.partition("?")
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.split('/')[0]}/{name}" + (f"?{parameters}" if parameters else "")


def _own_server() -> Iterator[str]:
    """Debian's server in a temporary folder, run by `postgres` or `nobody` where we are root, which it refuses."""
    installed = sorted(DEBIAN_BINARIES.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not installed:
        absent(
            "postgresql",
            f"no PostgreSQL answers at {LOCAL_SERVER}, GATEWAY_TEST_PG_URL names none, "
            f"and there are no server binaries in {DEBIAN_BINARIES}",
        )
    binaries, user = installed[-1].parent, _server_user()
    folder = Path(tempfile.mkdtemp(prefix="gateway-postgresql-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        port = _free_port()
        settings = f"-k {folder} -h 127.0.0.1 -p {port} -c fsync=off -c full_page_writes=off"
        control: list[str | Path] = [binaries / "pg_ctl", "-D", folder / "data", "-w"]
        _run([binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"], user)
        _run([*control, "-l", folder / "log", "-o", settings, "start"], user)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str | Path], user: str | None) -> None:
    done = subprocess.run(
        command, user=user, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode:
        absent("postgresql", f"{Path(command[0]).name} failed: {done.stderr.decode(errors='replace').strip()}")


def _server_user() -> str | None:
    """Whom the server runs as where we are root; None is ourselves."""
    if os.geteuid() != 0:
        return None
    known = {line.split(":")[0] for line in Path("/etc/passwd").read_text(encoding="utf-8").splitlines()}
    return "postgres" if "postgres" in known else "nobody"


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
