"""Departments push records: each row is answered for, each batch takes effect once, and nobody pushes for another."""

from __future__ import annotations

import datetime as dt
import http.client
import io
import ipaddress
import json
import re
import shutil
import socket
import ssl
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.app import Gateway, desk_of, door_of, opened, service_of
from gateway.cli.application import run_command
from gateway.errors import StartError
from gateway.pipeline.progress import Point
from gateway.plugin_loader import load_plugins
from gateway.service.log import json_log
from gateway.service.pace import Pace
from gateway.service.push.server import Door, served
from gateway.service.push.tokens import FILE, Tokens
from gateway.service.service import Stopping
from gateway.settings import load_settings
from gateway.state import leases
from gateway.state.tables import now
from tests.companies import county_map, key, uscc
from tests.deployment import Deployment
from tests.running_service import RunningService, set_clock, until
from tests.simulated_platform import SimulatedPlatform

REPOSITORY = Path(__file__).parents[2]
COUNTY, OTHER = "CX-SCJG", "CX-YJGL"
COLUMNS = ["代码", "名称", "类别", "省份", "版本"]
TARGETS = "inspection_targets"


def row(number: int, name: str = "", **more: Any) -> dict[str, Any]:
    return {"代码": uscc(number), "名称": name or f"企业{number}", "类别": "企业", "省份": "山东", **more}


def declare(made: Deployment, **more: Any) -> None:
    """A county's feed that is pushed to, and another department's."""
    source = {"type": "push", "columns": COLUMNS}
    feed = {"direction": "inbound", "dataset": TARGETS, "map": county_map(made.directory), "reads": "changes"}
    made.declare(
        county={**feed, "department": COUNTY, "source": source, **more},
        other={**feed, "department": OTHER, "source": source},
    )


@dataclass(frozen=True)
class Reply:
    """What a sender hears."""

    status: int
    headers: Mapping[str, str]
    content: Any

    @property
    def code(self) -> str:
        """The code of what was refused."""
        return str(self.content["error"]["code"])

    @property
    def outcomes(self) -> list[str]:
        """What became of each row."""
        return [record["outcome"] for record in self.content["records"]]


@dataclass(frozen=True)
class Sender:
    """A department's system."""

    url: str
    token: str
    log: io.StringIO = field(default_factory=io.StringIO)  # the service's

    def push(self, key: str, rows: Any, **more: Any) -> Reply:
        """Push rows, or bytes as they stand."""
        body = rows if isinstance(rows, bytes) else json.dumps(rows, ensure_ascii=False).encode()
        return self.send(body, {"Idempotency-Key": key}, **more)

    def send(
        self,
        body: bytes,
        headers: Mapping[str, str | None],
        *,
        dataset: str = TARGETS,
        method: str = "POST",
        **more: Any,
    ) -> Reply:
        """Send a request; a header that is None is left out."""
        usual = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        shown = {name: value for name, value in {**usual, **headers}.items() if value is not None}
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        try:
            connection.request(method, more.get("path", f"/api/v1/datasets/{dataset}/records"), body, shown)
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.headers), json.loads(answer.read() or "{}"))
        finally:
            connection.close()


@pytest.fixture
def gateway_of() -> Iterator[Callable[[Deployment], Gateway]]:
    """Opens deployments, and closes them at the end."""
    with ExitStack() as stack:
        yield lambda made: stack.enter_context(opened(load_settings(made.directory, made.environ), load_plugins()))


@pytest.fixture
def pushing(gateway_of: Callable[[Deployment], Gateway]) -> Iterator[Callable[..., Sender]]:
    """Opens the door of a deployment, and gives a sender with the token of a department."""
    with ExitStack() as stack:

        def opened_door(made: Deployment, department: str = COUNTY, **door: Any) -> Sender:
            gateway, pace = gateway_of(made), Pace(push_wait=0.5)
            log = json_log(written := io.StringIO())
            service = service_of(gateway, log, Stopping(), now, pace)
            url = stack.enter_context(served(Door("127.0.0.1", 0, **door), desk_of(gateway, service, pace), log))
            return Sender(url, token_of(made, department), written)

        yield opened_door


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Deployment, Sender]]:
    """One door for every batch that is refused before anything is run."""
    directory = tmp_path_factory.mktemp("refusing")
    made = Deployment(directory, f"sqlite:///{directory / 'gateway.db'}")
    declare(made, source={"type": "push", "columns": COLUMNS, "rows_at_most": "3"})
    with opened(load_settings(made.directory, made.environ), load_plugins()) as gateway:
        log, pace = json_log(io.StringIO()), Pace()
        desk = desk_of(gateway, service_of(gateway, log, Stopping(), now, pace), pace)
        with served(Door("127.0.0.1", 0, body_bytes=150_000), desk, log) as url:
            yield made, Sender(url, token_of(made, COUNTY))
            assert runs(made) == 0


def token_of(made: Deployment, department: str) -> str:
    return Tokens(made.directory / "secrets").issue(department, now())[0]


def names(made: Deployment) -> dict[str, str]:
    return dict(made.query("SELECT record_key, name FROM inspection_targets WHERE withdrawn = 0"))


def runs(made: Deployment) -> int:
    return int(made.query("SELECT count(*) FROM runs")[0][0])


# ------------------------------------------------------------------------------------------------------- records


def test_each_row_is_answered_for(on_either: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(on_either)
    sender = pushing(on_either)
    assert sender.push("1", [row(1), row(2)]).outcomes == ["accepted", "accepted"]
    answer = sender.push(
        "2",
        [
            row(1),  # the same again
            row(2, "新名称"),
            row(3, 代码="91370400000000000X"),
            row(4, 类别="从未见过"),
            row(5, 类型="?"),
            row(6),
            row(6, "又一个"),
            "no row",
            row(7),
        ],
    )
    assert (answer.status, answer.content["feed"], answer.content["read"]) == (200, "county", 9)
    expected = ["unchanged", "accepted", "rejected", "held", "rejected", "held", "held", "rejected", "accepted"]
    assert answer.outcomes == expected
    assert {each: answer.content[each] for each in set(expected)} == {
        each: expected.count(each) for each in set(expected)
    }
    codes = [[issue["code"] for issue in record.get("issues", [])] for record in answer.content["records"]]
    assert codes == [
        [],
        [],
        ["identifier.uscc"],
        ["map.lookup"],
        ["push.undeclared_member"],
        ["key.doubled"],
        ["key.doubled"],
        ["push.row_no_object"],
        [],
    ]
    assert names(on_either) == {key(1): "企业1", key(2): "新名称", key(7): "企业7"}


def test_a_row_with_nul_in_its_key_is_answered_for_like_any_other(
    on_either: Deployment, pushing: Callable[..., Sender]
) -> None:
    """PostgreSQL can neither keep such a text nor be asked for it."""
    declare(on_either)
    sender = pushing(on_either)
    assert sender.push("1", [row(1)]).outcomes == ["accepted"]
    answer = sender.push("2", [row(1), row(2, 代码=f"{uscc(2)}\0"), row(3)])
    assert (answer.status, answer.outcomes) == (200, ["unchanged", "rejected", "accepted"])
    assert len(names(on_either)) == 2


def test_an_issue_is_worded_in_both_languages_with_its_column(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    (record,) = pushing(made).push("1", [row(1, 类别="从未见过")]).content["records"]
    (issue,) = record["issues"]
    assert (record["row"], issue["column"], issue["value"], issue["outcome"]) == (1, "类别", "从未见过", "held")
    assert "从未见过" in issue["zh"]
    assert "从未见过" in issue["en"]
    assert "{" not in issue["zh"] + issue["en"]


def test_two_rows_that_are_wrong_alike_are_each_answered_for(made: Deployment, pushing: Callable[..., Sender]) -> None:
    """The issue desk keeps one issue of both; the sender hears of each."""
    declare(made)
    wrong = row(1, 名称="")
    answer = pushing(made).push("1", [wrong, wrong])
    assert answer.outcomes == ["rejected", "rejected"]
    assert [len(record["issues"]) for record in answer.content["records"]] == [1, 1]


def test_numbers_are_taken_as_they_were_written(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    body = json.dumps([row(1, "@")], ensure_ascii=False).replace('"@"', "12345678901234567890.10").encode()
    assert pushing(made).push("1", body).outcomes == ["accepted"]
    assert names(made) == {key(1): "12345678901234567890.10"}


def test_a_batch_is_no_snapshot_and_what_it_does_not_name_stays(
    made: Deployment, pushing: Callable[..., Sender]
) -> None:
    declare(made)
    sender = pushing(made)
    sender.push("1", [row(1), row(2)])
    assert sender.push("2", []).outcomes == []
    assert set(names(made)) == {key(1), key(2)}
    (report,) = made.run("county")
    assert (report.status, report.counts.read, set(names(made))) == ("succeeded", 0, {key(1), key(2)})


def test_there_and_back_again_takes_effect_three_times(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    answers = [sender.push(str(number), [row(1, name)]) for number, name in enumerate(("甲", "乙", "甲"))]
    assert [answer.outcomes for answer in answers] == [["accepted"]] * 3
    assert names(made) == {key(1): "甲"}
    assert len(made.query("SELECT * FROM inspection_targets_history")) == 2


def test_a_row_pushed_again_and_right_settles_its_issue(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    sender.push("1", [row(1, 类别="从未见过"), row(2, 名称="")])
    assert sender.push("2", [row(2)]).outcomes == ["accepted"]
    assert made.query("SELECT code, status FROM issues ORDER BY id") == [
        ("map.lookup", "open"),
        ("field.required", "closed"),
    ]


def test_the_documented_batch_is_answered_as_documented(made: Deployment, pushing: Callable[..., Sender]) -> None:
    page = (REPOSITORY / "docs/how-to/push-in.md").read_text(encoding="utf-8")
    (feed,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    batch, answer = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    shutil.copytree(REPOSITORY / "config/init/mappings", made.directory / "mappings")
    made.declare()
    (made.directory / "config/feeds/push.yml").write_text(feed, encoding="utf-8")
    said = pushing(made).push("20260302-001", batch.encode())
    for record in said.content["records"]:
        for issue in record.get("issues", []):
            issue["zh"] = issue["en"] = "…"
    assert said.content == json.loads(answer)


# ---------------------------------------------------------------------------------------------------------- keys


def test_the_same_batch_again_is_answered_as_before(on_either: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(on_either)
    sender = pushing(on_either)
    first = sender.push("1", [row(1), row(2, 名称="")])
    again = sender.push("1", [row(1), row(2, 名称="")])
    assert (again.status, again.content, again.outcomes) == (200, first.content, ["accepted", "rejected"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert runs(on_either) == 1


def test_a_key_with_other_content_is_refused(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    sender.push("1", [row(1)])
    refused = sender.push("1", [row(1, "另一名称")])
    assert (refused.status, refused.code, names(made)) == (409, "push.key_taken", {key(1): "企业1"})


def test_the_keys_of_two_departments_do_not_meet(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    other = Sender(sender.url, token_of(made, OTHER))
    assert sender.push("1", [row(1)]).outcomes == ["accepted"]
    answer = other.push("1", [row(1, "另一名称"), row(2)])
    assert answer.outcomes == ["held", "accepted"]
    assert [issue["code"] for issue in answer.content["records"][0]["issues"]] == ["key.foreign"]


def test_a_batch_that_is_none_can_be_corrected_under_its_key(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    assert sender.push("1", b"[").status == 400
    assert sender.push("1", [row(1)]).outcomes == ["accepted"]


def test_many_at_once_each_take_effect_once(on_either: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(on_either)
    sender = pushing(on_either)
    sent = [(str(number % 4), [row(number % 4)]) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda each: _patiently(sender, *each), sent))
    assert [answer.outcomes for answer in answers] == [["accepted"]] * 8
    assert [answer.content for answer in answers[:4]] == [answer.content for answer in answers[4:]]
    versions = on_either.query("SELECT record_key, change_number FROM inspection_targets ORDER BY change_number")
    assert [number for _, number in versions] == [1, 2, 3, 4]


def _patiently(sender: Sender, batch: str, rows: Any) -> Reply:
    while (answer := sender.push(batch, rows)).status == 503:
        assert answer.code == "push.busy"
    return answer


# ------------------------------------------------------------------------------------------------------- killed


@pytest.fixture
def start() -> Iterator[Callable[..., RunningService]]:
    """Starts services in processes of their own, and kills those that are left at the end."""
    started: list[RunningService] = []

    def starting(made: Deployment, *arguments: str) -> RunningService:
        started.append(RunningService(made, arguments))
        return started[-1]

    yield starting
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.mark.parametrize(
    ("database", "point"),
    [
        ("sqlite", Point.SPOOL_COMPLETE),
        ("sqlite", Point.STORING),
        ("sqlite", Point.STORED),
        ("postgresql", Point.STORED),
    ],
)
def test_a_batch_that_was_killed_on_its_way_is_answered_when_it_is_sent_again(
    request: pytest.FixtureRequest, tmp_path: Path, start: Callable[..., RunningService], database: str, point: Point
) -> None:
    url = f"sqlite:///{tmp_path / 'gateway.db'}" if database == "sqlite" else request.getfixturevalue("postgresql_url")
    made = Deployment(tmp_path / "deployment", url)
    made.directory.mkdir()
    (made.directory / "gateway.toml").write_text('push_address = "127.0.0.1:0"\n')
    declare(made)
    set_clock(made, "2026-03-02 10:00")
    token, rows = token_of(made, COUNTY), [row(1), row(2), row(3, 名称="")]
    killed = start(made, "kill", point.value)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        Sender(killed.logged("push.listening")["url"], token).push("1", rows)
    killed.ends()
    alive = start(made)
    answer = Sender(alive.logged("push.listening")["url"], token).push("1", rows)
    assert (answer.status, answer.outcomes) == (200, ["accepted", "accepted", "rejected"])
    assert [issue["code"] for issue in answer.content["records"][2]["issues"]] == ["field.required"]
    assert sorted(made.query("SELECT change_number, name FROM inspection_targets")) == [(1, "企业1"), (2, "企业2")]
    assert made.query("SELECT count(*) FROM issues") == [(1,)]
    assert alive.stop() == 0


def test_a_pushed_batch_is_followed_by_the_feeds_that_come_after_it_once_whatever_is_killed(
    made: Deployment, start: Callable[..., RunningService], simulated: SimulatedPlatform
) -> None:
    (made.directory / "gateway.toml").write_text('push_address = "127.0.0.1:0"\n')
    declare(made)
    made.declare(out=made.outbound(simulated.url, after=["county"]))
    set_clock(made, "2026-03-02 10:00")
    token = token_of(made, COUNTY)
    killed = start(made, "kill", Point.STORED.value)
    door = killed.logged("push.listening")["url"]
    until(lambda: made.query("SELECT * FROM planned_runs WHERE feed = 'out'"), "out was noticed")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        Sender(door, token).push("1", [row(1)])
    killed.ends()
    set_clock(made, "2026-03-02 10:01")
    alive = start(made)
    alive.logged("run.finished")
    assert simulated.times_taken() == {(key(1), 1): 1}
    set_clock(made, "2026-03-02 10:02")
    sender = Sender(alive.logged("push.listening")["url"], token)
    sender.push("1", [row(1)])  # the same again
    sender.push("2", [row(1), row(2, 名称="")])
    sender.push("3", [row(1), row(3)])
    alive.logged("run.finished", 2)
    assert simulated.times_taken() == {(key(1), 1): 1, (key(3), 2): 1}
    assert alive.stop() == 0
    assert made.query("SELECT count(*) FROM runs WHERE feed = 'out'") == [(2,)]


# ------------------------------------------------------------------------------------------------------- refusals


def test_only_who_has_a_token_may_push(refusing: tuple[Deployment, Sender]) -> None:
    _, sender = refusing
    for header in (None, "Bearer", "Bearer gwp_wrong", f"Basic {sender.token}", f"Bearer {sender.token}x"):
        refused = sender.send(b"[]", {"Authorization": header, "Idempotency-Key": "1"})
        assert (refused.status, refused.code, refused.headers["WWW-Authenticate"]) == (401, "push.no_token", "Bearer")


def test_a_token_that_was_revoked_holds_no_longer(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender, tokens = pushing(made), Tokens(made.directory / "secrets")
    assert sender.push("1", []).status == 200
    tokens.revoke(tokens.issued()[0].name)
    assert sender.push("2", []).status == 401


def test_a_token_pushes_only_to_its_departments_feeds(refusing: tuple[Deployment, Sender]) -> None:
    made, sender = refusing
    refused = Sender(sender.url, token_of(made, "CX-KJJ")).push("1", [row(1)])
    assert (refused.status, refused.code) == (403, "push.no_feed")
    assert "it may push to: -" in refused.content["error"]["en"]
    refused = sender.push("1", [], dataset="inspectors")
    assert (refused.status, refused.code) == (403, "push.no_feed")
    assert TARGETS in refused.content["error"]["zh"]


def test_an_unknown_dataset_is_said_with_the_nearest(refusing: tuple[Deployment, Sender]) -> None:
    refused = refusing[1].push("1", [], dataset="inspection_target")
    assert (refused.status, refused.code) == (404, "start.unknown_name")
    assert TARGETS in refused.content["error"]["en"]


def test_two_feeds_of_one_department_and_dataset_take_nothing(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    feed = json.loads((made.directory / "config/feeds/county.yml").read_text(encoding="utf-8"))["county"]
    made.declare(second={**feed})
    refused = sender.push("1", [row(1)])
    assert (refused.status, refused.code) == (503, "push.two_feeds")


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"[]", {"Idempotency-Key": None}, 400, "push.no_key"),
        (b"[]", {"Idempotency-Key": "a b"}, 400, "push.no_key"),
        (b"[]", {"Idempotency-Key": "x" * 201}, 400, "push.no_key"),
        (b"[", {}, 400, "push.not_json"),
        (b"[" * 100_000, {}, 400, "push.not_json"),
        (b'[{"a":' + b"[" * 900 + b"]" * 900 + b"}]", {}, 400, "push.not_json"),
        (b"{}", {}, 400, "push.no_list"),
        (b'"a"', {}, 400, "push.no_list"),
        ('[{"名称":"枣"}]'.encode("gb18030"), {}, 400, "push.not_utf_8"),
        (b"[1,1,1,1]", {}, 400, "push.too_many_rows"),
        (b"[" + b" " * 200_000 + b"]", {}, 413, "push.too_large"),
        (b"[]", {"Content-Type": "text/csv"}, 415, "push.wrong_type"),
        (b"[]", {"Content-Encoding": "gzip"}, 415, "push.wrong_type"),
        (b"[]", {"Content-Length": "x"}, 411, "push.no_length"),
        (b"2\r\n[]\r\n0\r\n\r\n", {"Transfer-Encoding": "chunked"}, 411, "push.no_length"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_is_no_batch_is_refused_and_nothing_is_run(
    refusing: tuple[Deployment, Sender], body: bytes, headers: Any, status: int, code: str
) -> None:
    refused = refusing[1].send(body, {"Idempotency-Key": "1", **headers})
    assert (refused.status, refused.code) == (status, code)
    assert all(refused.content["error"][language] for language in ("zh", "en"))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/datasets/inspection_targets/records", 405),
        ("PUT", "/api/v1/datasets/inspection_targets/records", 405),
        ("GET", "/", 404),
        ("POST", "/api/v1/datasets/inspection_targets", 404),
        ("POST", "/api/v1/datasets/a/b/records", 404),
    ],
)
def test_other_addresses_and_methods_say_which_is_right(
    refusing: tuple[Deployment, Sender], method: str, path: str, status: int
) -> None:
    assert refusing[1].send(b"", {}, method=method, path=path).status == status


def test_rows_with_doubled_members_and_lone_surrogates_are_set_aside(
    made: Deployment, pushing: Callable[..., Sender]
) -> None:
    declare(made)
    answer = pushing(made).push(
        "1", b'[{"\xe5\x90\x8d\xe7\xa7\xb0":"a","\xe5\x90\x8d\xe7\xa7\xb0":"b"},{"\xe5\x90\x8d\xe7\xa7\xb0":"\\ud800"}]'
    )
    assert [record["issues"][0]["code"] for record in answer.content["records"]] == [
        "push.doubled_member",
        "push.row_no_text",
    ]


def test_a_feed_that_is_being_run_is_waited_for_and_then_refused(
    made: Deployment, pushing: Callable[..., Sender], gateway_of: Callable[[Deployment], Gateway]
) -> None:
    declare(made)
    sender = pushing(made)
    with leases.hold(gateway_of(made).database, "feed:county"):
        refused = sender.push("1", [row(1)])
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "push.busy", "5")
    assert names(made) == {}
    assert sender.push("1", [row(1)]).outcomes == ["accepted"]


def test_a_run_that_fails_as_a_whole_is_the_senders_to_correct(
    made: Deployment, pushing: Callable[..., Sender]
) -> None:
    declare(made, expect={"rows_at_most": "1"})
    sender = pushing(made)
    refused = sender.push("1", [row(1), row(2)])
    assert (refused.status, refused.code, names(made)) == (422, "expect.rows_at_most", {})


def test_wrong_declarations_leave_those_of_before_in_force(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    (made.directory / "config/feeds/broken.yml").write_text("- no feeds\n")
    assert sender.push("1", [row(1)]).outcomes == ["accepted"]


def test_a_snapshot_cannot_be_pushed(made: Deployment, gateway_of: Callable[[Deployment], Gateway]) -> None:
    declare(made, reads="everything")
    with pytest.raises(StartError) as caught:
        gateway_of(made).runner("county")
    assert caught.value.message.code == "push.reads_changes"


def test_the_log_says_neither_token_nor_row(made: Deployment, pushing: Callable[..., Sender]) -> None:
    declare(made)
    sender = pushing(made)
    sender.push("1", [row(1, "不外传公司")])
    log = sender.log.getvalue()
    assert '"event": "push.finished"' in log
    assert sender.token not in log
    assert "不外传公司" not in log


# ---------------------------------------------------------------------------------------------------- the door


def test_a_batch_under_way_is_answered_before_the_door_closes(made: Deployment, gateway_of: Any) -> None:
    declare(made)
    gateway, pace = gateway_of(made), Pace(push_wait=20)
    log = json_log(io.StringIO())
    desk = desk_of(gateway, service_of(gateway, log, Stopping(), now, pace), pace)
    lease = leases.hold(gateway.database, "feed:county")
    lease.__enter__()
    with ThreadPoolExecutor(1) as threads:
        with served(Door("127.0.0.1", 0), desk, log) as url:
            sent = threads.submit(Sender(url, token_of(made, COUNTY)).push, "1", [row(1)])
            while not made.query("SELECT * FROM pushed_batches"):
                pass
            threading.Timer(0.3, lease.__exit__, (None, None, None)).start()
        assert names(made) == {key(1): "企业1"}
        assert sent.result().outcomes == ["accepted"]
    with pytest.raises(ConnectionRefusedError):
        Sender(url, "x").push("2", [])


def test_without_a_certificate_the_door_opens_on_loopback_only() -> None:
    with pytest.raises(StartError) as caught, served(Door("0.0.0.0", 0), None, None):  # type: ignore[arg-type]
        pass
    assert caught.value.message.code == "push.no_certificate"


def test_a_door_with_a_certificate_encrypts(made: Deployment, gateway_of: Any, tmp_path: Path) -> None:
    declare(made)
    gateway, pace = gateway_of(made), Pace()
    log = json_log(io.StringIO())
    certificate, private_key = certified(tmp_path)
    desk = desk_of(gateway, service_of(gateway, log, Stopping(), now, pace), pace)
    with served(Door("127.0.0.1", 0, certificate, private_key), desk, log) as url:
        assert url.startswith("https://127.0.0.1:")
        with pytest.raises((http.client.HTTPException, OSError)):
            Sender(url.replace("https", "http"), "x").push("1", [])
        connection = http.client.HTTPSConnection(
            url.removeprefix("https://"), timeout=20, context=ssl.create_default_context(cafile=str(certificate))
        )
        connection.request("GET", "/")
        assert connection.getresponse().status == 404
        connection.close()


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_is_said(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "c.pem"
    if content:
        file.write_text(content)
    for pair in ((file, file), (file, None), (None, file)):
        with pytest.raises(StartError) as caught, served(Door("127.0.0.1", 0, *pair), None, None):  # type: ignore[arg-type]
            pass
        assert caught.value.message.code == "push.wrong_certificate"


def test_a_taken_port_is_said(made: Deployment) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError) as caught, served(Door("127.0.0.1", port), None, None):  # type: ignore[arg-type]
            pass
    assert (caught.value.message.code, caught.value.values["port"]) == ("push.port_taken", port)


def test_nothing_can_be_pushed_unless_the_settings_open_a_door(made: Deployment) -> None:
    def door(**more: str) -> Door | None:
        return door_of(load_settings(made.directory, {**made.environ, **more}), Pace())

    assert door() is None
    opened_door = door(GATEWAY_PUSH_ADDRESS="[::1]:9371", GATEWAY_PUSH_CERTIFICATE="a.pem", GATEWAY_PUSH_KEY="b.pem")
    assert opened_door == Door("::1", 9371, made.directory / "a.pem", made.directory / "b.pem")
    for wrong in ("9371", "127.0.0.1", "127.0.0.1:65536", "::1:1", "a b:1"):
        with pytest.raises(StartError):
            door(GATEWAY_PUSH_ADDRESS=wrong)


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that vouches for itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    unencrypted = serialization.NoEncryption()
    files[1].write_bytes(
        private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    )
    return files


# ------------------------------------------------------------------------------------------------------- tokens


def test_tokens_are_issued_listed_and_revoked_on_the_record(
    made: Deployment, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(made)
    monkeypatch.setenv("GATEWAY_DATABASE_URL", made.database_url)

    def gateway(*arguments: str) -> tuple[int, str]:
        code = run_command(["--dir", str(made.directory), "token", *arguments], made.environ)
        return code, capsys.readouterr().out

    code, said = gateway("issue", COUNTY, "--json")
    issued = json.loads(said)
    file = made.directory / "secrets" / FILE
    assert (code, issued["department"]) == (0, COUNTY)
    assert issued["token"] not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Tokens(made.directory / "secrets").department(issued["token"]) == COUNTY
    assert [each["number"] for each in json.loads(gateway("list", "--json")[1])] == [issued["number"]]
    assert issued["number"] in gateway("list")[1]
    assert gateway("issue", "CX-SCJ")[0] == 2
    assert gateway("revoke", "nothing")[0] == 2
    assert gateway("revoke", issued["number"])[0] == 0
    assert Tokens(made.directory / "secrets").department(issued["token"]) is None
    acts = made.query("SELECT action, detail FROM event_log WHERE action LIKE 'token.%' ORDER BY number")
    said_acts = [(action, json.loads(detail)) for action, detail in acts]
    detail = {"token": issued["number"], "department": COUNTY}
    assert said_acts == [("token.issued", detail), ("token.revoked", detail)]


@pytest.mark.parametrize("content", ["- a\n", "abc: {department: ''}\n", "abc: {department: x}\n"])
def test_a_file_of_tokens_that_cannot_be_read_stops_nobody_in_silence(
    made: Deployment, pushing: Callable[..., Sender], content: str
) -> None:
    declare(made)
    sender = pushing(made)
    (made.directory / "secrets" / FILE).write_text(content)
    refused = sender.push("1", [])
    assert (refused.status, refused.code) == (503, "push.tokens_unreadable")
