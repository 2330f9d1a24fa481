"""What git knows of the folder that a release is made from."""

from __future__ import annotations

import re
from pathlib import Path

from commdip.diff import git

VERSION_TAG = re.compile(r"v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")


def tag_of(version: str) -> str:
    """Return the tag that a version is released under."""
    return f"v{version}"


def last_release(folder: Path, version: str) -> str | None:
    """Return the tag of the last release before a version, None if there is none (or no git)."""
    listed = _lines("tag", "--list", "v*", "--merged", "HEAD", "--sort=-v:refname", folder=folder)
    tags = [t for t in listed if VERSION_TAG.fullmatch(t) and t != tag_of(version)]
    return tags[0] if tags else None


def is_taken(folder: Path, version: str) -> bool:
    """Return whether a version's tag stands for something else than what is in the folder."""
    there = _lines("rev-parse", "--verify", f"refs/tags/{tag_of(version)}^{{commit}}", folder=folder)
    here = _lines("rev-parse", "HEAD", folder=folder)
    return bool(there) and (there != here or bool(changed_files(folder)))


def changed_files(folder: Path) -> list[str]:
    """Return the files in a folder that differ from the commit; none where there is no git."""
    return [line[3:] for line in _lines("status", "--porcelain", "--untracked-files=no", "--", ".", folder=folder)]


def moment(folder: Path) -> int | None:
    """Return the seconds since 1970 at which the commit of a folder was made; None without one."""
    if not _lines("ls-files", "--", "datapackage.json", folder=folder):
        return None
    found = _lines("log", "-1", "--format=%ct", folder=folder)
    return int(found[0]) if found else None


def _lines(*arguments: str, folder: Path) -> list[str]:
    printed = git(*arguments, folder=folder)
    return [line for line in (printed or b"").decode("utf-8", errors="replace").splitlines() if line.strip()]
