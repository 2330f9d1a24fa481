"""What every peer needs: the columns and keys of the two large tables, as the package's schemas give them.

Only the standard library, so that it runs in each peer's own environment. A check is named by the
rule of ours that it stands for, the table and the column, for instance ``COL04 contacts.mode``.
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

LARGE = ("contacts", "participation")
CALLS = ("phone", "video", "letter")
FREE = ("contingent", "delegation", "former-leader")
"""Ranks that no office need give."""


class Field(NamedTuple):
    """A column: whether it is required, and its pattern, terms or dates, of which it has one at most."""

    name: str
    required: bool
    pattern: str | None
    terms: list[str] | None
    edtf: bool


class Key(NamedTuple):
    """A reference of a column to the primary key of a table."""

    column: str
    parent: str
    target: str


def package() -> Path:
    """Return the folder that the command line names."""
    return Path(sys.argv[1])


def data(table: str) -> str:
    """Return the path of a table's file."""
    return str(package() / "data" / f"{table}.csv")


def schema(table: str) -> dict[str, Any]:
    """Return the Table Schema of a table."""
    made: dict[str, Any] = json.loads((package() / "schemas" / f"{table}.json").read_text(encoding="utf-8"))
    return made


def names(table: str) -> list[str]:
    """Return the columns of a table."""
    return [f["name"] for f in schema(table)["fields"]]


def fields(table: str) -> list[Field]:
    """Return the columns of a table with what their cells must keep to."""
    made = []
    for entry in schema(table)["fields"]:
        limits, terms, dates = entry.get("constraints", {}), None, bool(entry.get("edtf"))
        pattern = limits.get("pattern")
        if "vocabulary" in entry:
            terms = vocabulary(entry["vocabulary"])
            pattern = listed(terms, entry["delimiter"]) if "delimiter" in entry else None
        made.append(Field(entry["name"], bool(limits.get("required")), pattern, terms, dates))
    return made


def vocabulary(name: str) -> list[str]:
    """Return the terms of a vocabulary in their order."""
    with Path(data("codes")).open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["vocabulary"] == name]
    return [r["code"] for r in sorted(rows, key=lambda r: int(r["position"]))]


def listed(terms: list[str], delimiter: str) -> str:
    """Return the pattern of a list of terms, each once and in their order."""
    after = ["".join(f"(?:{delimiter}{t})?" for t in terms[i + 1 :]) for i in range(len(terms))]
    return f"^(?:{'|'.join(t + rest for t, rest in zip(terms, after, strict=True))})$"


def rule_of(field: Field) -> str | None:
    """Return the rule that a filled cell of a column can break."""
    if field.edtf:
        return "COL05"
    if field.terms:
        return "COL04"
    return "COL03" if field.pattern else None


def keys(table: str) -> list[Key]:
    """Return the references of a table."""
    made = []
    for entry in schema(table).get("foreignKeys", []):
        parent = entry["reference"]["resource"] or table
        made.append(Key(entry["fields"][0], parent, entry["reference"]["fields"][0]))
    return made


def primary(table: str) -> str:
    """Return the primary key of a table."""
    return str(schema(table)["primaryKey"][0])


def is_day(text: str) -> bool:
    """Return whether a date that keeps to its pattern is in the calendar."""
    bare = text.rstrip("?~")
    try:
        date.fromisoformat(bare + "-01-01"[len(bare) - 4 :])
    except ValueError:
        return False
    return True


def report(counts: dict[str, int]) -> None:
    """Print how many rows break each check that was done."""
    print(json.dumps({k: int(v) for k, v in sorted(counts.items())}, indent=1))
