"""The command line: what operators and admins do from a terminal, in Chinese or in English."""

from __future__ import annotations


def main() -> None:
    """Run the command that the terminal asks for, and end the process with its exit code."""
    from gateway.cli.application import run_command

    raise SystemExit(run_command())
