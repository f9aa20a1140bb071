"""The draw keeps to the texts whatever the registry: properties over many registries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.sandbox_host.inspection.drawing import Draw, draw, lies_within
from gateway.sandbox_host.inspection.records import NotAllowed, Target, TaskOrder

DAY = date(2026, 3, 2)


def order(**said: object) -> TaskOrder:
    usual = {"name": "任务", "lead_department": "370400-scjg", "starts_on": DAY, "ends_on": DAY}
    return TaskOrder.model_validate({**usual, **said})


def target(identifier: str, label: str = "", state: str = "1", region: str = "370402") -> Target:
    return Target(
        identifier=identifier, scheme="local", kind="enterprise", label=label, name="甲", region=region, state=state
    )


def drawn(
    registry: list[Target], seed: str = "s", already: Mapping[str, int] | None = None, limit: int = 2, **said: object
) -> Draw:
    return draw(registry, order(**said), seed, drawn_this_year=already or {}, limit=limit)


TARGETS = st.lists(
    st.builds(
        target,
        st.integers(0, 40).map(str),
        st.sampled_from(["", "食品", "药品"]),
        st.sampled_from(["", "1", "2", "4"]),
        st.sampled_from(["370402", "370481", "370102"]),
    ),
    max_size=80,
    unique_by=lambda each: each.key,
)


@given(TARGETS, st.integers(1, 10_000))
def test_a_rate_is_reached_and_exceeded_by_less_than_one(registry: list[Target], rate: int) -> None:
    found = drawn(registry, rate=rate)
    assert 0 <= len(found.targets) * 10_000 - found.population * rate < 10_000


@given(TARGETS, st.integers(1, 60))
def test_a_count_is_reached_where_there_are_as_many(registry: list[Target], count: int) -> None:
    found = drawn(registry, count=count)
    assert len(found.targets) == min(count, found.population)


@given(TARGETS)
def test_no_holder_is_drawn_twice_through_two_licences(registry: list[Target]) -> None:
    holders = [each.holder for each in drawn(registry, rate=10_000).targets]
    assert sorted(holders) == sorted(set(holders))


@given(TARGETS, st.randoms(use_true_random=False), st.integers(1, 10_000))
def test_the_order_of_the_registry_does_not_matter(registry: list[Target], random: object, rate: int) -> None:
    shuffled = list(registry)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert drawn(shuffled, rate=rate) == drawn(registry, rate=rate)


@given(TARGETS)
def test_only_active_targets_of_the_region_are_drawn(registry: list[Target]) -> None:
    found = drawn(registry, rate=10_000, region="370400").targets
    assert all(each.region.startswith("3704") and each.state in {"", "1"} for each in found)


@given(TARGETS, st.integers(1, 10_000))
def test_who_was_drawn_twice_this_year_comes_last_and_with_a_warning(registry: list[Target], rate: int) -> None:
    already = {each.holder: 2 for each in registry if int(each.identifier) % 2}
    found = drawn(registry, rate=rate, already=already)
    fresh = drawn([each for each in registry if each.holder not in already], rate=10_000).population
    assert len(found.over_limit) == max(0, len(found.targets) - fresh)


def test_another_seed_draws_another_list() -> None:
    registry = [target(str(number)) for number in range(200)]
    lists = {tuple(each.identifier for each in drawn(registry, seed=str(seed), count=10).targets) for seed in range(5)}
    assert len(lists) == 5


@pytest.mark.parametrize("said", [{}, {"rate": 1, "count": 1}])
def test_a_rate_and_a_count_exclude_each_other(said: dict[str, int]) -> None:
    with pytest.raises(NotAllowed):
        drawn([target("1")], **said)


@pytest.mark.parametrize(
    ("region", "wanted", "within"),
    [
        ("370481", "370400", True),
        ("370481", "370000", True),
        ("371002", "371000", True),
        ("370481", "370481", True),
        ("370481", "", True),
        ("370102", "371000", False),
        ("130634", "370000", False),
        ("", "370000", False),
    ],
)
def test_a_county_lies_within_its_city_and_province(region: str, wanted: str, within: bool) -> None:
    assert lies_within(region, wanted) is within
