"""Versions of records become documents that the platform's own schema allows; each one left over has its reasons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from gateway.domain.findings import Outcome
from gateway.domain.masks import joined
from gateway.formats.json_documents import compress, document_slices, idempotency_key
from gateway.formats.profile import Profile
from gateway.interfaces import RecordVersion
from gateway.mapping import CompiledMap
from gateway.messages import Catalogue

_VERSION = ("record_key", "change_number", "operation")
_REFUSED = (*_VERSION, "code", "reason")


@dataclass(frozen=True)
class Packed:
    """A document as it is stored, with the versions it is made of (record_key, change_number, operation)."""

    idempotency_key: str
    body: bytes
    versions: pl.DataFrame


@dataclass(frozen=True)
class Packer:
    """Renders versions for one destination by one profile."""

    destination: str
    profile: Profile
    outward: CompiledMap
    messages: Catalogue
    state: str = ""  # of what goes out with the versions: where it differs, the same versions make another document

    def pack(
        self, versions: pl.DataFrame, lists: Iterable[pl.Series] = (), findings: Iterable[pl.DataFrame] = ()
    ) -> tuple[list[Packed], pl.DataFrame]:
        """Give the documents, and the versions that cannot go, each with code and reason (in Chinese).

        No document holds two versions of one record, and earlier versions stand in earlier documents. `lists` are
        further wire columns, row by row beside the versions; `findings` is what was found of the versions before.
        """
        mapped = self.outward.apply(versions)
        # A withdrawal names a record and says nothing of it, so nothing of it need be expressible.
        withdrawn = (versions["operation"] == "withdraw").arg_true()
        unsayable = mapped.findings.filter(~pl.col("index").is_in(withdrawn.implode()))
        refused = self._not_expressible(versions, joined([*findings, unsayable]))
        sent = ~versions["change_number"].is_in(refused["change_number"].implode())
        packed, invalid = [], [refused]
        for part in self._parts(versions.filter(sent), mapped.records.with_columns(lists).filter(sent)):
            document, faulty = self._document(part)
            packed += document
            invalid += faulty
        return packed, pl.concat(invalid)

    def _not_expressible(self, versions: pl.DataFrame, findings: pl.DataFrame) -> pl.DataFrame:
        wrong = findings.filter(pl.col("outcome") != Outcome.NOTE.value)
        reasons = [self._reason(finding) for finding in wrong.iter_rows(named=True)]
        by_version = (
            wrong.select("index", "code", pl.Series("reason", reasons, dtype=pl.String))
            .group_by("index", maintain_order=True)
            .agg(pl.col("code").first(), pl.col("reason").str.join("；"))
        )
        named = versions.select(_VERSION)[by_version["index"]]
        return pl.concat([named, by_version.drop("index")], how="horizontal").select(_REFUSED)

    def _reason(self, finding: Mapping[str, str]) -> str:
        check = self.profile.wire_checks.get(finding["field"])
        title = check.title if check else finding["field"]
        values = {**finding, "field": title, "title": title, **json.loads(finding["arguments"])}
        return self.messages.text(finding["code"], "zh", values)

    def _parts(self, versions: pl.DataFrame, wire: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The versions of each document with their rendered text."""
        rendered = versions.select(_VERSION).with_columns(
            self.profile.render(versions, wire).alias("text"),
            pl.int_range(pl.len()).over("record_key").alias("turn"),
        )
        for _, turn in rendered.group_by("turn", maintain_order=True):
            for part in document_slices(self.profile, turn["text"]):
                yield turn[part]

    def _document(self, part: pl.DataFrame) -> tuple[list[Packed], list[pl.DataFrame]]:
        """The document of a part, without the records that make it invalid; none where that leaves nothing."""
        refused: list[pl.DataFrame] = []
        while part.height:
            key, body = self._body(part)
            faults = self.profile.faults(body, part.height)
            if not faults:
                return [Packed(key, compress(body), part.select(_VERSION))], refused
            at = sorted(faults)
            codes, reasons = [faults[each].code for each in at], [faults[each].reason for each in at]
            found = part[at].with_columns(pl.Series("code", codes), pl.Series("reason", reasons))
            refused.append(found.select(_REFUSED))
            part = part.filter(~pl.int_range(pl.len()).is_in(at))
        return [], refused

    def _body(self, part: pl.DataFrame) -> tuple[str, bytes]:
        versions = [RecordVersion(*each) for each in part.select("record_key", "change_number").iter_rows()]
        said_with = f"{self.profile.identity}+{self.state}" if self.state else self.profile.identity
        key = idempotency_key(self.destination, said_with, versions)
        return key, self.profile.body(key, part["text"].to_list())
