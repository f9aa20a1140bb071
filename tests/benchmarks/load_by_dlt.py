"""Loads a CSV into PostgreSQL by dlt, merged by key; run by the Python that dlt is installed for.

    python load_by_dlt.py rows|arrow FILE URL FOLDER

`rows` is dlt's usual way, a dictionary a row; `arrow` its fastest: tables of pyarrow that become files for COPY.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

os.environ.update(
    RUNTIME__DLTHUB_TELEMETRY="false",
    RUNTIME__LOG_LEVEL="ERROR",
    SCHEMA__NAMING="direct",  # the others make "_" of Chinese names
)

import dlt

KEY = "统一社会信用代码"
ROWS_AT_ONCE = 10_000


def rows(path: str) -> Iterator[list[dict[str, Any]]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        while part := list(islice(reader, ROWS_AT_ONCE)):
            yield part


def arrow(path: str) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    with Path(path).open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    texts = arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    large = arrow_csv.ReadOptions(block_size=8 << 20)
    for part in arrow_csv.open_csv(path, read_options=large, convert_options=texts):
        yield pa.Table.from_batches([part])


def main(way: str, path: str, url: str, folder: str) -> None:
    address, _, server = url.partition("@")
    if address.count(":") == 1:  # dlt insists on a password, also where the server asks for none
        url = f"{address}:unused@{server}"
    pipeline = dlt.pipeline(
        "bench", destination=dlt.destinations.postgres(url), dataset_name="loaded", pipelines_dir=folder
    )
    merged = dlt.resource(
        {"rows": rows, "arrow": arrow}[way](path),
        name="registry",
        primary_key=KEY,
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )
    pipeline.run(merged, loader_file_format="csv").raise_on_failed_jobs()


if __name__ == "__main__":
    main(*sys.argv[1:])
