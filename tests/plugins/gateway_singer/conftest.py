"""Sources over a real tap in a process of its own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.interfaces import Surroundings
from gateway_singer.options import SingerOptions
from gateway_singer.source import SingerSource

TAP = (sys.executable, str(Path(__file__).with_name("a_tap.py")))
SECRETS = {"county": 's3cret "密钥"/1'}


@pytest.fixture
def open_rows(tmp_path: Path) -> Callable[..., SingerSource]:
    """A source over a tap that has these records in its stream `companies`, and a stream `people` beside it."""

    def opened(rows: list[dict[str, Any]], **options: Any) -> SingerSource:
        file = tmp_path / "rows.json"
        file.write_text(json.dumps({"people": [{"updated_at": "1"}], "companies": rows}), encoding="utf-8")
        usual = {"command": TAP, "config": {"rows": str(file)}, "stream": "companies"}
        return _opened(tmp_path, {**usual, **options})

    return opened


@pytest.fixture
def open_saying(tmp_path: Path) -> Callable[..., SingerSource]:
    """A source over a tap that says these lines, texts as they stand and anything else as JSON."""

    def opened(*lines: Any, config: dict[str, str] | None = None, **options: Any) -> SingerSource:
        file = tmp_path / "say"
        texts = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in lines]
        file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        usual = {"command": TAP, "stream": "companies", "select": "nothing"}
        return _opened(tmp_path, {**usual, "config": {"say": str(file), **(config or {})}, **options})

    return opened


def _opened(directory: Path, options: dict[str, Any]) -> SingerSource:
    return SingerSource(SingerOptions.model_validate(options), Surroundings(directory, SECRETS.__getitem__))
