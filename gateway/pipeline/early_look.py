"""What the exchange holds, looked at while the source is read, for a snapshot so large that looking takes its time."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from gateway.errors import GatewayError
from gateway.state.database import Connection, Database
from gateway.state.exchange import Exchange, Mark


@dataclass(frozen=True)
class EarlyLook:
    """A look that counts only if nothing of the dataset was stored between it and the storing transaction."""

    exchange: Exchange
    looked: Future[tuple[Mark, pl.DataFrame]]

    @classmethod
    def begin(cls, database: Database, exchange: Exchange, feed: str) -> EarlyLook:
        """Look from now on, in a thread of its own."""

        def look() -> tuple[Mark, pl.DataFrame]:
            with database.read() as connection:
                return exchange.mark(connection), exchange.held(connection, feed, None)

        thread = ThreadPoolExecutor(1, thread_name_prefix="early-look")
        looked = thread.submit(look)
        thread.shutdown(wait=False)
        return cls(exchange, looked)

    def held(self, connection: Connection) -> pl.DataFrame | None:
        """The records as `Exchange.held` gives them, for a transaction that has claimed the dataset; None if stale."""
        try:
            mark, held = self.looked.result()
        except GatewayError:
            return None  # whatever it was, the transaction meets it too, and says it
        return held if mark == self.exchange.mark(connection) else None
