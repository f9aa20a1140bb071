"""佐证材料: the scans, photos and recordings of an inspection.

The gateway keeps their digest and place, not the files.
"""

from __future__ import annotations

import polars as pl

from gateway.domain.code_lists import EVIDENCE_KINDS
from gateway.domain.dataset import Dataset, Field, Parent, Privacy, Rule, Type
from gateway.domain.findings import Outcome
from gateway.domain.target_reference import TARGET_FIELDS, TARGET_KEY
from gateway.messages import Message

NO_DIGEST = Message(
    "evidence.no_digest",
    zh="文件摘要“{value}”不是 SHA-256 摘要（64 位小写十六进制）；请重新计算后填写",
    en="the digest {value!r} is no SHA-256 digest (64 hexadecimal characters in small letters); compute it again",
)

EVIDENCE_FILES = Dataset(
    name="evidence_files",
    title="佐证材料",
    fields=(
        *TARGET_KEY,
        Field(name="task_number", title="任务编号", length=50, required=True, key=True),
        Field(name="file_digest", title="文件摘要（SHA-256）", length=64, required=True, key=True),
        Field(name="kind", title="材料类型", required=True, codes=EVIDENCE_KINDS),
        Field(name="place", title="存放位置", length=500, required=True, privacy=Privacy.SECRET),
        Field(name="media_type", title="文件格式", length=100),
        Field(name="size", title="字节数", type=Type.INTEGER),
        Field(name="taken_at", title="形成时间", type=Type.TIME),
        Field(name="keep_until", title="保存期限至", type=Type.DATE),
    ),
    rules=(
        Rule(
            message=NO_DIGEST,
            field="file_digest",
            outcome=Outcome.REJECTED,
            fails=lambda _: ~pl.col("file_digest").str.contains("^[0-9a-f]{64}$"),
        ),
    ),
    parents=(Parent(dataset="drawn_targets", fields=(*TARGET_FIELDS, "task_number")),),
)
