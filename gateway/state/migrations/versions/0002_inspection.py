"""Items, inspectors, tasks, drawn lists, assignments, results and evidence: one double-random inspection."""

from __future__ import annotations

import sqlalchemy as sa

from gateway.state.migrations.exchange import create_dataset

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    create_dataset(
        "inspection_items",
        {
            "item_code": sa.String(50),
            "department_code": sa.String(32),
            "name": sa.String(200),
            "sub_item": sa.String(200),
            "category": sa.String(100),
            "inspected_objects": sa.String(500),
            "content": sa.String(4000),
            "item_class": sa.Text(),
            "level": sa.String(50),
            "basis": sa.String(4000),
            "methods": sa.String(200),
            "result_vocabulary": sa.Text(),
            "joint": sa.Boolean(),
            "state": sa.Text(),
        },
    )
    create_dataset(
        "inspectors",
        {
            "inspector_number": sa.String(50),
            "department_code": sa.String(32),
            "certificate_kind": sa.Text(),
            "name": sa.String(50),
            "category": sa.Text(),
            "position": sa.String(100),
            "post": sa.String(200),
            "phone": sa.String(30),
            "resident_id": sa.String(18),
            "certificate_valid_until": sa.Date(),
            "region_code": sa.String(6),
            "expert": sa.Boolean(),
            "state": sa.Text(),
        },
    )
    create_dataset(
        "inspection_tasks",
        {
            "task_number": sa.String(50),
            "name": sa.String(200),
            "plan_number": sa.String(50),
            "plan_name": sa.String(200),
            "draw_type": sa.Text(),
            "task_source": sa.Text(),
            "starts_on": sa.Date(),
            "ends_on": sa.Date(),
            "lead_department": sa.String(32),
            "departments": sa.String(1000),
            "item_codes": sa.String(4000),
            "sampling_rate": sa.BigInteger(),
            "target_count": sa.BigInteger(),
            "state": sa.Text(),
        },
    )
    create_dataset(
        "drawn_targets",
        {
            "target_identifier": sa.String(64),
            "target_scheme": sa.Text(),
            "target_kind": sa.Text(),
            "target_label": sa.String(100),
            "task_number": sa.String(50),
            "name": sa.String(100),
            "region_code": sa.String(6),
            "address": sa.String(300),
            "department_code": sa.String(32),
            "drawn_at": sa.String(32),
            "locked_at": sa.String(32),
            "dispatched_at": sa.String(32),
            "merged_tasks": sa.String(500),
        },
    )
    create_dataset(
        "inspector_assignments",
        {
            "target_identifier": sa.String(64),
            "target_scheme": sa.Text(),
            "target_kind": sa.Text(),
            "target_label": sa.String(100),
            "task_number": sa.String(50),
            "inspector_number": sa.String(50),
            "department_code": sa.String(32),
            "inspector_name": sa.String(50),
            "role": sa.Text(),
            "matched_at": sa.String(32),
        },
    )
    create_dataset(
        "inspection_results",
        {
            "target_identifier": sa.String(64),
            "target_scheme": sa.Text(),
            "target_kind": sa.Text(),
            "target_label": sa.String(100),
            "task_number": sa.String(50),
            "department_code": sa.String(32),
            "target_name": sa.String(100),
            "inspected_on": sa.Date(),
            "finished_on": sa.Date(),
            "inspectors": sa.String(500),
            "method": sa.Text(),
            "conclusions": sa.String(50),
            "description": sa.String(4000),
            "signature_refused": sa.Boolean(),
        },
    )
    create_dataset(
        "inspection_result_items",
        {
            "target_identifier": sa.String(64),
            "target_scheme": sa.Text(),
            "target_kind": sa.Text(),
            "target_label": sa.String(100),
            "task_number": sa.String(50),
            "department_code": sa.String(32),
            "item_code": sa.String(50),
            "item_name": sa.String(200),
            "outcome": sa.Text(),
            "problem": sa.String(4000),
            "handling": sa.String(4000),
        },
    )
    create_dataset(
        "evidence_files",
        {
            "target_identifier": sa.String(64),
            "target_scheme": sa.Text(),
            "target_kind": sa.Text(),
            "target_label": sa.String(100),
            "task_number": sa.String(50),
            "file_digest": sa.String(64),
            "kind": sa.Text(),
            "place": sa.String(500),
            "media_type": sa.String(100),
            "size": sa.BigInteger(),
            "taken_at": sa.String(32),
            "keep_until": sa.Date(),
        },
    )
