"""Records per second from wire columns to compressed documents; a plain script that `make bench` runs."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import polars as pl

from gateway.formats.json_documents import compress, document_slices, idempotency_key
from gateway.formats.profile import Profile, load_profile
from gateway.interfaces import RecordVersion
from gateway.shipped import shipped

RECORDS = 100_000
TARGET = 100_000  # records a second
PROFILE = shipped("mappings") / "shandong/platform/2023-01/inspection_targets.yml"


def main() -> None:
    """Print the best of five, and what each step takes of it."""
    profile = load_profile(PROFILE)
    versions, wire = _records(profile)
    best, sizes = min((_render(profile, versions, wire) for _ in range(5)), key=lambda each: sum(each[0].values()))
    speed = RECORDS / sum(best.values())
    parts = ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in best.items())
    print(f"{RECORDS:,} records of {len(profile.fields)} fields in documents of {profile.limits.records_per_document}")
    print(f"{speed:,.0f} records/s ({speed / TARGET:.1f} × the target): {parts}")
    print(f"{sizes[0] / RECORDS:.0f} bytes a record, {sizes[1] / RECORDS:.0f} compressed")


def _render(profile: Profile, versions: pl.DataFrame, wire: pl.DataFrame) -> tuple[dict[str, float], tuple[int, int]]:
    clock = [time.perf_counter()]
    rendered = profile.render(versions, wire)
    clock.append(time.perf_counter())
    slices = list(document_slices(profile, rendered))
    clock.append(time.perf_counter())
    named = versions.select("record_key", "change_number")
    keys = [
        idempotency_key("shandong", profile.identity, [RecordVersion(*row) for row in named[each].iter_rows()])
        for each in slices
    ]
    clock.append(time.perf_counter())
    bodies = [profile.body(key, rendered[each].to_list()) for key, each in zip(keys, slices, strict=True)]
    clock.append(time.perf_counter())
    packed = [compress(body) for body in bodies]
    clock.append(time.perf_counter())
    steps = ("render", "cut", "keys", "bodies", "compress")
    seconds = dict(zip(steps, (after - before for before, after in pairwise(clock)), strict=True))
    return seconds, (sum(map(len, bodies)), sum(map(len, packed)))


def _records(profile: Profile) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Companies as the registry has them: names, scopes and addresses differ, a third of the fields is empty."""
    chance = random.Random(2023)
    words = "济南青岛淄博枣庄东营烟台潍坊泰安威海日照临沂德州聊城滨州菏泽装饰工程贸易机械化工纺织食品建材"

    def text(length: int) -> list[str | None]:
        return ["".join(chance.choices(words, k=length)) if chance.random() < 0.7 else None for _ in range(RECORDS)]

    lengths = {"EntName": 16, "OpScope": 60, "Dom": 24, "LeRep": 3, "EntType": 6, "RegCap": 5, "EstDate": 8, "Tel": 11}
    wire = pl.DataFrame({name: text(lengths.get(name, 4)) for name in profile.fields})
    numbers = range(1, RECORDS + 1)
    versions = {
        "record_key": [f"enterprise|uscc|9137{number:013d}X|" for number in numbers],
        "change_number": list(numbers),
        "operation": ["insert"] * RECORDS,
    }
    return pl.DataFrame(versions), wire


if __name__ == "__main__":
    main()
