"""The parameters of a question: as the feed says, with the page and secrets put in where it says so.

A vendor's parameters are as often one text of XML or JSON as they are members of their own, so the places are marked
in the text itself. Other braces stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_MARK = re.compile(r"\{(page|offset|page_size|secret:[A-Za-z0-9][A-Za-z0-9._-]*)\}")
_PAGES = {"page", "offset"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})
_SECRET = "secret:"  # noqa: S105 - what a mark begins with


def pages(parameters: Any) -> bool:
    """Whether they say which page is asked for."""
    return not _PAGES.isdisjoint(_marks(parameters))


def secret_names(parameters: Any) -> list[str]:
    """The secrets that they name."""
    return [mark.removeprefix(_SECRET) for mark in _marks(parameters) if mark.startswith(_SECRET)]


def filled(parameters: Any, values: Mapping[str, str], secrets: Mapping[str, str]) -> Any:
    """The parameters with each mark replaced; a secret inside a text of XML is escaped."""
    if isinstance(parameters, Mapping):
        return {name: filled(each, values, secrets) for name, each in parameters.items()}
    if isinstance(parameters, list | tuple):
        return [filled(each, values, secrets) for each in parameters]
    return _MARK.sub(_value_of(values, secrets, is_xml=parameters.lstrip().startswith("<")), parameters)


def _value_of(values: Mapping[str, str], secrets: Mapping[str, str], *, is_xml: bool) -> Callable[[re.Match[str]], str]:
    def value(mark: re.Match[str]) -> str:
        name = mark[1]
        if not name.startswith(_SECRET):
            return values[name]
        secret = secrets[name.removeprefix(_SECRET)]
        return secret.translate(_ESCAPES) if is_xml else secret

    return value


def _marks(parameters: Any) -> Iterator[str]:
    if isinstance(parameters, Mapping):
        parameters = list(parameters.values())
    if isinstance(parameters, list | tuple):
        for each in parameters:
            yield from _marks(each)
    else:
        yield from _MARK.findall(str(parameters))
