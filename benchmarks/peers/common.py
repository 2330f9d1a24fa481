"""What the peers share: the schemas and vocabularies of the package, and the names of its tables."""

import csv
import json
import sys
from pathlib import Path

FOLDER = sys.argv[1]
LARGE = ("contacts", "participation")
SMALL = ("states", "organizations", "leaders", "tenures", "ceremonies", "rank_offices")
EDTF = r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?[?~]?$"
TODAY = "2026-11-25"


def path(table: str) -> str:
    """Return the file of a table."""
    return f"{FOLDER}/data/{table}.csv"


def fields(table: str) -> list[dict]:
    """Return the fields of a table's schema, with constraints of their own filled in."""
    with Path(f"{FOLDER}/schemas/{table}.json").open(encoding="utf-8") as stream:
        schema = json.load(stream)
    key = schema["primaryKey"]
    for field in schema["fields"]:
        field.setdefault("constraints", {})
        field["key"] = field["name"] == key or [field["name"]] == key
    return schema["fields"]


def references(table: str) -> list[tuple[str, str, str]]:
    """Return the single foreign keys of a table to tables of the package: column, parent, its column."""
    with Path(f"{FOLDER}/schemas/{table}.json").open(encoding="utf-8") as stream:
        keys = json.load(stream).get("foreignKeys", [])
    made = []
    for key in keys:
        column, target = key["fields"], key["reference"]["fields"]
        parent = key["reference"].get("resource") or table
        column, target = (x if isinstance(x, str) else x[0] for x in (column, target))
        if parent in (*SMALL, table):
            made.append((column, parent, target))
    return made


def terms() -> dict[str, list[str]]:
    """Return the terms of every vocabulary."""
    made: dict[str, list[str]] = {}
    with Path(path("codes")).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            made.setdefault(row["vocabulary"], []).append(row["code"])
    return made
