"""What a validation finds in a generated faulty package is what plain Python counts in it."""

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def run(script, *arguments):
    command = [sys.executable, str(BENCHMARKS / script), *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_findings_in_a_generated_package_are_those_that_plain_python_counts(tmp_path):
    run("generate.py", tmp_path / "package", 3000, "--bad", "0.05")
    due = json.loads(run("peers/reference.py", tmp_path / "package", "--unbroken"))
    found = json.loads(run("peers/ours.py", tmp_path / "package"))
    assert {check: found.get(check, 0) for check in due} == due
    assert len([check for check, count in due.items() if count]) >= 12
