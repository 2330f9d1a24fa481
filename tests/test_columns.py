"""Column checks, and the proof that schemas, examples, vocabularies and pandera do not drift apart."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
import pytest

import commdip
from commdip import columns
from commdip.columns import check_columns, check_values
from commdip.findings import Finding
from commdip.package import shipped_spec
from commdip.specs import TableSpec
from commdip.tables import BOOLEANS, read_table

SCHEMAS = Path(__file__).parents[1] / "schemas"
TABLES = sorted(f.stem for f in SCHEMAS.glob("*.json") if f.stem != "datapackage-profile")
SPEC = TableSpec.from_json(
    "things",
    {
        "fields": [
            {"name": "id", "constraints": {"required": True, "pattern": "^T[0-9]$"}, "example": "T1"},
            {"name": "size", "type": "integer", "constraints": {"minimum": 1, "maximum": 9}, "example": 5},
            {"name": "good", "type": "boolean"},
            {"name": "day", "edtf": True},
            {"name": "colour", "vocabulary": "colour"},
            {"name": "shades", "vocabulary": "colour", "delimiter": ";"},
        ],
        "primaryKey": ["id"],
    },
)
COLOURS = {"colour": ["red", "green", "blue"]}
GOOD = {"id": "T1", "size": "5", "good": "true", "day": "2023-05", "colour": "red", "shades": "red;blue"}


def check(**cells: str) -> list[Finding]:
    """Findings for a row that is good but for the cells given; it stands on line 3."""
    rows = [{**GOOD, "id": "T0"}, {**GOOD, **cells}]
    source = "\n".join([",".join(GOOD), *(",".join(r.values()) for r in rows)])
    table, by_value = (read_table(SPEC, "data/things.csv", source.encode()) for _ in range(2))
    check_columns(table, COLOURS)
    check_values(by_value, COLOURS)
    assert sorted(map(repr, by_value.findings)) == sorted(map(repr, table.findings))
    assert by_value.broken == table.broken
    for finding in table.findings:
        assert finding.line == 3
        assert finding.column in table.broken
    return table.findings


@pytest.mark.parametrize(
    ("rule", "column", "cell", "said"),
    [
        ("COL01", "size", "five", "size is 'five', which is not an integer."),
        ("COL01", "good", "yes", "good is 'yes', which is not a boolean."),
        ("COL02", "id", "", "id is empty."),
        ("COL03", "id", "t1", "does not match ^T[0-9]$; an example is 'T1'."),
        ("COL03", "id", "T12", "does not match"),
        ("COL03", "id", "xT1", "does not match"),
        ("COL03", "size", "0", "size is '0', which is less than 1; an example is 5."),
        ("COL03", "size", "10", "which is more than 9"),
        ("COL04", "colour", "gren", "'gren' is no term of vocabulary 'colour'; did you mean 'green'?"),
        ("COL04", "colour", "xyz", "it has red, green, blue."),
        ("COL04", "colour", "red;blue", "is no term"),
        ("COL04", "shades", "red;pink", "but 'pink' is no term"),
        ("COL04", "shades", "blue;red", "lists have each term once, in the vocabulary's order: 'red;blue'"),
        ("COL04", "shades", "red;red", "'red'"),
        ("COL04", "shades", "red;", "but '' is no term"),
        ("COL05", "day", "2023-02-29", "February 2023 has no day 29"),
        ("COL05", "day", "9 May 2023", "not of the form YYYY"),
        ("COL05", "day", "2023-13", "there is no month 13"),
    ],
)
def test_wrong_cell_is_told_once_at_its_place(rule: str, column: str, cell: str, said: str):
    (finding,) = check(**{column: cell})
    assert (finding.rule, finding.column, finding.value) == (rule, column, cell or None)
    assert finding.key == (cell if column == "id" else "T1")
    assert said in finding.message
    assert finding.hint


@pytest.mark.parametrize("column", ["size", "good", "day", "colour", "shades"])
def test_cell_that_is_not_required_may_be_empty(column: str):
    assert check(**{column: ""}) == []


@pytest.mark.parametrize("cells", [{"day": "2024-02-29~"}, {"shades": "red;green;blue"}, {"size": "9"}, {"good": "0"}])
def test_good_cells_have_no_findings(cells: dict[str, str]):
    assert check(**cells) == []


def test_line_feed_at_the_end_does_not_match_a_pattern():
    table = read_table(SPEC, "t.csv", b'id,size,good,day,colour,shades\n"T1\n",,,,,\n')
    check_columns(table, COLOURS)
    assert [f.rule for f in table.findings] == ["COL03"]


def test_every_wrong_cell_of_a_row_is_told():
    assert [f.rule for f in check(size="x", day="x", colour="x")] == ["COL01", "COL05", "COL04"]


def test_cells_of_a_ragged_row_give_no_second_finding():
    table = read_table(SPEC, "t.csv", b"id,size,good,day,colour,shades\nbad\n")
    check_columns(table, COLOURS)
    assert [f.rule for f in table.findings] == ["FIL06"]


def test_missing_required_column_gives_no_second_finding():
    table = read_table(SPEC, "t.csv", b"size,good,day,colour,shades\n1,,,,\n")
    check_columns(table, COLOURS)
    assert [f.rule for f in table.findings] == ["FIL07"]


def test_vocabulary_that_codes_do_not_have():
    table = read_table(SPEC, "t.csv", b"id,size,good,day,colour,shades\nT1,,,,red,\n")
    check_columns(table, {})
    assert "codes.csv has no vocabulary 'colour'" in table.findings[0].message


def test_wrong_cells_of_the_shipped_tables_are_found(copy):
    copy.edit("ceremonies", 0, "year", "MMXXIII")
    copy.edit("ceremonies", 0, "start", "2023-05-32")
    copy.edit("states", 0, "name", "")
    copy.edit("states", 0, "kind", "sate")
    copy.edit("sources", 0, "source_id", "1")
    found = {(f.rule, f.path, f.line, f.column, f.value) for f in copy.findings("COL")}
    assert found == {
        ("COL01", "data/ceremonies.csv", 2, "year", "MMXXIII"),
        ("COL02", "data/states.csv", 2, "name", None),
        ("COL03", "data/sources.csv", 2, "source_id", "1"),
        ("COL04", "data/states.csv", 2, "kind", "sate"),
        ("COL05", "data/ceremonies.csv", 2, "start", "2023-05-32"),
    }


def test_terms_of_the_package_under_test_hold(copy):
    rows = copy.rows("codes")
    new = dict.fromkeys(rows[0], "") | {
        "vocabulary": "state_kind",
        "code": "realm",
        "label": "Realm",
        "definition": "x",
        "position": "900",
    }
    copy.put("codes", [*rows, [new[c] for c in rows[0]]])
    copy.edit("states", 0, "kind", "realm")
    assert copy.findings("COL") == []


# Drift: schemas/*.json, data/codes.csv, pandera and what load() gives.


def fields(table: str) -> list[dict[str, Any]]:
    return json.loads((SCHEMAS / f"{table}.json").read_text("utf-8"))["fields"]


@pytest.fixture(scope="module")
def loaded() -> commdip.Dataset:
    return commdip.load()


def test_every_schema_is_a_table_and_every_table_has_a_schema(loaded):
    assert sorted(loaded) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_schema_and_fields_are_described_with_examples(table: str):
    schema = json.loads((SCHEMAS / f"{table}.json").read_text("utf-8"))
    assert schema["name"] == table
    assert schema["title"]
    assert schema["description"].endswith(".")
    assert schema["primaryKey"]
    for field in schema["fields"]:
        for what in ("title", "description", "example"):
            assert field.get(what) not in (None, ""), f"{field['name']} has no {what}"


@pytest.mark.parametrize("table", TABLES)
def test_examples_satisfy_the_derived_schema(table: str):
    spec = shipped_spec(table)
    cells = [str(f.example).lower() if f.type == "boolean" else str(f.example) for f in spec.fields]
    read = read_table(spec, "x.csv", (",".join(spec.names) + "\n" + ",".join(f'"{c}"' for c in cells)).encode())
    check_columns(read, columns.shipped_terms())
    assert [f.message for f in read.findings] == []
    assert read.untyped == []


@pytest.mark.parametrize("table", TABLES)
def test_dtypes_of_load_are_those_of_the_schema(table: str, loaded):
    frame = loaded[table]
    assert list(frame.columns)[: len(fields(table))] == [f["name"] for f in fields(table)]
    for field in fields(table):
        dtype = frame[field["name"]].dtype
        if field.get("vocabulary") and not field.get("delimiter"):
            assert isinstance(dtype, pd.CategoricalDtype)
            assert dtype.ordered
            assert list(dtype.categories) == columns.shipped_terms()[field["vocabulary"]]
        else:
            assert str(dtype) == {"string": "str", "integer": "Int64", "boolean": "boolean"}[field["type"]]


@pytest.mark.parametrize("table", TABLES)
def test_schema_passes_loaded_frames_and_fails_broken_ones(table: str, loaded):
    schema, frame = commdip.schema(table), loaded[table]
    assert isinstance(schema, pa.DataFrameSchema)
    schema.validate(frame, lazy=True)
    key = shipped_spec(table).primary_key[0]
    with pytest.raises(pa.errors.SchemaError):
        schema.validate(frame.drop(columns=key))
    if len(frame):
        with pytest.raises(pa.errors.SchemaError):
            schema.validate(frame.assign(**{key: None}))
        with pytest.raises(pa.errors.SchemaErrors, match="unique"):
            schema.validate(frame.iloc[[0, 0]].reset_index(drop=True), lazy=True)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("states", "state_id", "kgz"),
        ("ceremonies", "year", 1066),
        ("ceremonies", "start", "2023-02-30"),
        ("participation", "segments", "reception;parade"),
        ("participation", "rank", "king"),
    ],
)
def test_schema_fails_a_wrong_value(table: str, column: str, value: object, loaded):
    frame = loaded[table].copy()
    frame[column] = frame[column].astype(object if isinstance(value, str) else "Int64")
    frame.loc[0, column] = value
    if isinstance(value, str):
        frame[column] = frame[column].astype("str")
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        commdip.schema(table).validate(frame, lazy=True)
    assert value in caught.value.failure_cases["failure_case"].tolist()


def test_vocabularies_of_schemas_and_codes_are_the_same():
    named = {f["vocabulary"] for table in TABLES for f in fields(table) if "vocabulary" in f}
    assert named == set(columns.shipped_terms())


def test_schema_of_an_unknown_table_is_a_key_error():
    for name in ("nothing", "datapackage-profile"):
        with pytest.raises(KeyError):
            commdip.schema(name)


def test_written_booleans_are_those_frictionless_reads():
    from frictionless.fields.boolean import BooleanField

    field = BooleanField(name="x")
    assert set(field.true_values) | set(field.false_values) == set(BOOLEANS)
