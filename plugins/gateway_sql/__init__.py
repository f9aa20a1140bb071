"""`sql`: a table or a query of a database as a source, a table of a SQLite or PostgreSQL one as a destination."""

from __future__ import annotations

from gateway.hookspecs import offers
from gateway.interfaces import DestinationOffer, Source, SourceOffer, Surroundings
from gateway.transport.sql import MESSAGES as DATABASE_MESSAGES
from gateway_sql.destination import MESSAGES as DESTINATION_MESSAGES
from gateway_sql.destination import SqlDestination, SqlDestinationOptions
from gateway_sql.discover import MESSAGES as DISCOVER_MESSAGES
from gateway_sql.discover import discover_sql
from gateway_sql.options import MESSAGES as OPTION_MESSAGES
from gateway_sql.options import SqlOptions

MESSAGES = (*OPTION_MESSAGES, *DATABASE_MESSAGES, *DISCOVER_MESSAGES)


@offers
def gateway_sources() -> list[SourceOffer]:
    """Offer the source `sql`."""
    return [
        SourceOffer(
            name="sql", title="数据库", options=SqlOptions, open=open_sql, messages=MESSAGES, discover=discover_sql
        )
    ]


@offers
def gateway_destinations() -> list[DestinationOffer]:
    """Offer the destination `sql`."""
    return [
        DestinationOffer(
            name="sql",
            title="数据库表",
            options=SqlDestinationOptions,
            open=SqlDestination,
            messages=(*DATABASE_MESSAGES, *DESTINATION_MESSAGES),
        )
    ]


def open_sql(options: SqlOptions, surroundings: Surroundings) -> Source:
    """Find the database's kind and its password; raises StartError, connects to nothing."""
    from gateway.transport.sql.address import dialect_at  # SQLAlchemy loads only where a feed needs it
    from gateway.transport.sql.incremental import ResumingReader
    from gateway.transport.sql.reader import SqlReader

    password = surroundings.secret(options.password) if options.password is not None else None
    partitions = options.partitions.partitions if options.partitions else None
    dialect = dialect_at(options.url, password, surroundings.directory)
    reader = SqlReader(dialect, options.selection, partitions)
    return ResumingReader(reader, options.cursor.cursor) if options.cursor else reader
