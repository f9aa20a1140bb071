"""A code has one pair of sentences, and is worded in the reader's language."""

from __future__ import annotations

import pytest

from gateway.messages import Catalogue, Message

LATE = Message("deadline.late", zh="“{key}”晚了 {days} 天", en="{key!r} is {days} days late")


def test_a_message_is_worded_in_the_language_asked_for() -> None:
    values = {"key": "370100", "days": 3}
    assert (LATE.text("zh", values), LATE.text("en", values)) == ("“370100”晚了 3 天", "'370100' is 3 days late")


def test_a_blank_without_a_value_stays_visible() -> None:
    assert LATE.text("zh", {"days": 3}) == "“{key}”晚了 3 天"


def test_a_blank_that_would_be_formatted_stays_visible_too() -> None:
    assert LATE.text("en", {"days": 3}) == "'{key}' is 3 days late"


def test_braces_in_a_value_are_shown_as_they_are() -> None:
    assert LATE.text("zh", {"key": "{days}", "days": 3}) == "“{days}”晚了 3 天"


def test_a_catalogue_words_by_code() -> None:
    catalogue = Catalogue([LATE])
    assert (catalogue.text("deadline.late", "en", {"key": "x", "days": 1}), len(catalogue), list(catalogue)) == (
        "'x' is 1 days late",
        1,
        ["deadline.late"],
    )


def test_a_code_whose_plugin_is_gone_is_shown_with_its_values() -> None:
    assert Catalogue([]).text("deadline.late", "zh", {"days": 3}) == "deadline.late {'days': 3}"


def test_the_same_message_may_be_gathered_twice() -> None:
    assert len(Catalogue([LATE, LATE])) == 1


def test_two_wordings_of_one_code_are_refused() -> None:
    with pytest.raises(ValueError, match=r"deadline\.late"):
        Catalogue([LATE, Message("deadline.late", zh="晚了", en="late")])
