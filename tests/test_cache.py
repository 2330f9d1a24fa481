"""What is remembered is what would be found again, and nothing else is."""

from __future__ import annotations

import json

import pytest

from commdip import cache
from commdip.cli import main


@pytest.fixture
def run(capsys):
    def call(*args):
        code = main(["validate", *map(str, args)])
        return code, capsys.readouterr().out

    return call


@pytest.fixture(autouse=True)
def _empty(tmp_path, monkeypatch):
    monkeypatch.setenv("COMMDIP_CACHE", str(tmp_path / "cache"))


def test_second_run_gives_the_same_report_without_running(copy, run, monkeypatch):
    copy.edit("series", 0, "name", "")
    first = run(copy.root, "--format", "json", "--ignore", "WIT")
    monkeypatch.setattr("commdip.validation.validate", None)
    assert run(copy.root, "--format", "json", "--ignore", "WIT") == first
    assert "--no-cache runs again" in run(copy.root, "--ignore", "WIT")[1]


def test_a_changed_cell_is_validated_again(copy, run):
    assert run(copy.root, "--select", "COL02")[0] == 0
    copy.edit("series", 0, "name", "")
    assert run(copy.root, "--select", "COL02")[0] == 1


@pytest.mark.parametrize(
    "options", [["--select", "COL02"], ["--today", "2030-01-01", "--select", "COL"], ["--ignore", "COL,WIT"]]
)
def test_other_options_are_another_result(copy, run, options):
    run(copy.root, "--select", "COL")
    before = set(cache.folder().glob("*.json"))
    run(copy.root, *options)
    assert set(cache.folder().glob("*.json")) > before


def test_no_cache_neither_reads_nor_writes(copy, run):
    run(copy.root, "--select", "COL", "--no-cache")
    assert not cache.folder().exists()


def test_a_damaged_entry_is_validated_again(copy, run):
    first = run(copy.root, "--select", "COL", "--format", "json")
    (entry,) = cache.folder().glob("*.json")
    entry.write_text(json.dumps({"name": 1}))
    assert run(copy.root, "--select", "COL", "--format", "json") == first


def test_a_folder_that_cannot_be_written_is_no_error(copy, run, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COMMDIP_CACHE", str(tmp_path / "file" / "cache"))
    assert run(copy.root, "--select", "COL")[0] == 0
