"""Measure commdip against its peers on generated packages: whole processes, wall time and peak memory.

    python benchmarks/run.py [--sizes 10000,100000] [--tools commdip,floor] [--runs 3] [--limit 900]

Peers live in environments of their own under .bench/, made from benchmarks/requirements/. For every
size there is a clean package and one with 1 % bad rows. The tools take turns, so that a drift of the
machine's speed hits all of them alike. A tool that takes longer than the limit is not run at the next
size. Results are added to benchmarks/results.csv; benchmarks/README.md and benchmarks/plot.svg are
rendered from it.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
BENCH = HERE.parent / ".bench"
TOOLS = (
    "commdip",
    "floor",
    "duckdb_sql",
    "pandera_polars",
    "pandera_pandas",
    "dataframely_",
    "great_expectations_",
    "frictionless_",
)
COLUMNS = ("rows", "bad", "tool", "run", "seconds", "megabytes", "exit")


def main() -> None:
    """Run what the command line asks for, then render."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000,10000000")
    parser.add_argument("--bad", default="0,0.01", help="shares of bad rows")
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--limit", type=float, default=600, help="seconds after which a tool sits out larger sizes")
    args = parser.parse_args()
    tools = args.tools.split(",")
    commands = {tool: command(tool) for tool in tools}
    slow: set[str] = set()
    for rows in map(int, args.sizes.split(",")):
        for bad in map(float, args.bad.split(",")):
            folder = package(rows, bad)
            for run in range(args.runs):
                for tool in [t for t in tools if t not in slow]:
                    seconds, megabytes, code = measure([*commands[tool], str(folder)], args.limit)
                    add((rows, bad, tool, run, round(seconds, 2), round(megabytes), code))
                    if seconds > args.limit:
                        slow.add(tool)
    import render

    render.main()


def command(tool: str) -> list[str]:
    """Return the command of a tool, whose environment is made if it is not there."""
    if tool == "commdip":
        return [sys.executable, "-m", "commdip", "validate", "--no-cache"]
    home = BENCH / "environments" / tool
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        wanted = HERE / "requirements" / f"{tool}.txt"
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", wanted]
        subprocess.run(pip, check=True)
    return [str(python), str(HERE / "peers" / f"{tool}.py")]


def package(rows: int, bad: float) -> Path:
    """Return the generated package of a size, made if it is not there."""
    folder = BENCH / "packages" / f"{rows}-{bad:g}"
    if not (folder / "datapackage.json").exists():
        make = [sys.executable, HERE / "generate.py", folder, str(rows), "--bad", str(bad)]
        subprocess.run(make, check=True)
    return folder


def measure(words: list[str], limit: float) -> tuple[float, float, int]:
    """Run a command; return its seconds, its peak memory in megabytes, and its exit code."""
    started = time.perf_counter()
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"PYTHONHASHSEED": "0"}
    )
    timer = subprocess.Popen(["sleep", str(limit)])
    while True:
        # Whichever ends first: a tool that hangs must not hold up the others.
        done, status, usage = os.wait4(-1, 0)
        if done == process.pid:
            timer.kill()
            timer.wait()
            return time.perf_counter() - started, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)
        if done == timer.pid:
            process.kill()


def add(row: tuple[object, ...]) -> None:
    """Append a result."""
    file = HERE / "results.csv"
    new = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        writer.writerow(row)
    print(*row, flush=True)


def medians() -> dict[tuple[int, float, str], tuple[float, float]]:
    """Return median seconds and megabytes by rows, share of bad rows, and tool."""
    found: dict[tuple[int, float, str], list[tuple[float, float]]] = {}
    with (HERE / "results.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if int(row["exit"]) >= 0:
                key = (int(row["rows"]), float(row["bad"]), row["tool"])
                found.setdefault(key, []).append((float(row["seconds"]), float(row["megabytes"])))
    return {key: (median(s for s, _ in runs), median(m for _, m in runs)) for key, runs in found.items()}


if __name__ == "__main__":
    main()
