"""A small profile, unlike any real one, so that nothing is read that was not declared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.formats.profile import Profile, load_profile

PLATFORM = """
profile: test/platform
version: 2024-09
in_force_from: 2024-09-01
provenance: INFER
record: {key: id, change_number: no, operation: op, operations: {insert: i, change: u, withdraw: d}}
limits: {records_per_document: 3, bytes_per_document: 400}
answer:
  code: head.rc
  success: ["1"]
  message: head.text
  document: head.batch
  count: head.n
  records: rows
  key: id
  change_number: no
  outcome: ok
  accepted: ["Y"]
  refused: ["N"]
  reference: ref
  error_code: err
  reason: why
errors:
  http:
    "502": {next: try_again, title: 网关未转发}
  document:
    "0": {next: refused, title: 失败}
    "7": {next: try_again, title: 稍后}
    "8": {next: unknown, title: 不明}
    "9": {next: access_refused, title: 无权}
  record:
    E1: {next: refused, title: 必填项为空}
    E2: {next: accepted, title: 已存在}
    E3: {next: try_again, title: 上级未到}
    E4: {next: unknown, title: 不明}
signature: {scheme: national_exchange, headers: {sid: s, rid: r, rtime: t, sign: x}, signed: [sid, rid, rtime]}
"""
DATASET = """
dataset: departments
title: 部门
endpoints: {deliver: /in, find: /ask, health: /well}
envelope: {document: batch, dataset: kind, dataset_code: BM, constants: {fmt: "1"}, count: n, records: rows}
fields:
  code: {from: department_code}
  rank: {from: level}
wire_checks:
  code: {title: 部门编码, provenance: INFER, required: true, length: 32, pattern: '\\w+'}
  rank: {title: 级别, provenance: INFER, codes: {"1": 国家级}}
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a profile's two files, with texts in them replaced, and give the path of the dataset's."""

    def written(*changes: tuple[str, str], place: str = "2024-09/departments.yml") -> Path:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        for file, text in ((path.with_name("_platform.yml"), PLATFORM), (path, DATASET)):
            for old, new in changes:
                text = text.replace(old, new)
            file.write_text(text, encoding="utf-8")
        return path

    return written


@pytest.fixture
def profile(write: Write) -> Profile:
    return load_profile(write())
