"""河北省: the province, the XML wire format of its 双随机 platform, and a simulated platform."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from wsgiref.types import WSGIApplication

from gateway.hookspecs import offers
from gateway.interfaces import Jurisdiction, ProfileOffer, SandboxOffer

PLATFORM = "hebei/platform/2022-03"
DATASETS = (
    "departments",
    "inspection_targets",
    "inspection_items",
    "inspectors",
    "inspection_results",
    "inspection_result_items",
)


@offers
def gateway_jurisdictions() -> list[Jurisdiction]:
    """The province."""
    return [Jurisdiction(slug="hebei", title="河北省", region="13")]


@offers
def gateway_profiles() -> list[ProfileOffer]:
    """The wire format of the province's platform (obligation S2)."""
    return [ProfileOffer(name=PLATFORM, title="河北省双随机监管工作平台（推定格式，XML）", datasets=DATASETS)]


@offers
def gateway_sandboxes() -> list[SandboxOffer]:
    """The simulated platform."""
    return [SandboxOffer(name="hebei", title="河北省双随机监管工作平台（模拟）", open=_open_sandbox)]


def _open_sandbox(folder: Path, secrets: Mapping[str, str]) -> WSGIApplication:
    # The platform is needed only by those who rehearse, so that loading the plugin stays cheap.
    from gateway_hebei.sandbox.platform import open_platform

    return open_platform(folder, secrets)
