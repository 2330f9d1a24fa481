"""The tools that are measured, their environments, and the generated packages that they read."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
SHARES = (0.0, 0.01)
COMPILE = """
import compileall, sys, sysconfig
for folder in (sysconfig.get_paths()["purelib"], *sys.argv[1:]):
    compileall.compile_dir(folder, quiet=2)
"""


@dataclass(frozen=True)
class Tool:
    """A tool: its name, what to call it, its script, up to how many rows it is asked for, and options.

    With broken rows it is asked for up to ``most_broken`` rows.

    Ours has no script: it is the command of this environment.
    """

    name: str
    title: str
    script: str = ""
    most: int = 10**12
    most_broken: int = 10**12
    options: tuple[str, ...] = ()

    def ended(self, code: int, output: str, bad: float) -> bool:
        """Return whether a run came to its end: what breaks off must not count as fast."""
        if self.script:
            return code == 0
        return code == (1 if bad else 0) and "rules run" in output

    def command(self, package: Path, work: Path) -> list[str]:
        """Return the command that reads a package."""
        if not self.script:
            return [sys.executable, "-m", "commdip", "validate", "--no-cache", *self.options, str(package)]
        return [str(python(self.name, work)), str(HERE / "peers" / self.script), str(package)]


MILLION = 10**6
TOOLS = {
    t.name: t
    for t in (
        Tool("ours", "commdip validate"),
        Tool("ours-alone", "commdip validate, frictionless not asked", most=10**5, options=("--ignore", "WIT")),
        Tool("floor", "floor: polars reads, no checks", "floor.py"),
        Tool("duckdb", "DuckDB, hand-written SQL", "duckdb_sql.py"),
        Tool("dataframely", "dataframely (no rank and office)", "dataframely_schema.py"),
        Tool("pandera-polars", "pandera on polars, joins by hand", "pandera_polars.py"),
        Tool("pandera-pandas", "pandera on pandas, merges by hand", "pandera_pandas.py", most_broken=MILLION),
        Tool(
            "great-expectations",
            "great_expectations (columns, keys)",
            "great_expectations_checks.py",
            MILLION,
        ),
        Tool("frictionless", "frictionless (columns, keys)", "frictionless_checks.py", MILLION, MILLION // 10),
    )
}


def python(name: str, work: Path) -> Path:
    """Return the interpreter of an environment."""
    return work / "venvs" / name / "bin" / "python"


def environment(name: str, work: Path) -> None:
    """Make a virtual environment from its requirements, unless it is there."""
    wanted = HERE / "requirements" / f"{name}.txt"
    stamp = work / "venvs" / name / "made-from.txt"
    if stamp.exists() and stamp.read_bytes() == wanted.read_bytes():
        return
    print(f"environment {name} ...", flush=True)
    venv.create(stamp.parent, with_pip=True, clear=True, symlinks=os.name != "nt")
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", "--requirement", str(wanted)]
    subprocess.run([str(python(name, work)), *install], check=True)
    stamp.write_bytes(wanted.read_bytes())


def compile_bytecode(names: list[str], work: Path) -> None:
    """Compile what the tools import, so that no run pays for it."""
    places = {sys.executable: [str(ROOT / "validate")]}
    places |= {str(python(n, work)): [] for n in names if TOOLS[n].script}
    for interpreter, more in places.items():
        subprocess.run([interpreter, "-c", COMPILE, str(HERE / "peers"), *more], check=True)


def package(rows: int, bad: float, work: Path) -> Path:
    """Return a generated package; it is made once, and anew when the generator or a schema has changed."""
    folder = work / "packages" / (f"{rows}-bad" if bad else f"{rows}")
    sources = [HERE / "generate.py", *sorted((ROOT / "schemas").glob("*.json")), *sorted((ROOT / "data").glob("*.csv"))]
    digest = hashlib.sha256(b"".join(p.read_bytes() for p in sources)).hexdigest()
    stamp = folder.with_name(f"{folder.name}.made-from")
    if not (stamp.exists() and stamp.read_text(encoding="utf-8") == digest):
        print(f"package of {rows:,} rows, {bad:.0%} bad ...", flush=True)
        command = [sys.executable, str(HERE / "generate.py"), str(folder), str(rows), "--bad", str(bad)]
        subprocess.run(command, check=True)
        stamp.write_text(digest, encoding="utf-8")
    return folder


def large_bytes(folder: Path) -> int:
    """Return the bytes of the two large files of a package."""
    return sum((folder / "data" / f"{t}.csv").stat().st_size for t in ("contacts", "participation"))


def warm(folder: Path) -> None:
    """Read the files of a package, so that every run finds them in the disk cache."""
    for path in sorted((folder / "data").iterdir()):
        with path.open("rb") as stream:
            while stream.read(1 << 24):
                pass


def child_environment(work: Path) -> dict[str, str]:
    """Return the environment of the processes: bytecode is used, and no cache of results."""
    made = {k: v for k, v in os.environ.items() if k not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")}
    with contextlib.suppress(KeyError):
        del made["COMMDIP_DEBUG"]
    return {**made, "COMMDIP_CACHE": str(work / "cache")}
