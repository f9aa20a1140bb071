"""From a configured url to an engine that may write: the file must be there, and every document is a transaction."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import sqlalchemy as sa

from gateway.errors import StartError, UnknownName
from gateway.transport.sql.address import KINDS, parse_url
from gateway.transport.sql.messages import DRIVER_MISSING

_WRITTEN = ("sqlite", "postgresql")
_WAIT_SECONDS = 30  # for another writer of the file


def writable_engine(url: str, password: str | None, directory: Path) -> tuple[sa.Engine, str]:
    """The engine and the address as a person may see it; connects to nothing, raises StartError."""
    parsed = parse_url(url)
    kind = parsed.get_backend_name()
    if kind not in _WRITTEN:
        raise UnknownName("kind of database", "数据库类型", kind, _WRITTEN)
    address = KINDS[kind](parsed, password, directory).address
    if kind == "sqlite":
        return _sqlite(directory / str(parsed.database)), address
    try:
        return sa.create_engine(parsed.set(password=password), poolclass=sa.NullPool), address
    except ImportError:
        raise StartError(DRIVER_MISSING, kind="PostgreSQL", extra="postgres") from None


def _sqlite(path: Path) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        # mode=rw: a file that is not there is never made.
        uri = f"{path.resolve().as_uri()}?mode=rw"
        return sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.NullPool)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # The driver begins no transaction by itself here; IMMEDIATE waits for other writers before anything is read.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
