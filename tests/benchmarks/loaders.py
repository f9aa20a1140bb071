"""The gateway and the loaders that a department could pick instead: how each is installed and told to load a CSV.

Each peer lives in a virtual environment of its own under one folder, made once by plain pip:

    python3.11 -m venv PEERS/dlt     && PEERS/dlt/bin/pip install "dlt[postgres]==1.31.*" pyarrow
    python3.11 -m venv PEERS/sling   && PEERS/sling/bin/pip install sling-linux-amd64==1.4.11
    python3.11 -m venv PEERS/ingestr && PEERS/ingestr/bin/pip install "ingestr<1"
    python3.11 -m venv PEERS/petl    && PEERS/petl/bin/pip install petl "psycopg[binary]"
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
KEY = "统一社会信用代码"
FEED = "targets-in"


@dataclass(frozen=True)
class Job:
    """One load: of `file` into the database `url`, by a loader that keeps its own things in `folder`."""

    peers: Path
    file: Path
    url: str
    folder: Path


@dataclass(frozen=True)
class Loader:
    """A way to load; `table` is where the rows end, `scope` what it makes of the column 经营范围."""

    name: str
    program: str  # in the folder of peers; none for the gateway
    command: Callable[[Job], Sequence[str]]
    table: str = "registry"
    scope: str = "经营范围"
    environ: Callable[[Job], Mapping[str, str]] = field(default=lambda _: {})
    merges: bool = True  # else it is measured at its first load only
    well: int = 0  # its exit code where all went well

    def is_installed(self, peers: Path) -> bool:
        """Whether there is its program."""
        return not self.program or (peers / self.program).exists()


def _by_gateway(job: Job) -> Sequence[str]:
    declaration = {
        "direction": "inbound",
        "dataset": "inspection_targets",
        "department": "370000-sjj",
        "reads": "everything",
        "source": {"type": "csv", "path": job.file.name},
        "map": "departments/registry/inspection_targets",
    }
    feeds = job.folder / "config" / "feeds"
    feeds.mkdir(parents=True, exist_ok=True)
    (feeds / "bench.yml").write_text(json.dumps({FEED: declaration}, ensure_ascii=False), encoding="utf-8")
    return [sys.executable, "-m", "gateway", "run", FEED]


def _gateway_environ(job: Job) -> Mapping[str, str]:
    return {"GATEWAY_DIRECTORY": str(job.folder), "GATEWAY_DATABASE_URL": job.url}


def _by_dlt(way: str) -> Callable[[Job], Sequence[str]]:
    script = str(HERE / "load_by_dlt.py")
    return lambda job: [str(job.peers / DLT), script, way, str(job.file), job.url, str(job.folder / "dlt")]


def _by_sling(*mode: str) -> Callable[[Job], Sequence[str]]:
    stream = ("--tgt-conn", "BENCH", "--tgt-object", "public.registry", "--mode", *mode)
    return lambda job: [str(job.peers / SLING), "run", "--src-stream", f"file://{job.file}", *stream]


def _sling_environ(job: Job) -> Mapping[str, str]:
    return {"BENCH": _plain(job.url), "SLING_DISABLE_TELEMETRY": "true", "SLING_HOME_DIR": str(job.folder / "sling")}


def _by_ingestr(job: Job) -> Sequence[str]:
    source = ("--source-uri", f"csv://{job.file}", "--source-table", "rows")
    target = ("--dest-uri", _plain(job.url), "--dest-table", "public.registry", "--schema-naming", "direct")
    merge = ("--incremental-strategy", "merge", "--primary-key", KEY, "--loader-file-size", "100000")
    return [str(job.peers / INGESTR), "ingest", "--yes", "--progress", "log", *source, *target, *merge]


def _ingestr_environ(_: Job) -> Mapping[str, str]:
    return {"INGESTR_DISABLE_TELEMETRY": "true", "DISABLE_TELEMETRY": "true"}


def _by_petl(job: Job) -> Sequence[str]:
    return [str(job.peers / PETL), str(HERE / "load_by_petl.py"), str(job.file), job.url]


def _plain(url: str) -> str:
    return url if "?" in url else f"{url}?sslmode=disable"


DLT = "dlt/bin/python"
SLING = "sling/lib/python3.11/site-packages/sling_linux_amd64/bin/sling-linux-amd64"
INGESTR = "ingestr/bin/ingestr"
PETL = "petl/bin/python"

# Exit code 3: some rows were rejected or held.
GATEWAY = Loader("gateway", "", _by_gateway, "inspection_targets", "business_scope", _gateway_environ, well=3)
DLT_ROWS = Loader("dlt, rows", DLT, _by_dlt("rows"))
DLT_ARROW = Loader("dlt, Arrow", DLT, _by_dlt("arrow"))
SLING_COPY = Loader("sling, copy", SLING, _by_sling("full-refresh"), scope="col6", environ=_sling_environ, merges=False)
# sling drops Chinese letters from column names: the second column, the key, becomes col1.
SLING_MERGE = Loader(
    "sling, merge", SLING, _by_sling("incremental", "--primary-key", "col1"), scope="col6", environ=_sling_environ
)
LOADERS = (
    GATEWAY,
    DLT_ROWS,
    DLT_ARROW,
    SLING_COPY,
    SLING_MERGE,
    Loader("ingestr", INGESTR, _by_ingestr, environ=_ingestr_environ),
    Loader("petl", PETL, _by_petl),
)
