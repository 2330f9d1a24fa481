"""The GitHub Action, the workflow and the pre-commit hooks, as far as they run here without a network."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
SCRIPTS = {name: step["run"] for name, step in STEPS.items() if "run" in step}
BASH = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail"]
HEADER = "state_id,name,kind,exists_from,exists_to,un_region,un_subregion,wikidata_id,note\n"


@pytest.fixture(autouse=True)
def remembers_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMDIP_CACHE", str(tmp_path / "cache"))


def run_validate(folder: Path, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run the action's script as GitHub would, with this environment's commdip; return it and the outputs."""
    runner = folder / "runner"
    runner.mkdir(exist_ok=True)
    scripts = runner / "commdip" / "bin"
    if not scripts.exists():
        scripts.parent.mkdir()
        scripts.symlink_to(Path(sys.executable).parent)
    given = {name: ACTION["inputs"][name]["default"] for name in ACTION["inputs"]} | inputs
    variables = {
        variable: given[re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", value)[1]]  # type: ignore[index]
        for variable, value in STEPS["Validate"]["env"].items()
        if "${{" in value
    }
    outputs = runner / "output"
    outputs.write_text("")
    environment = (
        os.environ
        | variables
        | {
            "RUNNER_TEMP": str(runner),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_STEP_SUMMARY": str(runner / "summary.md"),
            "GITHUB_WORKSPACE": str(folder),
        }
    )
    (runner / "step.sh").write_text(SCRIPTS["Validate"])
    done = subprocess.run(
        [*BASH, runner / "step.sh"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done, dict(line.split("=", 1) for line in outputs.read_text().splitlines())


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A workspace with a package of one table in the folder data set."""
    root = tmp_path / "data set"
    (root / "data").mkdir(parents=True)
    (root / "data" / "states.csv").write_text(f"{HEADER}XAA,Arandia,state,,,,,,\n", "utf-8")
    descriptor = {
        "$schema": "schemas/datapackage-profile.json",
        "name": "one-table",
        "title": "One table",
        "version": "1.0.0",
        "licenses": [{"name": "CC0-1.0"}],
        "contributors": [{"title": "Nobody"}],
        "sources": [{"title": "Invented"}],
        "keywords": ["test"],
        "resources": [{"name": "states", "path": "data/states.csv"}],
    }
    (root / "datapackage.json").write_text(json.dumps(descriptor), "utf-8")
    subprocess.run([sys.executable, "-m", "commdip", "format", str(root)], check=True, capture_output=True)
    return root


def test_action_is_composite_and_sets_up_python() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert list(STEPS) == ["Set up Python", "Install commdip", "Validate"]
    assert STEPS["Set up Python"]["uses"].startswith("actions/setup-python@")
    assert STEPS["Install commdip"]["env"]["CHECKOUT"] == "${{ github.action_path }}"


def test_action_inputs_and_outputs() -> None:
    assert {"path", "fail-on", "select", "ignore", "format", "sarif-file"} <= ACTION["inputs"].keys()
    assert ACTION["inputs"]["format"]["default"] == "github"
    assert ACTION["outputs"].keys() == {"errors", "warnings"}
    step, name = re.fullmatch(
        r"\$\{\{ steps\.(\w+)\.outputs\.(\w+) \}\}", ACTION["outputs"]["errors"]["value"]
    ).groups()  # type: ignore[union-attr]
    assert (STEPS["Validate"]["id"], name) == (step, "errors")


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_take_no_text_from_expressions(name: str) -> None:
    # What stands in ${{ }} is put into the script before bash reads it, commands and all.
    assert "${{" not in SCRIPTS[name]


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_bash(name: str) -> None:
    subprocess.run([*BASH, "-n"], input=SCRIPTS[name], text=True, check=True)
    assert STEPS[name]["shell"] == "bash"


def test_action_passes_a_good_package(package: Path) -> None:
    done, outputs = run_validate(package.parent, path="data set", **{"fail-on": "warning"})
    assert done.returncode == 0, done.stderr
    assert outputs == {"errors": "0", "warnings": "0"}
    assert "valid" in (package.parent / "runner" / "summary.md").read_text("utf-8")


def test_action_fails_on_findings_and_writes_sarif(package: Path) -> None:
    (package / "data" / "states.csv").write_text(f"{HEADER}XAA,Arandia,realm,,,,,,\n", "utf-8")
    done, outputs = run_validate(package.parent, path="data set", select="COL", **{"sarif-file": "out/commdip.sarif"})
    assert done.returncode == 1
    assert "::error file=data set/data/states.csv,line=2,title=COL04" in done.stdout
    assert outputs == {"errors": "1", "warnings": "0"}
    log = json.loads((package.parent / "out" / "commdip.sarif").read_text("utf-8"))
    assert [r["ruleId"] for r in log["runs"][0]["results"]] == ["COL04"]


@pytest.mark.parametrize(
    "inputs",
    [
        {"path": "nowhere"},
        {"path": "--help"},
        {"path": "$(touch pwned)"},
        {"path": '"; touch pwned; "'},
        {"path": "data set", "select": "$(touch pwned)"},
        {"path": "data set", "ignore": "`touch pwned`"},
        {"path": "data set", "fail-on": "error; touch pwned"},
        {"path": "data set", "format": "--help"},
    ],
    ids=str,
)
def test_action_says_in_one_line_what_it_cannot_run(package: Path, inputs: dict[str, str]) -> None:
    done, outputs = run_validate(package.parent, **inputs)
    assert done.returncode == 2
    assert done.stderr.startswith("commdip: ")
    assert done.stdout.startswith("::error title=commdip::")
    assert outputs == {}
    assert not list(package.parent.rglob("pwned"))


def test_action_installs_from_its_own_checkout(tmp_path: Path) -> None:
    # A python that writes down how it was called stands for the real one, which would need a network.
    calls = tmp_path / "calls"
    for name in ("python", "runner temp/commdip/bin/python"):
        fake = tmp_path / name
        fake.parent.mkdir(parents=True, exist_ok=True)
        fake.write_text(f'#!/bin/sh\nfor a; do printf "%s\\n" "$a"; done >> {shlex.quote(str(calls))}\n')
        fake.chmod(0o755)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHON": str(tmp_path / "python"),
        "RUNNER_TEMP": str(tmp_path / "runner temp"),
        "CHECKOUT": "/a checkout",
    }
    subprocess.run([*BASH, "-c", SCRIPTS["Install commdip"]], env=environment, check=True)
    called = calls.read_text().splitlines()
    assert called[:3] == ["-m", "venv", str(tmp_path / "runner temp" / "commdip")]
    assert called[-1] == "/a checkout"


def test_workflow_runs_the_same_as_anyone_can() -> None:
    steps = WORKFLOW["jobs"]["check"]["steps"]
    assert "bash .ci/run" in [s.get("run") for s in steps]
    assert "3.11" in WORKFLOW["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert WORKFLOW[True].keys() == {"push", "pull_request"}  # YAML reads the key `on` as true
    assert WORKFLOW["permissions"] == {"contents": "read"}
    subprocess.run([*BASH, "-n", ".ci/run"], cwd=ROOT, check=True)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda h: h["id"])
def test_hooks_call_commands_that_exist(hook: dict[str, Any]) -> None:
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    program, command, path = shlex.split(hook["entry"])
    assert (program, path) == ("commdip", ".")
    # Run for its help: the entry with an option of its own.
    subprocess.run([sys.executable, "-m", "commdip", command, path, "--help"], check=True, capture_output=True)


@pytest.mark.parametrize("hook", HOOKS, ids=lambda h: h["id"])
def test_hooks_run_on_the_files_of_a_package(hook: dict[str, Any]) -> None:
    for path in (
        "datapackage.json",
        "data/states.csv",
        "data/more/states.csv",
        "schemas/states.json",
        "sub/data/states.csv",
    ):
        assert re.search(hook["files"], path), path
    for path in ("README.md", "src/data.py", "notdatapackage.json", "mydata/x.csv"):
        assert not re.search(hook["files"], path), path


@pytest.mark.parametrize("hook", HOOKS, ids=lambda h: h["id"])
def test_hook_entries_pass_and_fail(hook: dict[str, Any], package: Path) -> None:
    command = [sys.executable, "-m", *shlex.split(hook["entry"])]
    assert subprocess.run(command, cwd=package, capture_output=True, check=False).returncode == 0
    (package / "data" / "states.csv").write_text("state_id\n\n\n", "utf-8")
    assert subprocess.run(command, cwd=package, capture_output=True, check=False).returncode != 0


def test_hooks_are_those_that_the_project_promises() -> None:
    assert {h["id"] for h in HOOKS} == {"commdip-validate", "commdip-format"}
