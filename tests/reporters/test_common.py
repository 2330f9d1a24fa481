from __future__ import annotations

import json
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from commdip.package import shipped_root
from commdip.reporters.common import Places, encodable, plural, tally

FILE = "data/contacts.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a package in a folder below the current directory."""
    package = tmp_path / "sub" / "päckage 1"
    (package / "data").mkdir(parents=True)
    (package / FILE).write_text("contact_id\n")
    (package / "datapackage.json").write_text(json.dumps({"name": "p"}))
    monkeypatch.chdir(tmp_path)
    return package


@pytest.mark.parametrize("named", ["sub/päckage 1", "./sub/../sub/päckage 1/", "sub/päckage 1/datapackage.json"])
def test_folder_and_descriptor(report, folder, named):
    places = Places(report(path=named))
    assert places.path(FILE) == f"sub/päckage 1/{FILE}"
    assert places.uri(FILE) == f"sub/p%C3%A4ckage%201/{FILE}"


def test_absolute_name_of_a_folder_below(report, folder):
    assert Places(report(path=str(folder))).path(FILE) == f"sub/päckage 1/{FILE}"


def test_the_current_directory_itself(report, folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert Places(report(path=".")).uri(FILE) == FILE
    assert Places(report(path="datapackage.json")).uri(FILE) == FILE


def test_zip_stands_for_the_folder_it_holds(report, folder):
    with zipfile.ZipFile("release.zip", "w") as archive:
        archive.write(folder / FILE, FILE)
    assert Places(report(path="release.zip")).path(FILE) == f"release.zip/{FILE}"


def test_package_elsewhere_is_named_absolutely(report, folder, monkeypatch):
    (folder.parent / "other").mkdir()
    monkeypatch.chdir(folder.parent / "other")
    places = Places(report(path=str(folder)))
    assert Path(places.path(FILE)) == folder / FILE
    parts = urlsplit(places.uri(FILE))
    assert parts.scheme == "file" and Path(unquote(parts.path)) == folder / FILE


def test_uri_of_a_folder_that_looks_like_a_scheme(report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Places(report(path="c:d")).uri(FILE) == f"c%3Ad/{FILE}"


def test_uri_of_a_name_that_utf8_cannot_hold(report, folder, monkeypatch):
    assert Places(report(path="x")).uri("\ud800.csv") == "x/%3F.csv"
    assert Places(report(path="/x")).uri("\ud800.csv").endswith("/x/%3F.csv")


def test_installed_package(report, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Path(Places(report(path=str(shipped_root()))).path(FILE)).is_file()


def test_on_github_paths_start_at_the_workspace(report, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(folder)
    assert Places(report(path=".")).path(FILE) == f"sub/päckage 1/{FILE}"


def test_counts_in_words(report, finding):
    assert tally(report()) == "no findings"
    warning = finding(severity="warning")
    assert tally(report(finding(), warning, warning, finding(severity="info"))) == "1 error, 2 warnings, 1 info"
    assert plural(2000, "info") == "2,000 info"


def test_encodable_keeps_what_utf8_can_hold():
    assert encodable("é \U0001f9e8") == "é \U0001f9e8"
    assert encodable("a\ud800b") == "a?b"
