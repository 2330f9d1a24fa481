"""An output is replaced whole or not at all, and nothing of anybody else's is touched."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from commdip.cli import main
from commdip.export import ExportError, export, target

KILLED = """
import os, sys
from pathlib import Path
from commdip.export import target

where, place = sys.argv[1], Path(sys.argv[2])
original = getattr(target.os, where, None) or getattr(target, where)

def die(*arguments):
    if sys.argv[3] == "after":
        original(*arguments)
    os._exit(9)

setattr(target.os if hasattr(target.os, where) else target, where, die)

def fill(made):
    (made / "one").write_text("new")
    (made / "two").write_text("new")
    target.write_sums(made)

def write(file):
    file.write_text("new")

(target.replace_folder if place.is_dir() else target.replace_file)(place, fill if place.is_dir() else write)
"""


def former_folder(folder: Path) -> Path:
    def fill(made: Path) -> None:
        (made / "one").write_text("old")
        target.write_sums(made)

    target.replace_folder(folder / "made", fill)
    return folder / "made"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("where", ["fsync", "_exchange", "write_sums"])
def test_folder_survives_being_killed_at_any_step(tmp_path, where, when):
    made = former_folder(tmp_path)
    done = subprocess.run([sys.executable, "-c", KILLED, where, str(made), when], check=False)
    assert done.returncode == 9
    new = where == "_exchange" and when == "after"
    assert {f.name: f.read_text() for f in made.iterdir() if f.name != target.SUMS} == (
        {"one": "new", "two": "new"} if new else {"one": "old"}
    )


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_file_survives_being_killed_at_any_step(tmp_path, where, when):
    made = tmp_path / "made"
    made.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, where, str(made), when], check=False)
    assert done.returncode == 9
    assert made.read_text() == ("new" if (where, when) == ("replace", "after") else "old")


def test_what_fails_leaves_the_former_and_no_trace(tmp_path):
    made = former_folder(tmp_path)

    def fill(folder: Path) -> None:
        (folder / "half").write_text("new")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        target.replace_folder(made, fill)
    assert (made / "one").read_text() == "old"
    assert list(tmp_path.iterdir()) == [made]


def test_folders_change_places_where_the_system_has_no_call_for_it(tmp_path, monkeypatch):
    made = former_folder(tmp_path)
    monkeypatch.setattr(target, "_exchanged", lambda new, old: False)
    target.replace_folder(made, lambda folder: (folder / "two").write_text("new"))
    assert [f.name for f in made.iterdir()] == ["two"]
    assert list(tmp_path.iterdir()) == [made]


def test_folder_with_files_of_others_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(ExportError, match=r"holds thesis\.docx, which no export has written"):
        target.replace_folder(tmp_path, lambda folder: None)
    made = former_folder(tmp_path)
    (made / "thesis.docx").write_text("years of work")
    with pytest.raises(ExportError, match=r"holds thesis\.docx"):
        target.replace_folder(made, lambda folder: None)
    assert (made / "thesis.docx").read_text() == "years of work"


def test_file_is_no_folder_and_folder_no_file(tmp_path):
    file = tmp_path / "made"
    file.write_text("")
    with pytest.raises(ExportError, match="is a file"):
        target.replace_folder(file, lambda folder: None)
    with pytest.raises(ExportError, match="is a folder"):
        target.replace_file(tmp_path, lambda made: None)


def test_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        target.replace_file(tmp_path / "file" / "made", lambda made: None)


def test_command_writes_a_set_as_folder_or_zip(tmp_path, shipped, capsys):
    folder, packed = tmp_path / "made", tmp_path / "made.zip"
    assert main(["export", str(shipped), "--to", "csvw", "--output", str(folder)]) == 0
    assert main(["export", str(shipped), "--to", "csvw", "--output", str(packed)]) == 0
    assert capsys.readouterr().out == f"written {folder}\nwritten {packed}\n"
    with zipfile.ZipFile(packed) as archive:
        names = set(archive.namelist())
        assert names == set(target.files_of(folder))
        assert all(archive.read(n) == (folder / n).read_bytes() for n in names)
    for line in (folder / target.SUMS).read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_command_makes_a_name_of_its_own(tmp_path, monkeypatch, shipped):
    monkeypatch.chdir(tmp_path)
    made = export(shipped, "csv-zip")
    version = made.stem.removeprefix("commdip-")
    assert (made.suffix, version.count(".")) == (".zip", 2)
    assert (tmp_path / made).is_file()


def test_command_says_what_it_lacks(tmp_path, monkeypatch, capsys, shipped):
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)
    assert main(["export", str(shipped), "--to", "xlsx", "--output", str(tmp_path / "made.xlsx")]) == 2
    assert "xlsxwriter is not installed; pip install 'commdip[export]'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_command_refuses_a_place_that_is_taken(tmp_path, capsys, shipped):
    (tmp_path / "thesis.docx").write_text("years of work")
    assert main(["export", str(shipped), "--to", "csvw", "--output", str(tmp_path)]) == 2
    assert "thesis.docx" in capsys.readouterr().err
