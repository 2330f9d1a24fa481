"""What a rule is, and the register of all rules.

A rule has a stable code, a severity, a one-line statement, the reason it exists, and a hint that
says how to mend what it finds. Rules about rows are functions on Narwhals lazy frames, so that
one definition runs on every engine; they return the offending rows of their table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeAlias

from commdip.findings import Finding

if TYPE_CHECKING:
    import narwhals as nw

    from commdip.rules.tables import Tables

Check: TypeAlias = "Callable[[Tables], nw.LazyFrame[Any]]"
ROW = "row_"
"""Column of every frame that a rule sees: the number of the record in its file, from 0."""

REGISTER: dict[str, Rule] = {}
"""All rules by their codes."""

ROW_RULES: list[RowRule] = []
"""All checks of rules about rows, one per table that a rule holds for."""


@dataclass(frozen=True)
class Rule:
    """A rule: what must hold, why, and what to do where it does not.

    ``code`` is three letters (the family) and two digits and never changes its meaning.
    """

    code: str
    name: str
    severity: str
    statement: str
    reason: str
    hint: str

    def finding(
        self,
        message: str,
        *,
        path: str,
        table: str | None = None,
        line: int | None = None,
        column: str | None = None,
        key: str | None = None,
        value: str | None = None,
    ) -> Finding:
        """Return a finding of this rule."""
        return Finding(self.code, self.severity, table, path, line, column, key, value, message, self.hint)


@dataclass(frozen=True)
class Lookup:
    """Another table that a rule reads, and how its rows hang on the rows under test.

    ``on`` is the column of that table whose value links a row of it to the row under test, which
    has the value in its column ``main_on`` (the same name if empty); ``columns`` are the columns
    read. A broken row there silences the rule only for the rows linked to it. With ``distinct`` the rule
    asks only which values ``on`` has, not in how many rows; then each may be given once, beside empty ones.
    """

    on: str
    columns: tuple[str, ...] = ()
    main_on: str = ""
    distinct: bool = False


@dataclass(frozen=True)
class RowRule(Rule):
    """A rule about the rows of one table.

    ``check`` takes the tables and returns the offending rows of ``table``: a lazy frame with the
    column ``row_`` and every column that ``message`` names. If it has a column ``other_`` (the
    number of another row of the table), the message can name ``{other_line}``. ``column`` is
    where a finding points; ``inputs`` are the columns of the table that the rule reads besides
    it, ``lookups`` the other tables by name; without those in ``may_lack`` the rule can do, as if
    they were empty; ``any_table`` says that it looks up rows in all tables. ``among`` says with which
    rows of its own table a row is compared: with none (the default), with those that agree in some
    columns, or with any (None); ``only`` is a condition of the rows that the rule is about, if it is
    about few. With ``fold``, offending rows that are alike in
    those columns make one finding at the first of them, and the message can say ``{also}``.
    """

    table: str = ""
    column: str = ""
    message: str = ""
    inputs: tuple[str, ...] = ()
    lookups: Mapping[str, Lookup] = field(default_factory=dict)
    may_lack: tuple[str, ...] = ()
    any_table: bool = False
    fold: tuple[str, ...] = ()
    among: tuple[str, ...] | None = ()
    only: nw.Expr | None = None
    check: Check = field(kw_only=True)

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns of the table under test that the rule reads."""
        return tuple(dict.fromkeys((self.column, *self.inputs)))


def declare(rule: Rule) -> Rule:
    """Add a rule to the register; a code is given once."""
    if rule.code in REGISTER:
        raise ValueError(f"rule {rule.code} is declared twice")
    REGISTER[rule.code] = rule
    return rule


def row_rule(rule: Rule, **properties: Any) -> Callable[[Check], RowRule]:
    """Make the function below a check of ``rule``; ``properties`` are the fields of RowRule.

    A rule may have a check for each of several tables.
    """

    def make(check: Check) -> RowRule:
        return on_table(rule, check, **properties)

    return make


def on_table(rule: Rule, check: Check, **properties: Any) -> RowRule:
    """Register a check of a rule for one table; ``properties`` are the fields of RowRule."""
    ROW_RULES.append(for_table(rule, check, **properties))
    return ROW_RULES[-1]


def for_table(rule: Rule, check: Check, **properties: Any) -> RowRule:
    """Return a check of a rule for one table, unregistered."""
    words = {f.name: getattr(rule, f.name) for f in fields(Rule)}
    return RowRule(**words, check=check, **properties)
