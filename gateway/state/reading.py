"""The database for those who only look: nothing is created, upgraded or written, not even beside the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import sqlalchemy as sa

from gateway.domain.environment import Environment
from gateway.errors import StartError
from gateway.messages import Message
from gateway.state import environment_mark
from gateway.state.database import NEWER, UNREACHABLE, Database
from gateway.state.revision import HEAD, KNOWN, revision_of

OLDER = Message(
    "state.older",
    zh="数据库还是旧版本 {revision}，本程序需要 {expected}；请先用本程序运行一次 gateway run，数据库会自动升级",
    en="the database is still at revision {revision}, and this program needs {expected}; run a feed once with this "
    "program, which upgrades it",
)


@contextmanager
def opened_for_reading(url: str, environment: Environment | None = None) -> Iterator[Database]:
    """The database, or an empty one in memory where there is none yet.

    StartError where it cannot be read, or is not marked with the deployment's `environment`.
    """
    with closing(Database(url, read_only=True)) as database:
        if _has_tables(database):
            if environment:
                environment_mark.refuse_other(database, environment)
            yield database
            return
    with closing(Database("sqlite://")) as empty:
        empty.upgrade()
        yield empty


def _has_tables(database: Database) -> bool:
    """Whether there are tables of this program's version; StartError for those of another one."""
    if database.dialect == "sqlite" and not _has_content(database.url.database):
        return False
    revision = _revision(database)
    if revision is None:
        return False
    if revision not in KNOWN:
        raise StartError(NEWER, revision=revision)
    if revision != HEAD:
        raise StartError(OLDER, revision=revision, expected=HEAD)
    return True


def _has_content(file: str | None) -> bool:
    return bool(file) and Path(str(file)).is_file() and Path(str(file)).stat().st_size > 0


def _revision(database: Database) -> str | None:
    try:
        with database.engine.connect() as connection:
            return revision_of(connection)
    except sa.exc.DatabaseError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise StartError(UNREACHABLE, url=database.shown_url, reason=reason) from error
