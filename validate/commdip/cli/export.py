"""Write a package in the form that another tool reads.

PATH is a folder, a descriptor or a zip; without it, the package that ships with the installation
is exported. csv-zip, sqlite, duckdb and xlsx are one file. parquet, stata, croissant and csvw are
several: --output is a folder, or a zip of it if the name ends with .zip. What stands there is
replaced once the new export is complete, a folder only if it is an earlier export.
Exit codes: 0 done, 2 could not run.
"""

from __future__ import annotations

import argparse

from commdip.export import FORMATS


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="folder, descriptor or zip")
    parser.add_argument("--to", required=True, choices=FORMATS, help="format")
    parser.add_argument(
        "--output", metavar="OUTPUT", help="file or folder to write (default: NAME-VERSION, in this folder)"
    )


def run(args: argparse.Namespace) -> int:
    """Export and return the exit code."""
    from commdip.export import export

    print(f"written {export(args.path, args.to, args.output)}")
    return 0
