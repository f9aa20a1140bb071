"""Feeds: what a deployment declares in `config/feeds/*.yml`, one mapping of feed names to declarations a file.

A file of templates declares the same feeds for many departments: see `gateway.pipeline.feed_templates`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from gateway.domain.environment import Environment
from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import OptionError, StartError, UnknownName
from gateway.messages import Message
from gateway.pipeline.feed_templates import Declaration, is_template, stamp, told_once
from gateway.pipeline.schedule_words import read_schedule

INVALID = Message(
    "feed.invalid",
    zh="{file} 中的数据流“{feed}”写法有误：{reason_zh}",
    en="feed {feed!r} in {file} is not declared right: {reason}",
)
UNREADABLE = Message(
    "feed.unreadable",
    zh="数据流声明 {file} 无法读取（{why}）；应为 UTF-8 编码的 YAML，请检查权限和编码",
    en="the feeds in {file} cannot be read ({why}); YAML in UTF-8 is expected, check its rights and encoding",
)
NO_NAMES = Message(
    "feed.no_names",
    zh="{file} 应写成“数据流名称: 声明”的形式，而不是列表或单个值；请更正",
    en="{file} maps feed names to their declarations, and is neither a list nor a single value; correct it",
)
WRONG_NAME = Message(
    "feed.name",
    zh="{file} 中的数据流名称“{feed}”不可用；名称由文字、数字、点、下划线和连字符组成，以文字或数字开头，"
    "至多 {allowed} 个字；请改名",
    en="“{feed}” in {file} is no name of a feed; letters, digits, dots, underscores and hyphens are allowed, a letter "
    "or digit first, {allowed} characters at most; rename it",
)
DOUBLED = Message(
    "feed.doubled",
    zh="数据流“{feed}”在 {file} 和 {other} 中各声明了一次；请改其中一个的名称",
    en="feed {feed!r} is declared both in {file} and in {other}; rename one of them",
)
NO_FEEDS = Message(
    "feed.none",
    zh="{folder} 中没有数据流声明（*.yml）；请先写一个数据流，或用 gateway demo 看一个完整例子",
    en="there is no feed (*.yml) in {folder}; declare one, or run `gateway demo` to see a complete example",
)
WRONG_SCHEDULE = Message(
    "feed.wrong_schedule",
    zh="{file} 中数据流“{feed}”的 schedule“{value}”不可用：{why_zh}；可以写 every 15 minutes、every 2 hours、"
    "daily 02:00、monday 02:00，或星期用英文名的五段 cron，如 30 2 * * mon-fri；均为北京时间",
    en="the schedule {value!r} of feed {feed!r} in {file} is not usable: {why}; write every 15 minutes, every 2 hours, "
    "daily 02:00, monday 02:00, or five cron fields with the names of week days, as in 30 2 * * mon-fri; all in the "
    "time of China",
)
AFTER_WHAT = Message(
    "feed.after_what",
    zh="数据流“{feed}”的 after 写了“{name}”，但没有这个名称的 inbound 数据流；现有：{known}",
    en="feed {feed!r} is to run after {name!r}, but there is no inbound feed of that name; there are: {known}",
)

WRONG_SHARE = Message(
    "feed.wrong_share",
    zh="“{value}”不是比例；请写成 5 % 或 0.05",
    en="{value!r} is no share; write 5 % or 0.05",
)
WRONG_MARK = Message(
    "feed.wrong_mark",
    zh="destination.environment 只能是 {allowed}",
    en="destination.environment must be one of {allowed}",
)
WRONG_TEXT = Message(
    "feed.wrong_text",
    zh="{place} 须为 1 至 {allowed} 个字的文字",
    en="{place} must be a text of 1 to {allowed} characters",
)

Direction = Literal["inbound", "outbound"]
Connector = Mapping[str, Any]

_LONGEST_NAME = 100
# The name is also that of the folder where the feed's runs are spooled, so it must not lead anywhere else.
_NAME = re.compile(rf"\w[\w.-]{{0,{_LONGEST_NAME - 1}}}")


def _share(value: object) -> object:
    """Read ``5 %`` as 0.05."""
    if not (isinstance(value, str) and value.rstrip().endswith("%")):
        return value
    try:
        return Decimal(value.rstrip()[:-1].strip()) / 100
    except InvalidOperation:
        raise OptionError(WRONG_SHARE, value=value) from None


Share = Annotated[Decimal, BeforeValidator(_share), Field(ge=0, le=1)]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Expectation(_Declared):
    """What a snapshot is expected to look like; a run that breaks it stores nothing or holds the withdrawals."""

    rows_at_least: int = Field(default=0, ge=0)
    rows_at_most: int | None = None
    vanish_at_most: Share = Decimal("0.05")  # the share of a feed's records that one run may withdraw unasked


class _Scheduled(_Declared):
    schedule: str | None = None  # when `gateway serve` runs it: see `gateway.pipeline.schedule_words`


class InboundFeed(_Scheduled):
    """Rows of one source become records of one dataset."""

    direction: Literal["inbound"]
    dataset: str
    department: str = Field(min_length=1, max_length=32)  # whose records they are
    source: Connector
    map: str  # the field map's path under mappings/, without .yml
    reads: Literal["everything", "changes"] = "everything"  # only a full snapshot can show that a record is gone
    doubled: Literal["hold", "latest"] = "hold"  # `latest`: the greater record_version of one key decides
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _source_has_a_type(self) -> InboundFeed:
        _assert_text("source", self.source, "type")
        return self


class Retry(_Declared):
    """How often a document is tried within one run, and how long the waits between grow."""

    attempts: int = Field(default=5, ge=1)
    first_wait_seconds: float = Field(default=1, ge=0)
    longest_wait_seconds: float = Field(default=60, ge=0)


class OutboundFeed(_Scheduled):
    """Record versions of one dataset go to one destination in the words of one profile."""

    direction: Literal["outbound"]
    dataset: str
    profile: str  # as shandong/platform/2023-01
    destination: Connector
    where: Mapping[str, str] = {}  # field: value, or value* for a leading part
    parallel: int = Field(default=4, ge=1, le=64)  # documents under way at once; versions of one record stay in order
    retry: Retry = Retry()
    via: Literal["platform", "direct"] | None = None  # of public profiles only: whether the platform passes results on
    after: tuple[str, ...] = ()  # inbound feeds: `gateway serve` runs this one whenever one of them has finished

    @model_validator(mode="after")
    def _destination_has_name_and_type(self) -> OutboundFeed:
        # The name stands for the receiver: no version of a record goes twice to one name, whatever its address becomes.
        _assert_text("destination", self.destination, "name", "type")
        if self.destination.get("environment", "rehearsal") not in get_args(Environment):
            raise OptionError(WRONG_MARK, allowed=", ".join(get_args(Environment)))
        return self

    @property
    def environment(self) -> Environment:
        """The mark of the destination; one that nobody marked is for rehearsal."""
        return cast("Environment", self.destination.get("environment", "rehearsal"))


def _assert_text(connector: str, declared: Connector, *parts: str) -> None:
    for part in parts:
        value = declared.get(part)
        if not (isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME):
            raise OptionError(WRONG_TEXT, place=f"{connector}.{part}", allowed=_LONGEST_NAME)


Feed = Annotated[InboundFeed | OutboundFeed, Field(discriminator="direction")]
_ADAPTER: TypeAdapter[InboundFeed | OutboundFeed] = TypeAdapter(Feed)


def load_feeds(folder: Path) -> dict[str, InboundFeed | OutboundFeed]:
    """Every feed declared in the folder, in file and declaration order; raises StartError for the first wrong one."""
    feeds, wrong = read_feeds(folder)
    if wrong:
        raise wrong[0]
    return feeds


def read_feeds(folder: Path) -> tuple[dict[str, InboundFeed | OutboundFeed], list[StartError]]:
    """The feeds of the folder that are declared right, and what is wrong with every other."""
    feeds: dict[str, InboundFeed | OutboundFeed] = {}
    files: dict[str, str] = {}
    templates: dict[str, list[str]] = {}
    wrong: list[StartError] = []
    for path in sorted(folder.glob("*.yml")):
        declarations, mistakes = _declarations(path)
        refused: list[tuple[Declaration, StartError]] = []
        for each in declarations:
            try:
                if not _NAME.fullmatch(each.name):
                    raise StartError(WRONG_NAME, feed=repr(each.name)[1:-1], file=path.name, allowed=_LONGEST_NAME)
                if each.name in files:
                    raise StartError(DOUBLED, feed=each.name, file=path.name, other=files[each.name])
                files[each.name] = path.name
                feeds[each.name] = _declared(each.name, each.content, path.name)
                if each.template:
                    templates.setdefault(each.template, []).append(each.name)
            except StartError as error:
                refused.append((each, error))
        wrong += [*mistakes, *told_once(refused, path.name)]
    feeds = {name: _after_every_department(feed, feeds, templates) for name, feed in feeds.items()}
    wrong += _wrong_followers(feeds, files)
    return feeds, wrong


def _declarations(path: Path) -> tuple[list[Declaration], list[StartError]]:
    """What a file declares, templates stamped out, and what keeps the rest of it from being read."""
    try:
        content = _content(path)
        if is_template(content):
            return stamp(content, path.name)
    except StartError as error:
        return [], [error]
    return [Declaration(name, declared) for name, declared in content.items()], []


def _content(path: Path) -> Mapping[str, object]:
    try:
        content = read_yaml_text(path.read_text(encoding="utf-8-sig"), path.name) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(UNREADABLE, file=path.name, why=error) from error
    if not isinstance(content, dict):
        raise StartError(NO_NAMES, file=path.name)
    return content


def _declared(name: str, declaration: object, file: str) -> InboundFeed | OutboundFeed:
    try:
        feed = _ADAPTER.validate_python(declaration)
    except ValidationError as error:
        reason, reason_zh = wrong_values(error, "en", below=1), wrong_values(error, "zh", below=1)
        raise StartError(INVALID, file=file, feed=name, reason=reason, reason_zh=reason_zh) from error
    if feed.schedule is not None:
        _assert_schedule(name, feed.schedule, file)
    return feed


def _assert_schedule(name: str, schedule: str, file: str) -> None:
    try:
        read_schedule(schedule)
    except StartError as error:
        why, why_zh = error.text("en"), error.text("zh")
        raise StartError(WRONG_SCHEDULE, file=file, feed=name, value=schedule, why=why, why_zh=why_zh) from error


def _after_every_department(
    feed: InboundFeed | OutboundFeed, feeds: Mapping[str, object], templates: Mapping[str, list[str]]
) -> InboundFeed | OutboundFeed:
    """The feed, with every department's in `after` where that names their template."""
    if not isinstance(feed, OutboundFeed):
        return feed
    named = ([before] if before in feeds else templates.get(before, [before]) for before in feed.after)
    return feed.model_copy(update={"after": tuple(name for names in named for name in names)})


def _wrong_followers(feeds: Mapping[str, InboundFeed | OutboundFeed], declared: Iterable[str]) -> Iterator[StartError]:
    """What `after` names and is no inbound feed; one that is itself declared wrong is told of there."""
    inbound = [name for name, feed in feeds.items() if feed.direction == "inbound"]
    doubtful = set(declared) - set(feeds)
    for name, feed in feeds.items():
        for before in feed.after if isinstance(feed, OutboundFeed) else ():
            if before not in inbound and before not in doubtful:
                yield StartError(AFTER_WHAT, feed=name, name=before, known=", ".join(inbound) or "-")


def feed_named(feeds: Mapping[str, InboundFeed | OutboundFeed], name: str) -> InboundFeed | OutboundFeed:
    """The feed of a name; raises UnknownName with the nearest ones."""
    if name not in feeds:
        raise UnknownName("feed", "数据流", name, feeds)
    return feeds[name]


MESSAGES = (
    INVALID,
    UNREADABLE,
    NO_NAMES,
    WRONG_NAME,
    DOUBLED,
    NO_FEEDS,
    WRONG_SCHEDULE,
    AFTER_WHAT,
    WRONG_SHARE,
    WRONG_MARK,
    WRONG_TEXT,
)
