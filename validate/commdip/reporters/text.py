"""The report as text, for people: findings grouped by rule, a summary at the end."""

from __future__ import annotations

from itertools import groupby

from commdip.findings import SEVERITIES, Finding, Report
from commdip.rules import REGISTER

COLOURS = {
    "error": "\x1b[31m",
    "warning": "\x1b[33m",
    "info": "\x1b[36m",
    "ok": "\x1b[32m",
    "dim": "\x1b[2m",
    "bold": "\x1b[1m",
}
RESET = "\x1b[0m"


class Paint:
    """Colours text, or leaves it as it is."""

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    def __call__(self, kind: str, text: str) -> str:
        """Return a text in the colour of a kind."""
        return f"{COLOURS[kind]}{text}{RESET}" if self.colour else text


def render(report: Report, colour: bool = False) -> str:
    """Return the report as text; with ``colour``, in ANSI colours."""
    paint = Paint(colour)
    groups = groupby(report.findings, key=lambda f: f.rule)
    blocks = [_group(paint, list(group), report.more.get(rule, 0)) for rule, group in groups]
    blocks += [_skipped(paint, report)] if report.rules_skipped else []
    return "\n\n".join([*blocks, _summary(paint, report)])


def _group(paint: Paint, findings: list[Finding], more: int) -> str:
    rule = REGISTER[findings[0].rule]
    head = f"{paint(rule.severity, f'{rule.severity} {rule.code}')} {paint('bold', rule.statement)}"
    hints = [f"  {paint('dim', 'fix:')} {hint}" for hint in dict.fromkeys(f.hint for f in findings)]
    rest = [f"  ... and {more:,} more; --max-findings lists more of them"] if more else []
    return "\n".join([head, *(f"  {_place(f)}  {f.message}" for f in findings), *rest, *hints])


def _place(finding: Finding) -> str:
    parts = [finding.path, str(finding.line) if finding.line else "", finding.column or ""]
    key = f" [{finding.key}]" if finding.key else ""
    return ":".join(p for p in parts if p) + key


def _skipped(paint: Paint, report: Report) -> str:
    by_reason: dict[str, list[str]] = {}
    for skipped in report.rules_skipped:
        by_reason.setdefault(skipped.reason, []).append(skipped.rule)
    lines = [f"  {reason}: {', '.join(dict.fromkeys(codes))}" for reason, codes in by_reason.items()]
    return "\n".join([paint("bold", "Not judged"), *lines])


def _summary(paint: Paint, report: Report) -> str:
    counts = ", ".join(
        f"{n:,} {s}{'' if n == 1 or s == 'info' else 's'}" for s in SEVERITIES if (n := report.counts[s])
    )
    verdict = paint("ok", "valid") if report.valid else paint("error", "not valid")
    rows = f"{sum(report.rows.values()):,} rows in {len(report.rows)} tables"
    name = f"{report.name or 'package'} {report.version}".strip()
    return f"{name} ({report.path}): {verdict}. {rows}, {len(report.rules_run)} rule{'' if len(report.rules_run) == 1 else 's'} run. {counts or 'No findings'}.{_again(report)}"


def _again(report: Report) -> str:
    return " Unchanged since it was validated before; --no-cache runs again." if report.remembered else ""
