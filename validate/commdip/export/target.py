"""Where an export goes: a file, a zip or a folder, replaced whole or not at all.

Everything is written beside its place under a temporary name and moved there in one step. A crash
before the step leaves the former output, one after it the new.
"""

from __future__ import annotations

import ctypes
import datetime
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commdip.export.errors import ExportError

SUMS = "SHA256SUMS"
Fill = Callable[[Path], Any]


def replace_file(target: Path, fill: Fill) -> None:
    """Replace a file by what ``fill`` writes to the path that it is given."""
    if target.is_dir():
        raise ExportError(f"{target} is a folder; name a file")
    with _beside(target) as folder:
        file = folder / target.name
        fill(file)
        _flush(file)
        os.replace(file, target)  # noqa: PTH105


def replace_zip(target: Path, fill: Fill, moment: datetime.datetime) -> None:
    """Replace a zip by one of the folder that ``fill`` fills."""

    def pack(file: Path) -> None:
        contents = file.with_name("contents")
        contents.mkdir()
        fill(contents)
        write_zip(file, files_of(contents), moment)

    replace_file(target, pack)


def replace_folder(target: Path, fill: Fill) -> None:
    """Replace a folder by one that ``fill`` fills, and its checksums.

    A folder that stands there is replaced only if it is empty or an earlier output: all of its
    files are in its list of checksums. Raises ExportError otherwise.
    """
    target = target.resolve()
    check_replaceable(target)
    with _beside(target) as folder:
        made = folder / target.name
        made.mkdir()
        fill(made)
        for file in files_of(made).values():
            _flush(file)
        if target.exists():
            _exchange(made, target)
        else:
            made.rename(target)


def check_replaceable(target: Path) -> None:
    """Raise ExportError if a folder holds files that no earlier output has put there."""
    if not target.exists():
        return
    if not target.is_dir():
        raise ExportError(f"{target} is a file; name a folder, or a name that ends with .zip")
    listed = target / SUMS
    known = {line[66:] for line in listed.read_text("utf-8").splitlines()} if listed.is_file() else set()
    others = sorted(set(files_of(target)) - known - {SUMS})
    if others:
        raise ExportError(f"{target} holds {others[0]}, which no export has written; name another folder")


def files_of(folder: Path) -> dict[str, Path]:
    """Return the files below a folder by their relative names, sorted."""
    return {p.relative_to(folder).as_posix(): p for p in sorted(folder.rglob("*")) if p.is_file()}


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of every file of a folder to SHA256SUMS, in the form of sha256sum."""
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {name}\n" for name, p in files_of(folder).items()]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8", newline="\n")


def write_zip(target: Path, files: Mapping[str, Path], moment: datetime.datetime) -> None:
    """Write files into a zip by their names in it; the same files and moment give the same bytes."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, moment.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix everywhere, and with it the mode
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name].read_bytes(), compresslevel=9)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a temporary folder on the same disk as the target; it is removed in the end."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise ExportError(f"{target}: cannot be written ({error.strerror or error})") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _flush(file: Path) -> None:
    """Make sure that a file is on the disk before its name is."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change places; afterwards ``new`` holds what was in ``old``."""
    if _exchanged(new, old):
        return
    # Where the system cannot do it in one step, the former folder is away between two.
    aside = new.with_name("former")
    old.rename(aside)
    try:
        new.rename(old)
    except BaseException:
        aside.rename(old)
        raise


def _exchanged(new: Path, old: Path) -> bool:
    """Try to exchange two names by the one call of Linux that does; return whether it did."""
    if sys.platform != "linux":
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    try:
        return bool(ctypes.CDLL(None).renameat2(here, os.fsencode(new), here, os.fsencode(old), exchange) == 0)
    except (AttributeError, OSError):
        return False
