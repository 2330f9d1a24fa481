"""The command line: exit codes, one line on stderr, and JSON that is only JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import commdip
from commdip.cli import COMMANDS, main

SCHEMA = {
    "fields": [{"name": "id", "type": "string"}, {"name": "size", "type": "integer"}],
    "primaryKey": ["id"],
}
FAST = ["--ignore", "WIT"]
HEAVY = {"pandas", "narwhals", "pandera", "frictionless", "jsonschema", "numpy"}


@pytest.fixture
def pack(make):
    return make(things=(SCHEMA, "id,size\na,1\n"))


@pytest.fixture
def bad(pack):
    pack.write("things", b"id,size\na,\nb,big\nb,2\n")
    return pack


@pytest.fixture
def warned(pack):
    pack.write("things", b"id,size,extra\na,1,\n")
    return pack


def run(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "commdip", *map(str, arguments)], capture_output=True, text=True, check=False, **options
    )


def exit_code(*arguments: object) -> int:
    """Run the command line in this process."""
    try:
        return main([str(a) for a in arguments])
    except SystemExit as left:
        return int(left.code or 0)


def complaint(capsys, *arguments: object) -> str:
    """Run what cannot run; returns its one line."""
    assert exit_code(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("commdip: ")
    assert err.count("\n") == 1
    return err


def test_0_nothing_found(pack, capsys):
    assert exit_code("validate", pack.root, *FAST) == 0
    out, err = capsys.readouterr()
    assert "made 1.0.0" in out
    assert "No findings." in out
    assert err == ""


def test_1_findings(bad, capsys):
    assert exit_code("validate", bad.root, *FAST) == 1
    out, err = capsys.readouterr()
    assert "data/things.csv:3:size" in out
    assert "not valid" in out
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["validate", "nowhere"], "nowhere: no such file or folder"),
        (["format", "nowhere"], "nowhere: no such file or folder"),
        (["validate", "--bogus"], "--bogus"),
        (["validate", "--format", "yaml"], "yaml"),
        (["validate", "--fail-on", "info"], "info"),
        (["validate", "--today", "9 May"], "--today"),
        (["validate", "--select", "XYZ"], "'XYZ'"),
        (["validate", "--ignore", "KEY99"], "'KEY99'"),
        (["validate", "a", "b"], "b"),
        (["explain"], "CODE"),
        (["explain", "KEY3"], "did you mean KEY03?"),
        (["nothing"], "nothing"),
        ([], "COMMAND"),
    ],
)
def test_2_bad_usage(capsys, arguments: list[str], said: str):
    assert said in complaint(capsys, *arguments)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"PK\x03\x04"])
@pytest.mark.parametrize("command", ["validate", "format"])
def test_2_no_package(tmp_path, capsys, content: bytes, command: str):
    file = tmp_path / "datapackage.json"
    file.write_bytes(content)
    assert str(file) in complaint(capsys, command, file)


def test_2_special_file(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    assert "pipe" in complaint(capsys, "validate", tmp_path / "pipe")


@pytest.mark.parametrize("name", ["datapackage.json", "data/things.csv"])
def test_2_unreadable_file(pack, capsys, name: str):
    file = pack.root / name
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user can read everything")
    assert name in complaint(capsys, "validate", pack.root, *FAST)


def test_2_output_is_a_folder(pack, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    assert f"{tmp_path / 'folder'}: " in complaint(
        capsys, "validate", pack.root, *FAST, "--output", tmp_path / "folder"
    )


def test_2_output_in_no_folder(pack, tmp_path, capsys):
    wanted = tmp_path / "no" / "report.txt"
    assert f"{wanted}: " in complaint(capsys, "validate", pack.root, *FAST, "--output", wanted)


def test_no_traceback_from_the_process_itself():
    done = run("validate", "nowhere")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    "arguments", [["rules"], ["rules", "--format", "json"], ["validate", *FAST, "--format", "json"], ["--help"]]
)
def test_reader_that_has_gone(pack, arguments: list[str]):
    arguments = [*arguments[:1], str(pack.root), *arguments[1:]] if arguments[0] == "validate" else arguments
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    process = subprocess.Popen(
        [sys.executable, "-m", "commdip", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    process.stdout.close()
    stderr = process.stderr.read().decode()
    process.stderr.close()
    process.wait()
    assert stderr == ""


def test_stdout_that_is_closed(pack):
    command = f'"{sys.executable}" -m commdip validate "{pack.root}" --ignore WIT >&-'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_is_full(pack):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "commdip", "validate", pack.root, *FAST],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("commdip: ")
    assert "Traceback" not in done.stderr


def test_json_is_only_json_with_the_documented_keys(bad):
    done = run("validate", bad.root, *FAST, "--format", "json")
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert list(report) == ["package", "valid", "counts", "rules_run", "rules_skipped", "findings", "more"]
    assert report["package"] == {"name": "made", "version": "1.0.0", "path": str(bad.root)}
    assert report["valid"] is False
    assert report["counts"] == {"error": 2, "warning": 0, "info": 0}
    assert {"COL01", "KEY01"} <= set(report["rules_run"])
    assert "WIT01" not in report["rules_run"]
    for finding in report["findings"]:
        assert list(finding) == [
            "rule",
            "severity",
            "table",
            "path",
            "line",
            "column",
            "key",
            "value",
            "message",
            "hint",
        ]
    first = report["findings"][0]
    assert [first[k] for k in ("rule", "severity", "table", "path", "line", "column", "key", "value")] == [
        "COL01", "error", "things", "data/things.csv", 3, "size", "b", "big",
    ]  # fmt: skip


def test_json_of_skipped_rules(make):
    child = {**SCHEMA, "foreignKeys": [{"fields": ["id"], "reference": {"resource": "gone", "fields": ["id"]}}]}
    report = json.loads(run("validate", make(child=(child, "id,size\na,1\n")).root, *FAST, "--format", "json").stdout)
    assert report["rules_skipped"]
    for skipped in report["rules_skipped"]:
        assert list(skipped) == ["rule", "reason"]
    assert report["valid"] is True


def test_json_of_the_library_and_the_command_line_are_the_same(bad):
    done = run("validate", bad.root, *FAST, "--format", "json")
    assert json.loads(done.stdout) == commdip.validate(str(bad.root), ignore=["WIT"]).to_dict()


def rules_of(capsys, *arguments: object) -> list[str]:
    exit_code("validate", *arguments, "--format", "json")
    return [f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]]


def test_select_and_ignore(bad, capsys):
    assert rules_of(capsys, bad.root, *FAST) == ["COL01", "KEY01"]
    assert rules_of(capsys, bad.root, "--select", "COL") == ["COL01"]
    assert rules_of(capsys, bad.root, "--select", "col01,key") == ["COL01", "KEY01"]
    assert rules_of(capsys, bad.root, "--ignore", "COL01, WIT") == ["KEY01"]
    assert rules_of(capsys, bad.root, "--select", "KEY", "--ignore", "KEY01") == []


def test_findings_that_are_not_selected_do_not_fail(bad, capsys):
    assert exit_code("validate", bad.root, "--select", "FIL,PKG") == 0
    assert exit_code("validate", bad.root, "--select", "KEY01") == 1


def test_fail_on(warned, capsys):
    assert exit_code("validate", warned.root, *FAST) == 0
    assert exit_code("validate", warned.root, *FAST, "--fail-on", "error") == 0
    assert exit_code("validate", warned.root, *FAST, "--fail-on", "warning") == 1
    assert "FIL08" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["text", "json"])
def test_output_is_what_stdout_would_be(bad, tmp_path, capsys, form: str):
    file = tmp_path / "report"
    file.write_text("old")
    assert exit_code("validate", bad.root, *FAST, "--format", form, "--output", file) == 1
    assert capsys.readouterr() == ("", "")
    assert exit_code("validate", bad.root, *FAST, "--format", form) == 1
    assert file.read_text("utf-8") == capsys.readouterr().out


def test_text_is_plain_where_there_is_no_terminal(bad):
    assert "\x1b" not in run("validate", bad.root, *FAST).stdout


def test_without_path_the_shipped_package_is_validated(capsys, tmp_path, monkeypatch, shipped):
    monkeypatch.chdir(tmp_path)
    assert exit_code("validate", "--select", "PKG", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["package"]["path"] == str(shipped)


def test_version(capsys):
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"commdip {commdip.__version__}\n"


@pytest.mark.parametrize("command", [[], *([c] for c in COMMANDS)])
def test_help_imports_nothing_heavy(command: list[str]):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "commdip", *command, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("usage: commdip")
    imported = {line.split("|")[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "argparse" in imported
    assert imported & HEAVY == set()


def test_import_of_the_library_is_light():
    code = "import sys, commdip; dir(commdip); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout.split()
    assert {m.split(".")[0] for m in modules} & HEAVY == set()


def test_unknown_attribute_of_the_library():
    with pytest.raises(AttributeError, match="nothing"):
        commdip.nothing  # noqa: B018


def test_rules_and_explain(capsys):
    assert exit_code("rules") == 0
    assert "KEY03  error" in capsys.readouterr().out
    assert exit_code("rules", "--format", "json") == 0
    listed = {r["code"]: r for r in json.loads(capsys.readouterr().out)}
    assert exit_code("explain", "key03") == 0
    explained = " ".join(capsys.readouterr().out.split())
    for part in ("statement", "reason", "hint"):
        assert listed["KEY03"][part] in explained
