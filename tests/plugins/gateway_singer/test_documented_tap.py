"""The feed that the reference page shows is one that opens."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.domain.yaml_text import read_yaml_text
from gateway.interfaces import Surroundings
from gateway_singer.options import SingerOptions
from gateway_singer.source import SingerSource

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "soap-and-singer.md"


def test_the_documented_feed_opens_and_every_option_is_documented(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## Source `singer`")[2]
    (feed,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    (declared,) = read_yaml_text(feed, "feed").values()
    options = {name: value for name, value in declared["source"].items() if name != "type"}
    assert SingerSource(SingerOptions.model_validate(options), Surroundings(tmp_path, lambda name: name))
    assert [name for name in SingerOptions.model_fields if f"`{name}`" not in text] == []
