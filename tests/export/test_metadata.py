"""What the formats say besides the cells: labels, types, descriptions, and who may be cited for it."""

from __future__ import annotations

import json
import warnings

import pytest

import commdip
from commdip.export import ExportError, export
from commdip.export.source import Source


def test_stata_labels_every_variable_and_every_term(exported, source):
    import pyreadstat

    for table in source.tables:
        _, meta = pyreadstat.read_dta(exported("stata") / f"{table}.dta", metadataonly=True)
        assert meta.file_label.startswith(f"{source.label}: ")
        for column, name in zip(source.columns(table), meta.column_names, strict=True):
            assert name.removesuffix("_") == column.name
            label = meta.column_names_to_labels[name]
            assert label in (column.title, column.description.rstrip("."))
            if column.terms:
                assert meta.variable_value_labels[name] == dict(enumerate(column.terms, 1))


def test_stata_names_no_variable_by_a_reserved_word(exported):
    import pyreadstat

    _, meta = pyreadstat.read_dta(exported("stata") / "tenures.dta", metadataonly=True)
    assert "end_" in meta.column_names
    assert "end" not in meta.column_names


def test_parquet_has_types_requirements_and_descriptions(exported, source):
    import pyarrow.parquet as pq

    kinds = {"string": "string", "integer": "int64", "boolean": "bool", "day": "date32[day]"}
    for table in source.tables:
        schema = pq.read_schema(exported("parquet") / f"{table}.parquet")
        about = json.loads(schema.metadata[b"commdip"])
        assert (about["version"], about["table"]) == (source.package.version, table)
        for column in source.columns(table):
            field = schema.field(column.name)
            assert field.metadata[b"description"].decode() == column.description
            assert field.nullable is not column.required
            if column.kind == "term":
                assert field.type.ordered
            else:
                assert str(field.type) == kinds[column.kind]


def test_parquet_gives_pandas_the_terms_in_their_order(exported):
    import pandas as pd

    rank = pd.read_parquet(exported("parquet") / "participation.parquet")["rank"]
    ours = commdip.load()["participation"]["rank"]
    assert list(rank.cat.categories) == list(ours.cat.categories)
    assert rank.cat.ordered


def test_xlsx_says_first_what_is_inside(exported, source):
    import openpyxl

    sheet = openpyxl.load_workbook(exported("xlsx"), read_only=True)["README"]
    cells = {str(value) for row in sheet.iter_rows(values_only=True) for value in row if value is not None}
    assert source.about["citation"] in cells
    assert {field.description for spec in source.specs.values() for field in spec.fields} <= cells


def test_xlsx_refuses_a_cell_that_it_cannot_hold(copy, tmp_path):
    copy.edit("participation", 0, "note", "x" * 40000)
    with pytest.raises(ExportError, match=r"participation, row 2, note: Excel takes 32767 characters"):
        export(copy.root, "xlsx", tmp_path / "made.xlsx")


def test_csvw_validator_would_tell(small, tmp_path):
    """The validator that accepts our metadata refuses data that break them."""
    from csvw import CSVW

    folder = export(small.root, "csvw", tmp_path / "made")

    def valid(table: str, old: str, new: str) -> bool:
        file = folder / "data" / f"{table}.csv"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), "utf-8", newline="")
        try:
            with warnings.catch_warnings(record=True):
                return bool(CSVW(str(folder / "csv-metadata.json"), validate=True).is_valid)
        except ValueError:
            return False
        finally:
            file.write_text(text, "utf-8", newline="")

    assert valid("participation", "P00001", "P00001")
    assert not valid("participation", "P00001", "Q1")  # a pattern
    assert not valid("participation", "P00002", "P00001")  # a primary key
    assert not valid("ceremonies", ",harbour-day,", ",no-series,")  # a foreign key


def test_croissant_knows_the_descriptor_and_every_column(exported, source):
    data = json.loads((exported("croissant") / "croissant.json").read_text("utf-8"))
    assert data["version"] == source.package.version
    assert data["license"] == [entry["path"] for entry in source.package.descriptor["licenses"]]
    fields = {f["@id"] for r in data["recordSet"] for f in r["field"]}
    assert fields == {f"{t}/{c.name}" for t in source.tables for c in source.columns(t)}
    link = next(f for r in data["recordSet"] for f in r["field"] if f["@id"] == "participation/stands_in_for")
    assert link["description"].endswith("Names participation.participation_id.")


@pytest.mark.parametrize("to", ["csv-zip", "parquet", "sqlite", "xlsx", "stata", "croissant", "csvw"])
def test_the_same_package_gives_the_same_bytes(exported, awkward, tmp_path, to):
    again = export(awkward.root, to, tmp_path / "again")
    assert contents(again) == contents(exported(to))


def contents(made):
    files = [made] if made.is_file() else sorted(made.iterdir())
    return [(f.name if made.is_dir() else "", f.read_bytes()) for f in files if f.is_file()]


def test_the_moment_is_the_descriptors_or_the_environments(copy, monkeypatch):
    copy.descriptor(lambda d: d.update(created="2031-05-06T07:08:09Z"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert Source.open(copy.root).moment.isoformat() == "2031-05-06T07:08:09+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert Source.open(copy.root).moment.isoformat() == "2023-11-14T22:13:20+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(ValueError, match="not a number of seconds"):
        Source.open(copy.root)


@pytest.mark.parametrize(
    ("table", "column", "text"), [("participation", "rank", "emperor"), ("ceremonies", "year", "two")]
)
def test_cell_that_a_typed_format_would_lose_is_told_with_its_place(copy, tmp_path, table, column, text):
    copy.edit(table, 3, column, text)
    with pytest.raises(ExportError, match=rf"data/{table}\.csv:5: {column} is '{text}', which is no \w+ or term"):
        export(copy.root, "parquet", tmp_path / "made")
    assert not (tmp_path / "made").exists()
