"""Brings the tables to a version, over a connection that has its transaction already (alembic)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from gateway.state.revision import MIGRATIONS


def migrate(connection: sa.Connection, revision: str = "head") -> None:
    """Run every migration up to a version."""
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def alembic_config() -> Config:
    """Where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
