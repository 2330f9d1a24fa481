"""The files of a release: complete, reproducible, and never half there."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
from contextlib import closing

import pytest

import commdip
from commdip.cli import main
from commdip.codebook import html
from commdip.package import open_package
from commdip.publishing import metadata
from commdip.publishing.build import build

FILES = [
    ".zenodo.json",
    "CITATION.cff",
    "RELEASE_NOTES.md",
    "SHA256SUMS",
    "harbour-day-0.3.0-codebook.html",
    "harbour-day-0.3.0-parquet.zip",
    "harbour-day-0.3.0.sqlite",
    "harbour-day-0.3.0.zip",
    "croissant.json",
]


@pytest.fixture(scope="session")
def built(next_release, tmp_path_factory):
    """The release, built by the command's function."""
    folder = tmp_path_factory.mktemp("built") / "dist"
    build(next_release, folder, open_package(next_release))
    return folder


def contents(folder):
    return {f.name: f.read_bytes() for f in sorted(folder.iterdir())}


def test_all_files_are_there(built):
    assert set(contents(built)) == set(FILES)


def test_same_commit_gives_the_same_bytes(repository, built, tmp_path, monkeypatch):
    """In another folder, in a clone whose files are newer, in another time zone, over an earlier build."""
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", str(repository.root), str(clone))
    again = tmp_path / "dist"
    for _ in range(2):
        build(clone, again, open_package(clone))
        assert contents(again) == contents(built)


def test_sums_are_those_of_the_files(built):
    lines = [line.split("  ") for line in (built / "SHA256SUMS").read_text("utf-8").splitlines()]
    assert {name for _, name in lines} == set(FILES) - {"SHA256SUMS"}
    assert all(hashlib.sha256((built / name).read_bytes()).hexdigest() == digest for digest, name in lines)


def test_zip_is_the_package(built, next_release):
    packed = commdip.load(built / "harbour-day-0.3.0.zip")
    there = commdip.load(next_release)
    assert packed.version == "0.3.0"
    assert all(packed[name].equals(there[name]) for name in there)


def test_sqlite_and_croissant_have_the_rows(built, next_release):
    import mlcroissant

    there = commdip.load(next_release)
    data = mlcroissant.Dataset(jsonld=str(built / "croissant.json"))
    with closing(sqlite3.connect(built / "harbour-day-0.3.0.sqlite")) as connection:
        for name in there:
            (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()
            assert count == len(there[name]) == len(list(data.records(name)))


def test_metadata_name_version_and_day_of_the_commit(built, next_release):
    committed = subprocess.run(
        ["git", "log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%d"],
        cwd=next_release,
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "PATH": "/usr/bin:/bin"},
    ).stdout.strip()
    zenodo = json.loads((built / ".zenodo.json").read_text("utf-8"))
    assert (zenodo["version"], zenodo["publication_date"], zenodo["upload_type"]) == ("0.3.0", committed, "dataset")
    assert (built / "CITATION.cff").read_bytes() == (next_release / "CITATION.cff").read_bytes()


def test_moment_may_be_given(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    build(repository.root, tmp_path / "dist")
    assert json.loads((tmp_path / "dist" / ".zenodo.json").read_text("utf-8"))["publication_date"] == "2023-11-14"


def test_citation_is_made_of_the_descriptor_where_there_is_none(repository):
    import yaml

    from commdip.export.source import Source

    (repository.root / "CITATION.cff").unlink()
    repository.descriptor(lambda d: d.update(title='Lanterns: "all" of them'))
    cited = yaml.safe_load(metadata.cff(Source.open(repository.root)))
    assert (cited["title"], cited["version"], cited["type"]) == ('Lanterns: "all" of them', "0.3.0", "dataset")
    assert cited["authors"][0]["name"]


def test_notes_tell_the_changelog_and_the_difference(repository, tmp_path, capsys):
    output = tmp_path / "dist"
    assert main(["release", "build", str(repository.root), "--output", str(output)]) == 0
    said = capsys.readouterr().out
    assert all(f"written {output / name}" in said for name in FILES)
    notes = (output / "RELEASE_NOTES.md").read_text("utf-8")
    assert "More lanterns." in notes
    assert "Old." not in notes
    assert "## Data since 0.2.0\n\nAt least a minor change (changed rows of leaders)" in notes
    assert "| `leaders` | 0 | 0 | 1 |" in notes


def test_refused_release_is_not_built(repository, tmp_path, capsys):
    output = tmp_path / "dist"
    repository.text("CITATION.cff", "version: 0.2.0\n")
    assert main(["release", "build", str(repository.root), "--output", str(output)]) == 1
    said = capsys.readouterr().out
    assert "CITATION.cff says 0.2.0" in said
    assert "Not as in the commit: CITATION.cff." in said
    assert not output.exists()


def test_crash_leaves_the_former_release(repository, built, tmp_path, monkeypatch):
    output = tmp_path / "dist"
    build(repository.root, output, open_package(repository.root))

    def crash(package):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(html, "page", crash)
    with pytest.raises(RuntimeError, match="out of memory"):
        build(repository.root, output)
    assert contents(output) == contents(built)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["dist", "repository"]


def test_folder_of_others_is_left_alone(repository, capsys):
    assert main(["release", "build", str(repository.root), "--output", str(repository.root / "data")]) == 2
    assert "which no export has written" in capsys.readouterr().err
