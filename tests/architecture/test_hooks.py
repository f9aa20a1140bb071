"""Every hook is explained, answered by the loader and tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import hookspecs
from gateway.plugin_loader import Plugins

HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("gateway_"))
LOADER_TEST = Path(__file__).parents[1] / "unit" / "test_plugin_loader.py"


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_explained(hook: str) -> None:
    assert getattr(hookspecs, hook).__doc__


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_tried(hook: str) -> None:
    assert f"def {hook}(" in LOADER_TEST.read_text(encoding="utf-8")


@pytest.mark.parametrize("hook", HOOKS)
def test_the_loader_answers_for_a_hook(hook: str) -> None:
    assert getattr(Plugins([]), hook.removeprefix("gateway_"))() == {}


def test_there_are_six_hooks() -> None:
    assert len(HOOKS) == 6
