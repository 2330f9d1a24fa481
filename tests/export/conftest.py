"""One package, with all that is awkward in it, exported once a format and read back by others."""

from __future__ import annotations

import csv
import datetime
import io
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Pack

import commdip
from commdip.export import export, module
from commdip.export.source import Source

AWKWARD = 'Says "no", then;\nleaves, = smiling, 1\'000 \u00fcber \u0430\u0431\u0432 \U0001f3ee'
LONG = "\u0436" * 3000
NOT_MISSING = ("NA", "null", "=1+1", "https://example.org/x", "007", "true")


@pytest.fixture(scope="session")
def awkward(tmp_path_factory, shipped: Path) -> Pack:
    """The repository's package, with cells that formats like to spoil."""
    root = tmp_path_factory.mktemp("awkward") / "package"
    for folder in ("data", "schemas"):
        shutil.copytree(shipped / folder, root / folder)
    shutil.copy(shipped / "datapackage.json", root)
    pack = Pack(root)
    for row, text in enumerate([AWKWARD, LONG, *NOT_MISSING]):
        pack.edit("participation", row, "note", text)
    pack.edit("leaders", 0, "birth_date", "1899-12~")
    pack.edit("leaders", 1, "birth_date", "0987-02")
    # The first source repeats the last: a row that names one further down.
    rows = pack.rows("sources")
    pack.edit("sources", len(rows) - 2, "origin_source_id", "")
    pack.edit("sources", 0, "origin_source_id", rows[-1][0])
    return pack


@pytest.fixture(scope="session")
def source(awkward: Pack) -> Source:
    return Source.open(awkward.root)


@pytest.fixture(scope="session")
def exported(awkward: Pack, tmp_path_factory) -> Callable[[str], Path]:
    """Function that gives the export in a format, made once."""
    done: dict[str, Path] = {}

    def get(to: str) -> Path:
        if to not in done:
            target = tmp_path_factory.mktemp(to) / f"made{module(to).SUFFIX}"
            done[to] = export(awkward.root, to, target)
        return done[to]

    return get


@pytest.fixture(scope="session")
def texts(awkward: Pack) -> dict[str, list[dict[str, str]]]:
    """The cells of every table as they stand in the CSV files, read without our toolkit."""
    files = sorted((awkward.root / "data").glob("*.csv"))
    return {f.stem: list(csv.DictReader(io.StringIO(f.read_text("utf-8"), newline=""))) for f in files}


@pytest.fixture(scope="session")
def full(awkward: Pack, texts) -> dict[str, list[dict[str, str]]]:
    """The same with the days that dates allow, from ``commdip.load``."""
    ds = commdip.load(awkward.root)
    made = {}
    for name, rows in texts.items():
        days = [c for c in ds[name] if c.endswith(("_earliest", "_latest"))]
        columns = {c: [cell(v) for v in ds[name][c].dt.date] for c in days}
        made[name] = [row | {c: columns[c][i] for c in days} for i, row in enumerate(rows)]
    return made


def cell(value: Any) -> str:
    """Return a value of any library as the text that a CSV file has for it."""
    if pd.isna(value):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        assert value.time() == datetime.time()
        return value.date().isoformat()
    if isinstance(value, float):
        assert math.floor(value) == value
        return str(int(value))
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
