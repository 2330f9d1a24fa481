"""Tables read block by block give the findings that tables in memory give.

Every bad example runs with blocks of a few rows: with the tables that it changes read so and all
others in memory, and the first of each rule also with all tables read so. The first way judges rows
block by block, the second mostly over stored columns.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bad"))
import cases

from commdip import parts, structure, validate, validation
from commdip.findings import Report

BLOCK = 400


def changed(case: cases.Case) -> set[str]:
    """Return the tables that a case changes."""
    return {step["table"] for step in case["steps"] if "table" in step}


def report(folder: Path, case: cases.Case, code: str, tables: set[str] | None) -> Report:
    """Validate with some tables (None: all) read block by block."""

    def is_large(resource: Any, file: Path, large_from: int | None) -> bool:
        return resource.name not in structure.SMALL and (tables is None or resource.name in tables)

    with mock.patch.object(structure, "is_large", is_large), mock.patch.object(parts, "BLOCK", BLOCK):
        # What a case sets off besides its own rule is told by the tables in memory.
        return cases.validate(folder, case, () if code.startswith("WAI") else (code, *case.get("also", ())))


def run(folder: str) -> dict[str, list[list[Any]]]:
    """Return the findings of the bad cases of a folder, by title: with some, or also with all tables block by block."""
    made, code = {}, cases.RULES[folder]
    with tempfile.TemporaryDirectory() as temporary:
        for number, case in enumerate(cases.cases(folder, "change.json")):
            place = cases.make(case, Path(temporary) / str(number))
            ways = (changed(case),) if number else (changed(case), None)
            found = [report(place, case, code, tables).findings for tables in ways]
            made[case["title"]] = [[cases.plain(f) for f in fs if f.rule == code] for fs in found]
    return made


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Future[Any]]]:
    """Run all folders on all processors."""
    pytest.importorskip("polars")
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        yield {folder: pool.submit(run, folder) for folder in FOLDERS}


# Frictionless reads files as it likes, and earlier releases are compared in memory.
FOLDERS = [f for f in cases.FOLDERS if f[:5] not in ("WIT01", "REL03", "REL04")]


@pytest.mark.parametrize("folder", FOLDERS)
def test_bad_examples_are_found_block_by_block(folder: str, outcomes: dict[str, Future[Any]]) -> None:
    expected = json.loads((cases.HERE / folder / "expected.json").read_text("utf-8"))
    for title, ways in outcomes[folder].result().items():
        due = [{k: v for k, v in e.items() if k != "case"} for e in expected if e["case"] == title]
        for found in ways:
            assert found == due, title


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet"])
def test_files_of_all_forms_are_read_block_by_block(form: str, tmp_path: Path) -> None:
    polars = pytest.importorskip("polars")
    package = cases.make({"steps": []}, tmp_path / "package")
    file = package / "data" / "contacts.csv"
    header, *rows = file.read_text("utf-8").splitlines()
    rows[2] = rows[2].replace("video", "pigeon")
    rows += [rows[-1].replace("C", "c", 1), *rows[:2]]
    text = "\n".join([header, *rows]) + "\n"
    changed_ = file.with_suffix(f".{form}")
    if form == "parquet":
        file.write_text(text, "utf-8")
        polars.read_csv(file, infer_schema=False).write_parquet(changed_)
    else:
        changed_.write_bytes(gzip.compress(text.encode()) if form == "csv.gz" else text.encode())
    if changed_ != file:
        file.unlink()
    cases._descriptor(package, {"path": "resources/contacts/path", "value": f"data/contacts.{form}"})
    cases.refresh(package)
    in_memory = validate(package, engine="pandas", today=cases.TODAY, ignore=["WIT"])
    found = report(package, {"steps": [], "title": ""}, "", {"contacts"})
    assert [cases.plain(f) for f in found.findings] == [cases.plain(f) for f in in_memory.findings]
    assert found.rows == in_memory.rows
    assert {"COL04", "COL03", "KEY01"} <= {f.rule for f in found.findings}


def broken_beside_large(folder: Path) -> Path:
    """Make a package with faults in cells, keys and rows of small tables, and in a large one that they look up."""
    package = cases.make({"steps": []}, folder)
    for table, old, new in (
        ("leaders", "male", "mael"),
        ("tenures", "head-of-state", "head-of-stat"),
        ("tenures", ",true", ",maybe"),
        ("invitations", "accepted", "acepted"),
        ("ceremonies", "Harbour Day,73", "Harbour Day,seven"),
        ("participation", "attended", "absent"),
        ("statements", "V00001,C00001", "V00001,C99999"),
        ("evidence", "supports", "suports"),
    ):
        file = package / "data" / f"{table}.csv"
        text = file.read_text("utf-8")
        assert old in text, table
        file.write_text(text.replace(old, new, 2), "utf-8")
    cases.refresh(package)
    return package


def test_small_tables_beside_large_ones_give_the_same_findings(tmp_path: Path) -> None:
    package = broken_beside_large(tmp_path / "package")
    in_memory = validate(package, engine="pandas", today=cases.TODAY, ignore=["WIT"])
    found = report(package, {"steps": [], "title": ""}, "", {"contacts", "participation"})
    assert [cases.plain(f) for f in found.findings] == [cases.plain(f) for f in in_memory.findings]
    assert {"COL01", "COL04", "KEY03"} < {f.rule for f in found.findings}
    assert {(s.rule, s.reason) for s in found.rules_skipped} == {(s.rule, s.reason) for s in in_memory.rules_skipped}


def test_large_tables_do_without_pandas(tmp_path: Path) -> None:
    pytest.importorskip("polars")
    package = broken_beside_large(tmp_path / "package")
    code = f"""
import sys
from commdip import engines, validate
engines.LARGE = 1000
report = validate({str(package)!r}, engine="polars", ignore=["WIT"])
assert report.findings and not {{"pandas", "pandera"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_table_that_cannot_be_judged_leaves_no_thread(tmp_path: Path) -> None:
    package = cases.make({"steps": []}, tmp_path / "package")
    with (
        mock.patch.object(validation._Run, "check_keys", side_effect=KeyError("broken off")),
        pytest.raises(KeyError, match="broken off"),
    ):
        report(package, {"steps": [], "title": ""}, "", None)
    assert [t for t in threading.enumerate() if t.daemon and t.name.startswith("commdip")] == []
