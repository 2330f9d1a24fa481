"""Fixtures: the package of this repository, copies of it to break, and small packages of our own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

import commdip
from commdip.findings import Finding, Report

REPOSITORY = Path(__file__).parents[1]
# A busy machine is no failure: no test is timed.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory):
    """Results that a developer's runs remember must not answer for the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMMDIP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


class Pack:
    """A package in a folder of its own, to be changed and validated."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file(self, table: str) -> Path:
        return self.root / "data" / f"{table}.csv"

    def rows(self, table: str) -> list[list[str]]:
        """Cells of a table, the header first."""
        return list(csv.reader(io.StringIO(self.file(table).read_text("utf-8"), newline="")))

    def put(self, table: str, rows: list[list[str]]) -> None:
        """Write a table in minimal quoting and line feeds; the descriptor's digests follow."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.write(table, text.getvalue().encode())

    def edit(self, table: str, row: int, column: str, value: str) -> None:
        """Change one cell; rows count from 0."""
        rows = self.rows(table)
        rows[row + 1][rows[0].index(column)] = value
        self.put(table, rows)

    def write(self, table: str, content: bytes) -> None:
        self.file(table).write_bytes(content)
        self.refresh()

    def descriptor(self, change: Callable[[dict[str, Any]], Any] = lambda d: None) -> dict[str, Any]:
        """Return the descriptor, after an optional change of it."""
        return self._json(self.root / "datapackage.json", change)

    def schema(self, table: str, change: Callable[[dict[str, Any]], Any] = lambda d: None) -> dict[str, Any]:
        """Return a Table Schema, after an optional change of it."""
        return self._json(self.root / "schemas" / f"{table}.json", change)

    @staticmethod
    def _json(file: Path, change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        data = json.loads(file.read_text("utf-8"))
        change(data)
        file.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")
        return data

    def refresh(self) -> None:
        """Write size and hash of every file into the descriptor."""

        def digest(descriptor: dict[str, Any]) -> None:
            for resource in descriptor["resources"]:
                if (self.root / resource["path"]).is_file():
                    content = (self.root / resource["path"]).read_bytes()
                    resource["bytes"] = len(content)
                    resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"

        self.descriptor(digest)

    def contents(self) -> dict[str, bytes]:
        """Every file of the package with its bytes."""
        files = sorted(p for p in self.root.rglob("*") if p.is_file())
        return {p.relative_to(self.root).as_posix(): p.read_bytes() for p in files}

    def validate(self, *select: str) -> Report:
        """Validate by the rules given (all but the slow witness if none)."""
        return commdip.validate(self.root, select=select, ignore=() if select else ("WIT",))

    def findings(self, *select: str) -> list[Finding]:
        return self.validate(*select).findings


@pytest.fixture(scope="session")
def shipped() -> Path:
    """Folder of the repository's package."""
    return REPOSITORY


@pytest.fixture
def copy(tmp_path: Path, shipped: Path) -> Pack:
    """A fresh copy of the repository's package."""
    root = tmp_path / "copy"
    for folder in ("data", "schemas"):
        shutil.copytree(shipped / folder, root / folder)
    shutil.copy(shipped / "datapackage.json", root)
    return Pack(root)


@pytest.fixture
def small(tmp_path: Path, shipped: Path) -> Pack:
    """A small package of all tables, with the schemas and vocabularies of the repository's."""
    root = tmp_path / "small"
    shutil.copytree(REPOSITORY / "tests" / "bad" / "base", root)
    shutil.copytree(shipped / "schemas", root / "schemas")
    shutil.copy(shipped / "data" / "codes.csv", root / "data")
    codes = {"name": "codes", "path": "data/codes.csv", "type": "table", "format": "csv", "encoding": "utf-8"}

    def complete(descriptor: dict[str, Any]) -> None:
        descriptor["resources"].append(codes)
        for resource in descriptor["resources"]:
            resource["schema"] = f"schemas/{resource['name']}.json"

    pack = Pack(root)
    pack.descriptor(complete)
    pack.refresh()
    return pack


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Pack]:
    """Function that makes a valid descriptor for tables of our own: ``name=(schema, csv)``."""

    def make(**tables: tuple[dict[str, Any], str | bytes]) -> Pack:
        root = tmp_path / "made"
        for folder in ("data", "schemas"):
            (root / folder).mkdir(parents=True)
        for name, (schema, content) in tables.items():
            (root / "schemas" / f"{name}.json").write_text(json.dumps(schema), "utf-8")
            (root / "data" / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        descriptor = {
            "$schema": "schemas/datapackage-profile.json",
            "name": "made",
            "title": "Made for a test",
            "version": "1.0.0",
            "keywords": ["test"],
            "licenses": [{"name": "CC0-1.0", "path": "https://creativecommons.org/publicdomain/zero/1.0/"}],
            "contributors": [{"title": "Nobody"}],
            "sources": [{"title": "Nothing"}],
            "resources": [
                {
                    "name": name,
                    "path": f"data/{name}.csv",
                    "type": "table",
                    "format": "csv",
                    "encoding": "utf-8",
                    "bytes": 0,
                    "hash": f"sha256:{0:064}",
                    "schema": f"schemas/{name}.json",
                }
                for name in tables
            ],
        }
        (root / "datapackage.json").write_text(json.dumps(descriptor, indent=2) + "\n", "utf-8")
        pack = Pack(root)
        pack.refresh()
        return pack

    return make
