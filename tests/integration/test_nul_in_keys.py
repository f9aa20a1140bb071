"""U+0000 in a key cell, which PostgreSQL can neither keep nor be asked for: the row is rejected, the others go on."""

from __future__ import annotations

import pytest

from tests.companies import uscc
from tests.deployment import Deployment, register


@pytest.mark.parametrize("key", [f"{uscc(2)}\0", "\0", f"{uscc(2)[:9]}\0{uscc(2)[9:]}"])
def test_a_row_with_nul_in_its_key_is_rejected_alone_in_every_run(on_either: Deployment, key: str) -> None:
    register(on_either.directory / "r.csv", {"企业名称": "甲", "统一社会信用代码": uscc(1)})
    on_either.declare(i=on_either.inbound("r.csv"))
    assert on_either.run("i")[0].status == "succeeded"
    rows = [
        {"企业名称": name, "统一社会信用代码": code} for name, code in (("甲", uscc(1)), ("乙", key), ("丙", uscc(3)))
    ]
    register(on_either.directory / "r.csv", *rows)
    for accepted, unchanged in ((1, 1), (0, 2)):
        report = on_either.run("i")[0]
        counts = report.counts
        assert report.error is None
        assert (counts.read, counts.accepted, counts.unchanged, counts.rejected) == (3, accepted, unchanged, 1)
    assert on_either.query("SELECT name FROM inspection_targets ORDER BY name") == [("丙",), ("甲",)]
    assert on_either.query("SELECT DISTINCT \"row\" FROM issues WHERE outcome = 'rejected'") == [(3,)]
