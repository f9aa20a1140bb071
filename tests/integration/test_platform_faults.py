"""Platforms on a bad day: every version takes effect exactly once, and every delivery has exactly one receipt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest

from gateway.interfaces import SandboxOffer
from gateway.pipeline.run_report import Counts, RunReport
from gateway.plugin_loader import load_plugins
from gateway.sandbox_host import serve
from gateway.shipped import shipped
from tests.companies import company, key
from tests.deployment import PROFILE, REQUESTER, SECRET, Deployment, register
from tests.simulated_platform import SimulatedPlatform

BEFORE = ("500", "429", "html", "disconnect")
AFTER = ("500_after_commit", "timeout_after_commit", "half_answer", "truncated_answer", "broken_json")
COMPANIES = 5
IMPATIENT = {"attempts": "2", "first_wait_seconds": "0.001", "longest_wait_seconds": "0.002"}


def outbound(made: Deployment, url: str, *, seconds: float = 5, **more: Any) -> dict[str, Any]:
    """An outbound feed whose destination is given so long to answer."""
    feed = made.outbound(url, **more)
    feed["destination"]["timeout_seconds"] = str(seconds)
    return feed


def prepared(made: Deployment, url: str, **more: Any) -> Deployment:
    """A deployment that holds some companies and has sent none."""
    made.declare(i=made.inbound("r.csv"), o=outbound(made, url, **more))
    register(made.directory / "r.csv", *map(company, range(COMPANIES)))
    (report,) = made.run("i")
    assert report.counts.accepted == COMPANIES
    return made


def send(made: Deployment) -> RunReport:
    (report,) = made.run("o")
    assert report.error is None
    assert report.counts.selected == (
        report.counts.delivered + report.counts.refused + report.counts.waiting + report.counts.unknown
    )
    return report


def assert_delivered_once(made: Deployment, simulated: SimulatedPlatform) -> None:
    """Every version took effect once, and has its one receipt."""
    versions = made.query("SELECT record_key, change_number FROM inspection_targets")
    assert simulated.times_taken() == dict.fromkeys(versions, 1)
    assert made.query("SELECT record_key, change_number, status FROM deliveries ORDER BY change_number") == [
        (*version, "delivered") for version in sorted(versions, key=lambda each: each[1])
    ]
    assert made.query("SELECT count(*) FROM deliveries WHERE receipt IS NULL OR reference IS NULL") == [(0,)]
    assert made.query("SELECT count(*) FROM documents WHERE status <> 'settled'") == [(0,)]


@pytest.mark.parametrize("deduplicates", [True, False], ids=["deduplicates", "takes everything"])
@pytest.mark.parametrize("kind", [*BEFORE, *AFTER])
def test_a_failing_delivery_ends_with_one_effect_and_one_receipt(
    made: Deployment, simulated: SimulatedPlatform, kind: str, deduplicates: bool
) -> None:
    prepared(made, simulated.url, seconds=0.3 if kind.startswith("timeout") else 5)
    simulated.set(deduplicates=deduplicates)
    simulated.fail(kind, seconds=0 if kind == "429" else 5)
    assert send(made).counts == Counts(selected=COMPANIES, delivered=COMPANIES)
    assert_delivered_once(made, simulated)
    assert send(made).counts == Counts()


@pytest.mark.parametrize("kind", ["500_after_commit", "half_answer", "disconnect"])
def test_a_failing_delivery_ends_so_on_either_database(
    on_either: Deployment, simulated: SimulatedPlatform, kind: str
) -> None:
    prepared(on_either, simulated.url)
    simulated.set(deduplicates=False)
    simulated.fail(kind)
    assert send(on_either).counts == Counts(selected=COMPANIES, delivered=COMPANIES)
    assert_delivered_once(on_either, simulated)


@pytest.mark.parametrize("asked", [*BEFORE, "half_answer", "truncated_answer", "broken_json"])
@pytest.mark.parametrize("kind", ["500", "500_after_commit", "half_answer"])
def test_a_platform_that_cannot_be_asked_is_asked_again_in_the_next_run(
    made: Deployment, simulated: SimulatedPlatform, kind: str, asked: str
) -> None:
    prepared(made, simulated.url, retry={**IMPATIENT, "attempts": "3"})
    simulated.set(deduplicates=False)
    simulated.fail(kind)
    simulated.fail(asked, request="find", times=2, seconds=0)
    first = send(made).counts
    assert (first.refused, first.waiting) == (0, 0)
    taken = COMPANIES // 2 if kind == "half_answer" else 0
    half_of_nothing = kind == "500" and asked == "half_answer"  # is nothing, and was not wrong
    assert first.delivered == (COMPANIES if half_of_nothing else taken)
    assert send(made).counts == Counts(selected=first.unknown, delivered=first.unknown)
    assert_delivered_once(made, simulated)


@pytest.mark.parametrize("kind", ["500", "html", "disconnect", "500_after_commit", "broken_json"])
def test_a_platform_that_fails_the_whole_run_leaves_the_outcome_unknown(
    made: Deployment, simulated: SimulatedPlatform, kind: str
) -> None:
    prepared(made, simulated.url, retry=IMPATIENT)
    simulated.set(deduplicates=False)
    simulated.fail(kind, times=2)
    simulated.fail("500", request="find")
    failed = send(made)
    assert (failed.status, failed.counts) == ("with_issues", Counts(selected=COMPANIES, unknown=COMPANIES))
    assert made.query("SELECT count(*) FROM issues WHERE status = 'open'") == [(1,)]
    assert send(made).counts == Counts(selected=COMPANIES, delivered=COMPANIES)
    assert_delivered_once(made, simulated)
    assert made.query("SELECT count(*) FROM issues WHERE status = 'open'") == [(0,)]


def test_a_busy_platform_is_given_the_time_that_it_asks_for(made: Deployment, simulated: SimulatedPlatform) -> None:
    patient = {"attempts": "3", "first_wait_seconds": "0.001", "longest_wait_seconds": "2"}
    prepared(made, simulated.url, retry=patient)
    simulated.fail("429", seconds=1)
    report = send(made)
    assert report.counts.delivered == COMPANIES
    assert report.seconds >= 1


def test_a_platform_that_asks_for_more_time_than_a_run_has_is_left_to_the_next_run(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    prepared(made, simulated.url)
    simulated.fail("429", seconds=600)
    assert send(made).counts == Counts(selected=COMPANIES, waiting=COMPANIES)
    assert send(made).counts == Counts(selected=COMPANIES, delivered=COMPANIES)


# ------------------------------------------------------------------------------- down, or closed to us


def test_a_platform_that_is_down_leaves_everything_waiting(made: Deployment, simulated: SimulatedPlatform) -> None:
    prepared(made, "http://127.0.0.1:1")
    down = send(made)
    assert (down.status, down.counts) == ("with_issues", Counts(selected=COMPANIES, waiting=COMPANIES))
    assert [notice.message.code for notice in down.notices] == ["http.not_reached"]
    assert made.query("SELECT code, status FROM issues") == [("http.not_reached", "open")]
    made.declare(o=made.outbound(simulated.url))
    assert send(made).counts == Counts(selected=COMPANIES, delivered=COMPANIES)
    assert_delivered_once(made, simulated)
    assert made.query("SELECT code, status FROM issues") == [("http.not_reached", "closed")]


def wrong_secret(made: Deployment, url: str, **more: Any) -> None:
    """Sign with a secret that is not the platform's."""
    feed = outbound(made, url, **more)
    feed["destination"]["secret"] = "mistyped"
    (made.directory / "secrets").mkdir(exist_ok=True)
    (made.directory / "secrets" / "mistyped").write_text("not the secret", encoding="utf-8")
    made.declare(o=feed)


def test_a_refused_signature_refuses_no_record(on_either: Deployment, simulated: SimulatedPlatform) -> None:
    prepared(on_either, simulated.url)
    wrong_secret(on_either, simulated.url)
    for _ in range(2):
        closed = send(on_either)
        assert (closed.status, closed.counts) == ("failed", Counts(selected=COMPANIES, waiting=COMPANIES))
        (notice,) = closed.notices
        assert notice.message.code == "answer.access_refused"
        assert "A105" in notice.text("zh")
        assert "密钥" in notice.text("zh")
        assert "secret" in notice.text("en")
    assert simulated.effects() == []
    assert on_either.query("SELECT DISTINCT status FROM runs WHERE direction = 'outbound'") == [("failed",)]
    on_either.declare(o=on_either.outbound(simulated.url))
    assert send(on_either).counts == Counts(selected=COMPANIES, delivered=COMPANIES)
    assert_delivered_once(on_either, simulated)


def test_a_signature_refused_to_a_question_leaves_the_outcome_unknown(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    prepared(made, simulated.url, retry={**IMPATIENT, "attempts": "1"})
    simulated.fail("500_after_commit")
    assert send(made).counts.unknown == COMPANIES
    wrong_secret(made, simulated.url)
    closed = send(made)
    assert (closed.status, closed.counts) == ("failed", Counts(selected=COMPANIES, unknown=COMPANIES))
    assert [notice.message.code for notice in closed.notices] == ["answer.access_refused"]
    made.declare(o=made.outbound(simulated.url))
    assert send(made).counts == Counts(selected=COMPANIES, delivered=COMPANIES)
    assert_delivered_once(made, simulated)


def test_a_run_that_is_refused_access_says_why_in_its_list(made: Deployment, simulated: SimulatedPlatform) -> None:
    prepared(made, simulated.url)
    wrong_secret(made, simulated.url)
    send(made)
    ((failure, counts),) = made.query("SELECT failure, counts FROM runs WHERE direction = 'outbound'")
    assert json.loads(failure)["code"] == "answer.access_refused"
    assert json.loads(counts)["waiting"] == COMPANIES


# ------------------------------------------------------------------------------------- refused records


def test_a_refused_record_keeps_the_reason_and_its_issue_closes_when_a_corrected_version_is_taken(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    # The gateway knows this code as a reviewed exception, the platform does not.
    genuine = "91350211M0000XUF46"
    on_either.declare(i=on_either.inbound("r.csv"), o=on_either.outbound(simulated.url))
    register(on_either.directory / "r.csv", company(1), company(2, 统一社会信用代码=genuine))
    on_either.run("i")
    report = send(on_either)
    assert (report.status, report.counts) == ("with_issues", Counts(selected=2, delivered=1, refused=1))
    refused = "record_key LIKE '91350211M%'"
    reason = f"标识（IdNO）不是有效的统一社会信用代码：“{genuine}”"
    assert on_either.query(f"SELECT status, code, reason FROM deliveries WHERE {refused}") == [
        ("refused", "R207", reason)
    ]
    issues = f"SELECT code, outcome, status, arguments FROM issues WHERE {refused} AND outcome = 'refused'"
    ((code, outcome, status, arguments),) = on_either.query(issues)
    assert (code, outcome, status) == ("delivery.refused", "refused", "open")
    assert json.loads(arguments)["reason"] == reason
    assert send(on_either).counts == Counts()
    assert on_either.query(issues)[0][2] == "open"
    register(on_either.directory / "r.csv", company(1))
    on_either.run("i", accept_withdrawals=True)
    assert send(on_either).counts == Counts(selected=1, delivered=1)
    assert on_either.query(issues)[0][2] == "closed"


def county_profile(made: Deployment) -> str:
    """A profile of the deployment's own that does not know every type of enterprise."""
    folder, ours = shipped("mappings") / PROFILE, made.directory / "mappings" / "county/platform/2023-01"
    ours.mkdir(parents=True)
    for name in ("_platform.yml", "inspection_targets.yml"):
        text = (folder / name).read_text(encoding="utf-8").replace("shandong/platform", "county/platform")
        known = "EntType:\n    from: enterprise_type\n    steps:\n      - lookup: {有限责任公司: 有限责任公司}\n"
        text = text.replace("EntType: {from: enterprise_type}\n", known)
        (ours / name).write_text(text, encoding="utf-8")
    return "county/platform/2023-01"


def test_a_record_that_the_profile_cannot_express_is_refused_here_with_its_reasons(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    profile = county_profile(on_either)
    on_either.declare(i=on_either.inbound("r.csv"), o=on_either.outbound(simulated.url, profile=profile))
    register(on_either.directory / "r.csv", company(1), company(2, 企业类型="集体所有制"))
    on_either.run("i")
    report = send(on_either)
    assert (report.status, report.counts) == ("with_issues", Counts(selected=2, delivered=1, refused=1))
    assert list(simulated.contents()) == [key(1)]
    ((status, reason, document),) = on_either.query(
        "SELECT status, reason, document FROM deliveries WHERE record_key = :key", key=key(2)
    )
    assert (status, "集体所有制" in reason, document) == ("refused", True, None)
    ((code, arguments),) = on_either.query("SELECT code, arguments FROM issues WHERE status = 'open'")
    assert code == "profile.not_expressible"
    assert json.loads(arguments) == {
        "value": key(2),
        "change_number": 2,
        "profile": f"{profile}/inspection_targets",
        "reasons": reason,
    }
    register(on_either.directory / "r.csv", company(1), company(2))
    on_either.run("i")
    assert send(on_either).counts == Counts(selected=1, delivered=1)
    assert on_either.query("SELECT status FROM issues") == [("closed",)]


def test_a_record_that_the_profile_can_no_longer_express_is_still_withdrawn(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    made.declare(i=made.inbound("r.csv"), o=made.outbound(simulated.url, profile=county_profile(made)))
    for last in (company(2), company(2, 企业类型="集体所有制")):
        register(made.directory / "r.csv", company(1), last)
        made.run("i")
        send(made)
    register(made.directory / "r.csv", company(1))
    made.run("i", accept_withdrawals=True)
    assert send(made).counts == Counts(selected=1, delivered=1)
    assert simulated.story(key(2)) == ["企业2", "withdrawn"]
    assert made.query("SELECT status FROM issues WHERE outcome = 'refused'") == [("closed",)]


# -------------------------------------------------------------------- platforms that no sandbox simulates


@pytest.fixture
def platform_behind(tmp_path: Path) -> Callable[..., Any]:
    """Serve the simulated platform behind something that stands in its way."""
    offer: SandboxOffer = load_plugins().sandbox("shandong")

    @contextmanager
    def behind(way: Callable[[WSGIApplication], WSGIApplication]) -> Iterator[SimulatedPlatform]:
        with serve(way(offer.open(tmp_path / "platform", {REQUESTER: SECRET}))) as served:
            yield SimulatedPlatform(served.url)

    return behind


def body_of(environ: WSGIEnvironment) -> bytes:
    """The body of a request, which can still be read afterwards."""
    import io

    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def choking_on(name: str) -> Callable[[WSGIApplication], WSGIApplication]:
    """A platform that breaks on every document with a certain name in it."""

    def way(platform: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if name.encode() in body_of(environ):
                start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
                return [b"java.lang.NullPointerException"]
            return platform(environ, start_response)

        return application

    return way


def test_a_document_that_the_platform_chokes_on_does_not_stop_the_others(
    made: Deployment, platform_behind: Callable[..., Any]
) -> None:
    with platform_behind(choking_on("毒")) as simulated:
        made.declare(i=made.inbound("r.csv"), o=outbound(made, simulated.url, parallel="1", retry=IMPATIENT))
        register(made.directory / "r.csv", company(0, "毒"))
        made.run("i", "o")
        register(made.directory / "r.csv", company(0, "毒"), *map(company, range(1, COMPANIES)))
        made.run("i")
        for _ in range(2):
            last = send(made)
        assert last.counts.unknown == 1
        assert sorted(simulated.contents().values()) == [f"企业{number}" for number in range(1, COMPANIES)]


def saying(**said: Any) -> Callable[[WSGIApplication], WSGIApplication]:
    """A platform whose answers to deliveries say something else of each record."""

    def way(platform: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            head: list[Any] = []
            body = b"".join(platform(environ, lambda *given: head.extend(given) or (lambda _: None)))
            if environ["PATH_INFO"].endswith(("submit", "query")):
                content = json.loads(body)
                for record in (content["data"] or {}).get("jglb", []):
                    record.update(said)
                body = json.dumps(content).encode()
            headers = [(name, value) for name, value in head[1] if name != "Content-Length"]
            start_response(head[0], [*headers, ("Content-Length", str(len(body)))])
            return [body]

        return application

    return way


@pytest.mark.parametrize(
    "said",
    [
        {"lsh": "9" * 5000},
        {"jg": "0", "cwdm": "X" * 5000, "cwsm": "很" * 50_000},
        {"jg": "0", "cwdm": "X\x00Y", "cwsm": "行\x00尾"},
        {"jg": "0", "cwdm": "X", "cwsm": "半个\ud83d字"},
    ],
    ids=["long reference", "long reason", "nul", "half a character"],
)
def test_whatever_a_platform_says_of_a_record_is_kept(
    on_either: Deployment, platform_behind: Callable[..., Any], said: dict[str, Any]
) -> None:
    with platform_behind(saying(**said)) as simulated:
        prepared(on_either, simulated.url)
        report = send(on_either)
    outcome = "refused" if said.get("jg") == "0" else "delivered"
    assert getattr(report.counts, outcome) == COMPANIES
    assert on_either.query("SELECT count(*) FROM receipts") == [(1,)]


def breaking_in(answer: bytes, status: str = "200 OK", content_type: str = "application/json") -> Any:
    """A platform whose every answer is this one."""

    def way(_: WSGIApplication) -> WSGIApplication:
        def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            body_of(environ)
            start_response(status, [("Content-Type", content_type), ("Content-Length", str(len(answer)))])
            return [answer]

        return application

    return way


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (b"", {}),
        (b"null", {}),
        (b"[]", {}),
        (b'{"code": "0"}', {}),
        (b'{"code": "0", "data": {"pch": "another", "zs": 0, "jglb": []}}', {}),
        (b"[" * 100_000, {}),
        ("系统繁忙".encode("gb18030"), {"content_type": "text/plain; charset=gb2312"}),
        (b"{}", {"content_type": "application/json; charset=klingon"}),
        (b"", {"status": "302 Found"}),
    ],
)
def test_an_answer_without_sense_leaves_the_outcome_unknown(
    made: Deployment, platform_behind: Callable[..., Any], answer: bytes, more: dict[str, str]
) -> None:
    with platform_behind(breaking_in(answer, **more)) as simulated:
        prepared(made, simulated.url, retry=IMPATIENT)
        assert send(made).counts == Counts(selected=COMPANIES, unknown=COMPANIES)
    assert made.query("SELECT count(*) FROM issues WHERE status = 'open'") != [(0,)]


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (b'{"code": "new", "message": "\\u0000\\ud83d"}', {}),
        (b"\x00\xff\xfe" * 100, {}),
        (b"<title>\x00</title>", {"content_type": "text/html"}),
        (b'{"code": "?", "message": "\\u0000\\ud83d"}', {"status": "503 Service Unavailable"}),
    ],
    ids=["json", "bytes", "page", "busy"],
)
def test_an_answer_that_is_no_text_is_told_in_a_sentence(
    on_either: Deployment, platform_behind: Callable[..., Any], answer: bytes, more: dict[str, str]
) -> None:
    with platform_behind(breaking_in(answer, **more)) as simulated:
        prepared(on_either, simulated.url, retry=IMPATIENT)
        counts = send(on_either).counts
    assert counts.waiting + counts.unknown == COMPANIES
    assert on_either.query("SELECT count(*) FROM issues WHERE status = 'open' AND outcome = 'reported'") != [(0,)]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("401 Unauthorized", ("failed", "waiting")),
        ("403 Forbidden", ("failed", "waiting")),
        ("404 Not Found", ("failed", "waiting")),
        ("413 Content Too Large", ("with_issues", "refused")),
        ("429 Too Many Requests", ("with_issues", "waiting")),
        ("503 Service Unavailable", ("with_issues", "waiting")),
        ("502 Bad Gateway", ("with_issues", "unknown")),
    ],
)
def test_a_bare_status_says_what_happens_next(
    made: Deployment, platform_behind: Callable[..., Any], status: str, expected: tuple[str, str]
) -> None:
    with platform_behind(breaking_in(b"", status)) as simulated:
        prepared(made, simulated.url, retry=IMPATIENT)
        report = send(made)
    assert report.status == expected[0]
    assert getattr(report.counts, expected[1]) == COMPANIES
