from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from commdip.findings import Skipped
from commdip.reporters.github import CELL, IN_SUMMARY, render

from .conftest import HOSTILE, RULES

DATA = {"%0D": "\r", "%0A": "\n", "%25": "%"}
PROPERTY = {**DATA, "%3A": ":", "%2C": ","}


class Command(NamedTuple):
    name: str
    properties: dict[str, str]
    message: str


def unescaped(text: str, codes: dict[str, str]) -> str:
    return re.sub("%[0-9A-F]{2}", lambda m: codes.get(m[0], m[0]), text)


def read(line: str) -> Command | None:
    """Read a workflow command as GitHub documents it: ::name key=value,key=value::message."""
    found = re.fullmatch(r"::([a-z]+)(?: (.*?))?::(.*)", line)
    if not found:
        return None
    pairs = [pair.split("=", 1) for pair in (found[2] or "").split(",") if pair]
    return Command(found[1], {k: unescaped(v, PROPERTY) for k, v in pairs}, unescaped(found[3], DATA))


def commands(report) -> list[Command]:
    # The runner ends lines at CR and LF only, as splitlines() of bytes does.
    lines = [line.decode() for line in render(report).encode().splitlines()]
    return [command for line in lines if (command := read(line))]


@pytest.fixture
def summary(tmp_path, monkeypatch) -> Path:
    file = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    return file


def test_empty_report(report):
    assert render(report()) == "commdip: no findings."


@pytest.mark.parametrize(("severity", "name"), [("error", "error"), ("warning", "warning"), ("info", "notice")])
def test_command(report, finding, severity, name):
    assert commands(report(finding(severity=severity))) == [
        Command(
            name,
            {"file": "pkg/data/contacts.csv", "line": "3", "title": "COL04 vocabulary (contacts.mode)"},
            f"mode 'fone' is no term.\n{RULES['COL04'].hint}",
        )
    ]


def test_finding_without_line_table_and_column(report, bare):
    (command,) = commands(report(bare))
    assert command.properties == {"file": "pkg/data/loose.csv", "title": "FIL02 file-extra"}


def test_hostile_values(hostile):
    found = commands(hostile)
    shown = [text.replace("\ud800", "?") for text in HOSTILE.values()]
    assert len(found) == len(shown) + 1
    for command, text in zip(found, shown, strict=False):
        assert command.properties["file"] == f"pkg/data/{text}.csv"
        assert command.properties["title"] == f"COL04 vocabulary (t {text}.{text})"
        assert command.message == f"{text} is no term.\n{RULES['COL04'].hint}"
    assert len(render(hostile).encode().splitlines()) == len(found)


def test_gravest_first(report, finding):
    given = [finding(severity=s) for s in ("info", "warning", "error", "warning")]
    assert [c.name for c in commands(report(*given))] == ["error", "warning", "warning", "notice"]


def test_last_line_says_the_total(report, finding, bare):
    assert render(report(finding(), bare)).splitlines()[-1] == "commdip: 1 error, 1 warning."


def test_total_is_a_notice_where_github_hides_annotations(report, finding):
    assert render(report(*[finding()] * 10)).splitlines()[-1] == "commdip: 10 errors."
    last = commands(report(*[finding()] * 11))[-1]
    assert last.name == "notice" and last.message.startswith("11 errors in all; GitHub shows 10 ")


def test_summary(report, finding, bare, summary):
    skipped = [Skipped("KEY03", "no table states")]
    render(report(finding(), bare, rules_skipped=skipped))
    lines = summary.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "## commdip 1.2.3: not valid"
    assert "**1 error, 1 warning.** 72 rows in 2 tables, 2 rules run." in lines
    assert "| error | COL04 | pkg/data/contacts.csv\\:3 | mode 'fone' is no term. |" in lines
    assert "- KEY03\\: no table states" in lines


def test_summary_is_appended(report, summary):
    summary.write_text("before\n", encoding="utf-8")
    render(report())
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n## commdip 1.2.3: valid\n")
    assert "**No findings.**" in text and "|" not in text


def test_summary_is_capped(report, finding, summary):
    render(report(*[finding(message="y" * 5000)] * 2500))
    text = summary.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| error")]
    assert len(rows) == IN_SUMMARY
    assert max(map(len, rows)) < CELL + 100
    assert f"And {2500 - IN_SUMMARY:,} findings more;" in text
    assert len(text.encode()) < 2**20


def test_hostile_values_keep_to_their_cell(hostile, summary):
    render(hostile)
    text = summary.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| error")]
    assert len(rows) == len(HOSTILE)
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows} == {5}
    without_ours = text.replace("<details><summary>", "").replace("</summary>", "").replace("</details>", "")
    assert re.search(r"(?<!\\)(?:\\\\)*[<\[`*@](?!\*)", without_ours.replace("**", "")) is None


def test_summary_that_cannot_be_written_is_a_warning(report, finding, tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    found = commands(report(finding()))
    assert [c.name for c in found] == ["error", "warning"]
    assert found[1].message.startswith("The step summary could not be written: ")


def test_broken_package(broken_report, broken_package, monkeypatch):
    monkeypatch.chdir(broken_package.parent)
    (command,) = (c for c in commands(broken_report) if "fone" in c.message)
    assert command.name == "error"
    assert (command.properties["file"], command.properties["line"]) == ("my package/data/contacts.csv", "3")
