"""SQLite and DuckDB enforce the keys themselves: what breaks them does not go in."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing

import pytest
from conftest import Pack

from commdip.export import ExportError, export, sql
from commdip.export.source import Source


@pytest.fixture(params=["sqlite", "duckdb"])
def engine(request, exported, tmp_path):
    """A writable copy of the database, and what its engine raises."""
    file = shutil.copy(exported(request.param), tmp_path / "copy")
    if request.param == "sqlite":
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection, sqlite3.IntegrityError
    else:
        import duckdb

        with closing(duckdb.connect(str(file))) as connection:
            yield connection, duckdb.ConstraintException


REASONS = {
    "key": r"unique constraint|duplicate key",
    "foreign key": r"foreign key constraint",
    "required": r"not null constraint",
    "check": r"check constraint",
}


def refused(engine, table, **change) -> str:
    """Try to add a copy of a table's first row with some cells changed; return the engine's words if it refuses."""
    connection, error = engine
    cursor = connection.execute(f'SELECT * FROM "{table}" LIMIT 1')
    row = dict(zip([c[0] for c in cursor.description], cursor.fetchone(), strict=True)) | change
    connection.execute("BEGIN TRANSACTION")
    try:
        connection.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})', list(row.values()))
        connection.execute("COMMIT")
    except error as refusal:
        connection.execute("ROLLBACK")
        return str(refusal).lower()
    return ""


def new(source, table, columns):
    """Return cells that no row of a table has in some of its columns."""
    fields = source.specs[table].by_name
    return {c: min(fields[c].maximum or 9000, 9000) if fields[c].type == "integer" else "new" for c in columns}


def fresh(source, table):
    """Return cells that make the copy of a row differ from it in every key."""
    linked = {c for k in source.references(table) for c in k.fields}
    unique = {c for key in source.keys(table) for c in key if c not in linked}
    own = [c for c in source.specs[table].primary_key if c not in linked]
    free = [c for c in own if not source.specs[table].by_name[c].vocabulary]
    return new(source, table, unique | set(free[-1:]))


def filled(source):
    return [t for t in source.tables if len(source.data[t])]


def test_a_row_that_breaks_nothing_goes_in(engine, source):
    """Otherwise the refusals below would prove nothing."""
    for table in ("participation", "sources", "state_codes", "invitations", "contact_participants"):
        assert not refused(engine, table, **fresh(source, table))


def test_primary_keys(engine, source):
    assert len(filled(source)) > 20
    for table in filled(source):
        primary = source.specs[table].primary_key
        other = {c: v for c, v in fresh(source, table).items() if c not in primary}
        assert re.search(REASONS["key"], refused(engine, table, **other)), table


def test_unique_keys(engine, source):
    checked = 0
    for table in filled(source):
        for key in source.keys(table):
            if source.data[table].iloc[0][list(key)].notna().all():
                other = {c: v for c, v in fresh(source, table).items() if c not in key}
                assert re.search(REASONS["key"], refused(engine, table, **other)), (table, key)
                checked += 1
    assert checked >= 5


def test_foreign_keys(engine, source):
    checked = 0
    for table in filled(source):
        for key in source.references(table):
            nowhere = dict.fromkeys(key.fields, "nowhere")
            assert re.search(REASONS["foreign key"], refused(engine, table, **(fresh(source, table) | nowhere)))
            checked += 1
    assert checked > 30


def test_required_cells_and_vocabularies(engine, source):
    checked = 0
    # Where every part of the key is a reference or a term, a copy of a row breaks the key first.
    for table, key in ((t, fresh(source, t)) for t in filled(source) if fresh(source, t)):
        for field in source.specs[table].fields:
            if field.required:
                assert re.search(REASONS["required"], refused(engine, table, **(key | {field.name: None})))
            if field.vocabulary and not field.delimiter:
                assert re.search(REASONS["check"], refused(engine, table, **(key | {field.name: "no-term"})))
            checked += field.required + bool(field.vocabulary)
    assert checked > 80


def test_sqlite_declares_every_foreign_key_of_the_schemas(exported, source):
    with closing(sqlite3.connect(exported("sqlite"))) as connection:
        for table, spec in source.specs.items():
            found = {(r[3], r[2], r[4]) for r in connection.execute(f'PRAGMA foreign_key_list("{table}")')}
            wanted = {
                (f, k.parent, p) for k in spec.foreign_keys for f, p in zip(k.fields, k.parent_fields, strict=True)
            }
            assert found == wanted
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_duckdb_declares_every_foreign_key_of_the_schemas(exported, source):
    import duckdb

    with closing(duckdb.connect(str(exported("duckdb")), read_only=True)) as connection:
        kind = "constraint_type = 'FOREIGN KEY'"
        (count,) = connection.execute(f"SELECT count(*) FROM duckdb_constraints() WHERE {kind}").fetchone()
        bare = "comment IS NULL AND schema_name = 'main' AND NOT internal AND table_name <> '_package'"
        undescribed = connection.execute(
            f"SELECT table_name, column_name FROM duckdb_columns() WHERE {bare}"
        ).fetchall()
    assert count == sum(len(spec.foreign_keys) for spec in source.specs.values())
    assert undescribed == []


@pytest.mark.parametrize("to", ["sqlite", "duckdb"])
def test_package_that_breaks_a_key_is_refused_with_the_place(copy: Pack, tmp_path, to):
    copy.edit("participation", 3, "leader_id", "nobody-nowhere")
    target = tmp_path / "made.db"
    target.write_text("the former export")
    with pytest.raises(ExportError, match=r"data/participation\.csv.*commdip validate"):
        export(copy.root, to, target)
    assert target.read_text() == "the former export"


def test_sqlite_names_the_line_of_a_row_that_it_refuses(copy: Pack, tmp_path):
    copy.edit("participation", 3, "participation_id", copy.rows("participation")[1][0])
    with pytest.raises(ExportError, match=r"participation\.csv:5: SQLite refuses the row \(UNIQUE constraint failed"):
        export(copy.root, "sqlite", tmp_path / "made.db")


def test_tables_stand_after_those_that_they_refer_to(source):
    order = sql.parents_first(source)
    for table in order:
        for key in source.references(table):
            assert key.parent == table or order.index(key.parent) < order.index(table)


def schema(name, *references):
    text = {"constraints": {"required": True}}
    fields = [{"name": f"{name}_id", **text}] + [{"name": f"{r}_id"} for r in references]
    keys = [{"fields": [f"{r}_id"], "reference": {"resource": r, "fields": [f"{r}_id"]}} for r in references]
    return {"fields": fields, "primaryKey": [f"{name}_id"], "foreignKeys": keys}


def test_tables_that_refer_to_each_other_in_a_circle_are_told(make, tmp_path):
    pack = make(hens=(schema("hens", "eggs"), "hens_id,eggs_id\n"), eggs=(schema("eggs", "hens"), "eggs_id,hens_id\n"))
    with pytest.raises(ExportError, match="circle: hens, eggs"):
        export(pack.root, "duckdb", tmp_path / "made.db")


def test_reference_to_a_table_that_is_not_there_is_left_out(make, tmp_path):
    pack = make(eggs=(schema("eggs", "hens"), "eggs_id,hens_id\nE1,H1\n"))
    with closing(sqlite3.connect(export(pack.root, "sqlite", tmp_path / "made.db"))) as connection:
        assert connection.execute("SELECT * FROM eggs").fetchall() == [("E1", "H1")]
        (text,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'eggs'").fetchone()
    assert not re.search("FOREIGN KEY", text)


def test_rows_of_a_table_that_name_each_other_in_any_order_go_in(make, tmp_path):
    import duckdb

    own = schema("eggs", "eggs") | {"fields": [{"name": "eggs_id"}, {"name": "after"}]}
    own["foreignKeys"] = [{"fields": ["after"], "reference": {"resource": "", "fields": ["eggs_id"]}}]
    pack = make(eggs=(own, "eggs_id,after\nA,B\nB,C\nC,\nD,A\n"))
    assert Source.open(pack.root).references("eggs")
    with closing(duckdb.connect(str(export(pack.root, "duckdb", tmp_path / "made.db")))) as connection:
        assert len(connection.execute("SELECT * FROM eggs").fetchall()) == 4
