"""Primary, unique and foreign keys."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from commdip import validation


def schema(*names: str, key: list[str], **keys: list[Any]) -> dict[str, Any]:
    """A schema of text fields, and of integers where a name ends with #; ``keys`` are further properties."""
    fields = [{"name": n.rstrip("#"), "type": "integer" if n.endswith("#") else "string"} for n in names]
    return {"fields": fields, "primaryKey": key, **keys}


def reference(fields: list[str], resource: str, targets: list[str]) -> dict[str, Any]:
    return {"fields": fields, "reference": {"resource": resource, "fields": targets}}


ONE = schema("id", "name", "year#", key=["id"], uniqueKeys=[["name", "year"]])
TWO = schema("a", "n#", "text", key=["a", "n"], uniqueKeys=[["text"]])
CHILD = schema("id", "to", key=["id"], foreignKeys=[reference(["to"], "one", ["id"])])


def test_doubled_primary_key_is_told_with_the_other_line(make):
    pack = make(one=(ONE, 'id,name,year\na,"x\ny",1\nb,x,2\na,z,3\n'))
    (finding,) = pack.findings("PKG", "KEY")
    assert (finding.rule, finding.line, finding.column, finding.key, finding.value) == ("KEY01", 5, "id", "a", "a")
    assert finding.message == "id 'a' stands already on line 2."


def test_every_further_row_of_a_key_is_told(make):
    pack = make(one=(ONE, "id,name,year\na,x,1\na,y,1\na,z,1\n"))
    assert [(f.rule, f.line) for f in pack.findings("PKG", "KEY")] == [("KEY01", 3), ("KEY01", 4)]


def test_composite_primary_key(make):
    pack = make(two=(TWO, "a,n,text\nx,1,p\nx,2,q\ny,1,r\nx,1,s\n"))
    (finding,) = pack.findings("PKG", "KEY")
    assert (finding.rule, finding.line, finding.key) == ("KEY01", 5, "x/1")
    assert finding.message == "a 'x', n 1 stands already on line 2."


def test_unique_key(make):
    pack = make(two=(TWO, "a,n,text\nx,1,same\nx,2,other\nx,3,same\n"))
    (finding,) = pack.findings("PKG", "KEY")
    assert (finding.rule, finding.line, finding.column, finding.value) == ("KEY02", 4, "text", "same")


def test_composite_unique_key(make):
    pack = make(one=(ONE, "id,name,year\na,x,1\nb,x,2\nc,y,1\nd,x,1\n"))
    (finding,) = pack.findings("PKG", "KEY")
    assert (finding.rule, finding.line) == ("KEY02", 5)
    assert "name 'x', year 1" in finding.message


def test_unique_field(make):
    once = schema("id", "code", key=["id"])
    once["fields"][1]["constraints"] = {"unique": True}
    pack = make(once=(once, "id,code\na,1\nb,1\nc,\nd,\n"))
    assert [(f.rule, f.line, f.column) for f in pack.findings("PKG", "KEY")] == [("KEY02", 3, "code")]


def test_empty_cells_are_not_equal(make):
    pack = make(one=(ONE, "id,name,year\na,,1\nb,,1\nc,x,\nd,x,\n"))
    assert pack.findings("PKG", "KEY") == []


def test_reference_to_nothing(make):
    pack = make(one=(ONE, "id,name,year\na,x,1\n"), child=(CHILD, "id,to\np,a\nq,b\nr,\n"))
    (finding,) = pack.findings("PKG", "KEY")
    assert (finding.rule, finding.table, finding.line, finding.column, finding.value) == (
        "KEY03",
        "child",
        3,
        "to",
        "b",
    )
    assert finding.message == "to 'b' names no row of one."


def test_references_to_one_missing_row_are_one_finding(make):
    rows = "".join(f"c{i},{'b' if i != 2 else 'd'}\n" for i in range(10))
    pack = make(one=(ONE, "id,name,year\na,x,1\n"), child=(CHILD, "id,to\n" + rows))
    first, other = pack.findings("PKG", "KEY")
    assert (first.line, first.value, other.line, other.value) == (2, "b", 4, "d")
    assert "8 more rows are alike: lines 3, 5, 6, 7, 8 and 3 more" in first.message
    assert "nor do" not in other.message


def test_composite_reference(make):
    child = schema("id", "a", "m#", key=["id"], foreignKeys=[reference(["a", "m"], "two", ["a", "n"])])
    pack = make(two=(TWO, "a,n,text\nx,1,p\ny,2,q\n"), child=(child, "id,a,m\np,x,1\nq,x,2\nr,x,\ns,,2\n"))
    (finding,) = pack.findings("PKG", "KEY")
    assert (finding.rule, finding.line, finding.column) == ("KEY03", 3, "m")
    assert finding.message == "a 'x', m 2 names no row of two."


@pytest.mark.parametrize("resource", ["", "tree"])
def test_reference_of_a_table_to_itself(make, resource: str):
    tree = schema("id", "parent", key=["id"], foreignKeys=[reference(["parent"], resource, ["id"])])
    pack = make(tree=(tree, "id,parent\na,\nb,a\nc,x\nd,d\n"))
    assert [(f.rule, f.line, f.value) for f in pack.findings("PKG", "KEY")] == [("KEY03", 4, "x")]


def test_reference_to_a_row_that_is_ragged_or_doubled_holds(make):
    pack = make(one=(ONE, "id,name,year\na,x\nb,y,1\nb,z,1\n"), child=(CHILD, "id,to\np,a\nq,b\n"))
    assert [f.rule for f in pack.findings("PKG", "KEY")] == ["KEY01"]


def test_empty_parent_table(make):
    pack = make(one=(ONE, "id,name,year\n"), child=(CHILD, "id,to\np,a\n"))
    assert [(f.rule, f.value) for f in pack.findings("PKG", "KEY")] == [("KEY03", "a")]


def test_references_to_a_table_that_is_not_there_are_skipped_with_a_reason(make):
    report = make(child=(CHILD, "id,to\np,a\n")).validate("KEY")
    assert report.findings == []
    assert [(s.rule, s.reason) for s in report.rules_skipped] == [
        ("KEY03", "references of child to one: the package has no table one")
    ]


def test_dropped_rows_of_the_shipped_tables_are_found(copy):
    rows = copy.rows("ceremonies")
    copy.put("ceremonies", [rows[0], *rows[2:]])
    found = copy.findings("KEY")
    assert {f.rule for f in found} == {"KEY03"}
    assert {f.value for f in found} == {rows[1][0]}
    assert len({(f.table, f.column) for f in found}) == len(found)


def test_doubled_row_of_the_shipped_tables_is_found(copy):
    rows = copy.rows("states")
    copy.put("states", [*rows, rows[1]])
    assert ("KEY01", len(rows) + 1) in [(f.rule, f.line) for f in copy.findings("KEY")]


def test_rule_that_fails_to_run_is_not_taken_for_silence(make, monkeypatch):
    def fail(tables):
        raise ZeroDivisionError("a rule of ours is wrong")

    key_rules = validation.key_rules
    broken = lambda specs: [dataclasses.replace(rule, check=fail) for rule in key_rules(specs)]  # noqa: E731
    monkeypatch.setattr(validation, "key_rules", broken)
    with pytest.raises(RuntimeError, match="a rule of ours is wrong"):
        make(one=(ONE, "id,name,year\na,x,1\na,x,1\n")).validate("KEY")
