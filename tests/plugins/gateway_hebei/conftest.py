"""The simulated platform over a real socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from wsgiref.validate import validator

import pytest

from gateway.sandbox_host import serve
from gateway_hebei.sandbox.platform import open_platform
from tests.plugins.gateway_hebei.requester import REQUESTER, SECRET, Requester


@pytest.fixture
def requester(tmp_path: Path) -> Iterator[Requester]:
    """A requester in front of an empty platform that keeps to the WSGI standard."""
    with serve(validator(open_platform(tmp_path / "platform", {REQUESTER: SECRET}))) as served:
        yield Requester(served.url)


@pytest.fixture
def requester_at() -> Callable[[str], Requester]:
    """A requester in front of a platform at an address."""
    return Requester
