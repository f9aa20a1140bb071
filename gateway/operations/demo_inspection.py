"""What the demo's deployment needs for a whole inspection, over its companies: more feeds, files, secrets, addresses.

What is there already is kept, so that a person may change it and run the demo again.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from gateway.domain.datasets import DATASETS
from gateway.errors import StartError
from gateway.operations import demo_authorities
from gateway.operations.demo_authorities import COUNTY, HEBEI, PROVINCE, Authority, Row
from gateway.operations.demo_deployment import CANNOT_WRITE
from gateway.operations.template_rows import write_template_rows
from gateway.shipped import shipped

# Which feed files speak to which simulated platform.
SPEAKS_TO: Mapping[str, str] = {
    "3_shandong.yml": "shandong",
    "4_shandong_inspection.yml": "shandong",
    "5_shandong_lists.yml": "shandong",
    "4_hebei.yml": "hebei",
    "5_hebei_lists.yml": "hebei",
    "7_publication.yml": "national",
    "9_province_publication.yml": "national",
}
_SECRETS = ("national-publication", "hebei-platform")
_LOCAL_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def supply_inspection(directory: Path, *, with_registry: bool) -> None:
    """Add to the demo's deployment what an inspection needs; StartError where it cannot be written."""
    try:
        _supply(directory, with_registry=with_registry)
    except OSError as error:
        raise StartError(CANNOT_WRITE, directory=str(directory), why=error) from error


def authorities(directory: Path) -> tuple[Authority, ...]:
    """Who inspects there: the county, the province where its real registrations are, and the other province."""
    with_registry = (directory / "config" / "feeds" / "3_province.yml").exists()
    return (COUNTY, PROVINCE, HEBEI) if with_registry else (COUNTY, HEBEI)


def platforms(directory: Path) -> tuple[str, ...]:
    """The simulated platforms that the feeds there speak to."""
    used = (name for file, name in SPEAKS_TO.items() if (directory / "config" / "feeds" / file).exists())
    return tuple(dict.fromkeys(used))


def point_feeds(directory: Path, urls: Mapping[str, str]) -> None:
    """Let the feeds speak to these addresses of the simulated platforms."""
    for name, platform in SPEAKS_TO.items():
        file = directory / "config" / "feeds" / name
        if file.exists():
            declared = file.read_text(encoding="utf-8")
            pointed = _LOCAL_ADDRESS.sub(urls[platform], declared)
            if pointed != declared:
                file.write_text(pointed, encoding="utf-8")


def _supply(directory: Path, *, with_registry: bool) -> None:
    _copy_feeds("inspection_feeds", directory)
    _write_registries(directory / "departments", COUNTY)
    _write_registries(directory / "departments", HEBEI)
    _write(directory / "departments", HEBEI, "departments", demo_authorities.departments(HEBEI))
    _write(directory / "departments", HEBEI, "inspection_targets", demo_authorities.targets())
    if with_registry:
        _copy_feeds("registry_inspection_feeds", directory)
        _write_registries(directory / "departments", PROVINCE)
        _write(directory / "departments", PROVINCE, "departments", demo_authorities.departments(PROVINCE))
    for name in _SECRETS:
        _supply_secret(directory / "secrets" / name)


def _copy_feeds(folder: str, directory: Path) -> None:
    for file in (shipped("config") / "demo" / folder).glob("*.yml"):
        to = directory / "config" / "feeds" / file.name
        if not to.exists():
            shutil.copyfile(file, to)


def _write_registries(folder: Path, authority: Authority) -> None:
    _write(folder, authority, "inspection_items", demo_authorities.items(authority))
    _write(folder, authority, "inspectors", demo_authorities.inspectors(authority))


def _write(folder: Path, authority: Authority, dataset: str, rows: Iterable[Row]) -> None:
    file = folder / f"{authority.files}{dataset}.csv"
    if not file.exists():
        write_template_rows(file, DATASETS[dataset], rows)


def _supply_secret(file: Path) -> None:
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32), encoding="ascii")
