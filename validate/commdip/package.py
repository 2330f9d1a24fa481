"""Finding and opening a data package: a folder, a descriptor, or a zip of either."""

from __future__ import annotations

import json
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeGuard

from commdip.specs import TableSpec

DESCRIPTOR = "datapackage.json"


class PackageError(Exception):
    """A package cannot be opened at all; the message says what, where and what to do."""


@dataclass(frozen=True)
class Resource:
    """A table of a package: its name, its file, and its entry in the descriptor."""

    name: str
    path: str
    entry: dict[str, Any]


@dataclass
class Package:
    """An opened package.

    ``root`` is the folder with the descriptor (for a zip, a temporary folder that lives as long
    as this object); ``shown`` is the package as the caller named it.
    """

    root: Path
    shown: str
    descriptor: dict[str, Any]
    _keep: list[Any] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        """Name in the descriptor, or empty text."""
        return str(self.descriptor.get("name") or "")

    @property
    def version(self) -> str:
        """Version in the descriptor, or empty text."""
        return str(self.descriptor.get("version") or "")

    @cached_property
    def resources(self) -> list[Resource]:
        """Entries of the descriptor that name one local file; others are reported elsewhere."""
        entries = self.descriptor.get("resources")
        found = []
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and is_local(entry.get("path")) and entry.get("name"):
                found.append(Resource(str(entry["name"]), entry["path"], entry))
        return found

    def size(self) -> int:
        """Return the bytes of all tables that are there."""
        files = {self.file(r.path) for r in self.resources}
        return sum(f.stat().st_size for f in files if f.is_file())

    def file(self, path: str) -> Path:
        """Return the file of a package-relative path."""
        return self.root / PurePosixPath(path)

    def schema_json(self, resource: Resource) -> tuple[dict[str, Any] | None, str]:
        """Return a resource's Table Schema and where it stands, package-relative.

        A package may leave the schema out, or name the file of ours without shipping it: then
        the schema of the same name that is installed with the toolkit holds. None if there is
        no schema to be had. Raises PackageError if a schema file is not JSON.
        """
        schema = resource.entry.get("schema")
        if isinstance(schema, dict):
            return schema, DESCRIPTOR
        if is_local(schema) and self.file(schema).is_file():
            return read_json(self.file(schema), schema), schema
        ours = shipped_root() / "schemas" / f"{resource.name}.json"
        return (read_json(ours, ours.name), DESCRIPTOR) if ours.is_file() else (None, DESCRIPTOR)


def is_local(path: Any) -> TypeGuard[str]:
    """Return whether a path of a descriptor is a file inside the package."""
    if not isinstance(path, str) or not path or "://" in path or "\\" in path:
        return False
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts


def shipped_root() -> Path:
    """Return the folder of the data package that ships with the installation.

    A wheel carries it inside the import package; a source checkout has it at the top.
    """
    inside = Path(__file__).parent / "_package"
    return inside if (inside / DESCRIPTOR).is_file() else Path(__file__).parents[2]


def open_package(path: str | Path | None = None) -> Package:
    """Open a package.

    Takes a folder with a datapackage.json, a descriptor file, or a zip of a package; None means
    the package that ships with the installation. Raises PackageError if there is none there, or
    if its descriptor cannot be read as a JSON object.
    """
    if path is None:
        return _open_descriptor(shipped_root() / DESCRIPTOR, str(shipped_root()))
    target, shown = Path(path), str(path)
    try:
        if target.is_dir():
            return _open_descriptor(target / DESCRIPTOR, shown)
        if not target.is_file():
            raise PackageError(
                f"{shown}: no such file or folder; give a folder with a {DESCRIPTOR}, a descriptor or a zip"
            )
        if zipfile.is_zipfile(target):
            return _open_zip(target, shown)
        return _open_descriptor(target, shown)
    except OSError as error:
        raise PackageError(f"{shown}: cannot be read ({error.strerror or error})") from error


def shipped_spec(name: str) -> TableSpec:
    """Return the Table Schema of a table of the data model, or of a frame that is derived from it.

    Raises KeyError if there is no such table and no such frame.
    """
    folder = shipped_root() / "schemas"
    files = [f for f in (folder / f"{name}.json", folder / "derived" / f"{name}.json") if f.is_file()]
    if not files or name == "datapackage-profile":
        raise KeyError(name)
    return TableSpec.from_json(name, read_json(files[0], files[0].name))


def derived_specs() -> dict[str, TableSpec]:
    """Return the schemas of the frames that are derived from the tables, by name."""
    return {f.stem: shipped_spec(f.stem) for f in sorted((shipped_root() / "schemas" / "derived").glob("*.json"))}


def read_json(file: Path, shown: str) -> dict[str, Any]:
    """Read a JSON object; raises PackageError, with line and column, if it is none."""
    try:
        data = json.loads(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise PackageError(f"{shown}: not UTF-8 at byte {error.start}; save it as UTF-8") from error
    except json.JSONDecodeError as error:
        raise PackageError(f"{shown}:{error.lineno}:{error.colno}: not JSON ({error.msg})") from error
    except RecursionError as error:
        raise PackageError(f"{shown}: not a descriptor (nested too deeply)") from error
    if not isinstance(data, dict):
        raise PackageError(f"{shown}: not a JSON object, but {type(data).__name__}")
    return data


def _open_descriptor(file: Path, shown: str) -> Package:
    if not file.is_file():
        raise PackageError(f"{shown}: no {DESCRIPTOR} in this folder")
    return Package(root=file.parent, shown=shown, descriptor=read_json(file, str(file)))


def _open_zip(file: Path, shown: str) -> Package:
    folder = tempfile.TemporaryDirectory(prefix="commdip-")
    try:
        with zipfile.ZipFile(file) as archive:
            archive.extractall(folder.name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise PackageError(f"{shown}: not a zip that can be read ({error})") from error
    # A zip may hold the package at its top or inside folders (as archives of repositories do).
    found = sorted(Path(folder.name).rglob(DESCRIPTOR), key=lambda p: (len(p.parts), p))
    if not found:
        raise PackageError(f"{shown}: no {DESCRIPTOR} in this zip")
    package = _open_descriptor(found[0], shown)
    package._keep.append(folder)
    return package
