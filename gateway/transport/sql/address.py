"""From a configured url to the database that answers for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from gateway.errors import OptionError, UnknownName
from gateway.transport.sql.dameng import Dameng
from gateway.transport.sql.dialect import Dialect
from gateway.transport.sql.kingbase import Kingbase
from gateway.transport.sql.messages import PASSWORD_IN_URL, WRONG_URL
from gateway.transport.sql.mysql import MySql
from gateway.transport.sql.oracle import Oracle
from gateway.transport.sql.postgresql import PostgreSql
from gateway.transport.sql.sqlite import Sqlite
from gateway.transport.sql.sqlserver import SqlServer

KINDS: dict[str, Callable[[sa.URL, str | None, Path], Dialect]] = {
    "sqlite": Sqlite.at,
    "postgresql": PostgreSql.at,
    "mysql": MySql.at,
    "mariadb": MySql.at,
    "kingbase": Kingbase.at,
    "oracle": Oracle.at,
    "mssql": SqlServer.at,
    "dm": Dameng.at,
}

_SECRET_PARAMETERS = frozenset({"password", "passwd", "pwd", "sslpassword", "ssl_pwd", "wallet_password"})


def parse_url(url: str) -> sa.URL:
    """Read the url; raises OptionError, which never repeats it, where it is wrong or holds a password."""
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise OptionError(WRONG_URL) from None
    if parsed.password is not None or _SECRET_PARAMETERS & parsed.query.keys():
        raise OptionError(PASSWORD_IN_URL)
    return parsed


def dialect_at(url: str, password: str | None, directory: Path) -> Dialect:
    """The database of a url, nothing opened yet; raises StartError for a kind that is not known."""
    parsed = parse_url(url)
    kind = parsed.get_backend_name()
    if kind not in KINDS:
        raise UnknownName("kind of database", "数据库类型", kind, KINDS)
    return KINDS[kind](parsed, password, directory)
