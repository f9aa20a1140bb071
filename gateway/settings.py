"""Environment, `gateway.toml` and secret files → typed settings; the environment wins over the file.

A deployment is a folder: `gateway.toml`, `secrets/`, `gateway.db`, `spool/` and its own `config/` and `mappings/`.
Relative paths start there, wherever they are written. Each setting is `name` in the file and GATEWAY_NAME in the
environment, except `language`, which is GATEWAY_LANG there.
"""

from __future__ import annotations

import errno
import os
import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from gateway.domain.environment import Environment
from gateway.errors import StartError, UnknownName
from gateway.messages import Language, Message

FILE = "gateway.toml"
PREFIX = "GATEWAY_"
DIRECTORY_VARIABLE = f"{PREFIX}DIRECTORY"
SECRET_PREFIX = f"{PREFIX}SECRET_"

NO_DIRECTORY = Message(
    "settings.no_directory",
    zh="部署目录“{directory}”不存在或不是目录；请先建立它，或用 {variable} 指定另一个目录",
    en="the deployment directory {directory!r} is missing or no directory; make it, or name another one by {variable}",
)
UNREADABLE_FILE = Message(
    "settings.unreadable",
    zh="设置文件“{file}”无法读取（{cause}）；应为 UTF-8 编码的 TOML，请更正",
    en="the settings file {file!r} cannot be read ({cause}); TOML in UTF-8 is expected, correct it",
)
INVALID = Message(
    "settings.invalid",
    zh="设置项 {name} 的值 {value} 无效（来自 {origin}）；允许的值：{allowed}；请更正后重新启动",
    en="the setting {name} cannot be {value} (from {origin}); allowed: {allowed}; correct it and start again",
)
MISSPELT_VARIABLE = Message(
    "settings.misspelt_variable",
    zh="环境变量 {name} 不是网关的设置，疑为 {nearest} 之误；请更正或删除该变量",
    en="the environment variable {name} is no setting of the gateway, but looks like {nearest}; correct or remove it",
)
NO_SECRET = Message(
    "settings.no_secret",
    zh="找不到密钥“{name}”；请设置环境变量 {variable}，或把密钥写入文件“{file}”",
    en="there is no secret named {name!r}; set the environment variable {variable} or write the secret to the file "
    "{file!r}",
)
SECRET_NAME = Message(
    "settings.secret_name",
    zh="密钥名“{name}”无效；只能由字母、数字、点、下划线和连字符组成，且以字母或数字开头；请更正引用它的设置",
    en="{name!r} is no name of a secret; letters, digits, dots, underscores and hyphens are allowed, a letter or digit "
    "first; correct the setting that names it",
)
UNREADABLE_SECRET = Message(
    "settings.unreadable_secret",
    zh="密钥文件“{file}”无法读取（{cause}）；请检查权限和编码（UTF-8）",
    en="the secret file {file!r} cannot be read ({cause}); check its permissions and encoding (UTF-8)",
)

# What a person may write, in both languages alike; a setting's own type does the checking.
ALLOWED: Mapping[str, str] = {
    "database_url": "sqlite:///…, postgresql://…",
    "language": "zh, en",
    "disabled_plugins": '["gateway_sql", …]; gateway_sql,gateway_rest',
    "environment": "rehearsal, production",
    "workers": "1…64",
    "spool": "…/spool",
    "secrets_dir": "…/secrets",
    "monitoring_port": "0…65535",
    "push_address": "127.0.0.1:9371, [::1]:9371, …",
    "push_certificate": "….pem",
    "push_key": "….pem",
}


def _split(value: object) -> object:
    """A list as the environment has it: names between commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _unless_empty(value: object) -> object:
    """What is written empty is not set."""
    return None if value == "" else value


_PORT = r"(?:[0-9]{1,4}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_ADDRESS = rf"^(?:\[[0-9a-fA-F:.]+\]|[^\s:\[\]]+):{_PORT}$"


class Settings(BaseSettings):
    """What one deployment is told; whatever is not set has a default that works."""

    # By name too: the alias of `language` is its variable only, and neither the file nor an error calls it that.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, validate_by_name=True, loc_by_alias=False, frozen=True, hide_input_in_errors=True
    )

    directory: Path
    database_url: str = Field("sqlite:///gateway.db", pattern=r"^(sqlite:///|postgresql(\+psycopg)?://)", repr=False)
    language: Language = Field("zh", validation_alias=f"{PREFIX}LANG")
    disabled_plugins: Annotated[frozenset[str], NoDecode, BeforeValidator(_split)] = frozenset()
    environment: Environment = "rehearsal"
    spool: Path = Path("spool")
    workers: int = Field(default_factory=lambda: min(os.cpu_count() or 1, 64), ge=1, le=64)
    secrets_dir: Path = Path("secrets")
    monitoring_port: int = Field(9370, ge=0, le=65_535)
    push_address: Annotated[str | None, BeforeValidator(_unless_empty)] = Field(None, pattern=_ADDRESS)
    push_certificate: Annotated[Path | None, BeforeValidator(_unless_empty)] = None
    push_key: Annotated[Path | None, BeforeValidator(_unless_empty)] = None
    secret_variables: Mapping[str, SecretStr] = {}

    def __init__(self, directory: Path, environ: Mapping[str, str]) -> None:
        super().__init__(directory=directory, environ=environ)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: PydanticBaseSettingsSource,
        **__: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The sources, the one that wins first; `environ` is where one of them looks, and no setting."""
        assert isinstance(init_settings, InitSettingsSource)
        environ = init_settings.init_kwargs.pop("environ")
        file = init_settings.init_kwargs["directory"] / FILE
        return init_settings, _Environment(settings_cls, environ), _SettingsFile(settings_cls, file)

    @field_validator("spool", "secrets_dir", "push_certificate", "push_key")
    @classmethod
    def _start_in_the_directory(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        return None if path is None else Path(info.data["directory"], path)

    @field_validator("database_url")
    @classmethod
    def _start_sqlite_in_the_directory(cls, url: str, info: ValidationInfo) -> str:
        scheme, slashes, file = url.partition("sqlite:///")
        return f"{slashes}{Path(info.data['directory'], file)}" if not scheme else url

    def secret(self, name: str) -> str:
        """The secret of that name: from GATEWAY_SECRET_NAME, else from the file `name` in the secrets folder.

        Raises StartError where there is none; a secret is never empty.
        """
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise StartError(SECRET_NAME, name=name)
        variable = SECRET_PREFIX + re.sub(r"[.-]", "_", name).upper()
        if variable in self.secret_variables:
            return self.secret_variables[variable].get_secret_value()
        file = self.secrets_dir / name
        secret = _read_secret(file)
        if not secret:
            raise StartError(NO_SECRET, name=name, variable=variable, file=str(file))
        return secret


class _Environment(EnvSettingsSource):
    """The variables of a mapping, where the library takes those of the process."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        # The library asks in lower case; a variable is written in capitals, and an empty one counts as not set.
        self.env_vars = {_variable(name).lower(): environ.get(_variable(name)) or None for name in ALLOWED}
        # Hidden here already, since PYDANTIC_SETTINGS_DEBUG makes the library log what each source answers.
        self.secrets = {
            name: SecretStr(value) for name, value in environ.items() if name.startswith(SECRET_PREFIX) and value
        }

    def __call__(self) -> dict[str, Any]:
        return {**super().__call__(), "secret_variables": self.secrets}


class _SettingsFile(TomlConfigSettingsSource):
    """gateway.toml, refused where it cannot be read or names what is no setting."""

    def __init__(self, settings_cls: type[BaseSettings], file: Path) -> None:
        # The library passes over what is no file; Docker makes a folder where the file to be mounted is missing.
        if file.is_dir():
            raise StartError(UNREADABLE_FILE, file=str(file), cause=os.strerror(errno.EISDIR))
        super().__init__(settings_cls, file)

    def _read_file(self, file_path: Path | Traversable) -> dict[str, Any]:
        try:
            # The library's own reader stops at the byte order mark that editors on Windows write.
            values = tomllib.loads(file_path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:
            raise StartError(UNREADABLE_FILE, file=str(file_path), cause=str(error)) from error
        for name in values:
            if name not in ALLOWED:
                raise UnknownName(f"setting in {file_path}", f"设置项（{file_path}）", name, ALLOWED)
        return values


def load_settings(directory: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the deployment in `directory`, else in GATEWAY_DIRECTORY, else where the command is run.

    Raises StartError for what it cannot read, does not know or does not allow.
    """
    directory = (directory or Path(environ.get(DIRECTORY_VARIABLE) or ".")).absolute()
    if not directory.is_dir():
        raise StartError(NO_DIRECTORY, directory=str(directory), variable=DIRECTORY_VARIABLE)
    _refuse_misspelt(environ)
    try:
        return Settings(directory, environ)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = str(wrong["loc"][0])
        origin = _variable(name) if environ.get(_variable(name)) else str(directory / FILE)
        shown = _without_password(name, wrong["input"])
        raise StartError(INVALID, name=name, value=shown, origin=origin, allowed=ALLOWED[name]) from error


def _variable(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias or f"{PREFIX}{name.upper()}")


def _refuse_misspelt(environ: Mapping[str, str]) -> None:
    """Refuse only what looks like a setting: a cluster puts GATEWAY_PORT beside a service that is called gateway."""
    known = [*map(_variable, ALLOWED), DIRECTORY_VARIABLE]
    suffixes = {variable.removeprefix(PREFIX): variable for variable in known}
    for name in environ:
        if name in known or not name.startswith(PREFIX) or name.startswith((SECRET_PREFIX, f"{PREFIX}TEST_")):
            continue
        for nearest in get_close_matches(name.removeprefix(PREFIX), suffixes, n=1, cutoff=0.65):
            raise StartError(MISSPELT_VARIABLE, name=name, nearest=suffixes[nearest])


def _read_secret(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        cause = type(error).__name__  # a decoding error's own text shows the bytes
        raise StartError(UNREADABLE_SECRET, file=str(file), cause=cause) from None


def _without_password(name: str, value: object) -> str:
    if name != "database_url":
        return repr(value)
    scheme, found, _ = str(value).partition("://")
    return f"'{scheme}://…'" if found else "'…'"
