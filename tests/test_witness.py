"""Frictionless as a witness: alone it agrees with us, and what it finds is told at our lines."""

from __future__ import annotations

import subprocess
import sys

import pytest

import commdip
from commdip import witness

PARENT = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "size", "type": "integer", "constraints": {"required": True}},
    ],
    "primaryKey": ["id"],
}
CHILD = {
    "fields": [{"name": "no", "type": "string"}, {"name": "to", "type": "string"}],
    "primaryKey": ["no"],
    "foreignKeys": [{"fields": ["to"], "reference": {"resource": "parent", "fields": ["id"]}}],
}
PARENTS = 'id,size\n"a\nb",1\nc,2\n'


@pytest.fixture(scope="module")
def report(shipped) -> commdip.Report:
    """The shipped package, validated by all rules."""
    return commdip.validate(shipped)


def test_frictionless_alone_finds_the_shipped_package_valid(copy):
    command = [sys.executable, "-m", "frictionless", "validate", "datapackage.json"]
    done = subprocess.run(command, cwd=copy.root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "INVALID" not in done.stdout


def test_shipped_package_is_valid(report):
    assert report.valid
    families = ("PKG", "FIL", "COL", "KEY", "CAN", "WIT")
    assert [f for f in report.findings if f.rule.startswith(families)] == []
    assert "WIT01" in report.rules_run
    assert "WIT01" not in {s.rule for s in report.rules_skipped}


def test_error_of_the_witness_stands_at_our_line(make):
    pack = make(parent=(PARENT, PARENTS + '"d\ne",3\nf,\n'))
    (finding,) = pack.findings("WIT")
    assert (finding.rule, finding.severity, finding.table, finding.path) == (
        "WIT01",
        "error",
        "parent",
        "data/parent.csv",
    )
    assert (finding.line, finding.column, finding.key) == (7, "size", "f")
    assert finding.message.startswith("frictionless: ")
    assert [(f.rule, f.line) for f in pack.findings("COL")] == [("COL02", 7)]


def test_witness_sees_constraints_that_we_do_not_check(make):
    enum = {"fields": [{"name": "id", "type": "string", "constraints": {"enum": ["a", "b"]}}], "primaryKey": ["id"]}
    pack = make(things=(enum, "id\na\nz\n"))
    assert pack.validate().valid
    assert [(f.line, f.column) for f in pack.findings("WIT")] == [(3, "id")]


def test_reference_to_nothing_is_witnessed(make):
    pack = make(parent=(PARENT, PARENTS), child=(CHILD, 'no,to\n1,c\n2,gone\n3,"a\nb"\n'))
    report = pack.validate("WIT", "KEY")
    assert {(f.rule, f.table, f.line) for f in report.findings} == {("KEY03", "child", 3), ("WIT01", "child", 3)}
    assert report.rules_skipped == []


def test_cascade_of_a_broken_parent_is_left_out_with_a_reason(make):
    children = "no,to\n" + "".join(f"{i},c\n" for i in range(10))
    pack = make(parent=(PARENT, "ident,size\nc,2\n"), child=(CHILD, children))
    report = pack.validate("WIT", "FIL")
    assert "child" not in {f.table for f in report.findings}
    (skipped,) = report.rules_skipped
    assert skipped.rule == "WIT01"
    assert "10 errors of frictionless of foreign keys" in skipped.reason
    assert "WIT01" in report.rules_run


def test_extra_column_is_no_error_of_the_witness(make):
    pack = make(parent=(PARENT, "id,size,note\na,1,x\n"))
    assert pack.findings("WIT") == []


def test_witness_that_dies_is_told_as_skipped():
    command = [sys.executable, "-c", "raise SystemExit('it broke')"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert witness.hear(running, {}, []) == ([], ["frictionless did not finish: it broke"])


def test_witness_does_not_outlive_an_error_of_ours(make, monkeypatch):
    pack, started = make(parent=(PARENT, PARENTS)), []
    start = witness.start
    monkeypatch.setattr(witness, "start", lambda package: started.append(start(package)) or started[0])

    def fail(step: str) -> None:
        raise RuntimeError(step)

    with pytest.raises(RuntimeError):
        commdip.validate(pack.root, progress=fail)
    assert started[0].returncode is not None


def test_witness_does_not_run_unless_wanted(make, monkeypatch):
    monkeypatch.setattr(witness, "start", lambda package: pytest.fail("started"))
    assert make(parent=(PARENT, PARENTS)).validate().valid
