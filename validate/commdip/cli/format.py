"""Write the tables of a package in canonical form.

Sorts rows and columns, writes quoting, line ends and Unicode in one way, and updates bytes and
hashes in the descriptor. Files are replaced whole or not at all; a package with broken files is
left as it is. --check only tells which files would change.
Exit codes: 0 done (with --check: nothing to do), 1 files would change, 2 could not run.
"""

from __future__ import annotations

import argparse
import sys


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "path", nargs="?", metavar="PATH", default=".", help="folder or descriptor (default: this folder)"
    )
    parser.add_argument("--check", action="store_true", help="only tell which files would change")


def run(args: argparse.Namespace) -> int:
    """Format, or tell what would change, and return the exit code."""
    import zipfile

    from commdip import canonical
    from commdip.cli import UsageError

    if zipfile.is_zipfile(args.path):
        raise UsageError(f"{args.path}: a zip is not rewritten; unpack it first")
    try:
        package, changes = canonical.plan(args.path)
    except canonical.FormatError as error:
        for finding in error.findings:
            print(f"{finding.path}:{finding.line or 1}: {finding.rule} {finding.message}", file=sys.stderr)
        raise UsageError("nothing was written: mend the findings above first") from error
    if not args.check:
        canonical.write(package, changes)
    for path in sorted(changes):
        print(f"{'would change' if args.check else 'formatted'} {path}")
    print(f"{len(changes)} file{'' if len(changes) == 1 else 's'} {'would change' if args.check else 'changed'}.")
    return 1 if args.check and changes else 0
