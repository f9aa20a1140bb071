"""Every message that the pipeline stores or says."""

from __future__ import annotations

from gateway.pipeline import (
    contributing,
    crossing,
    deliver,
    enqueue,
    feed_templates,
    feeds,
    identities,
    inbound,
    judge,
    outbound,
    precedence,
    publication,
    pushed,
    reading,
    run_issues,
    run_report,
    schedule_words,
    wiring,
    withdrawal,
)
from gateway.state import database, leases

MESSAGES = (
    *database.MESSAGES,
    *leases.MESSAGES,
    *feeds.MESSAGES,
    *feed_templates.MESSAGES,
    *schedule_words.MESSAGES,
    *inbound.MESSAGES,
    *contributing.MESSAGES,
    *precedence.MESSAGES,
    *identities.MESSAGES,
    *judge.MESSAGES,
    *reading.MESSAGES,
    *run_issues.MESSAGES,
    *withdrawal.MESSAGES,
    *enqueue.MESSAGES,
    *deliver.MESSAGES,
    *crossing.MESSAGES,
    *outbound.MESSAGES,
    *publication.MESSAGES,
    *pushed.MESSAGES,
    *wiring.MESSAGES,
    *run_report.MESSAGES,
)
