"""A tap at work: a program of its own, without a shell, whose lines are taken as they come.

Its configuration holds secrets, so it stands in a folder that only this user can read, for as long as the tap runs.
The tap knows nothing of the gateway's own secrets: they are taken out of its environment.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gateway.errors import SourceError
from gateway.interfaces import Surroundings
from gateway.messages import Message
from gateway_singer.options import TapOptions

NOT_STARTED = Message(
    "singer.not_started",
    zh="取数程序 {tap} 无法启动：{why}；请检查 command 中的路径，以及它是否已安装、可执行",
    en="the tap {tap} cannot be started: {why}; check the path in command, and that it is installed and executable",
)
FAILED = Message(
    "singer.failed",
    zh="取数程序 {tap} 以退出码 {code} 结束，没有保存任何数据；它最后说：{said}；请据此检查 config 和对方系统",
    en="the tap {tap} ended with exit code {code}, nothing was stored; its last words: {said}; check config and the "
    "other system accordingly",
)
SILENT = Message(
    "singer.silent",
    zh="取数程序 {tap} 超过 {seconds} 秒没有输出，已停止它，没有保存任何数据；它最后说：{said}；"
    "请检查对方系统，或增大 silent_seconds",
    en="the tap {tap} wrote nothing for {seconds} seconds and was stopped, nothing was stored; its last words: {said}; "
    "check the other system or raise silent_seconds",
)
LONG_LINE = Message(
    "singer.long_line",
    zh="取数程序 {tap} 输出的一行超过 {limit} 字节的上限，没有保存任何数据；请检查数据，或增大 line_bytes",
    en="a line of the tap {tap} is longer than the {limit} bytes allowed, nothing was stored; check the data or raise "
    "line_bytes",
)

MESSAGES = (NOT_STARTED, FAILED, SILENT, LONG_LINE)

_CHUNK = 1 << 16
_LAST_BYTES, _LAST_LINES = 4096, 8
_STOP_SECONDS = 5


@dataclass(frozen=True)
class Tap:
    """A tap as a feed declares it."""

    command: tuple[str, ...]
    directory: Path
    config: Mapping[str, Any] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    silent_seconds: float
    line_bytes: int

    @classmethod
    def of(cls, options: TapOptions, surroundings: Surroundings) -> Tap:
        """The tap that options name; raises StartError for a configuration or a secret that is not there."""
        config, secrets = options.configuration(surroundings)
        directory = surroundings.directory
        return cls(options.command, directory, config, secrets, options.silent_seconds, options.line_bytes)

    @property
    def name(self) -> str:
        """What messages call it; its arguments may say more than they should."""
        return Path(self.command[0]).name

    def assert_there(self) -> None:
        """Raise SourceError where the program cannot be found."""
        program = self.command[0]
        if shutil.which(self.directory / program if os.sep in program else program) is None:
            raise SourceError(NOT_STARTED, tap=self.name, why=os.strerror(2))

    def lines(self, *flags: str, more: Mapping[str, Any] | None = None, **files: str) -> Generator[bytes]:
        """Run it and give the lines that it writes; `files` are JSON for `--state` and the like.

        `more` goes over its configuration. Raises SourceError, also after the last line where it then fails.
        """
        with tempfile.TemporaryDirectory(prefix="gateway-singer-") as folder:
            said = Path(folder, "said")
            texts = {"config": json.dumps({**self.config, **(more or {})}), **files}
            arguments = [*self.command, *_written(Path(folder), texts), *flags]
            process = self._start(arguments, said)
            try:
                yield from self._lines(process, said)
                code = self._code(process, said)
            finally:
                _stop(process)
            if code:
                raise SourceError(FAILED, tap=self.name, code=code, said=self._last_words(said))

    def hidden(self, text: str) -> str:
        """A text without the secrets, in each form that a program would show them in."""
        forms = {form for each in self.secrets for form in (each, json.dumps(each)[1:-1], quote(each, safe=""))}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, "***")
        return text

    def _start(self, arguments: list[str], said: Path) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        try:
            with said.open("wb") as stderr:
                return subprocess.Popen(  # noqa: S603 - the program that the deployment declares, without a shell
                    arguments,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    cwd=self.directory,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as error:
            raise SourceError(NOT_STARTED, tap=self.name, why=error.strerror or str(error)) from error

    def _lines(self, process: subprocess.Popen[bytes], said: Path) -> Iterator[bytes]:
        rest = bytearray()
        while chunk := self._chunk(process, said):
            rest += chunk
            if b"\n" in chunk:
                *whole, last = bytes(rest).split(b"\n")
                rest = bytearray(last)
                yield from whole
            if len(rest) > self.line_bytes:
                raise SourceError(LONG_LINE, tap=self.name, limit=self.line_bytes)
        if rest:
            yield bytes(rest)

    def _chunk(self, process: subprocess.Popen[bytes], said: Path) -> bytes:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], self.silent_seconds)[0]:
            raise self._silent(said)
        return os.read(process.stdout.fileno(), _CHUNK)

    def _code(self, process: subprocess.Popen[bytes], said: Path) -> int:
        try:
            return process.wait(self.silent_seconds)
        except subprocess.TimeoutExpired:
            raise self._silent(said) from None

    def _silent(self, said: Path) -> SourceError:
        return SourceError(SILENT, tap=self.name, seconds=self.silent_seconds, said=self._last_words(said))

    def _last_words(self, said: Path) -> str:
        # Hidden before it is cut, so that no half of a secret stays.
        text = self.hidden(said.read_bytes().decode("utf-8", "backslashreplace"))[-_LAST_BYTES:]
        return " | ".join(line.strip() for line in text.splitlines()[-_LAST_LINES:] if line.strip()) or "-"


def _written(folder: Path, texts: Mapping[str, str]) -> Iterator[str]:
    """Write files that only this user can read, and name each by its flag."""
    for flag, text in texts.items():
        file = folder / f"{flag}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(text)
        yield from (f"--{flag}", str(file))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a tap, and what it started, that is still at work."""
    assert process.stdout is not None
    process.stdout.close()
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                os.killpg(process.pid, number)
                process.wait(_STOP_SECONDS)
