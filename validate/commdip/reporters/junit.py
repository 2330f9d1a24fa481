"""The report as JUnit XML, for build servers: a suite per family of rules, a case per rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree as ET

from commdip.catalogue import FAMILIES, Entry, entries
from commdip.findings import INFO, Finding, Report
from commdip.reporters.common import Places, plural

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def render(report: Report) -> str:
    """Return the report as JUnit XML."""
    suites = ET.Element("testsuites", name="commdip")
    places = Places(report)
    for family, rules in groupby(_judged(report), key=lambda r: r.code[:3]):
        suites.append(_suite(family, [_case(rule, report, places) for rule in rules]))
    for name in ("tests", "failures", "errors"):
        suites.set(name, str(sum(int(s.get(name, 0)) for s in suites)))
    ET.indent(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suites, encoding="unicode")}'


def _judged(report: Report) -> list[Entry]:
    """Return the rules that ran or were skipped, in the order of the catalogue."""
    codes = {*report.rules_run, *(s.rule for s in report.rules_skipped), *(f.rule for f in report.findings)}
    return [rule for rule in entries() if rule.code in codes]


def _suite(family: str, cases: Sequence[ET.Element]) -> ET.Element:
    suite = ET.Element("testsuite", name=f"{family} {FAMILIES[family]}", tests=str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.extend(cases)
    return suite


def _case(rule: Entry, report: Report, places: Places) -> ET.Element:
    case = ET.Element("testcase", classname=f"commdip.{rule.code[:3]}", name=f"{rule.code} {rule.name}")
    found = [f for f in report.findings if f.rule == rule.code]
    failing = [f for f in found if f.severity != INFO]
    reasons = [s.reason for s in report.rules_skipped if s.rule == rule.code]
    if failing:
        _add(case, "failure", _lines(failing, places), message=_headline(failing), type=failing[0].severity)
    elif reasons and rule.code not in report.rules_run:
        _add(case, "skipped", "", message="; ".join(reasons))
        return case
    notes = [*_lines([f for f in found if f.severity == INFO], places), *(f"Skipped in part: {r}" for r in reasons)]
    if notes:
        _add(case, "system-out", notes)
    return case


def _add(parent: ET.Element, tag: str, lines: Sequence[str], **attributes: str) -> None:
    child = ET.SubElement(parent, tag, {name: _safe(value) for name, value in attributes.items()})
    child.text = _safe("\n".join(lines)) or None


def _headline(findings: Sequence[Finding]) -> str:
    first = findings[0].message
    return first if len(findings) == 1 else f"{plural(len(findings), 'finding')}, the first: {first}"


def _lines(findings: Sequence[Finding], places: Places) -> list[str]:
    """Return a line per finding, and what to do about them."""
    hints = dict.fromkeys(f"Fix: {f.hint}" for f in findings)
    return [*(_line(f, places) for f in findings), *hints]


def _line(finding: Finding, places: Places) -> str:
    line = f":{finding.line}" if finding.line else ""
    key = f" [{finding.key}]" if finding.key else ""
    return f"{places.path(finding.path)}{line}{key}: {finding.message}"


def _safe(text: str) -> str:
    return FORBIDDEN.sub("\ufffd", text)
