"""The rules: one function each, by subject. Adding a module here is all that registers it."""

from __future__ import annotations

from commdip.rules import files, keys
from commdip.rules.base import REGISTER, RowRule, Rule

__all__ = ["REGISTER", "Rule", "RowRule", "files", "keys", "row_rules"]


def row_rules() -> list[RowRule]:
    """Return all rules about rows that are declared for one table, in the order of their codes."""
    return [r for _, r in sorted(REGISTER.items()) if isinstance(r, RowRule)]
