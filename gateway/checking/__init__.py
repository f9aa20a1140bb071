"""Checks: a dataset's declarations and rules compiled to expressions, and what they find of records."""

from __future__ import annotations

from gateway.checking import field_checks, text_checks
from gateway.checking.compiled_checks import CompiledChecks, compile_checks
from gateway.checking.verdict import verdicts

MESSAGES = (*field_checks.MESSAGES, *text_checks.MESSAGES)

__all__ = ["MESSAGES", "CompiledChecks", "compile_checks", "verdicts"]
