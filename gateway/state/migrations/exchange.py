"""What every migration that adds a dataset shares: the columns that each exchange row carries beside its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def create_dataset(name: str, fields: Mapping[str, sa.types.TypeEngine[Any]]) -> None:
    """Create the table of a dataset (fields by name, as they are now) and the table of its replaced versions."""
    for table in (name, f"{name}_history"):
        op.create_table(
            table,
            sa.Column("id", ROW_NUMBER, nullable=False),
            sa.Column("record_key", sa.String(600), nullable=False),
            sa.Column("digest", sa.String(32), nullable=False),
            sa.Column("change_number", sa.BigInteger, nullable=False),
            sa.Column("operation", sa.String(10), nullable=False),
            sa.Column("withdrawn", sa.Integer, nullable=False),
            sa.Column("owner_department", sa.String(32), nullable=False),
            sa.Column("feed", sa.String(200), nullable=False),
            sa.Column("run", sa.BigInteger, nullable=False),
            sa.Column("source", sa.Text, nullable=False),
            sa.Column("source_row", sa.BigInteger),
            *(sa.Column(field, kind) for field, kind in fields.items()),
            sa.Column("record_version", sa.String(64)),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        )
    op.create_index(f"ix_{name}_record_key", name, ["record_key"], unique=True)
    op.create_index(f"ix_{name}_change_number", name, ["change_number"])
    op.create_index(f"ix_{name}_history_record_key", f"{name}_history", ["record_key", "change_number"], unique=True)
    op.create_index(f"ix_{name}_history_change_number", f"{name}_history", ["change_number"])
