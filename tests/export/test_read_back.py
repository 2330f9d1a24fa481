"""Every format, read back by a library that did not write it, has every cell of the CSV files."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing

import pytest

from commdip.export import FORMATS
from export.conftest import cell


def rows_of(columns, values):
    return [dict(zip(columns, map(cell, row), strict=True)) for row in values]


def test_awkward_cells_are_in_what_is_compared(full):
    notes = [row["note"] for row in full["participation"]]
    assert any("\n" in note for note in notes)
    assert "=1+1" in notes
    born = {row["birth_date"]: (row["birth_date_earliest"], row["birth_date_latest"]) for row in full["leaders"]}
    assert born["1899-12~"] == ("1899-12-01", "1899-12-31")


def test_csv_zip(exported, texts, awkward):
    with zipfile.ZipFile(exported("csv-zip")) as archive:
        for name, rows in texts.items():
            text = archive.read(f"data/{name}.csv").decode("utf-8")
            assert list(csv.DictReader(io.StringIO(text, newline=""))) == rows
        assert archive.read("datapackage.json") == (awkward.root / "datapackage.json").read_bytes()


def test_csv_zip_is_a_package_for_another_tool(exported, tmp_path, texts):
    """The awkward cells break rules of ours, not of the format."""
    from frictionless import Package, system

    with zipfile.ZipFile(exported("csv-zip")) as archive:
        archive.extractall(tmp_path)
    with system.use_context(trusted=True):
        package = Package(str(tmp_path / "datapackage.json"))
        assert {r.name for r in package.resources} == set(texts)
        for name in ("series", "ceremonies"):
            assert len(package.get_resource(name).read_rows()) == len(texts[name])


def test_parquet(exported, full):
    import polars as pl

    for name, rows in full.items():
        frame = pl.read_parquet(exported("parquet") / f"{name}.parquet")
        assert rows_of(frame.columns, frame.iter_rows()) == rows


def test_sqlite(exported, full):
    with closing(sqlite3.connect(f"file:{exported('sqlite')}?mode=ro", uri=True)) as connection:
        for name, rows in full.items():
            cursor = connection.execute(f'SELECT * FROM "{name}" ORDER BY rowid')
            columns = [c[0] for c in cursor.description]
            flags = [c == "INTEGER" and n in ("parade", "effective") for n, c in types(connection, name)]
            found = [[bool(v) if f and v is not None else v for v, f in zip(r, flags, strict=True)] for r in cursor]
            assert rows_of(columns, found) == rows


def types(connection, table):
    return [(row[1], row[2]) for row in connection.execute(f'PRAGMA table_info("{table}")')]


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 command is not installed")
def test_sqlite_by_its_own_command(exported, texts):
    command = ["sqlite3", "-json", str(exported("sqlite")), "SELECT evidence_id, note FROM evidence ORDER BY rowid"]
    rows = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    wanted = [{"evidence_id": r["evidence_id"], "note": r["note"] or None} for r in texts["evidence"]]
    assert rows == wanted


def test_duckdb(exported, full):
    import duckdb

    with closing(duckdb.connect(str(exported("duckdb")), read_only=True)) as connection:
        for name, rows in full.items():
            key = ", ".join(f'"{c}"' for c in rows[0]) if rows else "1"
            cursor = connection.execute(f'SELECT * FROM "{name}" ORDER BY {key}')
            columns = [c[0] for c in cursor.description]
            found = rows_of(columns, cursor.fetchall())
            assert sorted(map(str, found)) == sorted(map(str, rows))


def test_xlsx(exported, full):
    import openpyxl

    book = openpyxl.load_workbook(exported("xlsx"), read_only=True, data_only=False)
    assert book.sheetnames[0] == "README"
    assert set(book.sheetnames[1:]) == set(full)
    for name, rows in full.items():
        header, *found = book[name].iter_rows(values_only=True)
        assert rows_of(header, found) == rows


def test_stata(exported, full):
    import pyreadstat

    for name, rows in full.items():
        frame, meta = pyreadstat.read_dta(exported("stata") / f"{name}.dta", apply_value_formats=True)
        columns = [n.removesuffix("_") for n in meta.column_names]
        found = rows_of(columns, frame.astype(object).itertuples(index=False, name=None))
        flags = {n for n, v in meta.variable_value_labels.items() if set(v.values()) == {"no", "yes"}}
        for row in found:
            row.update({n: {"yes": "true", "no": "false", "": ""}[row[n]] for n in flags})
        assert found == rows


def test_croissant(exported, full):
    import mlcroissant

    data = mlcroissant.Dataset(jsonld=str(exported("croissant") / "croissant.json"))
    assert not data.metadata.issues.errors
    for name, rows in full.items():
        found = [{key.split("/")[1]: cell(value) for key, value in record.items()} for record in data.records(name)]
        assert found == rows


def test_csvw(exported, texts):
    from csvw import CSVW

    described = CSVW(str(exported("csvw") / "csv-metadata.json"), validate=True)
    assert described.is_valid, [str(w.message) for w in described.warnings]
    tables = {t.url.string.removeprefix("data/").removesuffix(".csv"): t for t in described.tables}
    assert set(tables) == set(texts)
    for name, rows in texts.items():
        found = [
            {key: ";".join(value) if isinstance(value, list) else cell(value) for key, value in row.items()}
            for row in tables[name].iterdicts()
        ]
        assert found == rows


def test_every_format_is_read_back():
    here = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert set(FORMATS) <= here
