"""The package itself as one zip: descriptor, tables and schemas as they are, and what describes them."""

from __future__ import annotations

from pathlib import Path

from commdip.export.source import Source
from commdip.export.target import write_zip
from commdip.package import DESCRIPTOR, Package, is_local

SUFFIX = ".zip"
BESIDE = ("README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "LICENSE-DATA")


def write(source: Source, target: Path) -> None:
    """Write the zip."""
    write_zip(target, members(source.package), source.moment)


def members(package: Package) -> dict[str, Path]:
    """Return the files that make up a package by their names in it."""
    named = [r.entry.get("schema") for r in package.resources] + [package.descriptor.get("$schema")]
    schemas = [package.file(p) for p in named if is_local(p) and package.file(p).is_file()]
    # A schema may refer to others beside it: its whole folder goes along.
    folders = {f.parent for f in schemas if f.parent != package.root}
    files = [
        package.file(DESCRIPTOR),
        *schemas,
        *(f for folder in folders for f in folder.rglob("*") if f.is_file()),
        *(package.file(r.path) for r in package.resources),
        *(f for f in map(package.file, BESIDE) if f.is_file()),
    ]
    return {f.relative_to(package.root).as_posix(): f for f in files}
