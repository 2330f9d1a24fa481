"""Names of the checks of pandera schemas, on pandas or polars, as all tools report them."""

from __future__ import annotations

from typing import Any

REASONS = {"SERIES_CONTAINS_NULLS": "COL02", "SERIES_CONTAINS_DUPLICATES": "KEY01"}


def checks_of(table: str, schema: Any) -> list[str]:
    """Return the names of all checks of a schema."""
    made = []
    for name, column in schema.columns.items():
        if " " in name:
            made.append(name)
            continue
        made += [f"{c.name} {table}.{name}" for c in column.checks]
        made += [f"COL02 {table}.{name}"] if not column.nullable else []
        made += [f"KEY01 {table}.{name}"] if column.unique else []
    return made


def name_of(table: str, error: Any) -> str:
    """Return the name of the check that failed."""
    column = error.schema.name
    if " " in column:
        return str(column)
    return f"{REASONS.get(error.reason_code.name) or error.check.name} {table}.{column}"
