"""Tasks, drawn lists, assignments and the places that results take, in tables of the platform's own SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from gateway.sandbox_host.inspection.records import Assignment, Drawn, Task

SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (number TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS drawn (
    task TEXT, target TEXT, content TEXT NOT NULL, PRIMARY KEY (task, target)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS assignments (
    task TEXT, target TEXT, department TEXT, inspector TEXT, content TEXT NOT NULL,
    PRIMARY KEY (task, target, department, inspector)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS results (
    task TEXT, target TEXT, department TEXT, item TEXT, record_key TEXT NOT NULL,
    PRIMARY KEY (task, target, department, item)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS results_of_record ON results (record_key);
"""
TABLES = ("tasks", "drawn", "assignments", "results")


class InspectionTables:
    """The queries of one request, within the transaction that the platform has begun."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    # tasks

    def keep_task(self, task: Task) -> None:
        """Add a task, or what became of it."""
        self._connection.execute("INSERT OR REPLACE INTO tasks VALUES (?, ?)", (task.number, task.model_dump_json()))

    def task(self, number: str) -> Task | None:
        """The task of a number."""
        rows = self._contents("SELECT content FROM tasks WHERE number = ?", number)
        return Task.model_validate_json(rows[0]) if rows else None

    def tasks(self) -> list[Task]:
        """Every task by number."""
        return [Task.model_validate_json(each) for each in self._contents("SELECT content FROM tasks ORDER BY number")]

    # drawn lists

    def replace_drawn(self, task_number: str, drawn: Iterable[Drawn]) -> None:
        """Make this the task's list."""
        self._connection.execute("DELETE FROM drawn WHERE task = ?", (task_number,))
        rows = ((task_number, each.target.key, each.model_dump_json()) for each in drawn)
        self._connection.executemany("INSERT INTO drawn VALUES (?, ?, ?)", rows)

    def drawn(self, task_number: str) -> list[Drawn]:
        """The task's list by target."""
        query = "SELECT content FROM drawn WHERE task = ? ORDER BY target"
        return [Drawn.model_validate_json(each) for each in self._contents(query, task_number)]

    def was_drawn(self, task_number: str, target_key: str) -> bool:
        """Whether the task drew the target."""
        return self._is_there("SELECT 1 FROM drawn WHERE task = ? AND target = ?", task_number, target_key)

    # assignments

    def add_assignments(self, assignments: Iterable[Assignment]) -> None:
        """Add assignments; one that is there already is a mistake of the caller."""
        rows = ((*_place(each), each.model_dump_json()) for each in assignments)
        self._connection.executemany("INSERT INTO assignments VALUES (?, ?, ?, ?, ?)", rows)

    def assignments(self, task_number: str) -> list[Assignment]:
        """The task's assignments by target, department and inspector."""
        query = "SELECT content FROM assignments WHERE task = ? ORDER BY target, department, inspector"
        return [Assignment.model_validate_json(each) for each in self._contents(query, task_number)]

    def matched(self, task_number: str, target_key: str) -> set[tuple[str, str]]:
        """Department and number of each inspector matched with a target."""
        query = "SELECT department, inspector FROM assignments WHERE task = ? AND target = ?"
        return {(row[0], row[1]) for row in self._connection.execute(query, (task_number, target_key))}

    # results

    def result_at(self, task_number: str, target_key: str, department: str, item: str) -> str | None:
        """The key of the record that took this place."""
        query = "SELECT record_key FROM results WHERE task = ? AND target = ? AND department = ? AND item = ?"
        rows = self._contents(query, task_number, target_key, department, item)
        return rows[0] if rows else None

    def keep_result(self, record_key: str, task_number: str, target_key: str, department: str, item: str) -> None:
        """Let a record take its place."""
        place = (task_number, target_key, department, item, record_key)
        self._connection.execute("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?)", place)

    def free_result(self, record_key: str) -> None:
        """Free the place of a record that was withdrawn."""
        self._connection.execute("DELETE FROM results WHERE record_key = ?", (record_key,))

    def _contents(self, query: str, *values: object) -> list[Any]:
        return [row[0] for row in self._connection.execute(query, values)]

    def _is_there(self, query: str, *values: object) -> bool:
        return self._connection.execute(query, values).fetchone() is not None


def _place(assignment: Assignment) -> tuple[str, str, str, str]:
    inspector = assignment.inspector
    return assignment.task_number, assignment.target.key, inspector.department, inspector.number
