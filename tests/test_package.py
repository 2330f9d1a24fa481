"""Finding and opening a package in all its forms."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

import commdip
from commdip.package import PackageError, is_local, open_package


def zipped(folder: Path, file: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.rglob("*")):
            archive.write(part, Path(inside) / part.relative_to(folder))
    return file


@pytest.fixture
def pack(make):
    schema = {"fields": [{"name": "id", "type": "string"}], "primaryKey": ["id"]}
    return make(things=(schema, "id\na\nb\n"))


def test_without_path_it_is_the_shipped_package(shipped: Path):
    package = open_package()
    assert package.name == "commdip"
    assert package.root == shipped
    assert {"states", "participation", "codes"} <= {r.name for r in package.resources}


@pytest.mark.parametrize(
    "form", ["folder", "descriptor", "descriptor of another name", "zip", "zip with a folder", "zip with folders"]
)
def test_every_form_gives_the_same_tables(pack, tmp_path: Path, form: str):
    path = {
        "folder": lambda: pack.root,
        "descriptor": lambda: pack.root / "datapackage.json",
        "descriptor of another name": lambda: shutil.copy(pack.root / "datapackage.json", pack.root / "other.json"),
        "zip": lambda: zipped(pack.root, tmp_path / "p.zip"),
        "zip with a folder": lambda: zipped(pack.root, tmp_path / "p.zip", "made-1.0"),
        "zip with folders": lambda: zipped(pack.root, tmp_path / "p.zip", "a/b/c"),
    }[form]()
    assert commdip.load(path)["things"]["id"].tolist() == ["a", "b"]
    report = commdip.validate(str(path), ignore=["WIT"])
    assert (report.name, report.version, report.path) == ("made", "1.0.0", str(path))
    assert report.findings == []


def test_zip_unpacks_nothing_outside_its_folder(pack, tmp_path: Path):
    file = zipped(pack.root, tmp_path / "p.zip")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../../escaped.txt", "x")
    root = open_package(file).root
    assert not (root.parents[1] / "escaped.txt").exists()
    assert not (tmp_path / "escaped.txt").exists()


def test_temporary_folder_of_a_zip_goes_with_the_package(pack, tmp_path: Path):
    package = open_package(zipped(pack.root, tmp_path / "p.zip"))
    root = package.root
    assert root.is_dir()
    del package
    assert not root.exists()


def complaint(path: Path) -> str:
    with pytest.raises(PackageError) as caught:
        open_package(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_no_such_path(tmp_path: Path):
    assert "no such file or folder" in complaint(tmp_path / "nowhere")


def test_folder_without_descriptor(tmp_path: Path):
    assert "no datapackage.json" in complaint(tmp_path)


def test_zip_without_descriptor(tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/readme.txt").write_text("x")
    assert "no datapackage.json" in complaint(zipped(tmp_path / "full", tmp_path / "p.zip"))


def test_zip_cut_short(pack, tmp_path: Path):
    file = zipped(pack.root, tmp_path / "p.zip")
    file.write_bytes(file.read_bytes()[:100])
    assert complaint(file)


def test_zip_with_damaged_contents(pack, tmp_path: Path):
    file = zipped(pack.root, tmp_path / "p.zip")
    with zipfile.ZipFile(file) as archive:
        entry = archive.getinfo("datapackage.json")
        start = entry.header_offset + 30 + len(entry.filename)
    content = bytearray(file.read_bytes())
    content[start : start + 40] = b"\xff" * 40
    file.write_bytes(content)
    assert "not a zip that can be read" in complaint(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{\n  "name": oops\n}', ":2:11: not JSON"),
        (b"", ":1:1: not JSON"),
        (b"PK\x03\x04 no zip at all", "not JSON"),
        (b"[1, 2]", "not a JSON object, but list"),
        (b"null", "not a JSON object, but NoneType"),
        ('{"name": "Čapek"}'.encode("iso-8859-2"), "not UTF-8 at byte 10"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_descriptor_that_cannot_be_read(tmp_path: Path, content: bytes, said: str):
    file = tmp_path / "datapackage.json"
    file.write_bytes(content)
    assert said in complaint(file)


def test_byte_order_mark_of_a_descriptor_is_let_through(pack):
    file = pack.root / "datapackage.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert open_package(pack.root).name == "made"


@pytest.mark.parametrize("path", ["data/a.csv", "a.csv", "data/a b.csv", "data/..a.csv"])
def test_local_paths(path: str):
    assert is_local(path)


@pytest.mark.parametrize(
    "path", ["", None, 5, ["a.csv"], "/a.csv", "../a.csv", "a/../b.csv", "file:///a.csv", "http://x/a.csv", "a\\b.csv"]
)
def test_paths_that_are_not_local(path: object):
    assert not is_local(path)


def test_load_of_a_package_with_a_missing_table_says_which(pack):
    pack.file("things").unlink()
    with pytest.raises(PackageError, match=r"data/things\.csv.*commdip validate"):
        commdip.load(pack.root)
