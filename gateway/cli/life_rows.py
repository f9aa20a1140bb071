"""A record's life for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gateway.cli.issue_rows import issue_row
from gateway.cli.times import iso_time
from gateway.messages import Language

if TYPE_CHECKING:
    from gateway.app import Gateway
    from gateway.operations.trace import Life, TracedVersion
    from gateway.state.trace import TracedDelivery


def life_row(life: Life, gateway: Gateway, language: Language) -> dict[str, Any]:
    """One record with its versions, the oldest first, and its issues."""
    return {
        "dataset": life.dataset,
        "record_key": life.record_key,
        "versions": [_version(each) for each in life.versions],
        "issues": [issue_row(each, gateway, language) for each in life.issues],
        "merges": [{**asdict(each), "declared_at": iso_time(each.declared_at)} for each in life.merges],
    }


def _version(version: TracedVersion) -> dict[str, Any]:
    return {
        "change_number": version.change_number,
        "operation": version.operation,
        "feed": version.feed,
        "run": version.run,
        "stored_at": iso_time(version.stored_at),
        "place": version.source,
        "row": version.source_row,
        "owner_department": version.owner_department,
        "fields": dict(version.fields),
        "provenance": dict(version.provenance),
        "deliveries": [_delivery(each) for each in version.deliveries],
    }


def _delivery(delivery: TracedDelivery) -> dict[str, Any]:
    return {
        "destination": delivery.destination,
        "feed": delivery.feed,
        "status": delivery.status,
        "reference": delivery.reference,
        "code": delivery.code,
        "reason": delivery.reason,
        "document": delivery.document,
        "idempotency_key": delivery.idempotency_key,
        "profile": delivery.profile,
        "attempts": delivery.attempts,
        "enqueued_at": iso_time(delivery.enqueued_at),
        "received_at": iso_time(delivery.received_at),
    }
