"""DuckDB: one file with every table, its keys enforced by DuckDB itself as rows go in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commdip.export import sql
from commdip.export.errors import ExportError
from commdip.export.source import DAY, TERM, Source

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

SUFFIX = ".duckdb"
TYPES = {
    "string": "VARCHAR",
    TERM: "VARCHAR",
    DAY: "DATE",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}


def write(source: Source, target: Path) -> None:
    """Write the database."""
    import duckdb

    with closing(duckdb.connect()) as connection:
        # Keys are many and small: with blocks of the usual size they would fill ten times the room.
        connection.execute(f"ATTACH {sql.literal(str(target))} AS made (BLOCK_SIZE 16384)")
        connection.execute("USE made")
        _about(source, connection)
        for table in sql.parents_first(source):
            connection.execute(f"CREATE TABLE {sql.name(table)} (\n{sql.create(source, table, TYPES)}\n)")
            _describe(source, table, connection)
            try:
                for part in _generations(source, table):
                    connection.register("part_", _arrow(source, table, part))
                    connection.execute(f"INSERT INTO {sql.name(table)} SELECT * FROM part_")
                    connection.unregister("part_")
            except duckdb.ConstraintException as error:
                path = source.tables[table].path
                raise ExportError(f"{path}: DuckDB refuses a row ({error}); `commdip validate` says more") from error
        connection.execute("CHECKPOINT")


def _about(source: Source, connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE TABLE {sql.ABOUT} (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL)")
    connection.executemany(f"INSERT INTO {sql.ABOUT} VALUES (?, ?)", list(source.about.items()))


def _describe(source: Source, table: str, connection: duckdb.DuckDBPyConnection) -> None:
    words = sql.literal(source.specs[table].description)
    connection.execute(f"COMMENT ON TABLE {sql.name(table)} IS {words}")
    for column in source.columns(table):
        place = f"{sql.name(table)}.{sql.name(column.name)}"
        connection.execute(f"COMMENT ON COLUMN {place} IS {sql.literal(column.description)}")


def _arrow(source: Source, table: str, rows: pd.DataFrame) -> Any:
    """Return rows for Arrow, which DuckDB reads without guessing at types."""
    import pyarrow as pa

    kinds = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), DAY: pa.date32()}
    fields = [pa.field(c.name, kinds.get(c.kind, pa.string())) for c in source.columns(table)]
    return pa.Table.from_pandas(rows, pa.schema(fields), preserve_index=False)


def _generations(source: Source, table: str) -> Iterator[pd.DataFrame]:
    """Yield the rows of a table in parts, so that rows named by others of it stand in earlier parts.

    DuckDB looks for what a row names when the row goes in, and not among those that go in with it.
    """
    rows, keys = source.plain(table), sql.own_references(source, table)
    links = [(_cells(rows, k.fields), _cells(rows, k.parent_fields)) for k in keys]
    there: list[set[Any]] = [{None} for _ in keys]
    waiting = list(range(len(rows)))
    while waiting:
        ready = [i for i in waiting if all(names[i] in known for (names, _), known in zip(links, there, strict=True))]
        ready = ready or waiting  # what is left names nothing, or goes in a circle: DuckDB says so
        yield rows.iloc[ready]
        for (_, own), known in zip(links, there, strict=True):
            known.update(own[i] for i in ready)
        waiting = sorted(set(waiting) - set(ready))


def _cells(rows: pd.DataFrame, columns: tuple[str, ...]) -> list[tuple[Any, ...] | None]:
    """Return the values of some columns row by row, None where one of them is missing."""
    return [None if None in cells else cells for cells in rows[list(columns)].itertuples(index=False, name=None)]
