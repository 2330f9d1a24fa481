"""What changed between two versions of a package: tables, columns, rows, cells, and what it demands."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from commdip import release
from commdip.package import DESCRIPTOR, Package, PackageError, open_package
from commdip.structure import read_package
from commdip.tables import Table

SHOWN = 20
"""Rows of a table that text and Markdown show before they only count."""


@dataclass(frozen=True)
class Change:
    """One row added or removed, or one cell changed.

    ``kind`` is added, removed or changed; ``key`` is the row's primary key as text; ``column``,
    ``old`` and ``new`` are of the cell, None for whole rows and empty cells.
    """

    kind: str
    table: str
    key: str
    column: str | None = None
    old: str | None = None
    new: str | None = None


@dataclass(frozen=True)
class Difference:
    """All that changed between two versions.

    ``tables`` and ``columns`` are (kind, name) with kind added, removed or, for columns, retyped; ``retired`` are the
    identifiers (table, id) that the newer version retires; ``bump`` is the least part of the
    version that the change must raise (major, minor, patch, or empty), ``least_version`` the least
    version that does, and ``why`` the change that demands it.
    """

    old_version: str
    new_version: str
    tables: list[tuple[str, str]]
    columns: list[tuple[str, str]]
    changes: list[Change]
    retired: list[tuple[str, str]]
    bump: str
    least_version: str
    why: str

    def counts(self) -> dict[str, Counter[str]]:
        """Return by table how many rows were added and removed and how many cells changed."""
        found: dict[str, Counter[str]] = {}
        for change in self.changes:
            found.setdefault(change.table, Counter())[change.kind] += 1
        return found


def diff(old: str | Path, new: str | Path) -> Difference:
    """Compare two versions of a package.

    Takes folders, descriptors, zips, or revisions of the git repository of the current folder.
    Rows are matched by primary key. Raises PackageError if one of them cannot be opened.
    """
    return compare(open_version(old), open_version(new))


def compare(before: Package, after: Package) -> Difference:
    """Compare two versions of a package that are open already."""
    one, other = read_package(before)[0], read_package(after)[0]
    bump, why = release.demanded(other, one)
    least, _ = release.least_version(before.version, bump, why)
    shared = [n for n in other if n in one]
    return Difference(
        before.version,
        after.version,
        [("removed", n) for n in one if n not in other] + [("added", n) for n in other if n not in one],
        [pair for n in shared for pair in _columns(one[n], other[n])],
        [c for n in shared for c in _changes(one[n], other[n])],
        sorted(release.retired(other) - release.retired(one)),
        bump,
        least,
        why,
    )


def open_version(version: str | Path, folder: str | Path = ".") -> Package:
    """Open a package, or the package of a revision of the git repository that a folder is in."""
    if Path(version).exists():
        return open_package(version)
    unpacked = tempfile.TemporaryDirectory(prefix="commdip-")
    if not _unpack(str(version), Path(folder), Path(unpacked.name)):
        raise PackageError(f"{version}: neither a file or folder nor a revision of a git repository here")
    package = open_package(unpacked.name)
    package._keep.append(unpacked)
    package.shown = str(version)
    return package


def _unpack(revision: str, folder: Path, target: Path) -> bool:
    """Unpack what a revision has of a folder, or of its whole repository if that has the descriptor."""
    top = git("rev-parse", "--show-toplevel", folder=folder)
    for place in (folder, Path(top.decode().strip())) if top else ():
        packed = git("archive", "--format=tar", revision, folder=place)
        if packed is None:
            continue
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(target, filter="data")
        if (target / DESCRIPTOR).is_file():
            return True
    return bool(top) and any(target.iterdir())


def git(*arguments: str, folder: Path) -> bytes | None:
    """Run git in a folder and return what it prints; None if it cannot."""
    try:
        return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def _columns(old: Table, new: Table) -> Iterator[tuple[str, str]]:
    yield from (("removed", f"{new.name}.{c}") for c in old.header if c not in new.header)
    yield from (("added", f"{new.name}.{c}") for c in new.header if c not in old.header)
    yield from (("retyped", f"{new.name}.{c}") for c in release.retyped(new, old))


def _changes(old: Table, new: Table) -> Iterator[Change]:
    """Yield rows removed, rows added, and cells changed, in the order of the keys."""
    columns = [c for c in new.header if c in old.header]
    before, after = release.rows_by_key(old, columns), release.rows_by_key(new, columns)
    yield from (Change("removed", new.name, k) for k in before if k not in after)
    for key, row in after.items():
        if key not in before:
            yield Change("added", new.name, key)
        elif row != before[key]:
            yield from (
                Change("changed", new.name, key, column, before[key][column], row[column])
                for column in columns
                if row[column] != before[key][column]
            )


def to_json(difference: Difference) -> str:
    """Return a difference as a JSON object."""
    data = asdict(difference)
    data["columns"] = [{"kind": kind, "column": name} for kind, name in difference.columns]
    data["tables"] = [{"kind": kind, "table": name} for kind, name in difference.tables]
    data["retired"] = [{"table": table, "id": name} for table, name in difference.retired]
    return json.dumps(data, indent=2, ensure_ascii=False)


def to_text(difference: Difference) -> str:
    """Return a difference as text for people."""
    lines = [f"{kind} table {name}" for kind, name in difference.tables]
    lines += [f"{kind} column {name}" for kind, name in difference.columns]
    for table, counts in difference.counts().items():
        lines += ["", f"{table}: {_counted(counts)}", *(f"  {_line(c)}" for c in _shown(difference, table))]
        lines += _left_out(sum(counts.values()), "  ")
    lines += [f"retired {table} {name}" for table, name in difference.retired]
    return "\n".join([*lines, "", verdict(difference)]).strip()


def to_markdown(difference: Difference) -> str:
    """Return a difference as Markdown, as for release notes."""
    lines = [f"## {difference.old_version} to {difference.new_version}", "", verdict(difference), ""]
    lines += [f"- {kind} table `{name}`" for kind, name in difference.tables]
    lines += [f"- {kind} column `{name}`" for kind, name in difference.columns]
    lines += [f"- retired `{name}` of `{table}`" for table, name in difference.retired]
    for table, counts in difference.counts().items():
        rows = [
            f"| {c.kind} | {_cell(c.key)} | {_cell(c.column)} | {_cell(c.old)} | {_cell(c.new)} |"
            for c in _shown(difference, table)
        ]
        lines += [
            "",
            f"### {table}: {_counted(counts)}",
            "",
            "| what | row | column | before | after |",
            "|---|---|---|---|---|",
            *rows,
        ]
        lines += _left_out(sum(counts.values()), "\n")
    return "\n".join(lines)


def _shown(difference: Difference, table: str) -> list[Change]:
    return [c for c in difference.changes if c.table == table][:SHOWN]


def _left_out(count: int, indent: str) -> list[str]:
    return [f"{indent}... and {count - SHOWN} more"] if count > SHOWN else []


def _counted(counts: Counter[str]) -> str:
    words = (("added", "row", "added"), ("removed", "row", "removed"), ("changed", "cell", "changed"))
    return ", ".join(
        f"{counts[k]} {what}{'' if counts[k] == 1 else 's'} {done}" for k, what, done in words if counts[k]
    )


def _line(change: Change) -> str:
    if change.kind == "changed":
        return f"{change.key} {change.column}: {change.old or '(empty)'} -> {change.new or '(empty)'}"
    return f"{change.kind} {change.key}"


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


def verdict(difference: Difference) -> str:
    """Return in a sentence what a difference demands of the version."""
    if not difference.bump:
        return "Nothing changed that readers see."
    return f"At least a {difference.bump} change ({difference.why}): version {difference.least_version} or higher."
