"""The hash-linked log: every entry carries the hash of the one before, so that a later change shows.

An entry's hash is the SHA-256 of ``number, at, actor, action, detail, previous`` joined by line feeds in UTF-8, where
`detail` is JSON with sorted keys; the first entry's `previous` is 64 zeros. That is all a verifier has to know.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from gateway.state.tables import event_log, now

FIRST = "0" * 64


def append(connection: sa.Connection, action: str, detail: Mapping[str, Any]) -> None:
    """Append an entry in the caller's transaction; entries of parallel transactions queue for the last place."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE event_log IN EXCLUSIVE MODE")
    last = connection.execute(
        sa.select(event_log.c.number, event_log.c.hash).order_by(event_log.c.number.desc()).limit(1)
    ).one_or_none()
    number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
    at, text = now(), json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    entry = {"number": number, "at": at, "actor": _actor(), "action": action, "detail": text, "previous": previous}
    connection.execute(sa.insert(event_log).values(**entry, hash=entry_hash(entry)))


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The hash that an entry must carry."""
    at = entry["at"].isoformat(timespec="microseconds")
    parts = (str(entry["number"]), at, entry["actor"], entry["action"], entry["detail"], entry["previous"])
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def first_broken(connection: sa.Connection) -> int | None:
    """The number of the first entry that does not fit its hash or its predecessor, or None where all fit."""
    previous, expected = FIRST, 1
    rows = connection.execute(sa.select(event_log).order_by(event_log.c.number)).mappings()
    for entry in map(dict, rows):
        if entry["number"] != expected or entry["previous"] != previous or entry_hash(entry) != entry["hash"]:
            return expected
        previous, expected = entry["hash"], expected + 1
    return None


def _actor() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no name for this user id, as in a bare container
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
