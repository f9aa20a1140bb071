"""Checks: a dataset's declarations and rules compiled to expressions, and what they find of records."""

from __future__ import annotations

from gateway.checking.compiled_checks import CompiledChecks, compile_checks
from gateway.checking.field_checks import MESSAGES
from gateway.checking.verdict import verdicts

__all__ = ["MESSAGES", "CompiledChecks", "compile_checks", "verdicts"]
