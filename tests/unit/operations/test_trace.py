"""A trace leads from a key, or its start, to every version, issue and receipt of the record."""

from __future__ import annotations

from pathlib import Path

from gateway.app import Gateway
from gateway.operations.demo_companies import TRACED, companies
from gateway.operations.trace import Traced, trace

COMPANY = companies()[TRACED]


def _traced(gateway: Gateway, key: str, at_most: int = 5) -> Traced:
    return trace(gateway.database, gateway.datasets, key, at_most)


def test_a_code_leads_to_its_records_of_every_department(gateway: Gateway) -> None:
    found = [(each.versions[0].feed, each.versions[0].source_row) for each in _traced(gateway, COMPANY.uscc).lives]
    assert found == [("market-regulation", TRACED + 2), ("emergency-management", 1)]


def test_small_letters_lead_to_the_same_record(gateway: Gateway) -> None:
    assert _traced(gateway, COMPANY.uscc.lower()) == _traced(gateway, COMPANY.uscc)


def test_every_version_of_a_record_is_there_in_order(gateway: Gateway, directory: Path) -> None:
    file = directory / "departments" / "market_regulation.csv"
    original = file.read_bytes()
    for phone in (b"0633-1111111", COMPANY.phone.encode()):
        file.write_bytes(original.replace(COMPANY.phone.encode(), phone, 1))
        gateway.runner("market-regulation").run()
    life = _traced(gateway, COMPANY.uscc).lives[0]
    assert [(each.operation, each.fields["phone"]) for each in life.versions] == [
        ("insert", COMPANY.phone),
        ("change", "0633-1111111"),
        ("change", COMPANY.phone),
    ]
    numbers = [each.change_number for each in life.versions]
    assert numbers == sorted(set(numbers))
    assert all(each.stored_at for each in life.versions)


def test_what_a_destination_was_given_is_there(gateway: Gateway) -> None:
    gateway.runner("shandong-targets").run()  # nobody listens, so it waits
    version = _traced(gateway, COMPANY.uscc).lives[0].versions[0]
    assert [(each.destination, each.status, each.reference) for each in version.deliveries] == [
        ("shandong", "waiting", None)
    ]


def test_a_held_row_that_was_never_stored_is_found_by_its_key(gateway: Gateway) -> None:
    doubled = companies()[12]
    life = _traced(gateway, doubled.uscc).lives[0]
    assert (life.versions, [issue.code for issue in life.issues]) == ([], ["key.doubled"] * 2)


def test_a_code_that_was_refused_as_a_key_is_found_by_its_value(gateway: Gateway) -> None:
    wrong = companies()[23].uscc
    typed = wrong[:-1] + ("2" if wrong[-1] == "1" else "1")
    traced = _traced(gateway, typed)
    assert (traced.lives, [(issue.code, issue.row) for issue in traced.issues]) == ((), [("identifier.uscc", 25)])


def test_a_short_start_gives_keys_to_choose_from(gateway: Gateway) -> None:
    traced = _traced(gateway, "91371121", at_most=3)
    assert (traced.lives, len(traced.keys)) == ((), 200)


def test_nothing_is_found_where_nothing_is(gateway: Gateway) -> None:
    assert _traced(gateway, "nothing") == Traced(issues=[])
