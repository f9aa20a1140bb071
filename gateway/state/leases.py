"""Leases: one process at a time runs a feed; a dead holder's lease is taken over, a late holder may not write."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from gateway.errors import LeaseLost, RunError
from gateway.messages import Message
from gateway.state.database import Database
from gateway.state.tables import leases, now

HELD = Message(
    "lease.held",
    zh="“{name}”正由另一进程（{holder}）运行，本次不重复运行；请等它结束，或在它确已停止 {seconds} 秒后重试",
    en="{name} is being run by another process ({holder}) and is not run twice; wait for it, or try again "
    "{seconds} seconds after it has stopped",
)
LOST = Message(
    "lease.lost",
    zh="“{name}”已被另一进程接管，本进程停止写入；结果以接管者为准",
    en="{name} was taken over by another process, this one writes nothing more; the other's result counts",
)

LIFE = dt.timedelta(seconds=60)


@dataclass
class Lease:
    """A held lease; it renews itself until it is given back."""

    database: Database
    name: str
    holder: str
    lost: threading.Event = field(default_factory=threading.Event)  # set once somebody else was seen to hold it
    _stopped: threading.Event = field(default_factory=threading.Event)

    def assert_held(self, connection: sa.Connection) -> None:
        """Raise LeaseLost, inside the transaction that is about to write, where somebody else holds it now."""
        holder = connection.execute(
            sa.select(leases.c.holder).where(leases.c.name == self.name).with_for_update()
        ).scalar_one_or_none()
        if holder != self.holder:
            raise LeaseLost(LOST, name=self.name)

    def _renew_until_stopped(self) -> None:
        while not self._stopped.wait(LIFE.total_seconds() / 3):
            with suppress(
                sa.exc.SQLAlchemyError, RunError
            ):  # the database is away: asked again later, if need be too late
                if not self._renew():
                    self.lost.set()
                    return

    def _renew(self) -> bool:
        with self.database.write() as connection:
            renewed = connection.execute(
                sa.update(leases)
                .where(leases.c.name == self.name, leases.c.holder == self.holder)
                .values(expires_at=now() + LIFE)
            )
            return renewed.rowcount > 0


@contextmanager
def hold(database: Database, name: str) -> Iterator[Lease]:
    """Hold a lease while the block runs; raises RunError where another process holds it."""
    lease = Lease(database, name, f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}")
    _take(lease)
    renewal = threading.Thread(target=lease._renew_until_stopped, name=f"lease {name}", daemon=True)  # noqa: SLF001
    renewal.start()
    try:
        yield lease
    finally:
        lease._stopped.set()  # noqa: SLF001
        renewal.join()
        with database.write() as connection:
            connection.execute(sa.delete(leases).where(leases.c.name == name, leases.c.holder == lease.holder))


def _take(lease: Lease) -> None:
    wanted = sa.select(leases).where(leases.c.name == lease.name)
    with lease.database.read() as connection:  # who stands by asks often, and must not wait for those who write
        row = connection.execute(wanted).one_or_none()
        if row and _is_held(row):
            raise _held(row)
    with lease.database.write() as connection:
        if connection.dialect.name == "postgresql":  # a row that is not there yet cannot be locked
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(lease.name))))
        row = connection.execute(wanted).one_or_none()
        # A holder that stores for long has locked the row, so that it cannot be renewed meanwhile.
        storing = row and connection.execute(wanted.with_for_update(skip_locked=True)).one_or_none() is None
        if row and (storing or _is_held(row)):
            raise _held(row)
        connection.execute(sa.delete(leases).where(leases.c.name == lease.name))
        connection.execute(sa.insert(leases).values(name=lease.name, holder=lease.holder, expires_at=now() + LIFE))


def _is_held(row: sa.Row[Any]) -> bool:
    return bool(row.expires_at > now() and _is_alive(row.holder))


def _held(row: sa.Row[Any]) -> RunError:
    return RunError(HELD, name=row.name, holder=row.holder, seconds=int(LIFE.total_seconds()))


def _is_alive(holder: str) -> bool:
    """Whether the holder may still be at work; a process of this host that is gone is known to be gone."""
    host, process, _ = holder.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


MESSAGES = (HELD, LOST)
