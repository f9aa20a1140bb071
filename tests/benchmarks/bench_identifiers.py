"""Rows per second of every identifier check on one core; a plain script that `make bench` runs."""

from __future__ import annotations

import os

os.environ.setdefault("POLARS_MAX_THREADS", "1")  # read when polars is imported: figures are for one core

import random
import time
from collections.abc import Callable

import polars as pl

from gateway.domain import identifiers, regions

CHUNK = 100_000  # what the pipeline judges at a time
CHUNKS = 10
DIRTY = 0.02

Check = Callable[[pl.Expr], pl.Expr]


def main() -> None:
    """Print one line a check: rows per second in chunks as the pipeline has them, the best of three."""
    chance = random.Random(32100)
    print(
        f"polars {pl.__version__}, {pl.thread_pool_size()} thread, {CHUNKS} chunks of {CHUNK} rows, {DIRTY:.0%} dirty"
    )
    for check, make in GENERATORS.items():
        chunk = pl.DataFrame({"text": [_text(chance, make) for _ in range(CHUNK)]})
        passed = chunk.select(check(pl.col("text")).sum()).item()
        assert 0.9 * CHUNK < passed < CHUNK, f"{check.__name__} passed {passed} of {CHUNK}"
        print(f"{check.__name__:24} {max(_rows_per_second(check, chunk) for _ in range(3)):>14,.0f} rows/s")


def _rows_per_second(check: Check, chunk: pl.DataFrame) -> float:
    started = time.perf_counter()
    for _ in range(CHUNKS):
        chunk.select(check(pl.col("text")))
    return CHUNKS * CHUNK / (time.perf_counter() - started)


def _text(chance: random.Random, make: Callable[[random.Random], str]) -> str:
    text = make(chance)
    return text[:-1] + "😀" if chance.random() < DIRTY else text


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices(identifiers.DIGITS, k=count))


def _uscc(chance: random.Random) -> str:
    start = "91" + _digits(chance, 6) + "".join(chance.choices(identifiers.USCC_ALPHABET, k=9))
    return start + identifiers.check_character_uscc(start)


def _organization_code(chance: random.Random) -> str:
    start = "".join(chance.choices(identifiers.DIGITS_AND_LETTERS, k=8))
    return f"{start}-{identifiers.check_character_organization_code(start)}"


def _registration_number(chance: random.Random) -> str:
    start = _digits(chance, 14)
    return start + identifiers.check_character_registration_number(start)


def _resident_id(chance: random.Random) -> str:
    born = f"{chance.randint(1930, 2008)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
    start = "37" + _digits(chance, 4) + born + _digits(chance, 3)
    return start + identifiers.check_character_resident_id(start)


def _region(chance: random.Random) -> str:
    return chance.choice(REGION_CODES)


REGION_CODES = list(regions.REGIONS)
GENERATORS: dict[Check, Callable[[random.Random], str]] = {
    identifiers.is_uscc: _uscc,
    identifiers.is_organization_code: _organization_code,
    identifiers.is_registration_number: _registration_number,
    identifiers.is_resident_id: _resident_id,
    regions.is_region_code: _region,
}

if __name__ == "__main__":
    main()
