"""Reporters: each module turns a report into one output format."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

from commdip.findings import Report


def write_report(report: Report, form: str, output: str | None) -> None:
    """Print a report, or write it to a file in one step.

    ``form`` is the name of a module of this folder that has ``render(report)``. Raises OSError
    if the file cannot be written.
    """
    module = import_module(f"commdip.reporters.{form}")
    if output is None:
        colour = {"colour": True} if form == "text" and _wants_colour() else {}
        sys.stdout.write(module.render(report, **colour) + "\n")
        return
    from commdip.canonical import write_atomic

    write_atomic(Path(output), (module.render(report) + "\n").encode("utf-8"))


def _wants_colour() -> bool:
    import os

    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
