"""Plugins are found, offered by type and name, and stop the start when they are broken."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from gateway.domain.dataset import Rule
from gateway.domain.findings import Outcome
from gateway.errors import StartError, UnknownName
from gateway.hookspecs import offers
from gateway.interfaces import (
    DestinationOffer,
    Jurisdiction,
    Options,
    ProfileOffer,
    RuleOffer,
    SandboxOffer,
    SourceOffer,
)
from gateway.messages import Message
from gateway.plugin_loader import Plugin, Plugins, installed_plugins, load_plugins
from gateway.testing import broken_plugins

ROW_FAULT = Message("nowhere.row", zh="行“{value}”有误", en="row {value!r} is wrong")
NAME_RULE = Rule(
    message=Message("nowhere.name", zh="名称“{value}”有误", en="name {value!r} is wrong"),
    field="name",
    outcome=Outcome.HELD,
    fails=lambda _: pl.col("name").is_null(),
)


def _open(*_: Any) -> Any:
    raise AssertionError("loading opens nothing")


class Nowhere:
    """A plugin that uses every hook."""

    @offers
    def gateway_sources(self) -> Sequence[SourceOffer]:
        return [
            SourceOffer("paper", "纸质台账", Options, _open, messages=(ROW_FAULT,)),
            SourceOffer("radio", "电台", Options, _open),
        ]

    @offers
    def gateway_destinations(self) -> Sequence[DestinationOffer]:
        return [DestinationOffer("pigeon", "信鸽", Options, _open)]

    @offers
    def gateway_profiles(self) -> Sequence[ProfileOffer]:
        return (ProfileOffer("nowhere/platform/2024-01", "乌有平台", ("departments",)),)

    @offers
    def gateway_jurisdictions(self) -> Sequence[Jurisdiction]:
        return [Jurisdiction("nowhere", "乌有省", "00")]

    @offers
    def gateway_rules(self) -> Sequence[RuleOffer]:
        return [RuleOffer("departments", NAME_RULE)]

    @offers
    def gateway_sandboxes(self) -> Sequence[SandboxOffer]:
        return [SandboxOffer("nowhere", "乌有平台", _open)]


@pytest.fixture
def plugins() -> Plugins:
    return Plugins([Plugin("nowhere", "1.2", Nowhere())])


def test_every_kind_of_offer_is_found_by_its_name(plugins: Plugins) -> None:
    assert (
        list(plugins.sources()),
        list(plugins.destinations()),
        list(plugins.profiles()),
        list(plugins.jurisdictions()),
        list(plugins.rules()),
        list(plugins.sandboxes()),
    ) == (
        ["paper", "radio"],
        ["pigeon"],
        ["nowhere/platform/2024-01"],
        ["nowhere"],
        ["departments:nowhere.name"],
        ["nowhere"],
    )


def test_one_offer_is_picked_by_its_name(plugins: Plugins) -> None:
    picked = (
        plugins.source("radio").title,
        plugins.destination("pigeon").title,
        plugins.profile("nowhere/platform/2024-01").title,
        plugins.jurisdiction("nowhere").region,
        plugins.sandbox("nowhere").title,
    )
    assert picked == ("电台", "信鸽", "乌有平台", "00", "乌有平台")


@pytest.mark.parametrize("pick", ["source", "destination", "profile", "jurisdiction", "sandbox"])
def test_a_name_that_nobody_offers_is_refused(plugins: Plugins, pick: str) -> None:
    with pytest.raises(UnknownName):
        getattr(plugins, pick)("elsewhere")


def test_an_unknown_kind_of_source_says_the_nearest(plugins: Plugins) -> None:
    with pytest.raises(UnknownName) as refused:
        plugins.source("papre")
    assert refused.value.text("zh") == "没有名为“papre”的来源类型；最接近的是：paper"


def test_rules_are_given_for_their_dataset_only(plugins: Plugins) -> None:
    assert (plugins.rules_of("departments"), plugins.rules_of("inspection_targets")) == ((NAME_RULE,), ())


def test_messages_of_offers_and_rules_are_gathered(plugins: Plugins) -> None:
    assert {message.code for message in plugins.messages()} == {"nowhere.row", "nowhere.name"}


def test_a_plugin_is_described_with_its_version_and_offers(plugins: Plugins) -> None:
    described = plugins.described()[0]
    assert (
        described.name,
        described.version,
        described.offers["gateway_sources"],
        "gateway_rules" in described.offers,
    ) == (
        "nowhere",
        "1.2",
        ["paper", "radio"],
        True,
    )


# --------------------------------------------------------------------------------------------- broken plugins


SWITCH_ZH = (
    "；修好之前如需先启动，可停用它：设置环境变量 GATEWAY_DISABLED_PLUGINS=broken，"
    '或在 gateway.toml 中写 disabled_plugins = ["broken"]'
)
HOOKS = (
    "gateway_destinations, gateway_jurisdictions, gateway_profiles, gateway_rules, gateway_sandboxes, gateway_sources"
)
BROKEN = {
    "misspells_a_hook": (
        f"插件“broken”实现了网关没有的接口“gateway_sorces”，网关的接口有：{HOOKS}；"
        "请更正拼写，或安装与本网关版本相符的插件"
    ),
    "wants_an_argument": (
        "插件“broken”的接口写法与网关不符（Argument(s) {'settings'} are declared in the hookimpl but can not be found "
        "in the hookspec）；请安装与本网关版本相符的插件"
    ),
    "fails_when_asked": (
        "插件“broken”的接口“gateway_sandboxes”出错（OSError: licence file not found）；请修复或重新安装该插件"
    ),
    "forgets_the_mark": "插件“broken”没有提供任何内容；请在其接口函数前加上 @offers，或卸载该插件",
    "yields_its_offers": (
        "插件“broken”的接口“gateway_profiles”给出了 generator，应为 [ProfileOffer(…), …]；请安装与本网关版本相符的插件"
    ),
    "offers_a_wrong_type": (
        "插件“broken”的接口“gateway_sources”给出了 Jurisdiction(slug='nowhere', title='乌有省', region='00')，"
        "应为 [SourceOffer(…), …]；请安装与本网关版本相符的插件"
    ),
    "takes_any_option": (
        "插件“broken”的来源类型“anything”的 options 是 <class 'dict'>，应为 gateway.interfaces.Options 的子类；"
        "请安装与本网关版本相符的插件"
    ),
    "offers_one_name_twice": (
        "插件“broken”提供的辖区“nowhere”已由插件“broken”提供；一个名称只能有一个提供者，请改名或只保留其一"
    ),
    "words_one_code_twice": (
        "插件“broken”为消息代码“nowhere.name”写的句子与插件“broken”的不同；一个代码只能有一种说法，请换一个代码"
    ),
}
BROKEN_AT_IMPORT = {
    "needs_a_missing_library": "ModuleNotFoundError: No module named 'a_library_that_nobody_has'",
    "leaves_at_import": "SystemExit: this plugin was written as a script",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_stops_the_start_and_says_why(fault: str) -> None:
    hooks = importlib.import_module(f"{broken_plugins.__name__}.{fault}")
    with pytest.raises(StartError) as stopped:
        Plugins([Plugin("broken", "1.0", hooks)])
    assert stopped.value.text("zh") == BROKEN[fault] + SWITCH_ZH


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_is_also_named_in_english_with_its_switch(fault: str) -> None:
    hooks = importlib.import_module(f"{broken_plugins.__name__}.{fault}")
    with pytest.raises(StartError) as stopped:
        Plugins([Plugin("broken", "1.0", hooks)])
    sentence = stopped.value.text("en")
    assert "'broken'" in sentence
    assert sentence.endswith(
        "; to start without it meanwhile, set GATEWAY_DISABLED_PLUGINS=broken in the environment or "
        'disabled_plugins = ["broken"] in gateway.toml'
    )


def test_every_broken_plugin_is_tried() -> None:
    assert {each.name for each in pkgutil.iter_modules(broken_plugins.__path__)} == {*BROKEN, *BROKEN_AT_IMPORT}


def test_two_plugins_cannot_offer_one_name() -> None:
    with pytest.raises(StartError) as stopped:
        Plugins([Plugin("first", "1", Nowhere()), Plugin("second", "1", Nowhere())])
    assert stopped.value.text("en").startswith(
        "plugin 'second' offers the kind of destination 'pigeon', which plugin 'first' offers already"
    )


# ------------------------------------------------------------------------------------------ installed plugins


class Installer:
    """Installs plugins as pip would: a folder on the path with the metadata of a distribution."""

    def __init__(self, site: Path) -> None:
        self._site = site

    def install(self, name: str, module: str, distribution: str | None = None) -> None:
        folder = self._site / f"{distribution or name}-3.4.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution or name}\nVersion: 3.4\n")
        (folder / "entry_points.txt").write_text(f"[gateway]\n{name} = {module}\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installer]:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_sound_plugin.py").write_text(
        "from gateway.hookspecs import offers\n"
        "from gateway.interfaces import Jurisdiction\n"
        "@offers\n"
        "def gateway_jurisdictions():\n"
        "    return [Jurisdiction('nowhere', '乌有省', '00')]\n",
        encoding="utf-8",
    )
    yield Installer(tmp_path)
    importlib.invalidate_caches()


def _installed_by_the_test(plugins: list[Plugin]) -> list[tuple[str, str, str]]:
    return [
        (each.name, each.version, each.hooks.__name__)
        for each in plugins
        if isinstance(each.hooks, ModuleType) and each.version == "3.4"
    ]


def test_an_installed_package_is_found_with_its_version(site: Installer) -> None:
    site.install("nowhere", "a_sound_plugin")
    assert _installed_by_the_test(installed_plugins()) == [("nowhere", "3.4", "a_sound_plugin")]


@pytest.mark.parametrize("fault", BROKEN_AT_IMPORT)
def test_a_plugin_that_cannot_be_imported_stops_the_start(site: Installer, fault: str) -> None:
    site.install("broken", f"{broken_plugins.__name__}.{fault}")
    with pytest.raises(StartError) as stopped:
        installed_plugins()
    expected = f"插件“broken”（版本 3.4）无法导入（{BROKEN_AT_IMPORT[fault]}）；请修复或重新安装该插件"
    assert stopped.value.text("zh") == expected + SWITCH_ZH


def test_a_disabled_plugin_is_not_even_imported(site: Installer) -> None:
    site.install("broken", f"{broken_plugins.__name__}.needs_a_missing_library")
    assert _installed_by_the_test(installed_plugins(["broken"])) == []


def test_disabling_a_plugin_that_is_not_installed_says_the_nearest(site: Installer) -> None:
    site.install("nowhere", "a_sound_plugin")
    with pytest.raises(UnknownName) as refused:
        installed_plugins(["nowhre"])
    assert refused.value.text("en") == "there is no plugin named 'nowhre'; the nearest are: nowhere"


def test_two_packages_with_plugins_of_one_name_stop_the_start(site: Installer) -> None:
    site.install("nowhere", "a_sound_plugin", distribution="nowhere_one")
    site.install("nowhere", "a_sound_plugin", distribution="nowhere_two")
    with pytest.raises(StartError) as stopped:
        installed_plugins()
    assert "由两个已安装的软件包同时提供（nowhere_one, nowhere_two）" in stopped.value.text("zh")


def test_the_shipped_plugins_load_together() -> None:
    assert {each.name for each in load_plugins().described()} >= {
        "gateway_files",
        "gateway_rest",
        "gateway_shandong",
        "gateway_sql",
    }


def test_a_shipped_plugin_can_be_switched_off() -> None:
    assert "gateway_sql" not in {each.name for each in installed_plugins(["gateway_sql"])}
