"""Findings and the report that holds them: what every check returns and every reporter prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

ERROR = "error"
WARNING = "warning"
INFO = "info"
SEVERITIES = (ERROR, WARNING, INFO)
PLACES = 3
"""Broken rows that the reason for a rule left out names."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, and where.

    ``path`` is relative to the package's folder, with forward slashes. ``line`` is the physical
    line in that file, counted from 1, on which the cell starts; None where a finding concerns no
    line. ``key`` is the row's primary key as text, the parts of a composite key joined by "/".
    """

    rule: str
    severity: str
    table: str | None
    path: str
    line: int | None
    column: str | None
    key: str | None
    value: str | None
    message: str
    hint: str


@dataclass(frozen=True)
class Skipped:
    """A rule that did not run, or not for some rows, and why."""

    rule: str
    reason: str


@dataclass
class Report:
    """Result of validating one package.

    ``name`` and ``version`` are those of the descriptor (empty if it has none); ``path`` is the
    package as the caller named it. ``rows_shown`` are rows that findings concern, as text by
    column, under the path and the line of the finding. ``more`` is how many findings of a rule there
    are beyond those listed.
    """

    name: str
    version: str
    path: str
    findings: list[Finding] = field(default_factory=list)
    rules_run: list[str] = field(default_factory=list)
    rules_skipped: list[Skipped] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)
    remembered: bool = False
    rows_shown: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """Number of findings by severity, those that are not listed included; every severity is a key."""
        seen = Counter(f.severity for f in self.findings)
        severities = {f.rule: f.severity for f in self.findings}
        for rule, number in self.more.items():
            seen[severities[rule]] += number
        return {s: seen[s] for s in SEVERITIES}

    @property
    def valid(self) -> bool:
        """True if no finding is an error."""
        return self.counts[ERROR] == 0

    def fails(self, fail_on: str = ERROR) -> bool:
        """Return whether a finding is at or above the severity ``fail_on`` (error or warning)."""
        failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
        return any(f.severity in failing for f in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain data, in the form of ``--format json``."""
        return {
            "package": {"name": self.name, "version": self.version, "path": self.path},
            "valid": self.valid,
            "counts": self.counts,
            "rules_run": self.rules_run,
            "rules_skipped": [asdict(s) for s in self.rules_skipped],
            "findings": [asdict(f) for f in self.findings],
            "more": self.more,
        }

    def __str__(self) -> str:
        from commdip.reporters.text import render

        return render(self)


def in_reading_order(findings: Iterable[Finding], tables: Sequence[str]) -> list[Finding]:
    """Sort findings by severity, then rule, then table in the package's order, then line."""
    place = {name: i for i, name in enumerate(tables)}

    def order(f: Finding) -> tuple[Any, ...]:
        table = place.get(f.table or "", -1)
        return (SEVERITIES.index(f.severity), f.rule, table, f.path, f.line or 0, f.column or "")

    return sorted(findings, key=order)


def also(lines: Sequence[int | None], count: int | None = None) -> str:
    """Return in words where else the same is found: a few lines, and how many more; empty if nowhere.

    ``count`` is how many rows there are if not all are given. A file without lines has None for them.
    """
    count = len(lines) if count is None else count
    if not count:
        return ""
    rows = "row is" if count == 1 else "rows are"
    known = [line for line in lines if line is not None][:5]
    if not known:
        return f" ({count} more {rows} alike)"
    shown = ", ".join(map(str, known)) + (f" and {count - 5} more" if count > 5 else "")
    return f" ({count} more {rows} alike: {'line' if count == 1 else 'lines'} {shown})"
