from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from gateway.errors import LeaseLost, RunError
from gateway.state import leases
from gateway.state.database import Database
from gateway.state.tables import leases as lease_table
from gateway.state.tables import now


def test_a_lease_is_held_by_one_at_a_time(database: Database) -> None:
    with leases.hold(database, "feed:a"):
        with pytest.raises(RunError, match="feed:a is being run by another process"), leases.hold(database, "feed:a"):
            pass
        with leases.hold(database, "feed:b"):
            pass
    with leases.hold(database, "feed:a"):
        pass


def test_the_lease_of_a_dead_process_is_taken_over_at_once(database: Database) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with leases.hold(database, "feed:a") as lease:
        host = lease.holder.rsplit(":", 2)[0]
    _entered(database, f"{host}:{gone.pid}:abcd", alive=True)
    with leases.hold(database, "feed:a") as taken:
        assert taken.name == "feed:a"


def test_the_lease_of_another_host_is_left_alone_until_it_expires(database: Database) -> None:
    _entered(database, "elsewhere:1:abcd", alive=True)
    with pytest.raises(RunError, match="elsewhere:1:abcd"), leases.hold(database, "feed:a"):
        pass
    _entered(database, "elsewhere:1:abcd", alive=False)
    with leases.hold(database, "feed:a"):
        pass


def test_a_late_holder_may_not_write(database: Database) -> None:
    with leases.hold(database, "feed:a") as lease:
        _entered(database, "elsewhere:1:abcd", alive=True)
        with pytest.raises(LeaseLost), database.write() as connection:
            lease.assert_held(connection)


def test_giving_back_does_not_take_the_lease_from_its_new_holder(database: Database) -> None:
    with leases.hold(database, "feed:a"):
        _entered(database, "elsewhere:1:abcd", alive=True)
    with database.read() as connection:
        assert connection.execute(sa.select(lease_table.c.holder)).scalars().all() == ["elsewhere:1:abcd"]


def _entered(database: Database, holder: str, *, alive: bool) -> None:
    expires = now() + leases.LIFE if alive else now() - leases.LIFE
    with database.write() as connection:
        connection.execute(sa.delete(lease_table))
        connection.execute(sa.insert(lease_table).values(name="feed:a", holder=holder, expires_at=expires))
