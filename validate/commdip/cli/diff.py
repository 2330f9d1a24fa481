"""Compare two versions of a package.

OLD and NEW are folders, descriptors, zips, or revisions of the git repository of this folder. Rows
are matched by primary key. Says which tables and columns were added or removed, which rows were
added or removed, which cells changed, and the least version that the change demands.
Exit codes: 0 nothing differs, 1 something does, 2 could not run.
"""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("old", metavar="OLD", help="earlier version")
    parser.add_argument("new", metavar="NEW", nargs="?", default=".", help="later version (default: this folder)")
    parser.add_argument(
        "--format", choices=("text", "json", "markdown"), default="text", help="form of the report (default: text)"
    )
    parser.add_argument("--output", metavar="FILE", help="write the report to a file instead of stdout")


def run(args: argparse.Namespace) -> int:
    """Compare, print the difference, and return the exit code."""
    from commdip import diff
    from commdip.canonical import write_atomic

    difference = diff.diff(args.old, args.new)
    text = {"text": diff.to_text, "json": diff.to_json, "markdown": diff.to_markdown}[args.format](difference) + "\n"
    if args.output:
        write_atomic(Path(args.output), text.encode("utf-8"))
    else:
        print(text, end="")
    return 1 if difference.changes or difference.tables or difference.columns else 0
