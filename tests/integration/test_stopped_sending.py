"""An outbound run that is told to stop sends nothing more and loses nothing, whenever it is told."""

from __future__ import annotations

from gateway.app import opened
from gateway.pipeline.outbound import OutboundRunner
from gateway.plugin_loader import load_plugins
from gateway.settings import load_settings
from tests.companies import company
from tests.deployment import Deployment, register
from tests.simulated_platform import SimulatedPlatform


def test_a_run_that_was_told_to_stop_before_it_sends_enqueues_and_leaves_the_rest(
    made: Deployment, simulated: SimulatedPlatform
) -> None:
    register(made.directory / "r.csv", company(1), company(2))
    made.declare(i=made.inbound("r.csv"), o=made.outbound(simulated.url))
    made.run("i")
    with opened(load_settings(made.directory, made.environ), load_plugins()) as gateway:
        runner = gateway.runner("o")
        assert isinstance(runner, OutboundRunner)
        runner.stop()
        report = runner.run()
    assert (report.counts.waiting, report.status, simulated.effects()) == (2, "with_issues", [])
    (again,) = made.run("o")
    assert (again.counts.delivered, sorted(simulated.times_taken().values())) == (2, [1, 1])
