"""Reading CSV files: physical lines, types, and whatever can be wrong with a file."""

from __future__ import annotations

import pandas as pd
import pytest

from commdip.specs import TableSpec
from commdip.tables import Table, read_table

SPEC = TableSpec.from_json(
    "things",
    {
        "fields": [
            {"name": "id", "type": "string"},
            {"name": "name", "type": "string"},
            {"name": "size", "type": "integer"},
            {"name": "good", "type": "boolean"},
        ],
        "primaryKey": ["id"],
    },
)
HEADER = b"id,name,size,good\n"


def read(body: bytes, header: bytes = HEADER) -> Table:
    return read_table(SPEC, "data/things.csv", header + body)


def found(table: Table) -> list[tuple[str, int | None]]:
    return [(f.rule, f.line) for f in table.findings]


def test_clean_file_has_no_findings():
    table = read(b"a,x,1,true\nb,y,2,false\n")
    assert table.findings == []
    assert table.lines == [2, 3]
    assert table.frame["row_"].tolist() == [0, 1]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_lines_are_physical_after_cells_with_line_breaks(newline: bytes):
    body = b'a,"one\ntwo\nthree",1,true\nb,y,2,true\n"c\nd",y,3,true\ne,y,4,true\n'.replace(b"\n", newline)
    table = read(body, HEADER.replace(b"\n", newline))
    assert table.findings == []
    assert table.lines == [2, 5, 6, 8]


def test_line_of_a_cell_counts_the_breaks_before_it():
    table = read(b'"a\nb",one,x,true\n')
    assert (table.line(0), table.line(0, "id"), table.line(0, "size")) == (2, 2, 3)


def test_blank_line_is_a_ragged_row():
    table = read(b"a,x,1,true\n\nb,y,2,true\n")
    assert found(table) == [("FIL06", 3)]
    assert "is blank" in table.findings[0].message
    assert table.lines == [2, 3, 4]


def test_trailing_blank_line_is_told():
    assert found(read(b"a,x,1,true\n\n")) == [("FIL06", 3)]


def test_missing_last_line_feed_is_read():
    table = read(b"a,x,1,true\nb,y,2,true")
    assert (len(table.records), table.findings) == (2, [])


@pytest.mark.parametrize(("row", "cells"), [(b"b,y", 2), (b"b,y,2,true,more,more", 6)])
def test_ragged_row_is_kept_and_marked_as_broken(row: bytes, cells: int):
    table = read(b"a,x,1,true\n" + row + b"\nc,z,3,true\n")
    assert found(table) == [("FIL06", 3)]
    assert f"has {cells} cells; the header has 4" in table.findings[0].message
    assert table.findings[0].key == "b"
    assert table.frame["id"].tolist() == ["a", "b", "c"]
    assert table.broken == {c: {1} for c in SPEC.names}


def test_byte_order_mark_is_told_and_does_not_hide_the_first_column():
    table = read(b"a,x,1,true\n", b"\xef\xbb\xbf" + HEADER)
    assert found(table) == [("FIL04", 1)]
    assert table.header == SPEC.names


def test_bytes_that_are_not_utf8_are_told_at_their_line():
    table = read('a,"x\ny",1,true\nb,Čapek,2,true\nc,ok,3,true\n'.encode().replace("Č".encode(), b"\xc8"))
    assert found(table) == [("FIL03", 4)]
    assert "0xc8" in table.findings[0].message
    assert len(table.records) == 3


def test_utf16_is_told_not_raised():
    assert ("FIL03", 1) in found(read_table(SPEC, "x.csv", "id,name\n".encode("utf-16")))


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'a,x,1,true\nb,"y"z,2,true\n', 3),
        (b'a,x,1,true\nb,"never closed,2,true\nc,z,3,true\n', 3),
        (b'a,"x\ny",1,true\nb,"y"z,2,true\n', 4),
    ],
)
def test_stray_quote_is_told_where_its_record_starts(body: bytes, line: int):
    table = read(body)
    assert found(table) == [("FIL05", line)]
    assert len(table.records) == 1


def test_quote_inside_an_unquoted_cell_is_text():
    table = read(b'a,6" gun,1,true\n')
    assert table.findings == []
    assert table.cell(0, "name") == '6" gun'


def test_nul_byte_does_not_stop_the_reader():
    table = read(b"a,x\x00y,1,true\nb,y,2,true\n")
    assert len(table.records) == 2 or ("FIL05", 2) in found(table)


@pytest.mark.parametrize("source", [b"", b"\n", b"\xef\xbb\xbf"])
def test_file_without_header_is_told_once(source: bytes):
    assert [f for f in found(read_table(SPEC, "x.csv", source)) if f[0] != "FIL04"] == [("FIL10", 1)]


def test_header_only_is_an_empty_table_with_types():
    table = read(b"")
    assert table.findings == []
    assert len(table.frame) == 0
    assert [str(t) for t in table.frame.dtypes[1:]] == ["str", "str", "Int64", "boolean"]


def test_missing_column_suggests_the_near_miss():
    table = read(b"a,x,1,true\n", b"id,nmae,size,good\n")
    missing, extra = table.findings
    assert (missing.rule, missing.line, missing.column) == ("FIL07", 1, "name")
    assert "is 'nmae' meant for it?" in missing.message
    assert (extra.rule, extra.severity, extra.column) == ("FIL08", "warning", "nmae")
    assert table.frame["name"].isna().all()
    assert table.broken == {"name": {0}}


def test_missing_column_without_a_near_miss_suggests_nothing():
    (finding,) = read(b"a,x,1\n", b"id,name,size\n").findings
    assert (finding.rule, finding.message) == ("FIL11", "Column 'good' is missing from the header.")


def test_doubled_column_is_told_and_the_first_counts():
    table = read(b"a,x,1,true,second\n", b"id,name,size,good,name\n")
    assert [(f.rule, f.column) for f in table.findings] == [("FIL07", "name")]
    assert "2 times" in table.findings[0].message
    assert table.frame["name"].tolist() == ["x"]


def test_extra_columns_are_warned_of_also_without_a_name():
    table = read(b"a,x,1,true,e,f\n", b"id,name,size,good,colour,\n")
    assert [(f.rule, f.severity, f.column) for f in table.findings] == [
        ("FIL08", "warning", "colour"),
        ("FIL08", "warning", None),
    ]


def test_columns_in_another_order_are_found_by_name():
    table = read(b"true,7,x,a\n", b"good,size,name,id\n")
    assert table.findings == []
    assert table.frame.loc[0, ["id", "name", "size", "good"]].tolist() == ["a", "x", 7, True]


@pytest.mark.parametrize(("cell", "value"), [("0", 0), ("12", 12), ("-3", -3), ("+4", 4), ("007", 7), ("", pd.NA)])
def test_integers(cell: str, value: object):
    table = read(f"a,x,{cell},true\n".encode())
    assert table.untyped == []
    assert table.frame["size"].dtype == "Int64"
    assert table.frame["size"].isna()[0] if value is pd.NA else table.frame["size"][0] == value


@pytest.mark.parametrize("cell", ["1.0", "1e3", "0x1", "1_000", "٣", "²", " 1", "one", "9" * 19, "--1", "NaN"])
def test_what_is_no_integer_is_missing_and_marked(cell: str):
    table = read(f"a,x,{cell},true\n".encode())
    assert table.untyped == [(0, "size")]
    assert table.broken == {"size": {0}}
    assert table.frame["size"].isna()[0]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_booleans(cell: str, value: bool):
    table = read(f"a,x,1,{cell}\n".encode())
    assert table.untyped == []
    assert table.frame["good"].dtype == "boolean"
    assert table.frame["good"][0] == value


@pytest.mark.parametrize("cell", ["yes", "t", "tRUE", "2", "true "])
def test_what_is_no_boolean_is_missing_and_marked(cell: str):
    table = read(f"a,x,1,{cell}\n".encode())
    assert table.untyped == [(0, "good")]
    assert table.frame["good"].isna()[0]


@pytest.mark.parametrize("cell", ["NA", "null", "NaN", "None", "-"])
def test_only_empty_cells_are_missing(cell: str):
    table = read(f"{cell},,1,true\n".encode())
    assert table.frame["id"].tolist() == [cell]
    assert table.frame["name"].isna().all()


def test_huge_cell_is_read():
    huge = "x" * 2_000_000
    table = read(f"a,{huge},1,true\n".encode())
    assert table.findings == []
    assert table.cell(0, "name") == huge


def test_key_of_several_columns_is_joined_by_slashes():
    spec = TableSpec.from_json("t", {"fields": [{"name": "a"}, {"name": "b"}], "primaryKey": ["a", "b"]})
    table = read_table(spec, "t.csv", b"a,b\nx,\nx,y\n")
    assert [table.key(0), table.key(1)] == ["x/", "x/y"]
