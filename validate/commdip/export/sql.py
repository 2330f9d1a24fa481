"""What SQLite and DuckDB share: tables with their keys and checks, derived from the Table Schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from commdip.export.errors import ExportError
from commdip.export.source import TERM, Column, Source
from commdip.specs import ForeignKey

ABOUT = "_package"
"""Table with what is said of the package as a whole."""


def name(text: str) -> str:
    """Return an identifier, quoted: ``end`` and ``rank`` are words of SQL."""
    return '"' + text.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def create(source: Source, table: str, types: Mapping[str, str], after_key: str = "", comments: bool = False) -> str:
    """Return the parts of CREATE TABLE between the parentheses.

    ``types`` are the engine's by kind of column; ``after_key`` follows every foreign key. With
    ``comments``, titles stand behind the columns.
    """
    spec = source.specs[table]
    required = {*spec.primary_key}
    lines = [
        (_column(c, types[c.kind], c.required or c.name in required), c.description) for c in source.columns(table)
    ]
    lines.append((f"PRIMARY KEY ({names(spec.primary_key)})", ""))
    lines += [(f"UNIQUE ({names(key)})", "") for key in source.keys(table)]
    lines += [
        (
            f"FOREIGN KEY ({names(k.fields)}) REFERENCES {name(k.parent)} ({names(k.parent_fields)}){after_key}",
            "",
        )
        for k in source.references(table)
    ]
    last = len(lines) - 1
    return "\n".join(
        f"  {part}{',' if i < last else ''}{f'  -- {_one_line(comment)}' if comments and comment else ''}"
        for i, (part, comment) in enumerate(lines)
    )


def names(columns: Sequence[str]) -> str:
    """Return identifiers, quoted, with commas."""
    return ", ".join(map(name, columns))


def _column(column: Column, kind: str, required: bool) -> str:
    parts = [name(column.name), kind, *(["NOT NULL"] if required else [])]
    parts += [f"CHECK ({check})" for check in _checks(column, kind)]
    return " ".join(parts)


def _checks(column: Column, kind: str) -> Iterator[str]:
    if column.kind == TERM:
        # A vocabulary without terms allows none.
        yield f"{name(column.name)} IN ({', '.join(map(literal, column.terms)) or 'NULL'})"
    if column.kind == "boolean" and kind == "INTEGER":
        yield f"{name(column.name)} IN (0, 1)"
    if column.minimum is not None:
        yield f"{name(column.name)} >= {column.minimum}"
    if column.maximum is not None:
        yield f"{name(column.name)} <= {column.maximum}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def parents_first(source: Source) -> list[str]:
    """Return the tables in an order in which each stands after those that it refers to.

    Raises ExportError if tables refer to each other in a circle; to refer to itself is no circle.
    """
    waiting = {t: {k.parent for k in source.references(t)} - {t} for t in source.tables}
    order: list[str] = []
    while waiting:
        free = [t for t, parents in waiting.items() if parents <= set(order)]
        if not free:
            raise ExportError(f"tables refer to each other in a circle: {', '.join(waiting)}")
        order += free
        waiting = {t: parents for t, parents in waiting.items() if t not in free}
    return order


def own_references(source: Source, table: str) -> list[ForeignKey]:
    """Return the foreign keys by which rows of a table name other rows of it."""
    return [k for k in source.references(table) if k.parent == table]
