"""What several reporters need: where a finding stands on disk, the counts in words, safe text."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from urllib.parse import quote

from commdip.findings import INFO, SEVERITIES, Report


class Places:
    """Names the files of a report's package as tools outside find them.

    Paths are relative to the checkout (on GitHub the workspace, elsewhere the current directory)
    where the package lies in it, and absolute elsewhere. A zip stands for the folder it holds.
    """

    def __init__(self, report: Report) -> None:
        named = Path(report.path)
        descriptor = named.is_file() and not zipfile.is_zipfile(named)
        self.root = (named.parent if descriptor else named).resolve()

    def path(self, path: str) -> str:
        """Return a package-relative path as a path that holds from outside, with forward slashes."""
        whole = self.root / path
        for base in _checkouts():
            if whole.is_relative_to(base):
                return whole.relative_to(base).as_posix()
        return whole.as_posix()

    def uri(self, path: str) -> str:
        """Return a package-relative path as a URI, percent-encoded."""
        outside = self.path(path)
        if Path(outside).is_absolute():
            return "file://" + quote("/" + outside.lstrip("/"), safe="/:", errors="replace")
        return quote(outside, safe="/", errors="replace")


def _checkouts() -> list[Path]:
    workspace = os.environ.get("GITHUB_WORKSPACE")
    return [Path(p).resolve() for p in (workspace, ".") if p]


def plural(count: int, noun: str) -> str:
    """Return a count with its noun, for instance "1 error" or "2,000 errors"."""
    return f"{count:,} {noun}{'' if count == 1 or noun == INFO else 's'}"


def tally(report: Report) -> str:
    """Return the counts of a report in words, for instance "2 errors, 1 warning"."""
    return ", ".join(plural(n, s) for s in SEVERITIES if (n := report.counts[s])) or "no findings"


def encodable(text: str) -> str:
    """Return text with what UTF-8 cannot hold (lone surrogates) written as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
