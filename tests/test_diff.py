"""Differences between versions: what they list, in three forms, and where versions are found."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile

import pytest
from conftest import Pack

from commdip import diff
from commdip.cli import main
from commdip.export import export
from commdip.package import PackageError


@pytest.fixture
def old(small: Pack, tmp_path):
    """The package as it was before the tests change it."""
    return shutil.copytree(small.root, tmp_path / "old")


def add_column(small: Pack, table: str, name: str) -> None:
    rows = small.rows(table)
    small.put(table, [[*rows[0], name], *([*row, ""] for row in rows[1:])])
    small.schema(table, lambda d: d["fields"].append({"name": name, "type": "string"}))


def test_same_is_no_difference(small, old):
    found = diff.diff(old, small.root)
    assert (found.tables, found.columns, found.changes, found.retired, found.bump) == ([], [], [], [], "")
    assert diff.to_text(found) == "Nothing changed that readers see."


def test_rows_and_cells_are_told_by_primary_key(small, old):
    rows = small.rows("state_codes")
    gone = rows.pop(2)
    small.put("state_codes", rows)
    small.edit("participation", 4, "note", "Seen | twice.\nAnd more.")
    key = small.rows("participation")[5][0]
    small.put("leader_names", [*small.rows("leader_names"), ["example-ada", "Lantern", "en", "Latn"]])
    found = diff.diff(old, small.root)
    assert [c for c in found.changes if c.table == "state_codes"] == [
        diff.Change("removed", "state_codes", "/".join(gone[:4]))
    ]
    assert [c for c in found.changes if c.table == "leader_names"] == [
        diff.Change("added", "leader_names", "example-ada/Lantern/en")
    ]
    (cell,) = (c for c in found.changes if c.table == "participation")
    assert (cell.kind, cell.key, cell.column, cell.new) == ("changed", key, "note", "Seen | twice.\nAnd more.")
    assert cell.old == (Pack(old).rows("participation")[5][-1] or None)


def test_order_of_rows_and_columns_is_no_difference(small, old):
    header, *rows = small.rows("leaders")
    small.put("leaders", [header[::-1], *(row[::-1] for row in reversed(rows))])
    assert diff.diff(old, small.root).changes == []


def test_tables_columns_and_types(small, old):
    add_column(small, "leaders", "shoe_size")
    small.descriptor(lambda d: d.update(resources=[r for r in d["resources"] if r["name"] != "waivers"]))
    small.schema("ceremonies", lambda d: next(f for f in d["fields"] if f["name"] == "city").update(vocabulary="city"))
    found = diff.diff(old, small.root)
    assert found.tables == [("removed", "waivers")]
    assert sorted(found.columns) == [("added", "leaders.shoe_size"), ("retyped", "ceremonies.city")]
    assert (found.bump, diff.diff(small.root, old).tables) == ("major", [("added", "waivers")])


def test_retired_ids_and_the_least_version(small, old):
    rows = small.rows("statements")
    gone = rows.pop()
    small.put("statements", rows)
    header = small.rows("retired_ids")[0]
    entry = dict.fromkeys(header, "") | {"record_table": "statements", "record_id": gone[0], "retired_in": "9.0.0"}
    small.put("retired_ids", [header, list(entry.values())])
    small.descriptor(lambda d: d.update(version="9.0.0"))
    for at, least in (("0.4.2", "0.5.0"), ("1.4.2", "2.0.0")):
        descriptor = json.loads((old / "datapackage.json").read_text("utf-8")) | {"version": at}
        (old / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
        found = diff.diff(old, small.root)
        assert found.retired == [("statements", gone[0])]
        assert (found.bump, found.least_version) == ("major", least)
        assert f"version {least} or higher" in diff.to_text(found)


def test_three_forms_say_the_same(small, old, tmp_path, capsys):
    small.edit("participation", 4, "note", "Seen | twice.\nAnd more.")
    key = small.rows("participation")[5][0]
    texts = {}
    for form in ("text", "json", "markdown"):
        assert main(["diff", str(old), str(small.root), "--format", form]) == 1
        texts[form] = capsys.readouterr().out
    (cell,) = json.loads(texts["json"])["changes"]
    assert (cell["key"], cell["new"]) == (key, "Seen | twice.\nAnd more.")
    assert f"{key} note: " in texts["text"]
    assert "| Seen \\| twice. And more. |" in texts["markdown"]
    assert "patch" in texts["text"]
    assert "patch" in texts["markdown"]
    assert main(["diff", str(old), str(small.root), "--output", str(tmp_path / "report")]) == 1
    assert (tmp_path / "report").read_text("utf-8") == texts["text"]


def test_long_lists_are_cut_and_counted(small, old):
    rows = small.rows("evidence")
    small.put("evidence", [rows[0], *rows[31:]])
    found = diff.diff(old, small.root)
    assert len(found.changes) == 30
    for text in (diff.to_text(found), diff.to_markdown(found)):
        assert f"... and {30 - diff.SHOWN} more" in text


def git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(small: Pack, message: str) -> None:
    git(small.root, "add", ".")
    git(small.root, "commit", "--quiet", "--message", message)


def test_versions_are_folders_descriptors_zips_and_revisions(small, old, tmp_path, monkeypatch):
    git(small.root, "init", "--quiet")
    commit(small, "first")
    git(small.root, "tag", "v0")
    small.edit("leaders", 0, "gender", "male" if small.rows("leaders")[1][5] != "male" else "female")
    packed = export(old, "csv-zip", tmp_path / "old.zip")
    deep = tmp_path / "deep.zip"
    with zipfile.ZipFile(deep, "w") as archive:
        for file in (f for f in old.rglob("*") if f.is_file()):
            archive.write(file, f"repository-v0/{file.relative_to(old)}")
    monkeypatch.chdir(small.root / "data")  # a revision is found from any folder of the repository
    for version in (old, old / "datapackage.json", packed, deep, "v0", "HEAD"):
        assert len(diff.diff(version, small.root).changes) == 1, version


def test_package_in_a_folder_of_a_repository(small, tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "small")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    small.edit("leaders", 0, "note", "Changed.")
    monkeypatch.chdir(small.root)
    assert [c.new for c in diff.diff("HEAD", ".").changes] == ["Changed."]


@pytest.mark.parametrize("version", ["no-such-revision", "../nowhere.zip"])
def test_what_is_no_version_is_told(small, monkeypatch, version):
    monkeypatch.chdir(small.root)
    with pytest.raises(PackageError, match=f"{version}: neither a file or folder nor a revision"):
        diff.diff(version, ".")
