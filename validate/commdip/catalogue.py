"""The catalogue of rules: what `commdip rules` and `commdip explain` print and the docs are made of."""

from __future__ import annotations

import difflib
import functools
import json
import textwrap
from dataclasses import dataclass
from pathlib import Path

from commdip import canonical, columns, witness
from commdip.rules import REGISTER, ROW_RULES

FAMILIES = {
    "PKG": "The descriptor",
    "FIL": "Files",
    "COL": "Columns",
    "KEY": "Keys",
    "TIM": "Time",
    "CER": "Ceremonies",
    "PAR": "Participation",
    "INV": "Invitations",
    "CON": "Contacts",
    "STM": "Statements",
    "LEA": "Leaders",
    "TEN": "Tenures",
    "STA": "States",
    "EVI": "Evidence and sources",
    "COV": "Coverage",
    "REL": "Releases",
    "WAI": "Waivers",
    "CAN": "Canonical form",
    "WIT": "Independent witness",
}
READS = {
    "PKG": "datapackage.json and the schemas",
    "FIL": "datapackage.json and the files of the tables",
    "COL": "every column of every table, by its schema",
    "KEY": "the keys that the schema of each table declares",
    "CAN": "the text of every file",
    "WIT": "the whole package",
    "WAI": "waivers and the findings",
    "REL03": "every table, and those of the earlier release",
    "REL04": "every table, and those of the earlier release",
    "REL05": "CHANGELOG.md beside the descriptor",
}
"""What rules read that are not about the rows of one table, by code or by family."""
EXAMPLES = Path(__file__).with_name("examples.json")
_DECLARING = (canonical, columns, witness)  # modules that declare rules when imported


@dataclass(frozen=True)
class Entry:
    """A rule as the catalogue shows it.

    ``example_place`` and ``example`` are where a finding of it stood in its bad example under
    tests/bad/, and what it said; empty if the rule has none yet.
    """

    code: str
    name: str
    severity: str
    statement: str
    reason: str
    hint: str
    reads: str
    example_place: str = ""
    example: str = ""


def entries() -> list[Entry]:
    """Return all rules, in the order of FAMILIES and of their codes."""
    families = list(FAMILIES)
    rules = sorted(REGISTER.values(), key=lambda r: (families.index(r.code[:3]), r.code))
    return [
        Entry(r.code, r.name, r.severity, r.statement, r.reason, r.hint, _reads(r.code), *examples().get(r.code, ()))
        for r in rules
    ]


@functools.cache
def examples() -> dict[str, tuple[str, str]]:
    """Return place and message of an example finding by the rule's code, as scripts/docs.py gathered them."""
    found = json.loads(EXAMPLES.read_text(encoding="utf-8")) if EXAMPLES.is_file() else {}
    return {code: (example["place"], example["message"]) for code, example in found.items()}


def _reads(code: str) -> str:
    """Return what the checks of a rule read: each table with its columns, then the tables beside it."""
    own: dict[str, dict[str, None]] = {}
    others: dict[str, dict[str, None]] = {}
    for rule in ROW_RULES:
        if rule.code == code:
            own.setdefault(rule.table, {}).update(dict.fromkeys(rule.reads))
            others.setdefault(rule.table, {}).update(dict.fromkeys(n for n in rule.lookups if n != rule.table))
    beside = {table: f" with {', '.join(names)}" if names else "" for table, names in others.items()}
    tables = [f"{table} ({', '.join(read)}){beside[table]}" for table, read in own.items()]
    return "; ".join(tables) or READS.get(code) or READS.get(code[:3], "")


def explain(code: str) -> str:
    """Return the explanation of a rule as text; raises ValueError if there is none of this code."""
    for entry in entries():
        if entry.code == code:
            return _explained(entry)
    near = difflib.get_close_matches(code, REGISTER, 1)
    maybe = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"no rule has the code {code!r}{maybe} (`commdip rules` lists them)")


def _explained(entry: Entry) -> str:
    parts = [f"{entry.code} {entry.name} ({entry.severity})", "", *_wrap(entry.statement), ""]
    parts += _wrap(entry.reason, "Why:")
    if entry.example:
        parts += ["Example:", *_wrap(entry.example_place, " " * 4), *_wrap(entry.example, " " * 4)]
    parts += _wrap(entry.hint, "Fix:")
    if entry.reads:
        parts += _wrap(entry.reads, "Reads:")
    return "\n".join(parts)


def _wrap(text: str, label: str = "") -> list[str]:
    """Return the lines of a text behind a label, the later ones indented below the first."""
    first, later = (label, label) if label.isspace() else (f"{label} " if label else "", "     " if label else "")
    return textwrap.wrap(text, 92, initial_indent=first, subsequent_indent=later, break_long_words=False)
