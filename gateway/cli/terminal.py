"""Where a command speaks: results to stdout, everything else to stderr, in one language."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.cli.words import pick
from gateway.errors import GatewayError
from gateway.messages import Language, Message

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

ERROR = Message("cli.error", zh="错误：{what}", en="error: {what}")


@dataclass
class Terminal:
    """The two streams of one command; `language` is the environment's until the deployment's settings are read."""

    language: Language
    directory: Path | None = None  # what `gateway --dir D …` said before the command

    @cached_property
    def out(self) -> Console:
        """The console of stdout."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """The console of stderr."""
        return _console(stderr=True)

    def word(self, text: str) -> str:
        """One of a pair of words made by `both`."""
        return pick(text, self.language)

    def text(self, message: Message, **values: Any) -> str:
        """Word a message."""
        return message.text(self.language, values)

    def show(self, *things: RenderableType) -> None:
        """Print results; text is taken as it is, never as markup."""
        for thing in things:
            self.out.print(thing, markup=False)

    def lines(self, text: str, *, style: str = "", indent: int = 0) -> None:
        """Print text as a result, broken into lines that fit, each of them indented."""
        from gateway.cli.wrapping import wrapped

        for line in wrapped(text, self.out.width - indent):
            self.out.print(" " * indent + line, markup=False, style=style or None, soft_wrap=True)

    def say(self, message: Message, *, style: str = "", indent: int = 0, **values: Any) -> None:
        """Print a worded message as a result."""
        self.lines(self.text(message, **values), style=style, indent=indent)

    def note(self, message: Message, **values: Any) -> None:
        """Print a worded message beside the results."""
        self.err.print(self.text(message, **values), markup=False, soft_wrap=True)

    def fail(self, error: GatewayError) -> None:
        """Print an error in one sentence beside the results, never broken into lines of our own."""
        self.err.print(self.text(ERROR, what=error.text(self.language)), markup=False, style="red", soft_wrap=True)

    def json(self, content: object) -> None:
        """Print a result for programs, and nothing else."""
        sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n")

    @contextmanager
    def busy(self, message: Message, **values: Any) -> Iterator[None]:
        """Show on a terminal that something is under way."""
        with self.err.status(self.text(message, **values)):
            yield


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, emoji=False)
