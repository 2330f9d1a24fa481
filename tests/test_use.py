"""Every snippet of docs/use.md runs, on exports made by the commands of the page."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from commdip.cli import main
from commdip.export import FORMATS

PAGE = Path(__file__).parents[1] / "docs" / "use.md"
TEXT = PAGE.read_text("utf-8")
BLOCKS = re.findall(r"(?<!<!-- not run -->\n)^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    found = [body for name, body in BLOCKS if name == language]
    assert found, f"{PAGE.name} has no snippet in {language}"
    return found


def commands() -> list[list[str]]:
    lines = [line for body in blocks("console") for line in body.splitlines()]
    return [line.split()[2:] for line in lines if line.startswith("$ commdip ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A folder in which the commands of the page were run."""
    place = tmp_path_factory.mktemp("use")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert all(main(arguments) == 0 for arguments in commands())
    return place


def test_page_writes_every_format():
    assert {c[c.index("--to") + 1] for c in commands()} == set(FORMATS)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("snippet", blocks("python"))
def test_python(snippet, folder):
    assert run([sys.executable, "-c", snippet], folder).strip()


@pytest.mark.parametrize("statement", blocks("sql"))
def test_sql_gives_the_same_rows_on_both_engines(statement, folder):
    import duckdb

    with closing(sqlite3.connect(folder / "commdip.sqlite")) as connection:
        rows = connection.execute(statement).fetchall()
    with closing(duckdb.connect(str(folder / "commdip.duckdb"), read_only=True)) as connection:
        others = connection.execute(statement).fetchall()
    assert rows
    assert sorted(map(str, rows)) == sorted(map(str, others))


def test_sql_tells_who_held_the_office(folder):
    statement = next(s for s in blocks("sql") if "tenures" in s)
    with closing(sqlite3.connect(folder / "commdip.sqlite")) as connection:
        assert connection.execute(statement).fetchall() == [("Sadyr Japarov", "President of Kyrgyzstan")]


@pytest.mark.parametrize("snippet", blocks("r"))
def test_r(snippet, folder):
    if shutil.which("Rscript") is None:
        pytest.skip("Rscript is not installed (Debian: r-base-core)")
    for library in re.findall(r"library\((\w+)\)|(\w+)::", snippet):
        name = "".join(library)
        if subprocess.run(["Rscript", "-e", f"library({name})"], capture_output=True, check=False).returncode:
            pytest.skip(f"R has no {name} (Debian: r-cran-{name.lower()})")
    assert run(["Rscript", "-e", snippet], folder).strip()
