"""A deployment in a folder, for tests that run whole feeds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gateway.app import opened
from gateway.pipeline.progress import Reached, unwatched
from gateway.pipeline.reading import AS_DECLARED, Asked
from gateway.pipeline.run_report import RunReport
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from gateway.state.database import Database

SECRET = "only-for-rehearsal"
REQUESTER = "370400-rehearsal"
SERVICE = "jcdx"
REGISTRY_MAP = "departments/registry/inspection_targets"
PROFILE = "shandong/platform/2023-01"


@dataclass(frozen=True)
class Deployment:
    """A folder with feeds, and the database it writes."""

    directory: Path
    database_url: str

    def declare(self, **feeds: Mapping[str, Any]) -> None:
        """Write feeds, underscores in their names read as hyphens."""
        folder = self.directory / "config" / "feeds"
        folder.mkdir(parents=True, exist_ok=True)
        for name, declaration in feeds.items():
            # JSON is YAML too, and every scalar of a feed is read as text.
            text = json.dumps({name.replace("_", "-"): declaration}, ensure_ascii=False, default=str)
            (folder / f"{name}.yml").write_text(text, encoding="utf-8")

    def inbound(self, path: Path | str, **more: Any) -> dict[str, Any]:
        """A feed that reads a register's CSV file."""
        return {
            "direction": "inbound",
            "dataset": "inspection_targets",
            "department": "370000-sjj",
            "source": {"type": "csv", "path": str(path)},
            "map": REGISTRY_MAP,
            **more,
        }

    def outbound(self, url: str, **more: Any) -> dict[str, Any]:
        """A feed that sends targets to the sandbox of 山东, trying again at once."""
        return {
            "direction": "outbound",
            "dataset": "inspection_targets",
            "profile": PROFILE,
            "destination": {
                "name": "shandong",
                "type": "rest",
                "url": url,
                "requester": REQUESTER,
                "service": SERVICE,
                "secret": "shandong",
                "timeout_seconds": "5",
            },
            "retry": {"attempts": "4", "first_wait_seconds": "0.01", "longest_wait_seconds": "0.05"},
            **more,
        }

    def run(
        self,
        *names: str,
        accept_withdrawals: bool = False,
        asked: Asked = AS_DECLARED,
        reached: Reached = unwatched,
    ) -> list[RunReport]:
        """Run feeds one after the other in this process."""
        settings = load_settings(self.directory, self.environ)
        with opened(settings, load_plugins(), reached=reached) as gateway:
            reports = []
            for name in names:
                runner = gateway.runner(name)
                inbound = gateway.feeds[name].direction == "inbound"
                given = {"accept_withdrawals": accept_withdrawals, "asked": asked} if inbound else {}
                reports.append(runner.run(**given))
            return reports

    @property
    def environ(self) -> dict[str, str]:
        """The environment that a command of this deployment needs."""
        return {"GATEWAY_DATABASE_URL": self.database_url, "GATEWAY_SECRET_SHANDONG": SECRET}

    def query(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of the gateway's own database."""
        database = Database(self.database_url)
        try:
            with database.read() as connection:
                return [tuple(row) for row in connection.execute(sa.text(statement), values)]
        finally:
            database.close()


def register(path: Path, *rows: Mapping[str, str], encoding: str = "utf-8") -> Path:
    """Write a register's CSV file from rows that say only what differs from an ordinary one."""
    import csv

    ordinary = {
        "企业名称": "枣庄某某商贸有限公司",
        "统一社会信用代码": "",
        "注册日期": "1998-01-01",
        "企业类型": "有限责任公司",
        "法人代表": "某某",
        "注册资金": "50(万元人民币)",
        "经营范围": "批发零售",
        "所在省份": "山东",
        "地区": "枣庄",
        "注册地址": "光明路1号",
    }
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(ordinary), lineterminator="\n")
        writer.writeheader()
        writer.writerows({**ordinary, **row} for row in rows)
    return path
