"""The words of tables: states, operations and headings, each in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.cli.words import both

STATUS: Mapping[str, str] = {
    "succeeded": both("成功", "ok"),
    "with_issues": both("有问题", "issues"),
    "held": both("待核实", "held"),
    "failed": both("失败", "failed"),
    "running": both("未结束", "unfinished"),
}
STATUS_STYLE: Mapping[str, str] = {"succeeded": "green", "with_issues": "yellow", "held": "yellow", "failed": "red"}

DIRECTION: Mapping[str, str] = {"inbound": both("汇入", "inbound"), "outbound": both("报送", "outbound")}

OPERATION: Mapping[str, str] = {
    "insert": both("新增", "new"),
    "change": both("变更", "changed"),
    "withdraw": both("撤回", "withdrawn"),
}

DELIVERY: Mapping[str, str] = {
    "waiting": both("等待发送", "waiting"),
    "delivered": both("已受理", "accepted"),
    "refused": both("被拒", "refused"),
    "unknown": both("结果未知", "outcome unknown"),
}

OUTCOME_STYLE: Mapping[str, str] = {"rejected": "red", "refused": "red", "held": "yellow", "note": "dim"}

# The counts of a run report, in the order of the law that they keep.
INBOUND_COUNTS: Mapping[str, str] = {
    "read": both("读入", "read"),
    "accepted": both("接受", "accepted"),
    "unchanged": both("未变", "same"),
    "rejected": both("退回", "rejected"),
    "held": both("挂起", "held"),
    "withdrawn": both("撤回", "withdrawn"),
    "left_out": both("略过", "left out"),
}
OUTBOUND_COUNTS: Mapping[str, str] = {
    "selected": both("选出", "due"),
    "delivered": both("送达", "delivered"),
    "refused": both("被拒", "refused"),
    "waiting": both("等待", "waiting"),
    "unknown": both("未知", "unknown"),
}
# The whole, and the parts that must add up to it; what the law leaves out is shown only where it happened.
LAWS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "inbound": ("read", ("accepted", "unchanged", "rejected", "held")),
    "outbound": ("selected", ("delivered", "refused", "waiting", "unknown")),
}
COUNTS: Mapping[str, Mapping[str, str]] = {"inbound": INBOUND_COUNTS, "outbound": OUTBOUND_COUNTS}
