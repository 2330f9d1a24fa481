"""The rules: one function each, by subject. Adding a module here is all that registers it."""

from __future__ import annotations

from commdip.rules import (
    ceremonies,
    columns,
    contacts,
    coverage,
    evidence,
    files,
    form,
    invitations,
    keys,
    participation,
    people,
    release,
    states,
    time,
    waivers,
    witness,
)
from commdip.rules.base import REGISTER, ROW_RULES, RowRule, Rule

__all__ = [
    "REGISTER",
    "ROW_RULES",
    "RowRule",
    "Rule",
    "ceremonies",
    "columns",
    "contacts",
    "coverage",
    "evidence",
    "files",
    "form",
    "invitations",
    "keys",
    "participation",
    "people",
    "release",
    "states",
    "time",
    "waivers",
    "witness",
]
