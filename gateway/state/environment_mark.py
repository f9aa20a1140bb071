"""The mark of the database itself: it belongs to the first deployment that worked in it, rehearsal or production.

So nothing that was read, judged or enqueued in rehearsal is there when a production deployment looks for what to send.
"""

from __future__ import annotations

import sqlalchemy as sa

from gateway.domain.environment import Environment, in_chinese
from gateway.errors import StartError
from gateway.messages import Message
from gateway.state import event_log
from gateway.state.database import Database
from gateway.state.tables import environment_mark, now

OTHER_ENVIRONMENT = Message(
    "environment.database",
    zh="数据库 {url} 属于{theirs_zh}部署，而本部署设为{ours_zh}；其中的记录和报文不能转用，请把 environment 改回 "
    "{theirs}，或用 database_url 指定另一个数据库",
    en="the database {url} belongs to a {theirs} deployment, and this one is set to {ours}; its records and documents "
    "stay there: set environment back to {theirs}, or name another database by database_url",
)

_ONLY = 1  # there is one row


def claim(database: Database, environment: Environment) -> None:
    """Mark a database that has no mark yet; StartError where it has the other one."""
    if _mark_of(database) is None:
        _mark(database, environment)
    refuse_other(database, environment)


def refuse_other(database: Database, environment: Environment) -> None:
    """Raise StartError where the database has the other mark; nothing is written."""
    theirs = _mark_of(database)
    if theirs not in {None, environment}:
        raise StartError(
            OTHER_ENVIRONMENT,
            url=database.shown_url,
            theirs=theirs,
            theirs_zh=in_chinese(str(theirs)),
            ours=environment,
            ours_zh=in_chinese(environment),
        )


def _mark_of(database: Database) -> str | None:
    with database.read() as connection:
        return connection.execute(sa.select(environment_mark.c.environment)).scalar_one_or_none()


def _mark(database: Database, environment: Environment) -> None:
    """Of two deployments that come first at once, one marks and the other finds its mark."""
    with database.write() as connection:
        marked = connection.execute(
            sa.text(
                "INSERT INTO environment_mark (id, environment, marked_at) VALUES (:id, :environment, :at) "
                "ON CONFLICT (id) DO NOTHING RETURNING id"
            ).bindparams(sa.bindparam("at", type_=environment_mark.c.marked_at.type)),
            {"id": _ONLY, "environment": environment, "at": now()},
        ).one_or_none()
        if marked:
            event_log.append(connection, "environment.marked", {"environment": environment})
