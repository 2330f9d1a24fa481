"""What a validation of the shipped package costs, against importing the libraries that it stands on.

    python benchmarks/startup.py [RUNS]

Each command runs as a whole process, in turn, after one run that is not counted (it compiles
bytecode and fills the disk cache). Prints medians of wall seconds, processor seconds and peak
memory, and the ratios to the imports.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = {
    "import pandas, pandera, frictionless": [sys.executable, "-c", "import pandas, pandera.pandas, frictionless"],
    "frictionless alone on the same package": [sys.executable, "-m", "commdip.witness", str(ROOT / "datapackage.json")],
    "commdip validate, without frictionless": [
        sys.executable,
        "-m",
        "commdip",
        "validate",
        str(ROOT),
        "--no-cache",
        "--ignore",
        "WIT",
    ],
    "commdip validate": [sys.executable, "-m", "commdip", "validate", str(ROOT), "--no-cache"],
    "commdip validate, nothing changed": [sys.executable, "-m", "commdip", "validate", str(ROOT)],
    "commdip --help": [sys.executable, "-m", "commdip", "--help"],
}


def measure(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Run a command; return wall seconds, processor seconds and peak memory in MiB of it and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, processor, usage.ru_maxrss / 1024


def main(runs: int) -> None:
    """Measure all commands and print the table."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "COMMDIP_CACHE": cache}
        results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in COMMANDS}
        for run in range(runs + 1):
            for name, command in COMMANDS.items():
                result = measure(command, environment)
                if run:
                    results[name].append(result)
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in results.items()
    }
    base = medians[next(iter(COMMANDS))][0]
    print("| command | wall s | processor s | peak MiB | wall, ratio to the imports |")
    print("|---|---|---|---|---|")
    for name, (wall, processor, memory) in medians.items():
        print(f"| {name} | {wall:.2f} | {processor:.2f} | {memory:.0f} | {wall / base:.2f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
