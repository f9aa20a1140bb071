"""A batch of rows, judged: mapped to records, checked, keyed and digested, each row with its findings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from gateway.checking import CompiledChecks, verdicts
from gateway.checking.verdict import ACCEPTED
from gateway.domain.dataset import RECORD_VERSION, Dataset
from gateway.domain.digest import record_digest
from gateway.domain.findings import Outcome, no_findings
from gateway.domain.frame_hash import frame_hash
from gateway.domain.masks import Meaning, findings_at, joined
from gateway.domain.record_key import LONGEST_KEY, record_key
from gateway.domain.record_version import UNREADABLE_VERSION, unreadable
from gateway.interfaces import ROW, Batch
from gateway.mapping import CompiledMap
from gateway.messages import Message
from gateway.pipeline.again import OLDER, UNDECIDED
from gateway.pipeline.identities import Identities
from gateway.pipeline.known_rows import KnownRows, row_hashes
from gateway.state.issues import ISSUES

LONG_KEY = Message(
    "key.too_long",
    zh="由各标识项合成的标识“{value}”超过 {allowed} 个字符；本行退回，请缩短标识项或核对是否串列",
    en="the key {value!r} made of the row's key fields is longer than {allowed} characters; shorten them or see "
    "whether columns were shifted",
)

VERDICT = pl.Enum([ACCEPTED, Outcome.HELD.value, Outcome.REJECTED.value, OLDER, UNDECIDED])  # of millions of rows

# What comparing needs of a row that was read: where its record stands, the hashes of key and digest, the verdict.
# `key` is null where the key cannot be trusted: a part of it is missing, or itself rejected or held; `row_hash` is that
# of the row's text, null where anything was found of the row.
JUDGED: dict[str, pl.DataType] = {
    "batch": pl.UInt32(),
    "index": pl.UInt32(),
    "key": pl.UInt128(),
    "digest": pl.UInt128(),
    "version": pl.String(),
    "verdict": VERDICT,
    "row_hash": pl.UInt128(),
}
_OF_KNOWN = {"key": pl.UInt128(), "digest": pl.UInt128(), "version": pl.String()}


@dataclass(frozen=True)
class Judge:
    """Judges batches of one feed; safe to use from several threads."""

    dataset: Dataset
    mapping: CompiledMap
    checks: CompiledChecks
    columns: Mapping[str, str]  # canonical field → source column, to point at
    identities: Identities | None = None  # the merges in force

    def judge(
        self, number: int, batch: Batch, folder: Path, known: KnownRows | None, position: int, *, first: bool = False
    ) -> pl.DataFrame:
        """Judge one batch: its issues go to the folder, what comparing needs (`JUDGED`) comes back.

        The records go to the folder too where the load is a `first` one, which will write nearly all of them.
        """
        if batch.rows.is_empty():
            _keep_issues(_fault_issues(batch), folder, number)
            return pl.DataFrame(schema=JUDGED)
        hashes = row_hashes(batch.rows)
        found = known.among(hashes, position) if known else pl.DataFrame(schema={"index": pl.UInt32(), **_OF_KNOWN})
        index = pl.int_range(batch.rows.height, dtype=pl.UInt32, eager=True).alias("index")
        fresh = index.filter(~index.is_in(found["index"].implode()))
        rows = batch.rows[fresh] if found.height else batch.rows
        records, judged, issues = self._judged(batch, rows)
        if first and not found.height:
            _keep_records(records.with_columns(rows[ROW]), folder, number)
        _keep_issues(pl.concat([issues, _fault_issues(batch)]), folder, number)
        judged = judged.with_columns(fresh)
        known_rows = found.select(
            *_OF_KNOWN, pl.lit(ACCEPTED, VERDICT).alias("verdict"), pl.lit(value=True).alias("clean"), "index"
        )
        return (
            pl.concat([judged, known_rows])
            .sort("index")
            .select(
                pl.lit(number, pl.UInt32).alias("batch"),
                "index",
                "key",
                "digest",
                "version",
                "verdict",
                pl.when("clean").then(pl.lit(hashes).gather("index")).alias("row_hash"),
            )
        )

    def records(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The records of rows that were judged, with `record_key` and `digest`."""
        return self._keyed(self._identified(self.mapping.apply(rows).records))

    def _judged(self, batch: Batch, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
        mapped = self.mapping.apply(rows)
        notes = self.identities.notes(mapped.records, self.columns) if self.identities else no_findings()
        found = joined([mapped.findings, notes]) if notes.height else mapped.findings
        identified = self._identified(mapped.records)
        records = self._keyed(identified)
        checked = self.checks.apply(identified, self.columns, found)
        of_records = self._long_keys(records["record_key"]), self._unreadable_versions(records)
        findings = pl.concat([found, checked, *of_records])
        trusted = _without_doubtful_keys(records, self.dataset, findings)
        judged = trusted.select(
            frame_hash("record_key").alias("key"),
            frame_hash("digest"),
            pl.col(RECORD_VERSION).alias("version"),
            verdicts(findings, records.height).cast(VERDICT).alias("verdict"),
            (~pl.int_range(pl.len(), dtype=pl.UInt32).is_in(findings["index"].implode())).alias("clean"),
        )
        return records, judged, _row_issues(batch.place, rows, trusted, findings)

    def _identified(self, records: pl.DataFrame) -> pl.DataFrame:
        return self.identities.apply(records) if self.identities else records

    def _long_keys(self, keys: pl.Series) -> pl.DataFrame:
        """A finding for each key that no index would take."""
        index, field = (keys.str.len_chars() > LONGEST_KEY).arg_true(), self.dataset.keys[0].name
        column, blanks = self.columns.get(field, ""), {"allowed": LONGEST_KEY}
        return findings_at(index, keys[index], Meaning(Outcome.REJECTED, LONG_KEY, field, column, blanks))

    def _unreadable_versions(self, records: pl.DataFrame) -> pl.DataFrame:
        """A finding for each version that does not tell which row is newer."""
        index = records.select(unreadable(pl.col(RECORD_VERSION))).to_series().arg_true()
        column = self.columns.get(RECORD_VERSION, "")
        meaning = Meaning(Outcome.HELD, UNREADABLE_VERSION, RECORD_VERSION, column)
        return findings_at(index, records[RECORD_VERSION].gather(index), meaning)

    def _keyed(self, records: pl.DataFrame) -> pl.DataFrame:
        return records.with_columns(record_key(self.dataset), record_digest(self.dataset).alias("digest"))


def _without_doubtful_keys(records: pl.DataFrame, dataset: Dataset, findings: pl.DataFrame) -> pl.DataFrame:
    key_fields = [field.name for field in dataset.keys]
    # A code that is not known yet may come to name another record: it leaves a key as doubtful as a fault does.
    wrong = pl.col("field").is_in(key_fields) & (pl.col("outcome") != Outcome.NOTE.value)
    doubtful = findings.filter(wrong)["index"]
    if doubtful.is_empty():
        return records
    number = pl.int_range(pl.len(), dtype=pl.UInt32)
    return records.with_columns(pl.when(~number.is_in(doubtful.implode())).then("record_key").alias("record_key"))


def _keep_issues(issues: pl.DataFrame, folder: Path, number: int) -> None:
    issues.write_ipc(issues_file(folder, number), compression="lz4")


def _keep_records(records: pl.DataFrame, folder: Path, number: int) -> None:
    records.write_ipc(_records_file(folder, number))


def kept_records(folder: Path, number: int) -> pl.DataFrame | None:
    """The records of a judged batch in the order of its rows, with where they stood; None where they were not kept."""
    file = _records_file(folder, number)
    return pl.read_ipc(file) if file.exists() else None


def _records_file(folder: Path, number: int) -> Path:
    return folder / f"{number:06}.records.arrow"


def issues_file(folder: Path, number: int) -> Path:
    """Where the issues of a judged batch are."""
    return folder / f"{number:06}.issues.arrow"


def _row_issues(place: str, rows: pl.DataFrame, records: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
    if findings.is_empty():
        return pl.DataFrame(schema=ISSUES)
    at = findings["index"]
    original = pl.struct(pl.exclude(ROW)).struct.json_encode().alias("original")
    wrong = pl.concat(
        [rows[at].select(pl.col(ROW).alias("row"), original), records.select("record_key")[at]], how="horizontal"
    )
    return pl.concat([findings, wrong], how="horizontal").select(
        *(pl.lit(place).alias(name) if name == "place" else pl.col(name) for name in ISSUES)
    )


def _fault_issues(batch: Batch) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "record_key": None,
                "outcome": Outcome.REJECTED.value,
                "code": fault.message.code,
                "place": batch.place,
                "row": fault.row,
                "field": "",
                "column": "",
                "value": fault.text[:200],
                "arguments": json.dumps(dict(fault.values), ensure_ascii=False),
                "original": fault.text,
            }
            for fault in batch.faults
        ],
        schema=ISSUES,
    )


MESSAGES = (LONG_KEY, UNREADABLE_VERSION)
