"""Measure a validation against other tools and against reading alone, on generated packages.

    python benchmarks/run.py [--sizes 1e4,1e5,1e6,1e7] [--tools ours,duckdb,...] [--runs 3] [--clean-only]
    python benchmarks/run.py --verify        the counts of all tools, check by check, against plain Python
    python benchmarks/run.py --memory 1e7    ours on files of three times the memory that it is given
    python benchmarks/run.py --render        table and plot from benchmarks/results.csv

Every run is a whole process. The tools run in turn, so that what else happens on the machine
befalls all of them; before each round every tool runs on a small package, which is not counted. Peers have
environments of their own below the work folder (--work; default .benchmark, which git ignores).
Results are added to benchmarks/results.csv, a row a run, in place of earlier ones of the same tool and
package, and rendered into benchmarks/README.md and benchmarks/plot.svg.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import render
from tools import (
    HERE,
    ROOT,
    SHARES,
    TOOLS,
    Tool,
    child_environment,
    compile_bytecode,
    environment,
    large_bytes,
    package,
    python,
    warm,
)

MEASURED = ("tool", "rows", "bad", "run", "status", "wall_s", "cpu_s", "peak_mib", "started", "machine")
LIMITED = ("rows", "bytes", "limit_mib", "by", "status", "wall_s", "peak_mib", "started", "machine")
SMALL = 10**4
TIMES = 3
"""How many times the memory given the files are."""


class Run(NamedTuple):
    """What a process took: wall and processor seconds, peak memory in MiB, and how it ended."""

    status: str
    wall: float
    cpu: float
    peak: float


def main() -> int:
    """Do what the command line asks for."""
    args = arguments()
    tools, work = args.tools, args.work.resolve()
    if args.render:
        return rendered(work)
    for name in tools:
        if TOOLS[name].script:
            environment(name, work)
    compile_bytecode(tools, work)
    if args.verify:
        return verify(tools, work)
    if args.memory:
        limited(args.memory, args.cgroup, work)
        return rendered(work)
    measure(args, work)
    return rendered(work)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=lambda t: [int(float(n)) for n in t.split(",")], default="1e4,1e5,1e6,1e7")
    parser.add_argument("--tools", type=lambda t: t.split(","), default=",".join(TOOLS), help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="runs that are counted (default: 3)")
    parser.add_argument("--clean-only", action="store_true", help="leave out the packages with 1 %% bad rows")
    parser.add_argument("--limit", type=float, default=900, help="seconds that a run may take (default: 900)")
    parser.add_argument("--work", type=Path, default=ROOT / ".benchmark", help="folder of environments and packages")
    parser.add_argument("--verify", action="store_true", help="compare what the tools count, and measure nothing")
    parser.add_argument("--memory", type=lambda t: int(float(t)), metavar="ROWS", help="run ours in limited memory")
    parser.add_argument("--cgroup", type=Path, help="memory cgroup that you have made for --memory (v1 or v2)")
    parser.add_argument("--render", action="store_true", help="only render what was measured")
    args = parser.parse_args()
    if unknown := set(args.tools) - set(TOOLS):
        parser.error(f"no tool {', '.join(sorted(unknown))}; there are {', '.join(TOOLS)}")
    return args


def measure(args: argparse.Namespace, work: Path) -> None:
    """Run all tools on all packages, in turn, and store each run as it ends."""
    tools, sizes, runs, limit = args.tools, args.sizes, args.runs, args.limit
    shares = SHARES[:1] if args.clean_only else SHARES
    folders = {(n, b): package(n, b, work) for n in sizes for b in shares}
    started, machine = now(), machine_shown()
    first = package(SMALL, 0.0, work)
    for name in tools:
        started_up = once(TOOLS[name], 0.0, TOOLS[name].command(first, work), limit, work)
        if started_up.status != "ok":
            raise SystemExit(f"{name} does not run: {started_up.status}")
    for rows in sizes:
        late: set[tuple[str, float]] = set()
        asked = [n for n in tools if rows <= TOOLS[n].most]
        for run in range(1, runs + 1):
            for name in asked:
                # A round takes minutes, in which what a tool needs may have left the disk cache.
                once(TOOLS[name], 0.0, TOOLS[name].command(first, work), limit, work)
                for share in shares:
                    if (name, share) in late or (share and rows > TOOLS[name].most_broken):
                        continue
                    warm(folders[rows, share])
                    command = TOOLS[name].command(folders[rows, share], work)
                    result = once(TOOLS[name], share, command, limit, work)
                    if result.status != "ok":
                        late.add((name, share))
                    show = f"{name}, {rows:,} rows, {share:.0%} bad, run {run}"
                    print(f"{show}: {result.wall:.2f} s, {result.peak:.0f} MiB, {result.status}", flush=True)
                    entry = [name, rows, share, run, *shown(result), started, machine]
                    store(HERE / "results.csv", MEASURED, entry, {"tool", "rows", "bad"}, run == 1)


def shown(result: Run) -> list[str]:
    """Return a result as the table has it."""
    return [result.status, f"{result.wall:.3f}", f"{result.cpu:.3f}", f"{result.peak:.1f}"]


def once(
    tool: Tool, bad: float, command: list[str], limit: float, work: Path, *, before: Callable[[], None] | None = None
) -> Run:
    """Run a command of a tool as a process of its own; ``before`` is called in the process, before the command."""
    late = threading.Event()
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            env=child_environment(work),
            cwd=work,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509 (the harness has no other thread then)
        )

        def stop() -> None:
            late.set()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

        timer = threading.Timer(limit, stop)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        timer.cancel()
        timer.join()
        process.returncode = code = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    ended = "ok" if tool.ended(code, said, bad) else f"over {limit:g} s" if late.is_set() else f"exit {code}"
    if ended.startswith("exit"):
        print(said[-2000:], file=sys.stderr)
    return Run(ended, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def store(path: Path, columns: tuple[str, ...], entry: list[Any], same: set[str], anew: bool) -> None:
    """Add a row to a table; with ``anew``, earlier rows that agree in the columns ``same`` go."""
    row = dict(zip(columns, map(str, entry), strict=True))
    rows = render.read(path)
    if anew:
        rows = [r for r in rows if any(r[c] != row[c] for c in same)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows([*rows, row])


def now() -> str:
    """Return the time, which tells the rows of one session from those of another."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%MZ")


def machine_shown() -> str:
    """Return what the machine is, in words."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {gib:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def rendered(work: Path) -> int:
    """Write the table and the plot anew."""
    render.write_readme()
    environment("plot", work)
    subprocess.run([str(python("plot", work)), str(HERE / "plot.py")], check=True)
    return 0


# verification


def verify(tools: list[str], work: Path) -> int:
    """Compare what all tools count on a package with 1 % bad rows with what plain Python counts."""
    wrong = 0
    for rows in (SMALL, 10 * SMALL):
        folder = package(rows, SHARES[1], work)
        plain = counted([sys.executable, str(HERE / "peers" / "reference.py"), str(folder)], work)
        command = [sys.executable, str(HERE / "peers" / "reference.py"), str(folder), "--unbroken"]
        unbroken = counted(command, work)
        for name in tools:
            if name in ("floor", "ours-alone"):
                continue
            script = "ours.py" if name == "ours" else TOOLS[name].script
            interpreter = sys.executable if name == "ours" else str(python(name, work))
            found = counted([interpreter, str(HERE / "peers" / script), str(folder)], work)
            due = unbroken if name == "ours" else plain
            claimed = due.keys() if name == "ours" else due.keys() & found.keys()
            differ = {k: (found.get(k, 0), due[k]) for k in sorted(claimed) if found.get(k, 0) != due[k]}
            wrong += len(differ)
            print(f"{rows:,} rows, {name}: {len(claimed)} of {len(due)} checks, {len(differ)} differ", flush=True)
            for check, (got, expected) in differ.items():
                print(f"  {check}: {got}, not {expected}")
    return 1 if wrong else 0


def counted(command: list[str], work: Path) -> dict[str, int]:
    """Return what a script counts."""
    done = subprocess.run(
        command, env=child_environment(work), cwd=work, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    made: dict[str, int] = json.loads(done.stdout)
    return made


# limited memory


def limited(rows: int, cgroup: Path | None, work: Path) -> None:
    """Validate a package whose large files are three times the memory that the process is given."""
    folder = package(rows, 0.0, work)
    size = large_bytes(folder)
    limit = size // TIMES
    command, by = TOOLS["ours"].command(folder, work), ""
    before: Callable[[], None] | None = None
    if cgroup:
        by = "cgroup"
        confine(cgroup, limit)
        procs = cgroup / "cgroup.procs"

        def before() -> None:
            procs.write_text(str(os.getpid()), encoding="ascii")
    elif systemd_runs():
        by = "systemd scope"
        properties = ["-p", f"MemoryMax={limit}", "-p", "MemorySwapMax=0"]
        command = ["systemd-run", "--scope", "--quiet", *properties, *command]
    else:
        by = "RLIMIT_DATA"

        def before() -> None:
            import resource

            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    print(f"{rows:,} rows, {size >> 20:,} MiB of files, {limit >> 20:,} MiB of memory ({by}) ...", flush=True)
    result = once(TOOLS["ours"], 0.0, command, 36000, work, before=before)
    print(f"{result.status}: {result.wall:.1f} s, peak {result.peak:.0f} MiB", flush=True)
    status, wall, _, peak = shown(result)
    entry = [rows, size, limit >> 20, by, status, wall, peak, now(), machine_shown()]
    store(HERE / "memory.csv", LIMITED, entry, {"rows"}, True)


def confine(cgroup: Path, limit: int) -> None:
    """Set the memory of a cgroup, without swap where the kernel counts it."""
    new = (cgroup / "memory.max").exists()
    (cgroup / ("memory.max" if new else "memory.limit_in_bytes")).write_text(str(limit), encoding="ascii")
    swap = cgroup / ("memory.swap.max" if new else "memory.memsw.limit_in_bytes")
    if swap.exists():
        swap.write_text("0" if new else str(limit), encoding="ascii")


def systemd_runs() -> bool:
    """Return whether systemd makes scopes here."""
    with contextlib.suppress(OSError):
        done = subprocess.run(["systemd-run", "--scope", "--quiet", "true"], check=False, capture_output=True)
        return done.returncode == 0
    return False


if __name__ == "__main__":
    sys.exit(main())
