"""A wheel of this repository does everything in another folder, without the repository."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import commdip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory, shipped: Path) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # Without hatchling here, build fetches it into an environment of its own.
    isolation = ["--no-isolation"] if importlib.util.find_spec("hatchling") else []
    command = [sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", str(out), str(shipped)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=out)
    assert done.returncode == 0, done.stdout + done.stderr
    (file,) = out.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory) -> Path:
    """Folder with the wheel's contents, as pip would put them."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def python(installed: Path, folder: Path, *arguments: str) -> str:
    """Run Python elsewhere, with the wheel's contents before everything else."""
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=folder, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_wheel_holds_the_whole_package_and_nothing_of_the_tests(wheel: Path, shipped: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    files = [f for folder in ("data", "schemas") for f in (shipped / folder).rglob("*") if f.is_file()]
    for file in [shipped / "datapackage.json", *files]:
        assert f"commdip/_package/{file.relative_to(shipped).as_posix()}" in names
    assert "commdip/py.typed" in names
    assert {n.split("/")[0].split("-")[0] for n in names} == {"commdip"}
    assert wheel.name.split("-")[1] == commdip.__version__


def test_load_from_the_wheel(installed: Path, tmp_path: Path):
    code = (
        "import commdip, pathlib; ds = commdip.load(); commdip.schema('states').validate(ds.states);"
        "print(commdip.__file__, len(ds), len(ds.ceremonies) > 0, ds.ceremonies.year.dtype)"
    )
    file, tables, filled, dtype = python(installed, tmp_path, "-c", code).split()
    assert Path(file).is_relative_to(installed)
    assert int(tables) == len(commdip.load())
    assert (filled, dtype) == ("True", "Int64")


def test_validate_from_the_wheel(installed: Path, tmp_path: Path):
    report = json.loads(python(installed, tmp_path, "-m", "commdip", "validate", "--format", "json"))
    assert report["valid"] is True
    assert report["package"]["path"] == str(installed / "commdip" / "_package")
    assert "WIT01" in report["rules_run"]


def test_console_script(installed: Path):
    (entry,) = installed.glob("*.dist-info/entry_points.txt")
    assert "commdip = commdip.cli:program" in entry.read_text()
