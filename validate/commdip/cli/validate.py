"""Validate a data package.

PATH is a folder with a datapackage.json, the descriptor itself, or a zip of a package; without
it, the package that ships with the installation is validated.
Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 could not run.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commdip.findings import Report

REMEMBERED_UP_TO = 64 << 20
"""Bytes of tables up to which a result is remembered."""
FORMATS = ("text", "json", "sarif", "junit", "github", "html")


def codes(text: str) -> list[str]:
    """Split a list of codes given with commas."""
    return [c.strip().upper() for c in text.split(",") if c.strip()]


def positive(text: str) -> int:
    """Read a whole number above 0; argparse tells of others."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def setting(text: str) -> tuple[str, str]:
    """Split a setting given as KEY=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form KEY=VALUE")
    return name, value


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("path", nargs="?", metavar="PATH", help="folder, descriptor or zip")
    parser.add_argument("--format", choices=FORMATS, default="text", help="form of the report (default: text)")
    parser.add_argument(
        "--select",
        type=codes,
        default=[],
        metavar="CODES",
        help="only these rules; codes or beginnings of codes, with commas",
    )
    parser.add_argument("--ignore", type=codes, default=[], metavar="CODES", help="all but these rules")
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning"),
        default="error",
        help="least severity that makes the exit code 1 (default: error)",
    )
    parser.add_argument("--output", metavar="FILE", help="write the report to a file instead of stdout")
    parser.add_argument("--against", metavar="PATH", help="earlier release to compare with: retired ids, version")
    parser.add_argument(
        "--engine",
        choices=("auto", "pandas", "polars", "spark"),
        default="auto",
        help="what the rules about rows run on (default: polars if it is installed, and large tables block by block)",
    )
    parser.add_argument(
        "--max-findings",
        type=positive,
        default=200,
        metavar="N",
        help="list this many findings of a rule; all are counted (default: 200)",
    )
    parser.add_argument("--spark-master", metavar="URL", help="Spark's master, such as local[2] or spark://host:7077")
    parser.add_argument(
        "--spark-conf",
        action="append",
        type=setting,
        default=[],
        metavar="KEY=VALUE",
        help="a setting of Spark; may be given several times",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="validate again even what was validated before and has not changed"
    )
    parser.add_argument(
        "--today",
        type=datetime.date.fromisoformat,
        metavar="DATE",
        help="day that counts as today (default: the system's)",
    )


def run(args: argparse.Namespace) -> int:
    """Validate, print the report, and return the exit code."""
    from commdip.package import open_package
    from commdip.reporters import write_report

    # Of large packages nothing is remembered: to see that nothing has changed takes as long as to validate.
    # Spark knows no lines, so that neither its reports nor those of others stand for each other.
    large = open_package(args.path).size() > REMEMBERED_UP_TO
    fresh = args.no_cache or args.against or args.engine == "spark" or large
    report = _validated(args) if fresh else _remembered(args)
    write_report(report, args.format, args.output)
    return 1 if report.fails(args.fail_on) else 0


def _remembered(args: argparse.Namespace) -> Report:
    """Return what is remembered of the same package, or validate it and remember the result."""
    from commdip import cache
    from commdip.package import open_package

    package = open_package(args.path)
    name = cache.key(
        package, args.select, args.ignore, (args.today or datetime.date.today()).isoformat(), args.max_findings
    )
    report = cache.recall(name, package.shown)
    if report is None:
        report = _validated(args)
        cache.remember(name, report)
    return report


def _validated(args: argparse.Namespace) -> Report:
    from commdip.reporters.progress import Progress
    from commdip.validation import validate

    _share_memory()
    spark = dict(args.spark_conf) | ({"spark.master": args.spark_master} if args.spark_master else {})
    with Progress(sys.stderr) as progress:
        return validate(
            args.path,
            select=args.select,
            ignore=args.ignore,
            today=args.today,
            against=args.against,
            engine=args.engine,
            max_findings=args.max_findings,
            spark=spark,
            progress=progress,
        )


def _share_memory() -> None:
    """Let threads take over each other's freed memory, as long as polars is not loaded.

    Blocks of large tables are made in one thread and freed in another. By default jemalloc, which polars brings,
    has four stores of memory a processor, and gives back what lies idle in one while another asks for more: two
    thirds of the pages of a run are given twice, which is a tenth of its time.
    """
    stores = max((os.cpu_count() or 1) // 2, 1)
    os.environ.setdefault("_RJEM_MALLOC_CONF", f"narenas:{stores},muzzy_decay_ms:-1")
