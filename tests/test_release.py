"""The policy of versions: what a change demands."""

from __future__ import annotations

import pytest
from conftest import Pack

from commdip import release
from commdip.package import open_package
from commdip.structure import read_package


def field(name, **properties):
    return lambda schema: next(f for f in schema["fields"] if f["name"] == name).update(properties)


def without_row(copy: Pack, table: str) -> None:
    copy.put(table, copy.rows(table)[:-1])


def with_row(copy: Pack, table: str, key: str) -> None:
    rows = copy.rows(table)
    copy.put(table, [*rows, [key, *rows[-1][1:]]])


def without_column(copy: Pack, table: str, column: str) -> None:
    rows = copy.rows(table)
    place = rows[0].index(column)
    copy.put(table, [[c for i, c in enumerate(row) if i != place] for row in rows])
    copy.schema(table, lambda d: d.update(fields=[f for f in d["fields"] if f["name"] != column]))


def with_column(copy: Pack, table: str, column: str) -> None:
    copy.put(table, [[*row, column if i == 0 else ""] for i, row in enumerate(copy.rows(table))])
    copy.schema(table, lambda d: d["fields"].append({"name": column, "type": "string"}))


def renamed_column(copy: Pack) -> None:
    without_column(copy, "contacts", "city")
    with_column(copy, "contacts", "town")


def without_table(copy: Pack) -> None:
    copy.descriptor(lambda d: d["resources"].pop(0))


CHANGES = {
    "a table removed": ("major", without_table),
    "a column removed": ("major", lambda c: without_column(c, "contacts", "city")),
    "a column renamed": ("major", renamed_column),
    "a column retyped": ("major", lambda c: c.schema("ceremonies", field("city", type="integer"))),
    "a column made a list": ("major", lambda c: c.schema("contacts", field("mode", delimiter=";"))),
    "another vocabulary": ("major", lambda c: c.schema("contacts", field("mode", vocabulary="office"))),
    "another key": ("major", lambda c: c.schema("contacts", lambda d: d.update(primaryKey=["contact_id", "city"]))),
    "an id of a fact gone": ("major", lambda c: without_row(c, "participation")),
    "an id of a source gone": ("major", lambda c: without_row(c, "sources")),
    "a term gone": ("major", lambda c: without_row(c, "codes")),
    "a row added": ("minor", lambda c: with_row(c, "participation", "P99999")),
    "a column added": ("minor", lambda c: with_column(c, "contacts", "town")),
    "a term added": ("minor", lambda c: with_row(c, "codes", "zone")),
    "a fact corrected": ("minor", lambda c: c.edit("contacts", 0, "city", "Elsewhere")),
    "a row without an id gone": ("minor", lambda c: without_row(c, "leader_names")),
    "a note": ("patch", lambda c: c.edit("contacts", 0, "summary", "Other words.")),
    "a source added": ("patch", lambda c: with_row(c, "sources", "S99999")),
    "evidence changed": ("patch", lambda c: c.edit("evidence", 0, "note", "Other words.")),
    "what was looked for": ("patch", lambda c: c.edit("coverage", 0, "completeness", "none")),
    "a description": ("", lambda c: c.schema("contacts", field("city", description="Other words."))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_a_change_demands(small: Pack, name):
    rank, change = CHANGES[name]
    old = read_package(open_package(small.root))[0]
    change(small)
    new = read_package(open_package(small.root))[0]
    found, why = release.demanded(new, old)
    assert found == rank
    assert why == "no change" or any(table in why for table in old)


def test_adding_what_was_removed_is_minor(small: Pack):
    new = read_package(open_package(small.root))[0]
    without_table(small)
    old = read_package(open_package(small.root))[0]
    assert release.demanded(new, old)[0] == "minor"


@pytest.mark.parametrize(
    ("earlier", "rank", "due"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("1.2.3", "", "1.2.3"),
        ("0.2.3", "major", "0.3.0"),
        ("0.2.3", "minor", "0.3.0"),
    ],
)
def test_least_version(earlier, rank, due):
    assert release.least_version(earlier, rank, "it")[0] == due
