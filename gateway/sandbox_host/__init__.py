"""Serves the simulated platforms that plugins offer, on this machine only."""

from gateway.sandbox_host.server import CLIENT_GONE, Served, run_forever, serve

__all__ = ["CLIENT_GONE", "Served", "run_forever", "serve"]
