from __future__ import annotations

import re
from pathlib import Path

import pytest
import xmlschema
from junitparser import Failure, JUnitXml, Skipped, TestCase

from commdip import findings
from commdip.reporters.junit import render

from .conftest import HOSTILE, RULES

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "vendor" / "junit-10.xsd")


def parsed(report) -> JUnitXml:
    """Render a report, hold it against the schema of Jenkins, and read it by a parser not ours."""
    text = render(report)
    SCHEMA.validate(text)
    return JUnitXml.fromstring(text.encode("utf-8"))


def cases(report) -> dict[str, TestCase]:
    return {case.name.split()[0]: case for suite in parsed(report) for case in suite}


def test_the_schema_can_reject():
    assert not SCHEMA.is_valid("<testsuites><testsuite/></testsuites>")


def test_empty_report(report):
    xml = parsed(report())
    assert (xml.tests, xml.failures, xml.errors) == (2, 0, 0)
    assert all(case.is_passed for suite in xml for case in suite)


def test_nothing_ran(report):
    assert parsed(report(rules_run=[])).tests == 0


def test_a_suite_per_family_and_a_case_per_rule(report):
    xml = parsed(report(rules_run=["COL05", "COL01", "FIL02"]))
    suites = {suite.name: [case.name for case in suite] for suite in xml}
    assert suites == {"FIL Files": ["FIL02 file-extra"], "COL Columns": ["COL01 type", "COL05 date"]}


def test_findings_of_a_rule_are_one_failure(report, finding):
    (failure,) = cases(report(finding(), finding(line=9, key="C00008")))["COL04"].result
    assert isinstance(failure, Failure)
    assert failure.type == "error"
    assert failure.message == "2 findings, the first: mode 'fone' is no term."
    assert failure.text.splitlines() == [
        "pkg/data/contacts.csv:3 [C00002]: mode 'fone' is no term.",
        "pkg/data/contacts.csv:9 [C00008]: mode 'fone' is no term.",
        f"Fix: {RULES['COL04'].hint}",
    ]


def test_finding_without_line_table_and_column(report, bare):
    (failure,) = cases(report(bare))["FIL02"].result
    assert failure.type == "warning"
    assert failure.text.startswith("pkg/data/loose.csv: data/loose.csv is no resource")


def test_info_does_not_fail(report, finding):
    case = cases(report(finding(severity="info")))["COL04"]
    assert case.is_passed
    assert "pkg/data/contacts.csv:3" in case.system_out


def test_counts(report, finding, bare):
    skipped = [findings.Skipped("KEY03", "no table states")]
    xml = parsed(report(finding(), finding(), bare, rules_run=["COL01", "COL04", "FIL02"], rules_skipped=skipped))
    counts = {s.name[:3]: (s.tests, s.failures, s.skipped, s.errors) for s in xml}
    assert counts == {"FIL": (1, 1, 0, 0), "COL": (2, 1, 0, 0), "KEY": (1, 0, 1, 0)}
    assert (xml.tests, xml.failures) == (4, 2)


def test_rule_skipped_whole(report):
    skipped = [findings.Skipped("KEY03", "no table states"), findings.Skipped("KEY03", "no table leaders")]
    (result,) = cases(report(rules_skipped=skipped))["KEY03"].result
    assert isinstance(result, Skipped)
    assert result.message == "no table states; no table leaders"


def test_rule_skipped_for_some_rows_passes_and_says_so(report):
    case = cases(report(rules_skipped=[findings.Skipped("COL04", "2 rows of contacts")]))["COL04"]
    assert case.is_passed
    assert "2 rows of contacts" in case.system_out


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values(hostile, name):
    (failure,) = cases(hostile)["COL04"].result
    legal = re.sub("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", HOSTILE[name])
    # A parser turns every line end of a text into a line feed.
    shown = re.sub("\r\n?", "\n", legal)
    assert f"{shown} is no term." in failure.text


def test_broken_package(broken_report, broken_package, monkeypatch):
    monkeypatch.chdir(broken_package)
    (failure,) = cases(broken_report)["COL04"].result
    assert "data/contacts.csv:3 [C00002]: " in failure.text
    assert set(cases(broken_report)) >= {"COL01", "COL02", "COL03", "COL04", "COL05"}
