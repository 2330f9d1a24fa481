"""The report as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Any

from commdip import __version__
from commdip.catalogue import Entry, entries
from commdip.findings import ERROR, INFO, WARNING, Finding, Report, Skipped
from commdip.reporters.common import Places, encodable

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {ERROR: "error", WARNING: "warning", INFO: "note"}
FINGERPRINT = "commdipFinding/v1"


def render(report: Report) -> str:
    """Return the report as a SARIF log with one run."""
    rules = entries()
    places = {rule.code: i for i, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "commdip", "version": __version__, "rules": [_rule(r) for r in rules]}},
        "invocations": [_invocation(report, places)],
        "columnKind": "unicodeCodePoints",
        "results": _results(report, places),
    }
    return encodable(json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False))


def _text(text: str) -> dict[str, str]:
    """Return a message object; the standard wants braces doubled, single ones are placeholders."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _rule(rule: Entry) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": _text(rule.statement),
        "fullDescription": _text(rule.reason),
        "help": _text(rule.hint),
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
    }


def _invocation(report: Report, places: dict[str, int]) -> dict[str, Any]:
    notes = [_not_judged(s, places) for s in report.rules_skipped]
    return {"executionSuccessful": True, "toolExecutionNotifications": notes}


def _not_judged(skipped: Skipped, places: dict[str, int]) -> dict[str, Any]:
    return {
        "level": "note",
        "message": _text(f"{skipped.rule} skipped: {skipped.reason}"),
        "associatedRule": {"id": skipped.rule, "index": places[skipped.rule]},
    }


def _results(report: Report, places: dict[str, int]) -> list[dict[str, Any]]:
    files, seen = Places(report), Counter[str]()
    results = []
    for finding in report.findings:
        print_of = _fingerprint(finding)
        seen[print_of] += 1
        results.append(
            {
                "ruleId": finding.rule,
                "ruleIndex": places[finding.rule],
                "level": LEVELS[finding.severity],
                "message": _text(f"{finding.message}\n{finding.hint}"),
                "locations": [_location(finding, files)],
                "partialFingerprints": {FINGERPRINT: f"{print_of}:{seen[print_of]}"},
            }
        )
    return results


def _fingerprint(finding: Finding) -> str:
    """Return a hash of what is wrong, wherever in the file it stands."""
    parts = [finding.rule, finding.path, finding.table, finding.column, finding.key, finding.value]
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()[:32]


def _location(finding: Finding, files: Places) -> dict[str, Any]:
    where = {"artifactLocation": {"uri": files.uri(finding.path)}, "region": {"startLine": finding.line or 1}}
    logical = _logical(finding)
    return {"physicalLocation": where, **({"logicalLocations": logical} if logical else {})}


def _logical(finding: Finding) -> list[dict[str, str]]:
    """Return table, column and row of a finding, those that it has."""
    table = finding.table or ""
    parts = [
        ("table", finding.table, table),
        ("column", finding.column, f"{table}.{finding.column}"),
        ("row", finding.key, f"{table}[{finding.key}]"),
    ]
    return [{"kind": kind, "name": name, "fullyQualifiedName": whole} for kind, name, whole in parts if name]
