"""The rules: one function each, by subject. Adding a module here is all that registers it."""

from __future__ import annotations

from commdip.rules import (
    ceremonies,
    contacts,
    coverage,
    evidence,
    files,
    invitations,
    keys,
    participation,
    people,
    release,
    states,
    time,
    waivers,
)
from commdip.rules.base import REGISTER, ROW_RULES, Rule, RowRule

__all__ = [
    "REGISTER",
    "ROW_RULES",
    "Rule",
    "RowRule",
    "ceremonies",
    "contacts",
    "coverage",
    "evidence",
    "files",
    "invitations",
    "keys",
    "participation",
    "people",
    "release",
    "states",
    "time",
    "waivers",
]
