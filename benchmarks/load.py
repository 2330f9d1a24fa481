"""What loading the shipped package costs, against reading the same files with pandas alone.

    python benchmarks/load.py [RUNS]

Every way runs as a whole process, in turn, after one run that is not counted. Prints medians: wall
seconds of the process, of the loading within it (imports apart), peak memory of the process, and
memory of the tables that it holds.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEFORE = "import glob, time, sys\nroot = sys.argv[1]\n"
AFTER = "\nprint(time.perf_counter() - started, sum(size(t) for t in tables))"
WAYS = {
    "pd.read_csv of every file": """
import pandas as pd
size = lambda t: t.memory_usage(deep=True).sum()
started = time.perf_counter()
tables = [pd.read_csv(f) for f in sorted(glob.glob(root + "/data/*.csv"))]
""",
    "the same as text only": """
import pandas as pd
size = lambda t: t.memory_usage(deep=True).sum()
started = time.perf_counter()
tables = [pd.read_csv(f, dtype="str", keep_default_na=False, na_values=[""]) for f in sorted(glob.glob(root + "/data/*.csv"))]
""",
    "commdip.load()": """
import commdip
commdip.load
size = lambda t: t.memory_usage(deep=True).sum()
started = time.perf_counter()
tables = commdip.load(root).values()
""",
    'commdip.load(backend="polars")': """
import commdip, polars
commdip.load
size = lambda t: t.estimated_size()
started = time.perf_counter()
tables = commdip.load(root, backend="polars").values()
""",
}


def measure(code: str) -> tuple[float, float, float, float]:
    """Run a way; return seconds of the process and of the loading, peak MiB, and MiB of the tables."""
    import time

    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", BEFORE + code + AFTER, str(ROOT)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    loading, size = map(float, process.stdout.read().split())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return time.perf_counter() - started, loading, usage.ru_maxrss / 1024, size / 2**20


def main(runs: int) -> None:
    """Measure all ways and print the table."""
    results: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in WAYS}
    for run in range(runs + 1):
        for name, code in WAYS.items():
            result = measure(code)
            if run:
                results[name].append(result)
    print("| way | process s | loading s | peak MiB | tables MiB |")
    print("|---|---|---|---|---|")
    for name, rows in results.items():
        wall, loading, peak, size = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"| {name} | {wall:.2f} | {loading:.3f} | {peak:.0f} | {size:.1f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
