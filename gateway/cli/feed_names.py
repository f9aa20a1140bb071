"""Whether a feed that somebody filters by is one, declared today or run before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.errors import UnknownName

if TYPE_CHECKING:
    from gateway.app import Gateway


def refuse_unknown_feed(gateway: Gateway, name: str) -> None:
    """Raise UnknownName with the nearest ones."""
    from gateway.state.run_list import list_runs

    with gateway.database.read() as connection:
        ran = list_runs(connection, feed=name, at_most=1)
    if not ran and name not in gateway.feeds:
        raise UnknownName("feed", "数据流", name, gateway.feeds)
