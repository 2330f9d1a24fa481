"""Rules about waivers: true exceptions, each with its reason."""

from __future__ import annotations

from commdip.findings import ERROR, WARNING
from commdip.rules.base import Rule, declare

STALE = declare(
    Rule(
        "WAI01",
        "waiver-stale",
        WARNING,
        "Every waiver matches a finding.",
        "An exception that is over would hide the next mistake at the same row.",
        "Remove the waiver, or correct its rule, table or row.",
    )
)
NO_RULE = declare(
    Rule(
        "WAI02",
        "waiver-of-nothing",
        ERROR,
        "A waiver names a rule that exists and that can be waived: one about the consistency of rows.",
        "Structure has no true exceptions.",
        "Correct the code of the rule; `commdip rules` lists them.",
    )
)
NEVER_WAIVED = ("PKG", "FIL", "COL", "KEY", "CAN", "WIT", "REL", "WAI")
"""Families of rules that no waiver can lift."""
