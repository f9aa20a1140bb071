"""The issues of a run: those of its rows, those that only the whole run shows, and those of the run itself."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

from gateway.domain.datasets import DATASETS
from gateway.domain.findings import Outcome
from gateway.domain.record_version import OTHER_VERSION
from gateway.errors import RunError
from gateway.mapping import UNMAPPED_COLUMN
from gateway.messages import Message, listed
from gateway.pipeline.again import OLDER, read_by
from gateway.pipeline.compare import Action, Plan
from gateway.pipeline.judge import issues_file
from gateway.pipeline.judging import Judging
from gateway.pipeline.spooled_records import SpooledRecords
from gateway.state.issues import ISSUES

DOUBLED_KEY = Message(
    "key.doubled",
    zh="标识“{value}”在本次来源中出现了 {claims} 次（{rows}）；各行都挂起，"
    "请保留一行，或在数据流中声明由哪一列的新旧决定",
    en="the key {value!r} stands {claims} times in this run ({rows}); all of these rows are held, keep one, or "
    "declare in the feed which column decides",
)
FOREIGN_KEY = Message(
    "key.foreign",
    zh="标识“{value}”的记录已由另一数据流提供；本行挂起，请确定以哪个来源为准",
    en="the record of key {value!r} comes from another feed; this row is held, settle which source owns it",
)
UNDECIDED_KEY = Message(
    "key.undecided",
    zh="本行挂起多时，现在才读出标识“{value}”，该标识已有内容不同的记录，无从判断哪个较新；本行仍挂起，"
    "请让来源重新提供这条记录",
    en="this row waited until its key {value!r} could be read, a record of that key with other content is there, and "
    "nothing tells which is newer; the row stays held, have the source give the record again",
)
PARENT_MISSING = Message(
    "parent.missing",
    zh="所依据的{parent_zh}“{value}”尚未入库；本行挂起，它到达后的下一次运行会自动放行",
    en="the {parent} record {value!r} that this row rests on is not held; the row is held and let through by the run "
    "after it has arrived",
)

_SHOWN_ROWS = 10
_FOUND = {"batch": pl.UInt32(), **ISSUES}


def of_run(records: SpooledRecords, plan: Plan, judging: Judging, held_back: RunError | None) -> pl.DataFrame:
    """All issues of a run as one frame (`gateway.state.issues.ISSUES`), `read_run` where another run read the row."""
    older = judging.judged.filter(pl.col("verdict") == OLDER)
    of_rows = [_row_issues(records, judging, number, older) for number in range(len(judging.places))]
    of_keys = [
        _key_issues(records, plan, Action.DOUBLED, DOUBLED_KEY),
        _key_issues(records, plan, Action.FOREIGN, FOREIGN_KEY),
        _key_issues(records, plan, Action.UNDECIDED, UNDECIDED_KEY),
        _key_issues(records, plan, Action.INCOMPARABLE, OTHER_VERSION),
        _orphan_issues(records, judging.orphans),
    ]
    columns = ", ".join(judging.unmapped)  # all of them: the value of the issue, though its sentence names the first
    read_run = read_by(judging.read_runs, None).alias("read_run")
    of_itself = (
        [_run_issue(UNMAPPED_COLUMN, "reported", {"columns": listed(judging.unmapped)}, columns)] if columns else []
    )
    of_itself += judging.left_out.issues()
    if held_back is not None:
        of_itself.append(_run_issue(held_back.message, "held", held_back.values))
    found = [pl.DataFrame(schema=_FOUND), *of_rows, *of_keys, pl.DataFrame(of_itself, schema=ISSUES)]
    return pl.concat(found, how="diagonal").with_columns(read_run).drop("batch")


def notices(judging: Judging, held_back: RunError | None) -> tuple[RunError, ...]:
    """What a run as a whole has to say to whoever started it."""
    unmapped = unmapped_columns(judging.unmapped)
    return (*unmapped, held_back) if held_back else unmapped


def unmapped_columns(columns: Sequence[str]) -> tuple[RunError, ...]:
    """The notice that the map does not name these columns, where there are any."""
    return (RunError(UNMAPPED_COLUMN, columns=listed(columns)),) if columns else ()


def _row_issues(records: SpooledRecords, judging: Judging, number: int, older: pl.DataFrame) -> pl.DataFrame:
    """What judging found in a batch, without the rows that a later row takes the place of."""
    found = pl.read_ipc(issues_file(judging.folder, number)).with_columns(pl.lit(number, pl.UInt32).alias("batch"))
    stale = older.filter(pl.col("batch") == number)["index"]
    if stale.is_empty():
        return found
    return found.join(records.originals(number, stale), on=["row", "original"], how="anti", maintain_order="left")


def _key_issues(records: SpooledRecords, plan: Plan, action: Action, message: Message) -> pl.DataFrame:
    held = plan.of(action)
    if held.is_empty():
        return pl.DataFrame(schema=_FOUND)
    claimants = plan.rows.join(held.select("key").unique(), on="key", how="semi", maintain_order="left")
    parts = claimants.group_by("batch", maintain_order=True)
    found = pl.concat([_originals(records, number, part) for (number,), part in parts])
    claims = found.group_by("record_key").agg(
        pl.len().alias("claims"),
        pl.col("position").head(_SHOWN_ROWS).str.join(", ").alias("rows"),
    )
    mine = found.filter(pl.col("action") == action.value).join(
        claims, on="record_key", how="left", maintain_order="left"
    )
    said = (pl.col("record_key").alias("value"), "claims", "rows", "version", "held_version")
    return mine.select(
        "batch",
        "record_key",
        pl.lit(Outcome.HELD.value).alias("outcome"),
        pl.lit(message.code).alias("code"),
        "place",
        "row",
        pl.lit("").alias("field"),
        pl.lit("").alias("column"),
        pl.col("position").alias("value"),  # tells the issues of one key apart
        pl.struct(said).struct.json_encode().alias("arguments"),
        "original",
    )


def _orphan_issues(records: SpooledRecords, orphans: pl.DataFrame) -> pl.DataFrame:
    """One issue a row and parent that is not held."""
    if orphans.is_empty():
        return pl.DataFrame(schema=_FOUND)
    parts = orphans.with_columns(pl.lit(Action.HELD.value).alias("action")).group_by("batch", maintain_order=True)
    found = [_originals(records, number, part) for (number,), part in parts]
    titles = {name: dataset.title for name, dataset in DATASETS.items()}
    arguments = pl.struct(
        "parent", pl.col("parent").replace_strict(titles).alias("parent_zh"), pl.col("missing").alias("value")
    )
    return pl.concat(found).select(
        "batch",
        "record_key",
        pl.lit(Outcome.HELD.value).alias("outcome"),
        pl.lit(PARENT_MISSING.code).alias("code"),
        "place",
        "row",
        pl.col("parent").alias("field"),
        pl.lit("").alias("column"),
        pl.col("missing").alias("value"),
        arguments.struct.json_encode().alias("arguments"),
        "original",
    )


def _originals(records: SpooledRecords, number: object, rows: pl.DataFrame) -> pl.DataFrame:
    assert isinstance(number, int)
    found = records.originals(number, rows["index"])
    position = pl.concat_str("place", pl.lit(":"), pl.col("row").cast(pl.String)).alias("position")
    beside = rows.drop("index").with_columns(pl.col("action").cast(pl.String))
    return pl.concat([found, beside], how="horizontal").with_columns(position)


def _run_issue(
    message: Message, outcome: str, values: dict[str, object], value: str | None = None
) -> dict[str, object]:
    return {
        "record_key": None,
        "outcome": outcome,
        "code": message.code,
        "place": "",
        "row": None,
        "field": "",
        "column": "",
        "value": value,
        "arguments": json.dumps(values, ensure_ascii=False, default=str),
        "original": None,
    }


MESSAGES = (DOUBLED_KEY, FOREIGN_KEY, UNDECIDED_KEY, OTHER_VERSION, PARENT_MISSING)
