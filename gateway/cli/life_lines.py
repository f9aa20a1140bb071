"""A record's life as a person reads it: one block a version, then its issues."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from gateway.cli.issue_lines import AT_ROW, show_issues
from gateway.cli.labels import DELIVERY, OPERATION
from gateway.cli.terminal import Terminal
from gateway.cli.times import shown_time
from gateway.cli.words import both
from gateway.domain.dataset import Dataset, Field, Type
from gateway.messages import Message

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.trace import Life, TracedVersion
    from gateway.state.trace import TracedDelivery

VERSION = Message("cli.life.version", zh="版本 {number}  {operation}  {at}", en="version {number}  {operation}  {at}")
FROM = both("来源", "from")
RUN = both("运行", "run")
RUN_OF = Message("cli.life.run_of", zh="{run}（数据流 {feed}）", en="{run} (feed {feed})")
CONTENT = both("内容", "content")
SPEAKERS = both("取值", "values of")
SPEAKER = Message("cli.life.speaker", zh="{feed}：{fields}", en="{feed}: {fields}")
RECEIPT = both("回执", "receipt")
ISSUES = both("问题", "issues")
NOT_SENT = both("尚未列入任何报送", "not yet due for any destination")
NEVER_STORED = both("没有入库的版本", "no version was ever stored")
REFERENCE = Message("cli.life.reference", zh="流水号 {reference}", en="reference {reference}")
MERGED = Message(
    "cli.life.merged",
    zh="已声明合并：{old} → {new}（{by}，{at}：{reason}）",
    en="declared merge: {old} → {new} ({by}, {at}: {reason})",
)
DOCUMENT = Message("cli.life.document", zh="报文 {document}", en="document {document}")
CHANGED = Message("cli.life.changed", zh="{title}：{before} → {after}", en="{title}: {before} → {after}")
MONEY = Message("cli.life.money", zh="{amount} 元", en="{amount}")
YES, NO = both("是", "yes"), both("否", "no")
_LONGEST_VALUE = 60


def show_life(terminal: Terminal, gateway: Gateway, life: Life) -> None:
    """Show one record."""
    dataset = gateway.datasets[life.dataset]
    terminal.show(Text(f"{_dataset_title(terminal, dataset)}  {life.record_key}", style="bold cyan"))
    for merge in life.merges:
        shown = {"old": merge.old_key, "new": merge.new_key, "by": merge.decided_by, "reason": merge.reason}
        terminal.show(f"  {terminal.text(MERGED, at=shown_time(merge.declared_at), **shown)}")
    if not life.versions:
        terminal.show(f"  {terminal.word(NEVER_STORED)}")
    before: Mapping[str, Any] = {}
    for version in life.versions:
        _show_version(terminal, dataset, version, before)
        before = version.fields
    if life.issues:
        terminal.show(Text(f"  {terminal.word(ISSUES)}", style="bold"))
        show_issues(terminal, gateway, life.issues, indent=4)
    terminal.show("")


def _dataset_title(terminal: Terminal, dataset: Dataset) -> str:
    return dataset.title if terminal.language == "zh" else dataset.name


def _show_version(terminal: Terminal, dataset: Dataset, version: TracedVersion, before: Mapping[str, Any]) -> None:
    operation = terminal.word(OPERATION.get(version.operation, version.operation))
    head = terminal.text(VERSION, number=version.change_number, operation=operation, at=shown_time(version.stored_at))
    terminal.show(Text(f"  {head}", style="bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="dim")
    grid.add_column(overflow="fold")
    for label, content in _lines(terminal, dataset, version, before):
        grid.add_row(f"    {label}", content)
    terminal.show(grid)


def _lines(
    terminal: Terminal, dataset: Dataset, version: TracedVersion, before: Mapping[str, Any]
) -> Iterator[tuple[str, Text]]:
    place = terminal.text(AT_ROW, place=version.source, row=version.source_row)
    yield terminal.word(FROM), Text(place if version.source_row is not None else version.source)
    yield terminal.word(RUN), Text(terminal.text(RUN_OF, run=version.run, feed=version.feed))
    for number, said in enumerate(_content(terminal, dataset, version.fields, before)):
        yield "" if number else terminal.word(CONTENT), Text(said)
    for number, feed in enumerate(dict.fromkeys(version.provenance.values())):
        fields = [each for each in dataset.fields if version.provenance.get(each.name) == feed]
        titles = ", ".join(_field_title(terminal, each) for each in fields)
        yield "" if number else terminal.word(SPEAKERS), Text(terminal.text(SPEAKER, feed=feed, fields=titles))
    for delivery in version.deliveries:
        yield terminal.word(RECEIPT), _receipt(terminal, delivery)
    if not version.deliveries:
        yield terminal.word(RECEIPT), Text(terminal.word(NOT_SENT), style="dim")


def _content(
    terminal: Terminal, dataset: Dataset, fields: Mapping[str, Any], before: Mapping[str, Any]
) -> Iterator[str]:
    """Every filled field of a first version, and of a later one what changed."""
    for field in dataset.fields:
        now, then = (_value(terminal, field, each.get(field.name)) for each in (fields, before))
        title = _field_title(terminal, field)
        if not before and now:
            yield f"{title} {now}"
        elif before and now != then:
            yield terminal.text(CHANGED, title=title, before=then or "-", after=now or "-")


def _field_title(terminal: Terminal, field: Field) -> str:
    return field.title.removesuffix("（分）") if terminal.language == "zh" else field.name


def _value(terminal: Terminal, field: Field, value: Any) -> str:
    if value is None or value == "":
        return ""
    if field.type is Type.MONEY:
        return terminal.text(MONEY, amount=f"{value // 100:,}.{value % 100:02}")
    if field.type is Type.TIME:
        return shown_time(value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value))
    if field.type is Type.BOOLEAN:
        return terminal.word(YES if value else NO)
    text = str(value)
    if field.codes and terminal.language == "zh" and field.codes.codes.get(text, text) != text:
        return f"{text} {field.codes.codes[text]}"
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def _receipt(terminal: Terminal, delivery: TracedDelivery) -> Text:
    style = {"delivered": "green", "refused": "red"}.get(delivery.status, "yellow")
    parts = [(delivery.destination, ""), (terminal.word(DELIVERY.get(delivery.status, delivery.status)), style)]
    if delivery.reference:
        parts.append((terminal.text(REFERENCE, reference=delivery.reference), ""))
    if delivery.reason or delivery.code:
        parts.append((" ".join(filter(None, (delivery.code, delivery.reason))), style))
    if delivery.received_at:
        parts.append((shown_time(delivery.received_at), "dim"))
    if delivery.document is not None:
        parts.append((terminal.text(DOCUMENT, document=delivery.document), "dim"))
    return Text("  ").join(Text(said, style=style) for said, style in parts)
