"""Other systems' databases, read only: one consistent snapshot, every value as the exact text that the database writes.

`reader.SqlReader` reads a `Selection`, `incremental.ResumingReader` what of it is new. Each kind of database is one
module that implements `dialect.Dialect` and is named in `address.KINDS`. Importing this package loads no SQLAlchemy and
no driver.

What a cell becomes: NULL is null and '' is ''; an integer has no decimals; a stored decimal keeps its scale; a binary
fraction is written with the fewest digits that read back as the same number, without an exponent where all of them are
known; a date is 2024-02-29, a time 2024-02-29 08:30:00, one with a zone 2024-02-29 08:30:00+08:00 (in Asia/Shanghai,
whatever the server prefers);
PostgreSQL's booleans are true and false, those of the others the 0 and 1 that they store. Bytes are never guessed at: a
column that is declared binary is refused before anything is read, a cell that is not UTF-8 text sets its row aside as a
fault.
"""

from __future__ import annotations

from gateway.transport.sql.messages import MESSAGES
from gateway.transport.sql.selection import Selection

__all__ = ["MESSAGES", "Selection"]
