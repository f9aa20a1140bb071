"""What acceptance tests share: a MariaDB of a department."""

from __future__ import annotations

from tests.plugins.gateway_sql.conftest import _mariadb_database, mariadb, mariadb_url

__all__ = ["_mariadb_database", "mariadb", "mariadb_url"]
