"""The rule of the independent witness (see ``commdip.witness``)."""

from __future__ import annotations

from commdip.findings import ERROR
from commdip.rules.base import Rule, declare

WITNESS = declare(
    Rule(
        "WIT01",
        "frictionless",
        ERROR,
        "Frictionless, which is not ours, finds the package valid too.",
        "What we ship must be valid for the tools that others use.",
        "Mend the finding of our own rules at the same place first; if there is none, frictionless sees more than we do: please report it.",
    )
)
