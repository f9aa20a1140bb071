"""What is public stays as it was published, and nothing personal or secret is ever published (promise 7; L12, L20)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from gateway.domain.code_lists import IDENTIFIER_SCHEMES
from gateway.domain.dataset import Dataset, Privacy
from gateway.domain.findings import Outcome
from gateway.domain.masks import Meaning, findings_at, joined
from gateway.domain.record_key import key_text
from gateway.errors import StartError
from gateway.mapping import FieldMap
from gateway.messages import Message
from gateway.pipeline.companions import Beside
from gateway.state import issues, outbox, waiting_versions
from gateway.state.database import Connection
from gateway.state.exchange import Exchange
from gateway.state.identity_changes import living_keys, old_keys

PRIVATE_FIELD = Message(
    "publication.private_field",
    zh="报送格式 {file} 面向社会公开，但其“{wire}”用到了 {dataset} 的字段“{field}”（{title}），该字段属于{privacy_zh}，"
    "不得公开；请从报送格式中去掉它",
    en="the profile {file} is public, but its {wire!r} reads {field!r} ({title}) of {dataset}, which is {privacy} and "
    "is never published; take it out of the profile",
)
PRIVATE_KEY = Message(
    "publication.private_key",
    zh="报送格式 {file} 面向社会公开，但 {dataset} 的主键字段“{field}”（{title}）属于{privacy_zh}，随每条记录发出，"
    "不得公开；这个数据集不能用于公开的报送格式",
    en="the profile {file} is public, but the key field {field!r} ({title}) of {dataset} goes out with every record "
    "and is {privacy}, never to be published; this dataset cannot have a public profile",
)
PERSONAL_IDENTIFIER = Message(
    "publication.personal_identifier",
    zh="检查对象以公民身份号码标识，属于个人信息，不得公开",
    en="the target is identified by a resident's number, which is personal and is never published",
)
LACKING = Message(
    "publication.lacking",
    zh="尚缺：{titles}；到齐后自动发送",
    en="still lacks: {titles}; it is sent once they are there",
)
WAITS = Message(
    "publication.waits",
    zh="记录“{value}”的版本 {change_number} 暂不发送：{reason}",
    en="version {change_number} of the record {value!r} is not sent yet: {reason}",
)
CHILDREN_CHANGED = Message(
    "publication.children_changed",
    zh="记录“{record}”的版本 {value} 发出之后，其{title}又有增改；已公示的内容未经更正程序不得变更，因此没有再次发送；"
    "请核对，确需变更的走更正程序",
    en="the {title} of the record {record!r} changed after its version {value} went out; what is published changes "
    "only by a correction, so nothing was sent again; verify, and have it corrected where it must change",
)

_LOOKED_THROUGH_AT_ONCE = 20_000
_PRIVACY_ZH = {Privacy.PERSONAL: "个人信息", Privacy.SECRET: "秘密信息"}


def private_fields(dataset: Dataset) -> frozenset[str]:
    """The fields of a dataset that are never published."""
    return frozenset(name for name, field in dataset.by_name.items() if field.privacy is not Privacy.PUBLIC)


def assert_key_is_public(file: str, dataset: Dataset) -> None:
    """Raise StartError where the key, which names every record, holds what is never published."""
    for field in dataset.keys:
        if field.privacy is not Privacy.PUBLIC:
            raise _private(PRIVATE_KEY, file, dataset, field.name)


def assert_public(file: str, field_map: FieldMap, columns: Mapping[str, tuple[Dataset, str]]) -> None:
    """Raise StartError where a map reads what is never published; `columns` says which field of what stands where."""
    for wire, origin in field_map.fields.items():
        for dataset, field in (columns[column] for column in origin.columns if column in columns):
            if field in private_fields(dataset):
                raise _private(PRIVATE_FIELD, file, dataset, field, wire=wire)


def _private(message: Message, file: str, dataset: Dataset, field: str, **more: str) -> StartError:
    declared = dataset.by_name[field]
    said = {"file": file, "dataset": dataset.name, "field": field, "title": declared.title, **more}
    return StartError(message, **said, privacy=declared.privacy.value, privacy_zh=_PRIVACY_ZH[declared.privacy])


def personal_identifiers(dataset: Dataset, versions: pl.DataFrame) -> pl.DataFrame:
    """One finding for each version whose record is named by a resident's number."""
    schemes = [field.name for field in dataset.fields if field.codes is IDENTIFIER_SCHEMES]
    return joined(
        findings_at(
            (versions[name] == "resident_id").arg_true(),
            versions[name].filter(versions[name] == "resident_id"),
            Meaning(Outcome.REJECTED, PERSONAL_IDENTIFIER, name),
        )
        for name in schemes
    )


@dataclass(frozen=True)
class ChildrenWatch:
    """Looks for children that arrived, changed or went after the record that carries them had been dealt with.

    Where the record had gone out, that is an issue; where it had been refused, it is looked at again.
    """

    address: outbox.Address
    parent: Dataset
    children: Exchange

    def look(self, connection: Connection, run: int) -> int:
        """Enter an issue for each record concerned, and give their number; what was looked at is not looked at again.

        It belongs at the beginning of the transaction that enqueues, so that it sees what earlier ones have sent.
        """
        name = f"{self.address.feed}/{self.children.dataset.name}"
        after, last = outbox.cursor(connection, name), self.children.last_change_number(connection)
        concerned: dict[str, waiting_versions.Handed] = {}
        for start in range(after, last, _LOOKED_THROUGH_AT_ONCE):
            changed = self.children.versions_after(connection, start, min(_LOOKED_THROUGH_AT_ONCE, last - start))
            named = changed.select(key_text(self.parent.keys).alias("key"))["key"].unique().to_list()
            keys = [*named, *living_keys(connection, self.parent.name, named).values()]
            concerned |= waiting_versions.handed_over(connection, self.address, keys)
        if last > after:
            outbox.advance(connection, name, last)
        waiting_versions.hold_again(
            connection, self.address, [each.change_number for each in concerned.values() if each.refused]
        )
        late = {key: each.change_number for key, each in concerned.items() if each.sent and not each.refused}
        found = self._issues(late)
        issues.keep(connection, run, self.address.feed, self.address.dataset, found, settled=pl.lit(False))
        return len(late)

    def _issues(self, late: Mapping[str, int]) -> pl.DataFrame:
        arguments = pl.struct(pl.col("record_key").alias("record"), pl.lit(self.children.dataset.title).alias("title"))
        rows = pl.DataFrame({"record_key": list(late), "value": [str(number) for number in late.values()]})
        return rows.with_columns(arguments.struct.json_encode().alias("arguments")).select(
            _issue_columns({"outcome": "reported", "code": CHILDREN_CHANGED.code})
        )


@dataclass(frozen=True)
class BesideWatch:
    """Lets refused versions wait again when a record that goes out beside them has changed."""

    address: outbox.Address
    parent: Exchange
    beside: Beside

    def look(self, connection: Connection) -> None:
        """Look through what changed since the last look."""
        other = self.beside.exchange
        name = f"{self.address.feed}/{other.dataset.name}"
        after, last = outbox.cursor(connection, name), other.last_change_number(connection)
        if last == after:
            return
        outbox.advance(connection, name, last)
        numbers = outbox.refused(connection, self.address.feed)["change_number"].to_list()
        if not numbers:
            return
        refused = self.parent.versions_numbered(connection, numbers, replaced=False)
        for start in range(after, last, _LOOKED_THROUGH_AT_ONCE):
            changed = other.versions_after(connection, start, min(_LOOKED_THROUGH_AT_ONCE, last - start))
            keys = changed["record_key"].to_list()
            names = [*keys, *old_keys(connection, other.dataset.name, keys)]
            concerned = refused.filter(key_text(self.beside.fields).is_in(names))
            waiting_versions.hold_again(connection, self.address, concerned["change_number"].to_list())


def still_changed(connection: Connection, address: outbox.Address) -> pl.DataFrame:
    """The open issues of `CHILDREN_CHANGED` whose record has not gone out anew since."""
    stored = issues.still_open(connection, address.feed, CHILDREN_CHANGED.code)
    newest = waiting_versions.handed_over(connection, address, stored["record_key"].to_list())
    same = [
        key in newest and newest[key].change_number == int(value)
        for key, value in stored.select("record_key", "value").iter_rows()
    ]
    return stored.filter(pl.Series(same, dtype=pl.Boolean))


def waiting(versions: pl.DataFrame, lacking: pl.Series) -> pl.DataFrame:
    """Versions that wait (record_key, change_number, operation), with code and reason."""
    reasons = [LACKING.text("zh", {"titles": titles}) for titles in lacking]
    return versions.select(
        "record_key",
        "change_number",
        "operation",
        pl.lit(LACKING.code).alias("code"),
        pl.Series("reason", reasons, dtype=pl.String),
    )


def waiting_issues(held: pl.DataFrame) -> pl.DataFrame:
    """The issues of versions that wait for what goes out with them."""
    arguments = pl.struct(pl.col("record_key").alias("value"), "change_number", "reason")
    return held.with_columns(
        pl.col("change_number").cast(pl.String).alias("value"), arguments.struct.json_encode().alias("arguments")
    ).select(_issue_columns({"outcome": "held", "code": WAITS.code}))


def _issue_columns(said: Mapping[str, str]) -> Iterable[pl.Expr]:
    """The columns of a frame of issues about records: these texts, and what the frame itself holds."""
    for name, dtype in issues.ISSUES.items():
        if name in {"record_key", "value", "arguments"}:
            yield pl.col(name).cast(pl.String)
        else:
            empty = None if name in {"row", "original"} else ""
            yield pl.lit(said.get(name, empty), dtype).alias(name)


MESSAGES = (PRIVATE_FIELD, PRIVATE_KEY, PERSONAL_IDENTIFIER, LACKING, WAITS, CHILDREN_CHANGED)
