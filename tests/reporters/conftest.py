"""Reports to render: built by hand, and of a broken copy of the package that ships."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from commdip import validate
from commdip.catalogue import entries
from commdip.findings import Finding, Report, Skipped
from commdip.package import shipped_root

RULES = {rule.code: rule for rule in entries()}
HOSTILE = {
    "script": "<script>alert('x')</script>",
    "quotes": "\"><img src=x onerror='alert(1)'>",
    "emoji": "\U0001f9e8 日本 \u202eevil",
    "lines": "one\ntwo\r\nthree\rfour",
    "control": "nul\x00 bell\x07 esc\x1b[31m del\x7f noncharacter\ufffe",
    "commands": "100% ::error::x,y:z %0A ##[error]z",
    "markup": "]]> &amp; &#0; -->",
    "braces": "{0} {{1}} {",
    "pipes": "a|b `c` *d* [e](mailto:f) @f #1 \\|",
    "surrogate": "lone \ud800.",
    "long": "x" * 5000,
}


@pytest.fixture(autouse=True)
def outside_github(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Return a maker of findings of a rule of the register, with any field set otherwise."""

    def make(rule: str = "COL04", **given: object) -> Finding:
        known = RULES[rule]
        fields = {
            "rule": rule,
            "severity": known.severity,
            "table": "contacts",
            "path": "data/contacts.csv",
            "line": 3,
            "column": "mode",
            "key": "C00002",
            "value": "fone",
            "message": "mode 'fone' is no term.",
            "hint": known.hint,
        }
        return Finding(**{**fields, **given})  # type: ignore[arg-type]

    return make


@pytest.fixture
def report() -> Callable[..., Report]:
    """Return a maker of reports on findings, with any field set otherwise."""

    def make(*findings: Finding, **given: object) -> Report:
        fields = {
            "name": "commdip",
            "version": "1.2.3",
            "path": "pkg",
            "rules_run": ["COL04", "FIL02"],
            "rows": {"states": 44, "contacts": 28},
        }
        return Report(**{**fields, **given}, findings=list(findings))  # type: ignore[arg-type]

    return make


@pytest.fixture
def bare(finding: Callable[..., Finding]) -> Finding:
    """Return a finding that has neither table nor line, column, key or value."""
    nothing = dict.fromkeys(("table", "line", "column", "key", "value"))
    return finding("FIL02", path="data/loose.csv", message="data/loose.csv is no resource.", **nothing)


@pytest.fixture
def report_of(finding: Callable[..., Finding], report: Callable[..., Report]) -> Callable[..., Report]:
    """Return a maker of reports with given texts wherever the data can put one, one finding a text."""

    def make(texts: Sequence[str]) -> Report:
        found = [
            finding(
                table=f"t {text}",
                path=f"data/{text}.csv",
                line=i,
                column=text,
                key=text,
                value=text,
                message=f"{text} is no term.",
            )
            for i, text in enumerate(texts, 2)
        ]
        rows = {(f.path, f.line or 0): {"contact_id": "C1", str(f.column): str(f.value)} for f in found[:-2]}
        skipped = [Skipped("KEY03", " / ".join(texts))]
        return report(*found, name=texts[0], version=texts[1], rules_skipped=skipped, rows_shown=rows)

    return make


@pytest.fixture
def hostile(report_of: Callable[..., Report]) -> Report:
    """Return a report with every hostile text."""
    return report_of(list(HOSTILE.values()))


@pytest.fixture(scope="session")
def broken_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the package that ships, the mode of its second contact misspelt as fone."""
    folder = tmp_path_factory.mktemp("reporters") / "my package"
    for part in ("data", "schemas"):
        shutil.copytree(shipped_root() / part, folder / part)
    shutil.copy(shipped_root() / "datapackage.json", folder)
    contacts = folder / "data" / "contacts.csv"
    lines = contacts.read_text(encoding="utf-8").split("\n")
    key, _, rest = lines[2].split(",", 2)
    lines[2] = f"{key},fone,{rest}"
    contacts.write_text("\n".join(lines), encoding="utf-8", newline="")
    return folder


@pytest.fixture(scope="session")
def broken_report(broken_package: Path) -> Report:
    """Return the report on the broken package, on its columns only."""
    return validate(broken_package, select=["COL"])
