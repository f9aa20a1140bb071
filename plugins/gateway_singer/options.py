"""How a feed says which tap it runs, as whom, and which of its streams it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from gateway.errors import OptionError, StartError
from gateway.interfaces import Options, Surroundings
from gateway.messages import Message

FILE_NOT_READ = Message(
    "singer.file_not_read",
    zh="取数程序的文件 {file} 不可用：{why}；应为 UTF-8 编码的 JSON 对象，请检查 {option}",
    en="the tap's file {file} cannot be used: {why}; a JSON object in UTF-8 is expected, check {option}",
)
WRONG_OPTIONS = Message(
    "singer.wrong_options",
    zh="取数程序的选项有误：{reason_zh}；允许的选项：{allowed}",
    en="the options of the tap are wrong: {reason}; they are: {allowed}",
)
TWO_CONFIGURATIONS = Message(
    "singer.two_configurations",
    zh="config 与 config_file 只能写其中一个",
    en="either config or config_file is expected, not both",
)
NOTHING_TO_SELECT = Message(
    "singer.nothing_to_select",
    zh="使用 catalog_file 或 metadata 时，select 须为 catalog 或 properties",
    en="catalog_file and metadata need select: catalog or properties",
)
METADATA_BESIDE_CATALOG = Message(
    "singer.metadata_beside_catalog",
    zh="写了 catalog_file 时，请把 metadata 写进该文件",
    en="with catalog_file, write the metadata into that file",
)

MESSAGES = (FILE_NOT_READ, WRONG_OPTIONS, TWO_CONFIGURATIONS, NOTHING_TO_SELECT, METADATA_BESIDE_CATALOG)

Name = Annotated[str, Field(min_length=1)]


class TapOptions(Options, defer_build=True):
    """A tap and what it is told.

    `command` is the program and its arguments, run without a shell in the deployment's folder. `config` holds texts;
    where a tap wants numbers or booleans, `config_file` is a JSON file. `secrets` maps members of the configuration
    (`credentials.token` for a member inside another) to names of secrets.
    """

    # A secret may be written into `config` by mistake, so what was given is never repeated in an error.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    command: Annotated[tuple[Name, ...], Field(min_length=1)]
    config: Mapping[str, Any] = {}
    config_file: Path | None = None
    secrets: Mapping[Name, Name] = {}
    silent_seconds: Annotated[float, Field(gt=0, le=86_400)] = 600  # a tap that says nothing for longer is stopped
    line_bytes: Annotated[int, Field(ge=1024)] = 64 * 1024 * 1024

    @model_validator(mode="after")
    def _config_or_file(self) -> TapOptions:
        if self.config and self.config_file:
            raise OptionError(TWO_CONFIGURATIONS)
        return self

    def configuration(self, surroundings: Surroundings) -> tuple[dict[str, Any], tuple[str, ...]]:
        """What the tap is configured with, secrets filled in, and the secrets themselves; raises StartError."""
        content = self._configured(surroundings.directory)
        given = {member: surroundings.secret(name) for member, name in self.secrets.items()}
        for member, secret in given.items():
            _put(content, member.split("."), secret)
        return content, tuple(given.values())

    def _configured(self, directory: Path) -> dict[str, Any]:
        if self.config_file is None:
            return dict(json.loads(json.dumps(self.config)))  # a copy to its depth
        try:
            content = json.loads((directory / self.config_file).read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise file_not_read(self.config_file, "config_file", error) from error
        if not isinstance(content, dict):
            why = type(content).__name__
            raise StartError(FILE_NOT_READ, file=str(self.config_file), option="config_file", why=why)
        return content


class SingerOptions(TapOptions):
    """One stream of a tap.

    `select` says how the tap is told which stream to give: by a catalog of its own discovery with that stream
    selected, given as `--catalog` or, to old taps, as `--properties`; `nothing` for taps without discovery.
    `catalog_file` takes the place of discovery. `metadata` is added to the stream's own, as `replication-method`.
    """

    stream: Name
    select: Literal["catalog", "properties", "nothing"] = "catalog"
    catalog_file: Path | None = None
    metadata: Mapping[str, str] = {}
    columns: tuple[Name, ...] = ()  # members that records have beside those of the tap's schema
    since_member: Name = "start_date"  # the member of the configuration that `gateway run --since` sets
    batch_rows: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000

    @model_validator(mode="after")
    def _selection_makes_sense(self) -> SingerOptions:
        if self.select == "nothing" and (self.catalog_file or self.metadata):
            raise OptionError(NOTHING_TO_SELECT)
        if self.catalog_file and self.metadata:
            raise OptionError(METADATA_BESIDE_CATALOG)
        return self


def file_not_read(file: Path, option: str, error: Exception) -> StartError:
    """Why a file that an option names cannot be used, without a word of what stands in it."""
    why = (isinstance(error, OSError) and error.strerror) or type(error).__name__
    return StartError(FILE_NOT_READ, file=str(file), option=option, why=why)


def _put(content: dict[str, Any], path: Sequence[str], value: str) -> None:
    member, *inside = path
    if not inside:
        content[member] = value
        return
    if not isinstance(content.get(member), dict):
        content[member] = {}
    _put(content[member], inside, value)
