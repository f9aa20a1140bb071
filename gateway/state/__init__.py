"""The gateway's own database: its tables, migrations, and the queries that the pipeline and the operators need."""
