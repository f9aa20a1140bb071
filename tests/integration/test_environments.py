"""Rehearsal never becomes real: crossing is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.errors import GatewayError, SourceError, StartError
from gateway.operations.check import check_feed
from gateway.pipeline.run_report import Counts, RunReport
from gateway.state.database import Database
from tests.companies import company
from tests.deployment import REQUESTER, SERVICE, Deployment, register
from tests.simulated_platform import SimulatedPlatform


def become(made: Deployment, environment: str) -> None:
    (made.directory / "gateway.toml").write_text(f'environment = "{environment}"\n', encoding="utf-8")


def outbound(made: Deployment, url: str, **destination: str) -> dict[str, Any]:
    feed = made.outbound(url)
    return {**feed, "destination": {**feed["destination"], **destination}}


def refusal(made: Deployment, feed: str) -> StartError:
    with pytest.raises(StartError) as refused:
        made.run(feed)
    return refused.value


def failure(report: RunReport) -> tuple[str, list[str], Counts]:
    """The status, and the codes of what was said, and the counts."""
    said = [*report.notices, *([report.error] if isinstance(report.error, GatewayError) else [])]
    return report.status, [each.message.code for each in said], report.counts


@pytest.fixture
def declared(made: Deployment, simulated: SimulatedPlatform) -> Deployment:
    """A deployment with one company to send to a simulated platform that is said to be the real one."""
    register(made.directory / "r.csv", company(1))
    made.declare(i=made.inbound("r.csv"), o=outbound(made, simulated.url, environment="production"))
    return made


def test_rehearsal_records_are_not_there_for_a_production_deployment(
    on_either: Deployment, simulated: SimulatedPlatform
) -> None:
    register(on_either.directory / "r.csv", company(1))
    on_either.declare(i=on_either.inbound("r.csv"), o=outbound(on_either, simulated.url, environment="production"))
    on_either.run("i")
    become(on_either, "production")
    refused = refusal(on_either, "o")
    assert (refused.message.code, simulated.effects()) == ("environment.database", [])
    assert "属于演练（rehearsal）部署，而本部署设为正式（production）" in refused.text("zh")


def test_a_database_set_back_to_its_own_environment_is_opened_again(declared: Deployment) -> None:
    declared.run("i")
    become(declared, "production")
    refusal(declared, "i")
    become(declared, "rehearsal")
    assert declared.run("i")[0].counts == Counts(read=1, unchanged=1)


def test_an_unmarked_destination_gets_nothing_from_production(made: Deployment, simulated: SimulatedPlatform) -> None:
    register(made.directory / "r.csv", company(1))
    made.declare(i=made.inbound("r.csv"), o=made.outbound(simulated.url))
    become(made, "production")
    made.run("i")
    assert (refusal(made, "o").message.code, simulated.effects()) == ("environment.destination", [])


def test_a_production_destination_gets_nothing_from_rehearsal(
    declared: Deployment, simulated: SimulatedPlatform
) -> None:
    declared.run("i")
    assert (refusal(declared, "o").message.code, simulated.effects()) == ("environment.destination", [])


def test_a_simulated_platform_said_to_be_real_gets_nothing_and_what_is_due_waits(
    declared: Deployment, simulated: SimulatedPlatform
) -> None:
    become(declared, "production")
    _, report = declared.run("i", "o")
    expected = ("failed", ["http.other_environment"], Counts(selected=1, waiting=1))
    assert (failure(report), simulated.effects()) == (expected, [])
    assert simulated.state().get("deliver_requests", 0) == 0


def test_the_check_of_a_production_feed_refuses_a_simulated_platform(declared: Deployment) -> None:
    from gateway.app import opened
    from gateway.plugin_loader import load_plugins
    from gateway.settings import load_settings

    become(declared, "production")
    with opened(load_settings(declared.directory, declared.environ), load_plugins()) as gateway:
        problems = check_feed(gateway, "o", gateway.feeds["o"]).problems
    assert [problem.message.code for problem in problems] == ["http.other_environment"]


def test_rehearsal_documents_stay_where_they_are_even_in_a_database_whose_mark_was_changed(
    declared: Deployment, simulated: SimulatedPlatform
) -> None:
    declared.declare(o=outbound(declared, "http://127.0.0.1:1"))
    assert declared.run("i", "o")[1].counts == Counts(selected=1, waiting=1)
    database = Database(declared.database_url)
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE environment_mark SET environment = 'production'")
    database.close()
    become(declared, "production")
    declared.declare(o=outbound(declared, simulated.url, environment="production"))
    (report,) = declared.run("o")
    assert failure(report)[:2] == ("failed", ["environment.documents"])
    assert (simulated.effects(), declared.query("SELECT status, environment FROM documents")) == (
        [],
        [("waiting", "rehearsal")],
    )


def test_a_mark_that_is_neither_is_refused(made: Deployment) -> None:
    made.declare(o=outbound(made, "http://127.0.0.1:1", environment="test"))
    assert "destination.environment 只能是 rehearsal, production" in refusal(made, "o").text("zh")


def test_a_source_has_no_mark(made: Deployment) -> None:
    made.declare(i=made.inbound("r.csv", source={"type": "csv", "path": "r.csv", "environment": "production"}))
    assert refusal(made, "i").message.code == "feed.wrong_options"


def test_nothing_is_pulled_from_a_simulated_platform_into_production(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    pulled = {
        "type": "rest",
        "url": simulated.url,
        "requester": REQUESTER,
        "service": SERVICE,
        "secret": "shandong",
        "platform": "shandong/platform/2023-01",
        "path": "/sjjh/tasks",
        "page": "page",
        "page_size_name": "size",
        "columns": ["企业名称"],
        "rows": "data.rows",
        "total": "data.total",
        "first_wait_seconds": "0",
    }
    made.declare(i=made.inbound("r.csv", source=pulled))
    become(made, "production")
    (report,) = made.run("i")
    assert isinstance(report.error, SourceError)
    assert "answers that it is for rehearsal, and this deployment is production" in report.error.text("en")
