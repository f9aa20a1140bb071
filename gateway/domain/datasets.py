"""All datasets of the exchange model, in the order in which parents come before their children."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.domain.dataset import Dataset
from gateway.domain.departments import DEPARTMENTS
from gateway.domain.drawn_targets import DRAWN_TARGETS
from gateway.domain.evidence_files import EVIDENCE_FILES
from gateway.domain.inspection_items import INSPECTION_ITEMS
from gateway.domain.inspection_results import INSPECTION_RESULT_ITEMS, INSPECTION_RESULTS
from gateway.domain.inspection_targets import INSPECTION_TARGETS
from gateway.domain.inspection_tasks import INSPECTION_TASKS
from gateway.domain.inspector_assignments import INSPECTOR_ASSIGNMENTS
from gateway.domain.inspectors import INSPECTORS

DATASETS: Mapping[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        DEPARTMENTS,
        INSPECTION_ITEMS,
        INSPECTORS,
        INSPECTION_TARGETS,
        INSPECTION_TASKS,
        DRAWN_TARGETS,
        INSPECTOR_ASSIGNMENTS,
        INSPECTION_RESULTS,
        INSPECTION_RESULT_ITEMS,
        EVIDENCE_FILES,
    )
}
