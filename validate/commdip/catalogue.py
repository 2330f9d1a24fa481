"""The catalogue of rules: what `commdip rules` and `commdip explain` print and the docs are made of."""

from __future__ import annotations

import difflib
import textwrap
from dataclasses import dataclass

from commdip import canonical, columns, witness
from commdip.rules import REGISTER
from commdip.rules.base import RowRule, Rule

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
_DECLARING = (canonical, columns, witness)  # modules that declare rules when imported


@dataclass(frozen=True)
class Entry:
    """A rule as the catalogue shows it."""

    code: str
    name: str
    severity: str
    statement: str
    reason: str
    hint: str
    reads: str


def entries() -> list[Entry]:
    """Return all rules, in the order of FAMILIES and of their codes."""
    families = list(FAMILIES)
    rules = sorted(REGISTER.values(), key=lambda r: (families.index(r.code[:3]), r.code))
    return [Entry(r.code, r.name, r.severity, r.statement, r.reason, r.hint, _reads(r)) for r in rules]


def _reads(rule: Rule) -> str:
    if not isinstance(rule, RowRule):
        return ""
    return ", ".join([f"{rule.table} ({', '.join(rule.reads)})", *rule.lookups])


def explain(code: str) -> str:
    """Return the explanation of a rule as text; raises ValueError if there is none of this code."""
    for entry in entries():
        if entry.code == code:
            return _explained(entry)
    near = difflib.get_close_matches(code, REGISTER, 1)
    maybe = f"; did you mean {near[0]}?" if near else ""
    raise ValueError(f"no rule has the code {code!r}{maybe} (`commdip rules` lists them)")


def _explained(entry: Entry) -> str:
    parts = [f"{entry.code} {entry.name} ({entry.severity})", "", _wrap(entry.statement), "", _wrap(f"Why: {entry.reason}"), _wrap(f"Fix: {entry.hint}")]
    if entry.reads:
        parts.append(_wrap(f"Reads: {entry.reads}"))
    return "\n".join(parts)


def _wrap(text: str) -> str:
    return textwrap.fill(text, 92, subsequent_indent="     " if text[:5].endswith(": ") or text.startswith(("Why", "Fix", "Reads")) else "")
