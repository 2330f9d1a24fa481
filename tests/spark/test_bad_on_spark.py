"""Every bad example gives on Spark the findings that it gives in memory, but for lines, which Spark does not know.

The tables that a case changes are read by Spark, all others as ever. What no case changes has
been checked on the base and is not checked again. By default the first case of each rule runs, with
``--every-case`` all of them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

import cases
import pytest

from commdip import columns, structure, validation
from commdip.tables import Table

# Frictionless reads files as it likes; earlier releases are compared in memory.
LEFT_OUT = ("WIT01", "REL03", "REL04")
FOLDERS = [f for f in cases.FOLDERS if f[:5] not in LEFT_OUT]
AT_ONCE = 3
TABLES: dict[Path, set[str]] = {}
"""The tables that Spark reads, by the folder of the package."""


def changed(case: cases.Case) -> set[str]:
    """Return the tables that a case changes."""
    files = {Path(step.get("file") or "").stem for step in case["steps"]}
    return files | {step["table"] for step in case["steps"] if "table" in step}


def is_large(resource: Any, file: Path, large_from: int | None) -> bool:
    return resource.name not in structure.SMALL and resource.name in TABLES.get(file.parents[1], ())


def check_columns(table: Table, terms: columns.Terms, real: Any = columns.check_columns) -> None:
    """Check the cells of a table, unless it is the base's."""
    base = cases.BASE / "data" / f"{table.name}.csv"
    if not base.is_file() or base.read_bytes() != table.source:
        real(table, terms)


def run(folder: str, settings: dict[str, str], temporary: Path, every: bool) -> dict[str, list[Any]]:
    """Return the findings of a folder's rule, case by case."""
    code, made = cases.RULES[folder], {}
    select = () if code.startswith("WAI") else (code,)
    for number, case in enumerate(cases.cases(folder, "change.json")[: None if every else 1]):
        place = cases.make(case, temporary / folder / str(number))
        TABLES[place] = changed(case)
        report = validation.validate(
            place, select=select, ignore=["WIT"], today=cases.TODAY, engine="spark", spark=settings
        )
        made[case["title"]] = [cases.plain(f) for f in report.findings if f.rule == code]
    return made


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Any]]]:
    """Run the folders that are asked for, some at a time."""
    here = [item for item in request.session.items if item.path == Path(__file__)]
    temporary = tmp_path_factory.mktemp("bad")
    patches = [
        mock.patch.object(structure, "is_large", is_large),
        mock.patch.object(columns, "check_columns", check_columns),
        mock.patch.object(columns, "shipped_terms", functools.cache(columns.shipped_terms)),
    ]
    for patch in patches:
        patch.start()
    folders = dict.fromkeys(item.callspec.params["folder"] for item in here if hasattr(item, "callspec"))
    for folder in folders:
        (temporary / folder).mkdir()
    every = request.config.getoption("--every-case")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {folder: pool.submit(run, folder, settings, temporary, every) for folder in folders}
    for patch in patches:
        patch.stop()


@pytest.mark.parametrize("folder", FOLDERS)
def test_bad_examples_are_found(folder: str, outcomes: dict[str, Future[Any]]) -> None:
    expected = json.loads((cases.HERE / folder / "expected.json").read_text("utf-8"))
    for title, found in outcomes[folder].result().items():
        due = [e for e in expected if e["case"] == title]
        assert same(found) == same(due), title


def same(findings: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Return what must be the same on all engines."""
    return sorted(tuple(str(f[n]) for n in ("rule", "table", "path", "column", "key", "value")) for f in findings)
