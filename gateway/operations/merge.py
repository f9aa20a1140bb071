"""Declared merges: a subject got another key, and its life goes on under that (换码、机构改革).

A rename or another region under the same key needs none of this: it is a new version of the record.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.dataset import Dataset, Field
from gateway.domain.record_key import LONGEST_KEY, key_of, parts_of
from gateway.errors import StartError, UnknownName
from gateway.messages import Message
from gateway.state import identity_changes
from gateway.state.database import Connection, Database
from gateway.state.exchange import Exchange
from gateway.state.identity_changes import IdentityChange

WRONG_PARTS = Message(
    "merge.wrong_parts",
    zh="标识“{key}”有 {found} 段，{dataset} 的标识应为 {expected} 段，用 | 分隔：{fields}；请更正",
    en="the key {key!r} has {found} parts, and keys of {dataset} have {expected}, joined by |: {fields}; correct it",
)
WRONG_PART = Message(
    "merge.wrong_part",
    zh="标识“{key}”中的 {field}“{value}”不可用；允许：{allowed}；请更正",
    en="{field} {value!r} in the key {key!r} cannot be; allowed: {allowed}; correct it",
)
SAME_KEY = Message(
    "merge.same_key",
    zh="旧标识与新标识相同（“{key}”）；请写明两个不同的标识",
    en="the old and the new key are the same ({key!r}); give two different ones",
)
OTHERWISE = Message(
    "merge.otherwise",
    zh="“{old}”已声明并入“{declared}”，不能再并入“{new}”；如原声明有误，请先用 --revoke 撤销",
    en="{old!r} is declared merged into {declared!r} and cannot go into {new!r} too; if that was a mistake, take it "
    "back by --revoke first",
)
CIRCLE = Message(
    "merge.circle",
    zh="“{new}”本身已声明并入“{old}”，两者不能互相并入；请核对哪一个是新标识",
    en="{new!r} is itself declared merged into {old!r}, and they cannot be merged into each other; see which of the "
    "two is the new one",
)
NOT_DECLARED = Message(
    "merge.not_declared",
    zh="没有“{old}”并入“{new}”的声明，无可撤销；请用 gateway trace 核对",
    en="there is no merge of {old!r} into {new!r} to take back; see gateway trace",
)
NOTHING_TO_MERGE = Message(
    "merge.nothing",
    zh="没有可合并的标识：{where}；请核对",
    en="there is no key to merge: {where}; check it",
)
WRONG_FILE = Message(
    "merge.wrong_file",
    zh="文件 {file} 应为 UTF-8 编码的 CSV，表头为 old_key,new_key，每行两格（{why}）；请更正",
    en="the file {file} must be CSV in UTF-8 with the header old_key,new_key and two cells a row ({why}); correct it",
)
UNREADABLE = Message(
    "merge.unreadable",
    zh="文件 {file} 无法读取（{why}）；请核对路径和权限",
    en="the file {file} cannot be read ({why}); check its path and rights",
)

_HEADER = ["old_key", "new_key"]
Pairs = Mapping[str, str]  # old key → new key


@dataclass(frozen=True, kw_only=True)
class Merge:
    """What a declaration does, or would do; the counts are of old and new records as they are held now."""

    dataset: str
    declared: Pairs
    already: int = 0  # declared before, to the letter
    old_in_force: int = 0  # withdrawn by the next run of the dataset after which the new record is in force
    new_in_force: int = 0
    old_unknown: int = 0  # never held: their rows take effect on the new record once they come


def pairs_of_field(database: Database, dataset: Dataset, field: str, old: str, new: str) -> Pairs:
    """The keys in force that say `old` in one of their fields, each with its key that says `new` there."""
    at = _key_field(dataset, field)
    with database.read() as connection:
        keys = list(identity_changes.keys_with(connection, Exchange(dataset), field, old))
    if not keys:
        raise StartError(NOTHING_TO_MERGE, where=f"{dataset.name}.{field} = {old}")
    return {key: _turned(key, at, old, new) for key in keys}


def pairs_declared(database: Database, dataset: Dataset, field: str, old: str, new: str) -> Pairs:
    """The merges declared before that turn `old` into `new` in one field of the key and leave the rest as it is."""
    at = _key_field(dataset, field)
    with database.read() as connection:
        declared = identity_changes.declared_changes(connection, dataset.name)
    pairs = {key: each.new_key for key, each in declared.items() if _turned(key, at, old, new) == each.new_key}
    if not pairs:
        raise StartError(NOTHING_TO_MERGE, where=f"{dataset.name}.{field} = {old}")
    return pairs


def pairs_of_file(file: Path) -> Pairs:
    """The pairs that a CSV file lists; StartError where it is not one."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            header, *rows = list(csv.reader(text)) or [[]]
    except OSError as error:
        raise StartError(UNREADABLE, file=str(file), why=error.strerror or error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise StartError(WRONG_FILE, file=str(file), why=error) from error
    if header != _HEADER:
        raise StartError(WRONG_FILE, file=str(file), why=",".join(header))
    pairs: dict[str, str] = {}
    for number, row in enumerate(rows, start=2):
        if len(row) != len(_HEADER) or pairs.get(row[0], row[1]) != row[1]:
            raise StartError(WRONG_FILE, file=str(file), why=f"{number}: {','.join(row)}")
        pairs[row[0]] = row[1]
    if not pairs:
        raise StartError(NOTHING_TO_MERGE, where=str(file))
    return pairs


def preview_merge(database: Database, dataset: Dataset, pairs: Pairs) -> Merge:
    """What declaring the pairs would do; StartError for one that cannot be declared."""
    with database.read() as connection:
        return _judged(connection, dataset, pairs)


def merge(database: Database, dataset: Dataset, pairs: Pairs, *, by: str, reason: str) -> Merge:
    """Declare the pairs, all or none, on record."""
    with database.write() as connection:
        judged = _judged(connection, dataset, pairs)
        if judged.declared:
            changes = identity_changes.declared_now(judged.declared, by, reason)
            identity_changes.declare(connection, dataset.name, changes)
        return judged


def revoke(database: Database, dataset: Dataset, pairs: Pairs, *, by: str, reason: str) -> Merge:
    """Take the pairs back, all or none, on record; rows of an old key take effect under it again from the next run."""
    with database.write() as connection:
        changes = _declared(identity_changes.declared_changes(connection, dataset.name), pairs)
        identity_changes.revoke(connection, dataset.name, changes, by, reason)
    return Merge(dataset=dataset.name, declared=pairs)


def preview_revoking(database: Database, dataset: Dataset, pairs: Pairs) -> Merge:
    """What taking the pairs back would do; StartError for one that was never declared."""
    with database.read() as connection:
        _declared(identity_changes.declared_changes(connection, dataset.name), pairs)
    return Merge(dataset=dataset.name, declared=pairs)


def _key_field(dataset: Dataset, field: str) -> int:
    names = [each.name for each in dataset.keys]
    if field not in names:
        raise UnknownName(f"key field of {dataset.name}", f"标识项（{dataset.name}）", field, names)
    return names.index(field)


def _turned(key: str, at: int, old: str, new: str) -> str:
    """The key with `new` where a part of it says `old`."""
    return key_of(new if number == at and part == old else part for number, part in enumerate(parts_of(key)))


def _declared(declared: Mapping[str, IdentityChange], pairs: Pairs) -> list[IdentityChange]:
    for old, new in pairs.items():
        if old not in declared or declared[old].new_key != new:
            raise StartError(NOT_DECLARED, old=old, new=new)
    return [declared[old] for old in pairs]


def _judged(connection: Connection, dataset: Dataset, pairs: Pairs) -> Merge:
    steps = {old: each.new_key for old, each in identity_changes.declared_changes(connection, dataset.name).items()}
    fresh: dict[str, str] = {}
    for old, new in pairs.items():
        _assert_keys(dataset, old, new)
        if old in steps and steps[old] != new:
            raise StartError(OTHERWISE, old=old, new=new, declared=steps[old])
        if identity_changes.last_of(steps, new) == old:
            raise StartError(CIRCLE, old=old, new=new)
        if old not in steps:
            fresh[old] = steps[old] = new
    held = identity_changes.held_among(connection, Exchange(dataset), [*fresh, *fresh.values()])
    return Merge(
        dataset=dataset.name,
        declared=fresh,
        already=len(pairs) - len(fresh),
        old_in_force=sum(held.get(old) is False for old in fresh),
        new_in_force=sum(held.get(new) is False for new in set(fresh.values())),
        old_unknown=sum(old not in held for old in fresh),
    )


def _assert_keys(dataset: Dataset, old: str, new: str) -> None:
    if old == new:
        raise StartError(SAME_KEY, key=old)
    for key in (old, new):
        _assert_key(dataset, key)


def _assert_key(dataset: Dataset, key: str) -> None:
    parts, fields = parts_of(key), dataset.keys
    if len(parts) != len(fields):
        names = "|".join(field.name for field in fields)
        expected = {"expected": len(fields), "fields": names}
        raise StartError(WRONG_PARTS, key=key, found=len(parts), dataset=dataset.name, **expected)
    for field, part in zip(fields, parts, strict=True):
        if allowed := _refused(field, part):
            raise StartError(WRONG_PART, key=key, field=field.name, value=part, allowed=allowed)
    if len(key) > LONGEST_KEY:
        raise StartError(WRONG_PART, key=key[:50], field="-", value=len(key), allowed=f"1..{LONGEST_KEY}")


def _refused(field: Field, part: str) -> str:
    """What is allowed in a field of a key, where this part is not."""
    if part == (field.absent if field.absent is not None else None):
        return ""
    if not part.strip() or part != part.strip():
        return "…"
    if field.codes and part not in field.codes.codes:
        return ", ".join(field.codes.codes)
    if field.length and len(part) > field.length:
        return f"1..{field.length}"
    return ""


def links(connection: Connection, dataset: str, key: str) -> tuple[list[IdentityChange], list[IdentityChange]]:
    """The merges that lead into a key, the oldest first, and those that lead on from it; chains are followed."""
    declared = identity_changes.declared_changes(connection, dataset)
    onward, at = [], key
    while at in declared:
        onward.append(declared[at])
        at = declared[at].new_key
    return sorted(_leading_to(declared.values(), key), key=lambda each: each.declared_at), onward


def _leading_to(declared: Iterable[IdentityChange], key: str) -> list[IdentityChange]:
    changes, found, ends = list(declared), list[IdentityChange](), {key}
    while nearer := [each for each in changes if each.new_key in ends and each not in found]:
        found += nearer
        ends = {each.old_key for each in nearer}
    return found


MESSAGES = (
    WRONG_PARTS,
    WRONG_PART,
    SAME_KEY,
    OTHERWISE,
    CIRCLE,
    NOT_DECLARED,
    NOTHING_TO_MERGE,
    WRONG_FILE,
    UNREADABLE,
)
