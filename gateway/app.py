"""Composes everything: the one place that knows every part. Below it everything receives what it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import BaseModel, ValidationError

from gateway import __version__, checking, mapping, shipped
from gateway.checking import CompiledChecks, compile_checks
from gateway.domain.dataset import Dataset, Facts
from gateway.domain.datasets import DATASETS
from gateway.domain.identifier_exceptions import exceptions_by_scheme, reviewed_exceptions
from gateway.domain.wrong_values import wrong_values
from gateway.domain.yaml_text import read_yaml_text
from gateway.errors import StartError, UnknownName
from gateway.formats.answers import MESSAGES as ANSWER_MESSAGES
from gateway.formats.profile import Profile, load_profile
from gateway.formats.xml_documents import MESSAGES as XML_MESSAGES
from gateway.interfaces import Destination, Source, Surroundings, TakingSource
from gateway.mapping import CompiledMap, FieldMap, check_covers, compile_map, field_map_of, load_field_map
from gateway.messages import Catalogue, Language, Message
from gateway.operations.issue_sentences import issue_sentence
from gateway.pipeline.crossing import refuse_destination
from gateway.pipeline.enqueue import Enqueuer
from gateway.pipeline.feeds import NO_FEEDS, Connector, InboundFeed, OutboundFeed, feed_named, load_feeds
from gateway.pipeline.inbound import InboundRunner
from gateway.pipeline.judge import Judge
from gateway.pipeline.messages import MESSAGES as PIPELINE_MESSAGES
from gateway.pipeline.outbound import OutboundRunner
from gateway.pipeline.parents import Parents
from gateway.pipeline.precedence import Precedence, load_precedence
from gateway.pipeline.progress import Reached, unwatched
from gateway.pipeline.pushed import PushedSource, PushRunner
from gateway.pipeline.wiring import Wiring
from gateway.plugin_loader import Plugins
from gateway.settings import Settings
from gateway.state import environment_mark
from gateway.state.database import Database
from gateway.state.exchange import Exchange
from gateway.state.issue_list import ListedIssue
from gateway.state.outbox import Address
from gateway.transport.xml import Schema

if TYPE_CHECKING:
    from gateway.service.log import Log
    from gateway.service.pace import Clock, Pace
    from gateway.service.push.desk import Desk
    from gateway.service.push.server import Door
    from gateway.service.service import Service, Stopping

WRONG_OPTIONS = Message(
    "feed.wrong_options",
    zh="数据流“{feed}”的 {part}（类型 {type}）选项有误：{reason_zh}；允许的选项：{allowed}",
    en="the {part} of feed {feed!r} (type {type}) has a wrong option: {reason}; its options are: {allowed}",
)
NOT_THE_DATASET = Message(
    "feed.not_the_dataset",
    zh="数据流“{feed}”是 {dataset} 的，但 {file} 写的是 {found}；请改数据流或换一个文件",
    en="feed {feed!r} is for {dataset}, but {file} is for {found}; change the feed or name another file",
)

VIA_NOT_PUBLIC = Message(
    "feed.via_not_public",
    zh="数据流“{feed}”写了 via: {via}，但报送格式 {profile} 不面向社会公开，via 只用于公开的报送格式；请去掉 via",
    en="feed {feed!r} says via: {via}, but the profile {profile} is not public, and via is for public ones only; "
    "take via out",
)

TAKES_AWAY = Message(
    "feed.takes_away",
    zh="数据流“{feed}”的来源读过即移走，不会再次给出全部内容；请写 reads: changes",
    en="the source of feed {feed!r} takes away what was read and never gives everything again; write reads: changes",
)
UNREADABLE = Message(
    "map.unreadable",
    zh="文件 {file} 无法读取（{why}）；应为 UTF-8 编码的 YAML，请检查权限和编码",
    en="the file {file} cannot be read ({why}); YAML in UTF-8 is expected, check its rights and encoding",
)

Runner = InboundRunner | OutboundRunner


@dataclass(frozen=True)
class Gateway:
    """One deployment, composed: its feeds, what they need, and the runners that execute them."""

    settings: Settings
    plugins: Plugins
    database: Database
    executor: Executor
    reached: Reached = unwatched

    @cached_property
    def datasets(self) -> Mapping[str, Dataset]:
        """The datasets of the exchange by name, with the rules that jurisdictions add."""
        return {
            name: replace(dataset, rules=(*dataset.rules, *self.plugins.rules_of(name)))
            for name, dataset in DATASETS.items()
        }

    @cached_property
    def messages(self) -> Catalogue:
        """Every message that may have been stored, so that it can be worded."""
        rules = (rule.message for dataset in self.datasets.values() for rule in dataset.rules)
        return Catalogue(
            [
                *mapping.MESSAGES,
                *checking.MESSAGES,
                *PIPELINE_MESSAGES,
                *ANSWER_MESSAGES,
                *XML_MESSAGES,
                *rules,
                *self.plugins.messages(),
            ]
        )

    @cached_property
    def feeds(self) -> Mapping[str, InboundFeed | OutboundFeed]:
        """The feeds of the deployment by name; StartError where one is wrong or there is none."""
        folder = self.settings.directory / "config" / "feeds"
        feeds = load_feeds(folder)
        if not feeds:
            raise StartError(NO_FEEDS, folder=folder)
        return feeds

    @cached_property
    def precedence(self) -> Mapping[str, Precedence]:
        """Whose value stands in which field, by dataset; StartError where it is declared wrong."""
        return load_precedence(self.settings.directory / "config" / "precedence.yml", self.feeds, self.datasets)

    def runner(self, name: str) -> Runner:
        """What runs the feed of a name; StartError where it, its map, profile or connector is wrong."""
        return self.runner_of(name, feed_named(self.feeds, name))

    def runner_of(self, name: str, feed: InboundFeed | OutboundFeed) -> Runner:
        """What runs a feed; StartError where its map, profile or connector is wrong."""
        return self._inbound(name, feed) if isinstance(feed, InboundFeed) else self._outbound(name, feed)

    def dataset(self, name: str) -> Dataset:
        """The dataset of a name; UnknownName with the nearest ones."""
        if name not in self.datasets:
            raise UnknownName("dataset", "数据集", name, self.datasets)
        return self.datasets[name]

    def data_file(self, kind: str, kind_zh: str, name: str) -> Path:
        """A file under `mappings/`, the deployment's own before the shipped one; UnknownName with the nearest ones."""
        roots = [self.settings.directory / "mappings", shipped.shipped("mappings")]
        for root in roots:
            if (file := root / f"{name}.yml").is_file():
                return file
        raise UnknownName(kind, kind_zh, name, _names(roots))

    def _inbound(self, name: str, feed: InboundFeed) -> InboundRunner:
        dataset = self.dataset(feed.dataset)
        field_map, compiled = self.inbound_map(name, feed)
        source = self.source(name, feed)
        precedence = self.precedence.get(feed.dataset)
        kind = PushRunner if isinstance(source, PushedSource) else InboundRunner
        return kind(
            name=name,
            feed=feed,
            source=source,
            judge=Judge(dataset, compiled, self._checks(dataset), compiled.columns),
            map_digest=field_map.digest,
            basis=(field_map.digest, *self._versions, _declared(dataset), repr(sorted(self._facts.exceptions.items()))),
            exchange=Exchange(dataset),
            parents=Parents(dataset, {name: Exchange(each) for name, each in self.datasets.items()}),
            database=self.database,
            spools=self.settings.spool,
            executor=self.executor,
            messages=self.messages,
            reached=self.reached,
            precedence=precedence if precedence and name in precedence.feeds else None,
        )

    def _outbound(self, name: str, feed: OutboundFeed) -> OutboundRunner:
        dataset = self.dataset(feed.dataset)
        profile, outward = self.profile(feed)
        if feed.via and not profile.declared.public:
            raise StartError(VIA_NOT_PUBLIC, feed=name, via=feed.via, profile=feed.profile)
        wiring = Wiring(profile.declared, self.datasets, f"{feed.profile}/{feed.dataset}")
        exchange = wiring.exchange(dataset.name)
        for field in feed.where:
            if field not in exchange.schema:
                raise UnknownName(f"field of {feed.dataset}", f"字段（{feed.dataset}）", field, exchange.schema)
        address = Address(name, feed.destination["name"], feed.dataset, profile.identity, self.settings.environment)
        return OutboundRunner(
            name=name,
            feed=feed,
            destination=self.destination(name, feed, profile),
            enqueuer=Enqueuer(
                address,
                feed.where,
                exchange,
                profile,
                wiring.outward(outward),
                wiring.companions(),
                self.messages,
                self.reached,
            ),
            map_digest=outward.digest,
            database=self.database,
            reached=self.reached,
        )

    def inbound_map(self, name: str, feed: InboundFeed) -> tuple[FieldMap, CompiledMap]:
        """The field map of an inbound feed, and what it compiles to."""
        text = _text(self.data_file("field map", "字段映射", feed.map))
        if (known := self._maps.get((feed.map, text, feed.dataset))) is not None:
            return known
        field_map = load_field_map(text, feed.map)
        _assert_dataset(name, feed.dataset, feed.map, field_map.dataset)
        check_covers(field_map, self.dataset(feed.dataset))
        compiled = compile_map(field_map, self.dataset(feed.dataset).schema)
        return self._maps.setdefault((feed.map, text, feed.dataset), (field_map, compiled))

    def field_map(self, name: str) -> FieldMap:
        """The field map of a name."""
        file = self.data_file("field map", "字段映射", name)
        return load_field_map(_text(file), name)

    def profile(self, feed: OutboundFeed) -> tuple[Profile, FieldMap]:
        """The profile of an outbound feed, and its field map outward."""
        name = f"{feed.profile}/{feed.dataset}"
        profile = load_profile(self.data_file("profile", "报送格式", name), Schema)
        content = {"map": name, "dataset": profile.dataset, "fields": profile.fields}
        return profile, field_map_of(content, name)

    def source(self, name: str, feed: InboundFeed) -> Source:
        """The opened source of an inbound feed; nothing is read yet."""
        offer = self.plugins.source(feed.source["type"])
        source = offer.open(_options(name, "source", feed.source, offer.options), self._surroundings)
        if isinstance(source, TakingSource) and feed.reads == "everything":
            raise StartError(TAKES_AWAY, feed=name)
        return source

    def destination(self, name: str, feed: OutboundFeed, profile: Profile) -> Destination:
        """The opened destination of an outbound feed; nothing is sent yet."""
        refuse_destination(name, feed, self.settings.environment)
        offer = self.plugins.destination(feed.destination["type"])
        options = _options(name, "destination", feed.destination, offer.options)
        return offer.open(options, profile, self._surroundings)

    def _checks(self, dataset: Dataset) -> CompiledChecks:
        if dataset.name not in self._compiled_checks:
            self._compiled_checks[dataset.name] = compile_checks(dataset, self._facts)
        return self._compiled_checks[dataset.name]

    # Compiling takes longer than judging a few rows, and a service judges the same few rows again and again.
    @cached_property
    def _maps(self) -> dict[tuple[str, str, str], tuple[FieldMap, CompiledMap]]:
        """Maps by name, text and dataset."""
        return {}

    @cached_property
    def _compiled_checks(self) -> dict[str, CompiledChecks]:
        return {}

    @cached_property
    def _versions(self) -> tuple[str, ...]:
        """The programs whose code judges rows."""
        plugins = (f"{plugin.name} {plugin.version}" for plugin in self.plugins.described())
        return (f"gateway {__version__}", f"polars {pl.__version__}", *plugins)

    @cached_property
    def _surroundings(self) -> Surroundings:
        return Surroundings(self.settings.directory, self.settings.secret, self.settings.environment)

    @cached_property
    def _facts(self) -> Facts:
        name = "national/identifier_exceptions"
        file = self.data_file("exception list", "例外名单", name)
        entries = reviewed_exceptions(read_yaml_text(_text(file), f"{name}.yml"))
        return Facts(exceptions=exceptions_by_scheme(entries))


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise StartError(UNREADABLE, file=str(file), why=error) from error


# What a feed says of a connector that is not the connector's to know.
_FOR_US = {"source": {"type", "name"}, "destination": {"type", "name", "environment"}}


def _options(feed: str, part: str, declared: Connector, model: type[BaseModel]) -> Any:
    values = {name: value for name, value in declared.items() if name not in _FOR_US[part]}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise StartError(
            WRONG_OPTIONS,
            feed=feed,
            part=part,
            type=declared["type"],
            reason=wrong_values(error, "en"),
            reason_zh=wrong_values(error, "zh"),
            allowed=", ".join(each.alias or name for name, each in model.model_fields.items()),
        ) from error


def _declared(dataset: Dataset) -> str:
    """What a dataset declares, as text; rules by their codes, their expressions stand in the programs' versions."""
    return repr((dataset.fields, [(rule.message.code, rule.field, rule.outcome) for rule in dataset.rules]))


def _assert_dataset(feed: str, dataset: str, file: str, found: str) -> None:
    if found != dataset:
        raise StartError(NOT_THE_DATASET, feed=feed, dataset=dataset, file=file, found=found)


def _names(roots: list[Path]) -> Iterator[str]:
    for root in roots:
        for file in root.rglob("[!_]*.yml"):  # a leading underscore marks what several files share
            if not file.name.endswith(".golden.yml"):
                yield file.relative_to(root).with_suffix("").as_posix()


@contextmanager
def opened(settings: Settings, plugins: Plugins, *, reached: Reached = unwatched) -> Iterator[Gateway]:
    """Open a deployment: its database brought up to date, its threads started; closed again after the block."""
    database = Database(settings.database_url)
    try:
        database.upgrade()
        environment_mark.claim(database, settings.environment)
        with ThreadPoolExecutor(settings.workers, thread_name_prefix="judge") as executor:
            yield Gateway(settings, plugins, database, executor, reached)
    finally:
        database.close()


def service_of(gateway: Gateway, log: Log, stopping: Stopping, clock: Clock, pace: Pace) -> Service:
    """The running service of a deployment; StartError where its feeds are declared wrong."""
    from gateway.service.health import Health
    from gateway.service.metrics import Metrics
    from gateway.service.reporting import Reporting
    from gateway.service.service import Service
    from gateway.service.standing_feeds import StandingFeeds

    directory = gateway.settings.directory
    folders = [directory / "config", directory / "mappings", shipped.shipped("mappings"), gateway.settings.secrets_dir]
    feeds = StandingFeeds(lambda: replace(gateway), folders)
    metrics = Metrics(gateway.database, lambda: feeds.names)
    reporting = Reporting(log, metrics, Health(gateway.database, clock), clock)
    return Service(gateway.database, feeds, reporting, clock, pace, stopping)


def desk_of(gateway: Gateway, service: Service, pace: Pace) -> Desk:
    """Where the service takes in what is pushed."""
    from gateway.service.push.desk import Desk
    from gateway.service.push.push_feeds import PushFeeds
    from gateway.service.push.tokens import Tokens

    def sentence(feed: str, dataset: str, issue: Mapping[str, Any], language: Language) -> str:
        stored = {"id": 0, "status": "open", "first_run": 0, "last_run": 0, "original": None}
        listed = ListedIssue(**{**stored, "feed": feed, "dataset": dataset, **issue})
        return issue_sentence(listed, gateway.messages, gateway.datasets, language)

    return Desk(
        database=gateway.database,
        tokens=Tokens(gateway.settings.secrets_dir),
        declared=PushFeeds(service.feeds.another(), gateway.datasets),
        sentence=sentence,
        ran=service.reporting.pushed,
        wait_seconds=pace.push_wait,
    )


def door_of(settings: Settings, pace: Pace) -> Door | None:
    """Where batches are pushed to; None where the settings open no door."""
    from gateway.service.push.server import Door

    if settings.push_address is None:
        return None
    host, _, port = settings.push_address.rpartition(":")
    encryption = settings.push_certificate, settings.push_key
    return Door(host.strip("[]"), int(port), *encryption, stop_seconds=pace.stop)
