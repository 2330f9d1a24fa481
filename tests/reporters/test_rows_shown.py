from __future__ import annotations

import pytest

from commdip import validation
from commdip.package import shipped_spec
from commdip.tables import Table, read_table
from commdip.validation import rows_of

PATH = "data/series.csv"
SOURCE = b'series_id,name\na,"one\ntwo"\nb,three\nc,"never closed\n'


@pytest.fixture
def tables() -> dict[str, Table]:
    return {PATH: read_table(shipped_spec("series"), PATH, SOURCE)}


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (2, {"series_id": "a", "name": "one\ntwo"}),
        (3, {"series_id": "a", "name": "one\ntwo"}),
        (4, {"series_id": "b", "name": "three"}),
    ],
)
def test_row_on_which_a_line_stands(tables, finding, line, row):
    assert rows_of([finding(path=PATH, line=line)], tables) == {(PATH, line): row}


@pytest.mark.parametrize("line", [None, 1, 5, 99])
def test_no_row_for_the_header_and_for_records_not_read(tables, finding, line):
    assert rows_of([finding(path=PATH, line=line)], tables) == {}


def test_no_row_of_a_table_not_read(tables, finding):
    assert rows_of([finding(path="data/other.csv")], tables) == {}


def test_cap(tables, finding, monkeypatch):
    monkeypatch.setattr(validation, "ROWS_SHOWN", 2)
    assert len(rows_of([finding(path=PATH, line=n) for n in (2, 3, 4)], tables)) == 2


def test_report_has_rows_but_not_in_its_dict(broken_report):
    assert broken_report.rows_shown["data/contacts.csv", 3]["mode"] == "fone"
    assert "rows_shown" not in broken_report.to_dict()
