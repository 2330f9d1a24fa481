"""The report as workflow commands of GitHub Actions, and as the summary of the step.

GitHub shows ten annotations of a type per step, so the gravest come first and the last line says
how many there are in all.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from commdip.findings import ERROR, INFO, SEVERITIES, WARNING, Finding, Report, Skipped
from commdip.reporters.common import Places, encodable, plural, tally
from commdip.rules import REGISTER

COMMANDS = {ERROR: "error", WARNING: "warning", INFO: "notice"}
SHOWN_BY_GITHUB = 10
IN_SUMMARY = 100
"""Findings in the summary, which GitHub drops whole if it is over 1 MiB."""
CELL = 300
"""Characters of a message in the summary."""
PUNCTUATION = re.compile(r"([\\`*_{}\[\]<>()#+!|~&$@:^])")


def render(report: Report) -> str:
    """Return a workflow command per finding and a line with the total.

    If the environment has GITHUB_STEP_SUMMARY, a summary is appended to the file it names.
    """
    findings = sorted(report.findings, key=lambda f: SEVERITIES.index(f.severity))
    places = Places(report)
    lines = [_command(f, places) for f in findings]
    return encodable("\n".join([*lines, *_append_summary(report, findings, places), _total(report)]))


def _command(finding: Finding, places: Places) -> str:
    properties = {"file": places.path(finding.path), "line": finding.line, "title": _title(finding)}
    given = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items() if value)
    message = _data(f"{finding.message}\n{finding.hint}")
    return f"::{COMMANDS[finding.severity]} {given}::{message}"


def _title(finding: Finding) -> str:
    where = ".".join(part for part in (finding.table, finding.column) if part)
    return f"{finding.rule} {REGISTER[finding.rule].name}" + (f" ({where})" if where else "")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _total(report: Report) -> str:
    """Return the line with the total: as a notice where GitHub does not show all annotations."""
    if max(report.counts.values()) <= SHOWN_BY_GITHUB:
        return f"commdip: {tally(report)}."
    shown = f"GitHub shows {SHOWN_BY_GITHUB} annotations of a type per step"
    return f"::notice title=commdip::{tally(report)} in all; {shown}."


def _append_summary(report: Report, findings: list[Finding], places: Places) -> list[str]:
    """Append the summary to the step's file, if there is one; return what to say if that fails."""
    file = os.environ.get("GITHUB_STEP_SUMMARY")
    if not file:
        return []
    try:
        with Path(file).open("a", encoding="utf-8", errors="replace") as stream:
            stream.write(_summary(report, findings, places))
    except OSError as error:
        return [f"::warning title=commdip::{_data(f'The step summary could not be written: {error}')}"]
    return []


def _summary(report: Report, findings: list[Finding], places: Places) -> str:
    name = f"{report.name or 'package'} {report.version}".strip()
    rows, rules = plural(sum(report.rows.values()), "row"), plural(len(report.rules_run), "rule")
    head = f"## {_markdown(name)}: {'valid' if report.valid else 'not valid'}"
    counts = f"**{tally(report).capitalize()}.** {rows} in {plural(len(report.rows), 'table')}, {rules} run."
    return "\n".join([head, "", counts, "", *_table(findings, places), *_not_judged(report.rules_skipped), ""])


def _table(findings: list[Finding], places: Places) -> list[str]:
    if not findings:
        return []
    rows = [_row(f, places) for f in findings[:IN_SUMMARY]]
    more = len(findings) - len(rows)
    last = [f"And {plural(more, 'finding')} more; `commdip validate` lists all.", ""] if more else []
    return ["| Severity | Rule | Where | What |", "| --- | --- | --- | --- |", *rows, "", *last]


def _row(finding: Finding, places: Places) -> str:
    where = f"{places.path(finding.path)}:{finding.line}" if finding.line else places.path(finding.path)
    cells = (finding.severity, finding.rule, where, finding.message)
    return f"| {' | '.join(_markdown(c) for c in cells)} |"


def _not_judged(skipped: list[Skipped]) -> list[str]:
    if not skipped:
        return []
    lines = [f"- {_markdown(f'{s.rule}: {s.reason}')}" for s in skipped]
    return ["<details><summary>Not judged, or not everywhere</summary>", "", *lines, "", "</details>", ""]


def _markdown(text: str) -> str:
    """Return text as Markdown for one line, cut to CELL characters."""
    flat = " ".join(text.split())
    cut = flat if len(flat) <= CELL else f"{flat[:CELL]} ..."
    return PUNCTUATION.sub(r"\\\1", cut)
