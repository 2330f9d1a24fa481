from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from jsonschema import Draft202012Validator

from commdip.findings import Skipped
from commdip.reporters.sarif import FINGERPRINT, render

from .conftest import HOSTILE, RULES

SCHEMA = json.loads((Path(__file__).parents[1] / "vendor" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def run_of(report) -> dict[str, Any]:
    """Render a report, hold it against the published schema, and return its only run."""
    log = json.loads(render(report).encode("utf-8"))
    assert [e.message for e in VALIDATOR.iter_errors(log)] == []
    (run,) = log["runs"]
    return run


def fingerprints(report) -> list[str]:
    return [r["partialFingerprints"][FINGERPRINT] for r in run_of(report)["results"]]


def test_the_schema_can_reject(report, finding):
    log = json.loads(render(report(finding())))
    log["runs"][0]["results"][0]["level"] = "info"
    assert not VALIDATOR.is_valid(log)


def test_empty_report(report):
    run = run_of(report())
    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is True


def test_every_rule_of_the_register_is_described(report):
    rules = {r["id"]: r for r in run_of(report())["tool"]["driver"]["rules"]}
    assert set(rules) == set(RULES)
    vocabulary, ours = rules["COL04"], RULES["COL04"]
    assert vocabulary["name"] == ours.name
    assert vocabulary["shortDescription"]["text"] == ours.statement
    assert vocabulary["fullDescription"]["text"] == ours.reason
    assert vocabulary["help"]["text"] == ours.hint
    assert vocabulary["defaultConfiguration"]["level"] == "error"
    assert rules["FIL02"]["defaultConfiguration"]["level"] == "warning"


@pytest.mark.parametrize(("severity", "level"), [("error", "error"), ("warning", "warning"), ("info", "note")])
def test_result(report, finding, severity, level):
    run = run_of(report(finding(severity=severity)))
    (result,) = run["results"]
    assert result["level"] == level
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "COL04"
    assert result["message"]["text"] == f"mode 'fone' is no term.\n{RULES['COL04'].hint}"
    (location,) = result["locations"]
    place = {"artifactLocation": {"uri": "pkg/data/contacts.csv"}, "region": {"startLine": 3}}
    assert location["physicalLocation"] == place
    logical = {part["kind"]: part["name"] for part in location["logicalLocations"]}
    assert logical == {"table": "contacts", "column": "mode", "row": "C00002"}


def test_finding_without_line_table_and_column(report, bare):
    (result,) = run_of(report(bare))["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["region"] == {"startLine": 1}
    assert "logicalLocations" not in location


def test_skipped_rules_are_notifications(report):
    run = run_of(report(rules_skipped=[Skipped("KEY03", "the package has no table states")]))
    (note,) = run["invocations"][0]["toolExecutionNotifications"]
    assert run["tool"]["driver"]["rules"][note["associatedRule"]["index"]]["id"] == "KEY03"
    assert "the package has no table states" in note["message"]["text"]


def test_fingerprint_outlives_moved_lines_and_better_messages(report, finding):
    assert fingerprints(report(finding(line=3))) == fingerprints(report(finding(line=4711, message="Said otherwise.")))


@pytest.mark.parametrize("field", ["rule", "path", "table", "column", "key", "value"])
def test_fingerprint_tells_findings_apart(report, finding, field):
    other = {"rule": "COL05"}.get(field, "other")
    assert fingerprints(report(finding())) != fingerprints(report(finding(**{field: other})))


def test_findings_alike_have_fingerprints_of_their_own(report, finding):
    assert len(set(fingerprints(report(finding(line=3), finding(line=9))))) == 2


def test_hostile_values(hostile):
    results = run_of(hostile)["results"]
    assert len(results) == len(HOSTILE)
    by_name = dict(zip(HOSTILE, results, strict=True))
    assert by_name["braces"]["message"]["text"].startswith("{{0}} {{{{1}}}} {{ is no term.")
    assert by_name["lines"]["message"]["text"].startswith(HOSTILE["lines"])
    for name, result in by_name.items():
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri.isascii() and not set(uri) & set(' "<>\\^`{|}') and not urlsplit(uri).scheme
        assert unquote(uri) == f"pkg/data/{HOSTILE[name]}.csv".replace("\ud800", "?")


def test_broken_package_below_the_current_directory(broken_package, broken_report, monkeypatch):
    monkeypatch.chdir(broken_package.parent)
    (result,) = (r for r in run_of(broken_report)["results"] if "fone" in r["message"]["text"])
    assert result["ruleId"] == "COL04"
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "my%20package/data/contacts.csv"}, "region": {"startLine": 3}}
    file = broken_package.parent / unquote(place["artifactLocation"]["uri"])
    assert ",fone," in file.read_text(encoding="utf-8").split("\n")[2]
