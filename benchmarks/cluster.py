"""Measure validation on a Spark standalone cluster of this machine, and what moves between its workers.

    python benchmarks/cluster.py PACKAGE [--workers N] [--memory 2g]

Starts a master and workers as docs/cluster.md says, runs the command of that page once as it stands,
and once more with one job a rule, so that Spark's event log tells rule by rule how many bytes were
read and shuffled and how long processors were busy. Prints JSON; needs the environment of
`make test-spark`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

BIN = Path(sys.executable).parent
HOST, PORT = "127.0.0.1", 7077
DEPLOY = "org.apache.spark.deploy"
SHELL = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
"""As after `. .venv-spark/bin/activate`."""
BY_RULE = "import sys; from commdip import spark_run; spark_run.TOGETHER = 1; from commdip.cli import main; main(sys.argv[1:])"


def main() -> None:
    """Start a cluster, validate a package on it twice, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="2g")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as logs, cluster(args.workers, args.memory, Path(logs)):
        command = ["validate", str(args.package), "--engine", "spark", "--spark-master", f"spark://{HOST}:{PORT}"]
        command += ["--spark-conf", f"spark.executor.memory={args.memory}"]
        seconds, report = run([str(BIN / "commdip"), *command])
        log = {"enabled": "true", "dir": Path(logs).as_uri(), "compress": "false", "rolling.enabled": "false"}
        logged = [x for k, v in log.items() for x in ("--spark-conf", f"spark.eventLog.{k}={v}")]
        run([sys.executable, "-W", "ignore", "-c", BY_RULE, *command, *logged])
        steps = measured(next(f for f in Path(logs).iterdir() if f.name.startswith("app-")))
    print(json.dumps({"seconds": seconds, "report": report, "steps": steps}, indent=1))


@contextmanager
def cluster(workers: int, memory: str, folder: Path) -> Iterator[None]:
    """Run a master and workers."""
    spark_class = str(BIN / "spark-class")
    commands = [[spark_class, f"{DEPLOY}.master.Master", "--host", HOST, "--port", str(PORT), "--webui-port", "0"]]
    worker = [spark_class, f"{DEPLOY}.worker.Worker", "--cores", "1", "--memory", memory, "--webui-port", "0"]
    commands += [[*worker, "--work-dir", str(folder / f"work{i}"), f"spark://{HOST}:{PORT}"] for i in range(workers)]
    with ExitStack() as stack:
        for command in commands:
            log = stack.enter_context((folder / "cluster.log").open("a", encoding="utf-8"))
            process = stack.enter_context(subprocess.Popen(command, env=SHELL, stdout=log, stderr=log))
            stack.callback(process.terminate)
            wait_for_master()
        time.sleep(5)
        yield


def wait_for_master() -> None:
    """Wait until the master answers."""
    for _ in range(120):
        try:
            socket.create_connection((HOST, PORT), 1).close()
            return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("the master does not answer")


def run(command: list[str]) -> tuple[float, str]:
    """Run a command; returns seconds and the last line that it prints."""
    started = time.monotonic()
    done = subprocess.run(command, env=SHELL, capture_output=True, text=True, check=False)
    if done.returncode > 1:
        raise SystemExit(done.stderr)
    return round(time.monotonic() - started, 1), done.stdout.strip().splitlines()[-1]


def measured(log: Path) -> dict[str, dict[str, float]]:
    """Return bytes read and shuffled and seconds of processors, by step, of an event log."""
    names: dict[int, str] = {}
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for line in log.open(encoding="utf-8"):
        event = json.loads(line)
        if event["Event"] == "SparkListenerJobStart":
            step = event["Properties"].get("spark.job.description", "other")
            names |= dict.fromkeys(event["Stage IDs"], re.sub(r"rules: \d+ of \d+", "rule", step))
        elif event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            sums[names.get(event["Stage ID"], "other")] += Counter(_task(event["Task Metrics"]))
    return {k: {n: round(v, 3) for n, v in c.items()} for k, c in sums.items()}


def _task(metrics: dict[str, Any]) -> dict[str, float]:
    return {
        "processor_s": metrics["Executor CPU Time"] / 1e9,
        "busy_s": metrics["Executor Run Time"] / 1e3,
        "read_mb": metrics["Input Metrics"]["Bytes Read"] / 1e6,
        "shuffled_mb": metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"] / 1e6,
        "to_driver_mb": metrics["Result Size"] / 1e6,
        "spilled_mb": metrics["Disk Bytes Spilled"] / 1e6,
    }


if __name__ == "__main__":
    main()
