"""国家: what is laid down for the whole country, publication in the 国家企业信用信息公示系统, and a simulated one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from wsgiref.types import WSGIApplication

from gateway.hookspecs import offers
from gateway.interfaces import Jurisdiction, ProfileOffer, SandboxOffer

PUBLICATION = "national/publication/2019-01"


@offers
def gateway_jurisdictions() -> list[Jurisdiction]:
    """The nation, to which every region belongs."""
    return [Jurisdiction(slug="national", title="国家", region="")]


@offers
def gateway_profiles() -> list[ProfileOffer]:
    """The publication of double-random results (obligation S3)."""
    return [
        ProfileOffer(
            name=PUBLICATION,
            title="国家企业信用信息公示系统：双随机抽查结果信息（接口为推定）",
            datasets=("inspection_results",),
        )
    ]


@offers
def gateway_sandboxes() -> list[SandboxOffer]:
    """The simulated publicity system."""
    return [SandboxOffer(name="national", title="国家企业信用信息公示系统（模拟）", open=_open_sandbox)]


def _open_sandbox(folder: Path, secrets: Mapping[str, str]) -> WSGIApplication:
    # The system is needed only by those who rehearse, so that loading the plugin stays cheap.
    from gateway_national.sandbox.application import PublicitySystem

    return PublicitySystem(folder, secrets)
