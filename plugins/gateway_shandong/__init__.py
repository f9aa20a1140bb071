"""山东省: the province, the wire format of its 双随机、一公开 platform, and a simulated platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from wsgiref.types import WSGIApplication

from gateway.hookspecs import offers
from gateway.interfaces import Jurisdiction, ProfileOffer, SandboxOffer

PLATFORM = "shandong/platform/2023-01"


@offers
def gateway_jurisdictions() -> list[Jurisdiction]:
    """The province."""
    return [Jurisdiction(slug="shandong", title="山东省", region="37")]


@offers
def gateway_profiles() -> list[ProfileOffer]:
    """The wire format of the province's working platform (obligation S1)."""
    return [
        ProfileOffer(
            name=PLATFORM,
            title="山东省“双随机、一公开”监管工作平台（推定格式）",
            datasets=(
                "departments",
                "inspection_items",
                "inspectors",
                "inspection_targets",
                "inspection_results",
                "inspection_result_items",
                "evidence_files",
            ),
        )
    ]


@offers
def gateway_sandboxes() -> list[SandboxOffer]:
    """The simulated platform."""
    return [SandboxOffer(name="shandong", title="山东省监管工作平台（模拟）", open=_open_sandbox)]


def _open_sandbox(folder: Path, secrets: Mapping[str, str]) -> WSGIApplication:
    # The platform is needed only by those who rehearse, so that loading the plugin stays cheap.
    from gateway_shandong.sandbox.application import Platform

    return Platform(folder, secrets)
