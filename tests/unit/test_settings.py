"""Settings come from the environment, gateway.toml and secret files, and a wrong one is said in one sentence."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from gateway.errors import StartError, UnknownName
from gateway.settings import ALLOWED, Settings, load_settings
from gateway.shipped import shipped


def _write(directory: Path, text: str) -> Path:
    file = directory / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return file


def _refusal(directory: Path | None, **environ: str) -> StartError:
    with pytest.raises(StartError) as stopped:
        load_settings(directory, environ)
    return stopped.value


def test_an_empty_folder_is_a_deployment_with_defaults_that_work(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings.model_dump(exclude={"workers"}) == {
        "directory": tmp_path,
        "database_url": f"sqlite:///{tmp_path}/gateway.db",
        "language": "zh",
        "disabled_plugins": frozenset(),
        "environment": "rehearsal",
        "spool": tmp_path / "spool",
        "secrets_dir": tmp_path / "secrets",
        "monitoring_port": 9370,
        "push_address": None,
        "push_certificate": None,
        "push_key": None,
        "secret_variables": {},
    }


def test_the_file_is_read(tmp_path: Path) -> None:
    _write(tmp_path, 'workers = 7\nlanguage = "en"\ndisabled_plugins = ["gateway_sql"]\nenvironment = "production"\n')
    settings = load_settings(tmp_path, {})
    assert (settings.workers, settings.language, settings.disabled_plugins, settings.environment) == (
        7,
        "en",
        {"gateway_sql"},
        "production",
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    _write(tmp_path, 'workers = 7\nlanguage = "en"\n')
    settings = load_settings(tmp_path, {"GATEWAY_WORKERS": "3", "GATEWAY_LANG": "zh"})
    assert (settings.workers, settings.language) == (3, "zh")


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert load_settings(tmp_path, {"GATEWAY_WORKERS": "", "GATEWAY_LANG": ""}).language == "zh"


def test_only_the_given_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_LANG", "en")
    assert load_settings(tmp_path, {}).language == "zh"


@pytest.mark.parametrize("variable", ["LANGUAGE", "LANG", "gateway_lang", "GATEWAY_lang"])
def test_a_variable_of_another_name_or_case_is_left_alone(tmp_path: Path, variable: str) -> None:
    assert load_settings(tmp_path, {variable: "en"}).language == "zh"


def test_plugins_are_switched_off_by_names_between_commas(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"GATEWAY_DISABLED_PLUGINS": "gateway_sql, gateway_rest,"})
    assert settings.disabled_plugins == {"gateway_sql", "gateway_rest"}


def test_the_deployment_is_named_by_the_environment_where_the_caller_names_none(tmp_path: Path) -> None:
    assert load_settings(None, {"GATEWAY_DIRECTORY": str(tmp_path)}).directory == tmp_path


def test_relative_paths_start_in_the_deployment_wherever_they_are_written(tmp_path: Path) -> None:
    _write(tmp_path, 'spool = "runs"\n')
    settings = load_settings(tmp_path, {"GATEWAY_SECRETS_DIR": "keys", "GATEWAY_DATABASE_URL": "sqlite:///state/a.db"})
    assert (settings.spool, settings.secrets_dir, settings.database_url) == (
        tmp_path / "runs",
        tmp_path / "keys",
        f"sqlite:///{tmp_path}/state/a.db",
    )


def test_absolute_paths_and_database_servers_stay_as_written(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, {"GATEWAY_SPOOL": "/var/spool/gateway", "GATEWAY_DATABASE_URL": "postgresql://db/gateway"}
    )
    assert (settings.spool, settings.database_url) == (Path("/var/spool/gateway"), "postgresql://db/gateway")


def test_an_absolute_sqlite_file_stays_as_written(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {"GATEWAY_DATABASE_URL": "sqlite:////var/gateway.db"})
    assert settings.database_url == "sqlite:////var/gateway.db"


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes(b"\xef\xbb\xbf" + b"workers = 5\n")
    assert load_settings(tmp_path, {}).workers == 5


# --------------------------------------------------------------------------------------------------- refusals


def test_a_missing_deployment_is_named(tmp_path: Path) -> None:
    assert _refusal(tmp_path / "none").text("zh") == (
        f"部署目录“{tmp_path}/none”不存在或不是目录；请先建立它，或用 GATEWAY_DIRECTORY 指定另一个目录"
    )


def test_a_misspelt_key_says_the_nearest_and_its_file(tmp_path: Path) -> None:
    file = _write(tmp_path, 'databse_url = "sqlite:///x.db"\n')
    refused = _refusal(tmp_path)
    assert (type(refused), refused.text("zh"), refused.text("en")) == (
        UnknownName,
        f"没有名为“databse_url”的设置项（{file}）；最接近的是：database_url",
        f"there is no setting in {file} named 'databse_url'; the nearest are: database_url",
    )


@pytest.mark.parametrize("key", ["directory", "secret_variables", "environ", "GATEWAY_LANG", "WORKERS"])
def test_what_is_no_setting_cannot_be_set_in_the_file(tmp_path: Path, key: str) -> None:
    _write(tmp_path, f'{key} = "x"\n')
    assert isinstance(_refusal(tmp_path), UnknownName)


def test_a_misspelt_variable_says_the_nearest(tmp_path: Path) -> None:
    assert _refusal(tmp_path, GATEWAY_ENVIROMENT="production").text("zh") == (
        "环境变量 GATEWAY_ENVIROMENT 不是网关的设置，疑为 GATEWAY_ENVIRONMENT 之误；请更正或删除该变量"
    )


def test_variables_that_a_cluster_sets_for_a_service_called_gateway_are_left_alone(tmp_path: Path) -> None:
    environ = {
        "GATEWAY_PORT": "tcp://10.0.0.1:80",
        "GATEWAY_SERVICE_HOST": "10.0.0.1",
        "GATEWAY_SERVICE_PORT": "80",
        "GATEWAY_PORT_80_TCP_ADDR": "10.0.0.1",
        "GATEWAY_PORT_80_TCP_PROTO": "tcp",
    }
    assert load_settings(tmp_path, environ).directory == tmp_path


def test_a_wrong_value_in_the_file_says_the_file_and_what_is_allowed(tmp_path: Path) -> None:
    file = _write(tmp_path, "workers = 0\n")
    assert _refusal(tmp_path).text("zh") == (
        f"设置项 workers 的值 0 无效（来自 {file}）；允许的值：1…64；请更正后重新启动"
    )


def test_a_wrong_value_in_the_environment_says_the_variable(tmp_path: Path) -> None:
    assert _refusal(tmp_path, GATEWAY_LANG="fr").text("en") == (
        "the setting language cannot be 'fr' (from GATEWAY_LANG); allowed: zh, en; correct it and start again"
    )


@pytest.mark.parametrize(
    "line", ["disabled_plugins = 3", "disabled_plugins = [3]", 'environment = "test"', "spool = 3", "language = true"]
)
def test_no_wrong_type_passes(tmp_path: Path, line: str) -> None:
    _write(tmp_path, line)
    assert _refusal(tmp_path).message.code == "settings.invalid"


def test_a_database_that_is_not_supported_is_refused_without_showing_its_password(tmp_path: Path) -> None:
    refused = _refusal(tmp_path, GATEWAY_DATABASE_URL="mysql://gateway:hunter2@db/gateway")
    assert refused.text("en") == (
        "the setting database_url cannot be 'mysql://…' (from GATEWAY_DATABASE_URL); allowed: sqlite:///…, "
        "postgresql://…; correct it and start again"
    )


def test_a_file_that_is_no_toml_says_the_line(tmp_path: Path) -> None:
    file = _write(tmp_path, 'language = "zh"\nworkers : 3\n')
    refused = _refusal(tmp_path)
    assert (refused.message.code, str(file) in refused.text("zh"), "line 2" in refused.text("zh")) == (
        "settings.unreadable",
        True,
        True,
    )


def test_a_file_saved_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_bytes("# 设置\n".encode("gb18030"))
    assert _refusal(tmp_path).message.code == "settings.unreadable"


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").mkdir()
    assert _refusal(tmp_path).text("en") == (
        f"the settings file '{tmp_path}/gateway.toml' cannot be read (Is a directory); TOML in UTF-8 is expected, "
        "correct it"
    )


def test_every_setting_says_what_is_allowed() -> None:
    assert set(ALLOWED) == set(Settings.model_fields) - {"directory", "secret_variables"}


def test_the_example_file_shows_every_setting_with_a_value_that_works(tmp_path: Path) -> None:
    example = (shipped("config") / "gateway.example.toml").read_text(encoding="utf-8")
    _write(tmp_path, re.sub(r"^# (?=\w+ = )", "", example, flags=re.MULTILINE))
    assert (load_settings(tmp_path, {}), sorted(re.findall(r"^# (\w+) = ", example, flags=re.MULTILINE))) == (
        load_settings(tmp_path, {"GATEWAY_WORKERS": "2"}),
        sorted(ALLOWED),
    )


# ---------------------------------------------------------------------------------------------------- secrets


def test_a_secret_is_read_from_the_environment_first(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/shandong-platform").write_text("from the file")
    settings = load_settings(tmp_path, {"GATEWAY_SECRET_SHANDONG_PLATFORM": "from the environment"})
    assert settings.secret("shandong-platform") == "from the environment"


def test_a_secret_is_read_from_its_file_without_the_closing_line_break(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/shandong").write_bytes(" 密钥 \r\n".encode())
    assert load_settings(tmp_path, {}).secret("shandong") == " 密钥 "


def test_an_empty_variable_leaves_a_secret_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/shandong").write_text("from the file")
    assert load_settings(tmp_path, {"GATEWAY_SECRET_SHANDONG": ""}).secret("shandong") == "from the file"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_secret_says_where_it_may_be_put(tmp_path: Path, content: str | None) -> None:
    (tmp_path / "secrets").mkdir()
    if content is not None:
        (tmp_path / "secrets/shandong").write_text(content)
    with pytest.raises(StartError) as stopped:
        load_settings(tmp_path, {}).secret("shandong")
    assert stopped.value.text("zh") == (
        f"找不到密钥“shandong”；请设置环境变量 GATEWAY_SECRET_SHANDONG，或把密钥写入文件“{tmp_path}/secrets/shandong”"
    )


@pytest.mark.parametrize("name", ["../gateway.toml", "/etc/passwd", ".hidden", "", "a b"])
def test_a_secret_cannot_be_read_from_outside_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(StartError) as stopped:
        load_settings(tmp_path, {}).secret(name)
    assert stopped.value.message.code == "settings.secret_name"


def test_a_secret_file_that_is_no_text_is_refused_without_showing_it(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/shandong").write_bytes(b"\xff\xfehunter2")
    with pytest.raises(StartError) as stopped:
        load_settings(tmp_path, {}).secret("shandong")
    assert stopped.value.text("en") == (
        f"the secret file '{tmp_path}/secrets/shandong' cannot be read (UnicodeDecodeError); check its permissions and "
        "encoding (UTF-8)"
    )


def test_settings_never_show_a_secret_or_the_database_password(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path,
        {"GATEWAY_SECRET_SHANDONG": "hunter2", "GATEWAY_DATABASE_URL": "postgresql://gateway:hunter2@db/gateway"},
    )
    assert "hunter2" not in f"{settings} {settings!r}"


def test_a_secret_is_not_logged_where_the_reading_of_settings_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PYDANTIC_SETTINGS_DEBUG", "1")
    with caplog.at_level(logging.DEBUG):
        load_settings(tmp_path, {"GATEWAY_SECRET_SHANDONG": "hunter2"})
    assert ("GATEWAY_SECRET_SHANDONG" in caplog.text, "hunter2" in caplog.text) == (True, False)
