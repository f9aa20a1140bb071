"""The scheduler goes on looking whatever happens to the clock of the machine."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import apscheduler.schedulers.base
import pytest

from gateway.app import opened, service_of
from gateway.plugin_loader import load_plugins
from gateway.service.agenda import Agenda
from gateway.service.log import json_log
from gateway.service.pace import Pace
from gateway.service.scheduling import Scheduling
from gateway.service.service import Stopping
from gateway.settings import load_settings
from gateway.state import leases
from tests.deployment import Deployment
from tests.running_service import until

PACE = Pace(look=0.05, stop=5)


class AnHourAhead(dt.datetime):
    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        return dt.datetime.now(tz) + dt.timedelta(hours=1)


def test_looks_go_on_after_the_clock_of_the_machine_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Deployment(tmp_path, f"sqlite:///{tmp_path / 'gateway.db'}")
    made.declare(i=made.inbound("r.csv", schedule="daily 02:00"))
    looks: list[dt.datetime] = []

    def clock() -> dt.datetime:
        looks.append(dt.datetime(2026, 3, 2, tzinfo=dt.UTC))
        return looks[-1]

    with opened(load_settings(tmp_path, made.environ), load_plugins()) as gateway:
        service = service_of(gateway, json_log(io.StringIO()), Stopping(), clock, PACE)
        with leases.hold(gateway.database, "scheduler") as lease:
            agenda = Agenda(gateway.database, lease, clock, PACE)
            scheduling = Scheduling(service.feeds, agenda, service.reporting, PACE)
            monkeypatch.setattr(apscheduler.schedulers.base, "datetime", AnHourAhead)
            scheduling.start()
            until(lambda: len(looks) > 5, "looks")
            monkeypatch.undo()
            scheduling.wake()
            before = len(looks)
            until(lambda: len(looks) > before + 5, "looks after the clock was set back")
            assert scheduling.stop(lambda: False) == ()
