"""Remembered results: what was validated before, byte for byte, need not be validated again.

A result depends on the files of the package, on the toolkit and the libraries it stands on, on
the choice of rules, and on the day. It is kept under a digest of all of these, in the user's cache
folder, so that a hook or a second run answers at once. Nothing is remembered of a run that
compares with an earlier release.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from commdip.findings import Finding, Report, Skipped
from commdip.package import DESCRIPTOR, Package, is_local, shipped_root

LIBRARIES = ("pandas", "pandera", "frictionless", "jsonschema", "narwhals")
KEPT = 100
"""Results kept; the oldest go first."""


def folder() -> Path:
    """Return the folder of remembered results: of COMMDIP_CACHE, or where the system keeps caches."""
    if own := os.environ.get("COMMDIP_CACHE"):
        return Path(own)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "commdip"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "commdip"


def key(package: Package, select: Sequence[str], ignore: Sequence[str], today: str, most: int) -> str:
    """Return the digest of everything that a result depends on."""
    digest = hashlib.sha256()
    libraries = [f"{name} {version(name)}" for name in LIBRARIES]
    digest.update(
        json.dumps([platform.python_version(), libraries, sorted(select), sorted(ignore), today, most]).encode()
    )
    for root, files in ((Path(__file__).parent, _toolkit()), (package.root, _files(package))):
        for file in files:
            name = file.relative_to(root) if file.is_relative_to(root) else file.name
            digest.update(f"\0{name}\0".encode())
            digest.update(file.read_bytes() if file.is_file() else b"(missing)")
    return digest.hexdigest()


def _toolkit() -> Iterator[Path]:
    yield from sorted(Path(__file__).parent.rglob("*.py"))
    yield from sorted((shipped_root() / "schemas").rglob("*.json"))
    yield from sorted((shipped_root() / "data").glob("*.csv"))


def _files(package: Package) -> Iterator[Path]:
    """Yield every file of a package that a check looks at, whether it is there or not."""
    named = [r.path for r in package.resources]
    named += [s for r in package.resources if is_local(s := r.entry.get("schema"))]
    files = {package.file(p) for p in (DESCRIPTOR, "CHANGELOG.md", *named)}
    for directory in {f.parent for f in files}:
        files.update(directory.glob("*.csv"))
    yield from sorted(files)


def recall(name: str, shown: str) -> Report | None:
    """Return the result remembered under a digest, for a package shown by this name; None if there is none."""
    try:
        data = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
        report = Report(data["name"], data["version"], shown, rules_run=data["rules_run"], rows=data["rows"])
        report.findings = [Finding(**f) for f in data["findings"]]
        report.more = data["more"]
        report.rules_skipped = [Skipped(**s) for s in data["rules_skipped"]]
        report.rows_shown = {(path, line): row for path, line, row in data["rows_shown"]}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    report.remembered = True
    return report


def remember(name: str, report: Report) -> None:
    """Keep a result under a digest; a folder that cannot be written to is no error."""
    from commdip.canonical import write_atomic

    data = report.to_dict() | {"name": report.name, "version": report.version, "rows": report.rows}
    data["rows_shown"] = [[path, line, row] for (path, line), row in report.rows_shown.items()]
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_atomic(folder() / f"{name}.json", json.dumps(data).encode("utf-8"))
        for old in sorted(folder().glob("*.json"), key=lambda f: f.stat().st_mtime)[:-KEPT]:
            old.unlink(missing_ok=True)
    except (OSError, UnicodeError):
        return
