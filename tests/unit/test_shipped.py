"""Shipped data is found in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import StartError
from gateway.shipped import shipped

ROOT = Path(__file__).parents[2]


def test_a_checkout_uses_its_own_folders() -> None:
    assert (shipped("mappings"), shipped("config")) == (ROOT / "mappings", ROOT / "config")


def test_a_checkout_wins_over_an_older_copy_beside_the_package(tmp_path: Path) -> None:
    (tmp_path / "gateway/_shipped/mappings").mkdir(parents=True)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert shipped("mappings", tmp_path / "gateway") == tmp_path / "mappings"


def test_an_installed_wheel_uses_its_copy_even_beside_a_folder_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "gateway/_shipped/config").mkdir(parents=True)
    (tmp_path / "config").mkdir()
    assert shipped("config", tmp_path / "gateway") == tmp_path / "gateway/_shipped/config"


def test_an_incomplete_installation_says_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(StartError) as stopped:
        shipped("mappings", tmp_path)
    assert stopped.value.text("zh") == (
        f"找不到随网关发布的“mappings”目录（找过：{tmp_path}/_shipped/mappings）；"
        "安装不完整，请重新安装 double-random-gateway"
    )
