"""人大金仓 (KingbaseES), which speaks PostgreSQL's protocol and keeps its catalogue, but not its version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from gateway.transport.sql.postgresql import PostgreSql

_PORT = 54321


class KingbaseDialect(PGDialect_psycopg):
    """SQLAlchemy's, but for the version: "KingbaseES V008R006C005B0023" is none of PostgreSQL's."""

    supports_statement_cache = True

    def _get_server_version_info(self, _connection: Any) -> tuple[int, int]:
        return (9, 6)  # what version 8 is made from


registry.register("kingbase.psycopg", __name__, KingbaseDialect.__name__)


class Kingbase(PostgreSql):
    """One 人大金仓 database: `kingbase://user@host:54321/database`."""

    driver = "kingbase+psycopg"
    own_schemas = "information_schema|(pg|sys)_.*|sys|sysaudit|anon|dbms_.*|perf|src_restrict|xlog_record_read"

    @classmethod
    def at(cls, url: sa.URL, password: str | None, _directory: Path) -> Kingbase:
        """The database that a url names."""
        return cls(url if url.port else url.set(port=_PORT), password)
