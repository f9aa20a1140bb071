"""Whether a field map fills what its dataset demands, asked before anything runs."""

from __future__ import annotations

from gateway.domain.dataset import Dataset
from gateway.errors import StartError
from gateway.mapping.field_map import FieldMap
from gateway.mapping.map_errors import NOT_COVERED


def check_covers(field_map: FieldMap, dataset: Dataset) -> None:
    """Raise StartError where a required field of the dataset, or a key field that may not be absent, has no origin."""
    demanded = [each.name for each in dataset.fields if each.required or (each.key and each.absent is None)]
    without = [name for name in demanded if name not in field_map.fields]
    if without:
        raise StartError(NOT_COVERED, file=field_map.name, dataset=dataset.name, fields=", ".join(without))
