"""SQLite: one file with every table, its keys enforced, and checked by SQLite itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from commdip.export import sql
from commdip.export.errors import ExportError
from commdip.export.source import DAY, TERM, Source

SUFFIX = ".sqlite"
TYPES = {"string": "TEXT", TERM: "TEXT", DAY: "TEXT", "integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}
LATER = " DEFERRABLE INITIALLY DEFERRED"
"""Foreign keys are judged when all rows are in: rows may name rows that come after them."""


def write(source: Source, target: Path) -> None:
    """Write the database."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        _about(source, connection)
        for table in sql.parents_first(source):
            body = sql.create(source, table, TYPES, LATER, comments=True)
            connection.execute(f"CREATE TABLE {sql.name(table)} (\n{body}\n) STRICT")
            _fill(source, table, connection)
            _index(source, table, connection)
        _check(source, connection)
        connection.execute("COMMIT")


def _about(source: Source, connection: sqlite3.Connection) -> None:
    connection.execute(f"CREATE TABLE {sql.ABOUT} (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT")
    connection.executemany(f"INSERT INTO {sql.ABOUT} VALUES (?, ?)", source.about.items())


def _fill(source: Source, table: str, connection: sqlite3.Connection) -> None:
    columns = source.columns(table)
    frame = source.plain(table)
    for day in (c.name for c in columns if c.kind == DAY):
        frame[day] = [d and d.isoformat() for d in frame[day]]
    places = ", ".join("?" * len(columns))
    for number, row in enumerate(frame.itertuples(index=False, name=None)):
        try:
            connection.execute(f"INSERT INTO {sql.name(table)} VALUES ({places})", row)
        except sqlite3.IntegrityError as error:
            where = f"{source.tables[table].path}:{source.tables[table].line(number)}"
            raise ExportError(f"{where}: SQLite refuses the row ({error}); `commdip validate` says more") from error


def _index(source: Source, table: str, connection: sqlite3.Connection) -> None:
    """Make joins fast in both directions: SQLite indexes what is referred to, not what refers."""
    primary = source.specs[table].primary_key
    for fields in dict.fromkeys(k.fields for k in source.references(table)):
        if fields != primary[: len(fields)]:
            index = sql.name("_".join((table, *fields)))
            connection.execute(f"CREATE INDEX {index} ON {sql.name(table)} ({sql.names(fields)})")


def _check(source: Source, connection: sqlite3.Connection) -> None:
    """Let SQLite look for rows that name none, and for damage."""
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        line = source.tables[table].line(row - 1)
        where = f"{source.tables[table].path}:{line}"
        raise ExportError(f"{where}: the row names a row of {parent} that is not there; `commdip validate` says more")
    (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise ExportError(f"SQLite finds the database damaged: {verdict}")
