"""One database, SQLite or PostgreSQL: opening it, bringing it up to date, reading it and writing it in transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from gateway.errors import RunError, StartError
from gateway.messages import Message
from gateway.state.revision import HEAD, KNOWN, revision_of

UNREACHABLE = Message(
    "state.unreachable",
    zh="无法打开网关自身的数据库 {url}：{reason}；请检查 database_url、服务是否启动、账号与权限",
    en="the gateway's own database {url} cannot be opened: {reason}; check database_url, the server, "
    "account and rights",
)
AWAY = Message(
    "state.away",
    zh="网关自身的数据库 {url} 没有应答：{reason}；这一步没有保存，下次运行会接着做；"
    "请检查服务、磁盘空间和占用它的程序",
    en="the gateway's own database {url} does not answer: {reason}; this step was not stored, the next run goes on "
    "with it; check the server, the space on its disk and what else uses it",
)
UNSUPPORTED = Message(
    "state.unsupported",
    zh="网关自身的数据库只能是 SQLite 或 PostgreSQL，不能是“{dialect}”；请修改 database_url",
    en="the gateway's own database is SQLite or PostgreSQL, not {dialect!r}; change database_url",
)
NEWER = Message(
    "state.newer",
    zh="数据库版本 {revision} 比本程序新；请先升级网关，或恢复升级前的备份",
    en="the database is at revision {revision}, newer than this program; upgrade the gateway or restore the backup",
)

Connection = sa.Connection

_WAIT_SECONDS = 60  # how long a writer of SQLite waits for another: longer than storing three million rows


class Database:
    """The gateway's database; `write` serialises on SQLite (BEGIN IMMEDIATE), reads never block.

    Where it goes away in the midst of work, both raise RunError.
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self.url = sa.make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect not in {"sqlite", "postgresql"}:
            raise StartError(UNSUPPORTED, dialect=self.dialect)
        self.engine = (_sqlite_engine if self.dialect == "sqlite" else _postgresql_engine)(self.url, read_only)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Read in one transaction."""
        with self._answering(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Write in one transaction: all of it or none."""
        with self._answering(), self.engine.connect() as connection:
            connection.begin()  # or a transaction of COPY alone, which SQLAlchemy does not see, would not be committed
            if self.dialect == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.OperationalError as error:
            raise RunError(AWAY, url=self.shown_url, reason=_reason(error)) from error

    def upgrade(self) -> None:
        """Create the tables or bring them to this version; raises StartError where the database cannot be opened."""
        try:
            with self.engine.connect() as connection:
                if self.dialect == "postgresql":  # two gateways that start together upgrade one after the other
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7220260001)")
                else:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                self._upgrade_over(connection)
                connection.commit()
        except sa.exc.DatabaseError as error:
            raise StartError(UNREACHABLE, url=self.shown_url, reason=_reason(error)) from error

    def _upgrade_over(self, connection: sa.Connection) -> None:
        current = revision_of(connection)
        if current is not None and current not in KNOWN:
            raise StartError(NEWER, revision=current)
        if current != HEAD:
            from gateway.state.migrating import migrate  # alembic loads only where there is something to do

            migrate(connection)

    @property
    def shown_url(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _sqlite_engine(url: sa.URL, read_only: bool) -> sa.Engine:
    if read_only and url.database:
        # Not `mode=ro`: that leaves the files of the write-ahead log behind, which nobody may then remove.
        file = quote(str(Path(url.database).resolve()))
        url = url.set(database=f"file:{file}", query={"mode": "rw", "uri": "true"})
    engine = sa.create_engine(
        url, connect_args={"timeout": _WAIT_SECONDS, "check_same_thread": False}, hide_parameters=True
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun by us: Python's own begin too late and too weakly
        if read_only:
            connection.execute("PRAGMA query_only=ON")
        else:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")  # a receipt that is stored must survive a power cut
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-65536")

    return engine


def _postgresql_engine(url: sa.URL, read_only: bool) -> sa.Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": 10})
    return engine.execution_options(postgresql_readonly=True) if read_only else engine


def _reason(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().splitlines()[0]


MESSAGES = (AWAY,)
