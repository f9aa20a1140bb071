"""A small but complete tap, and one that says whatever a test lets it say.

With `rows` in its configuration (a JSON file: stream → list of records) it discovers those streams, gives the selected
one in the order of `updated_at`, and goes on after its state's bookmark. With `say` it writes that file as it stands.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Do what a tap does."""
    parser = argparse.ArgumentParser()
    for name in ("--config", "--state", "--catalog", "--properties"):
        parser.add_argument(name, type=lambda name: json.loads(Path(name).read_text(encoding="utf-8")))
    parser.add_argument("--discover", action="store_true")
    given = parser.parse_args()
    if note := given.config.get("note"):
        leave_note(Path(note), given)
    if given.discover:
        discover(given.config)
    elif "say" in given.config:
        say(given.config)
    else:
        sync(given)


def leave_note(note: Path, given: argparse.Namespace) -> None:
    """Leave what a test wants to know: the arguments, the environment, the configuration and its rights."""
    place = Path(sys.argv[sys.argv.index("--config") + 1])
    rights = [oct(each.stat().st_mode & 0o777) for each in (place, place.parent)]
    seen = {
        "config": given.config,
        "state": given.state,
        "catalog": given.catalog,
        "properties": given.properties,
        "place": str(place),
        "rights": rights,
        "environ": sorted(os.environ),
        "arguments": sys.argv,
        "process": os.getpid(),
        "directory": str(Path.cwd()),
    }
    note.write_text(json.dumps(seen), encoding="utf-8")


def columns_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The members of records, as the properties of a schema."""
    return {name: {"type": ["null", "string"]} for row in rows for name in row}


def discover(config: dict[str, Any]) -> None:
    """Write the catalog."""
    streams = json.loads(Path(config["rows"]).read_text(encoding="utf-8"))
    print(
        json.dumps(
            {
                "streams": [
                    {
                        "tap_stream_id": f"county-{name}",
                        "stream": name,
                        "schema": {"type": "object", "properties": columns_of(rows)},
                        "metadata": [{"breadcrumb": [], "metadata": {"inclusion": "available"}}],
                    }
                    for name, rows in streams.items()
                ]
            }
        )
    )


def is_selected(stream: dict[str, Any]) -> bool:
    """Whether the catalog selects a stream."""
    return any(each["metadata"].get("selected") for each in stream["metadata"] if not each["breadcrumb"])


def sync(given: argparse.Namespace) -> None:
    """Give the selected streams."""
    streams = json.loads(Path(given.config["rows"]).read_text(encoding="utf-8"))
    for stream in (given.catalog or given.properties)["streams"]:
        if is_selected(stream):
            name = stream["stream"]
            after = (given.state or {}).get("bookmarks", {}).get(name, given.config.get("start_date", ""))
            rows = sorted(
                (row for row in streams[name] if row["updated_at"] > after), key=lambda row: row["updated_at"]
            )
            write({"type": "SCHEMA", "stream": name, "schema": stream["schema"], "key_properties": []})
            for row in rows:
                write({"type": "RECORD", "stream": name, "record": row})
            last = rows[-1]["updated_at"] if rows else after
            write({"type": "STATE", "value": {"bookmarks": {name: last}}})


def say(config: dict[str, Any]) -> None:
    """Write a file, complain, dawdle and end as the configuration says."""
    sys.stdout.buffer.write(Path(config["say"]).read_bytes())
    sys.stdout.flush()
    sys.stderr.write(config.get("complain", ""))
    sys.stderr.flush()
    time.sleep(float(config.get("dawdle", "0")))
    sys.exit(int(config.get("exit", "0")))


def write(message: dict[str, Any]) -> None:
    """Write one message."""
    print(json.dumps(message, ensure_ascii=False))


if __name__ == "__main__":
    main()
