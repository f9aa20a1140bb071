"""What is read of a database: a table or a query, which of its columns, in which order, and the SQL that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

Quote = Callable[[str], str]

_QUERY_SHOWN = 60  # characters
_NAMES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Selection:
    """One table (or view) or one query; no columns means all of them, no order means the primary key's, if any."""

    table: str | None = None
    schema: str | None = None
    query: str | None = None
    columns: Sequence[str] = ()
    order_by: Sequence[str] = ()

    @property
    def place(self) -> str:
        """Where a person would look: the table, or the beginning of the query."""
        if self.table is not None:
            return ".".join(filter(None, (self.schema, self.table)))
        return " ".join((self.query or "").split())[:_QUERY_SHOWN]

    def everything(self, quote: Quote) -> str:
        """The SQL of all rows and columns, in no order of ours."""
        if self.table is not None:
            return f"SELECT * FROM {self._table(quote)}"  # noqa: S608 - quoted, and names come from the operator
        return (self.query or "").strip().rstrip(";")

    def statement(
        self,
        quote: Quote,
        order_by: Sequence[str],
        *,
        columns: Sequence[str] = (),
        where: str = "",
    ) -> str:
        """The SQL of the rows and columns wanted; a query that needs no more is sent as it was written.

        `columns` are expressions of SQL, `where` a condition.
        """
        wanted = columns or [quote(name) for name in self.columns]
        if not (wanted or order_by or where):
            return self.everything(quote)
        order = f" ORDER BY {_listed(order_by, quote)}" if order_by else ""
        condition = f" WHERE {where}" if where else ""
        return f"SELECT {', '.join(wanted) or '*'} FROM {self.origin(quote)}{condition}{order}"  # noqa: S608 - as below

    def origin(self, quote: Quote) -> str:
        """What stands after FROM: the table, or the query in brackets; Oracle takes no AS before its name."""
        return self._table(quote) if self.table is not None else f"(\n{self.everything(quote)}\n) source_rows"

    def _table(self, quote: Quote) -> str:
        return ".".join(quote(name) for name in (self.schema, self.table) if name is not None)


def quote_standard(name: str) -> str:
    """Quote an identifier as standard SQL does; nothing in it is read as SQL."""
    return '"' + name.replace('"', '""') + '"'


def nearest(name: str, known: Iterable[str]) -> str:
    """The known names nearest to one that is not there, or the first few; capitals do not matter."""
    folded = {each.casefold(): each for each in sorted(known)}
    near = get_close_matches(name.casefold(), folded, n=3, cutoff=0.4) or list(folded)[:_NAMES_SHOWN]
    return ", ".join(folded[each] for each in near) or "-"


def _listed(names: Sequence[str], quote: Quote) -> str:
    return ", ".join(map(quote, names))
