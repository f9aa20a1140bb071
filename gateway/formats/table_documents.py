"""Documents for a table of another system's database: a profile with `format: table` says only columns and origins.

The rest of a profile is the same for every table and stands here: such a document is JSON, and is never sent over a
wire but turned into rows by the destination `sql`, which makes its own receipts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TABLE = "table"


def whole_declaration(content: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a profile's files say, with the parts of every table where it is one."""
    if content.get("format") != TABLE:
        return content
    return {**_PARTS, **content}


_PARTS: Mapping[str, Any] = {
    "record": {
        "key": "gateway_key",
        "change_number": "gateway_version",
        "operation": "gateway_operation",
        "operations": {"insert": "insert", "change": "change", "withdraw": "withdraw"},
    },
    "limits": {"records_per_document": 1000, "bytes_per_document": 16 * 1024 * 1024},
    "envelope": {
        "document": "document",
        "dataset": "kind",
        "dataset_code": TABLE,
        "count": "count",
        "records": "rows",
    },
    # What only a platform over HTTP has; no signature can be made with this one, so the destination `rest` refuses it.
    "endpoints": {"deliver": "/", "find": "/", "health": "/"},
    "signature": {"scheme": "national_exchange", "headers": {}, "signed": []},
    "errors": {},
    "answer": {
        **{
            part: part
            for part in ("code", "message", "document", "count", "records", "key", "change_number", "outcome")
        },
        **{part: part for part in ("reference", "error_code", "reason")},
        "success": ["0"],
        "accepted": ["1"],
        "refused": ["0"],
    },
}
