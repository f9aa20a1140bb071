"""Asking again: a question that could not be answered just now is repeated with growing waits, a few times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from gateway.errors import OutcomeUnknown, TryAgain

if TYPE_CHECKING:
    import tenacity

_Answer = TypeVar("_Answer")


def ask_patiently(
    ask: Callable[[], _Answer], *, attempts: int, first_wait_seconds: float, longest_wait_seconds: float
) -> _Answer:
    """Ask until there is an answer; the last trouble is raised after so many attempts.

    Only for questions: one whose outcome is unknown is simply asked again. A Retry-After is kept to, and never waited
    for longer than the longest wait.
    """
    import tenacity  # late, as most runs ask nothing

    growing = tenacity.wait_exponential_jitter(
        multiplier=first_wait_seconds, max=longest_wait_seconds, jitter=first_wait_seconds
    )

    def wait(state: tenacity.RetryCallState) -> float:
        trouble = state.outcome.exception() if state.outcome else None
        asked = trouble.retry_after if isinstance(trouble, TryAgain) and trouble.retry_after is not None else 0
        return min(max(growing(state), asked), longest_wait_seconds)

    attempt = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type((TryAgain, OutcomeUnknown)),
        stop=tenacity.stop_after_attempt(attempts),
        wait=wait,
        reraise=True,
    )
    return attempt(ask)
