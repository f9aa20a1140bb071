"""Which version the database has and which ones this program knows, without alembic: most starts find it up to date."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

MIGRATIONS = Path(__file__).parent / "migrations"

# A migration is the file of its number, 0009_issues_said.py; a test holds that alembic finds the same.
KNOWN = tuple(sorted(file.name.partition("_")[0] for file in MIGRATIONS.glob("versions/[0-9]*.py")))
HEAD = KNOWN[-1]


def revision_of(connection: sa.Connection) -> str | None:
    """The version that the database has; None where it has no tables yet."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one_or_none()
