"""Check whether a package can be released, and build the release.

`commdip release check` says what speaks against releasing the package in PATH as it stands: findings
at error, hashes and generated documents that are stale, a version that is too low for what changed,
numbers that disagree, a changelog without the entry, identifiers dropped without retirement, sources
without the day on which they were read. `commdip release build` checks, and if nothing speaks against
it writes the files of the release: the package as zip, Parquet and SQLite, Croissant metadata, the
codebook, CITATION.cff, metadata for Zenodo, notes and checksums. The same commit gives the same bytes.
Exit codes: 0 can be released, 1 refused, 2 could not run.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commdip.publishing.check import Refusal, Verdict

SHOWN = 20
"""Refusals that text shows before it only counts."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the actions of this command and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    helps = {"check": "say what speaks against a release", "build": "check, and write the files of the release"}
    for name, text in helps.items():
        action = actions.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")
        action.add_argument("path", nargs="?", metavar="PATH", default=".", help="folder (default: this folder)")
        action.add_argument(
            "--against",
            metavar="VERSION",
            help="earlier release: folder, zip or git revision (default: the last tag vX.Y.Z)",
        )
        action.add_argument("--tag", metavar="TAG", help="tag that it is released under: must be that of the version")
        if name == "build":
            action.add_argument("--output", metavar="DIR", required=True, help="folder for the files")
        else:
            action.add_argument(
                "--format", choices=("text", "json"), default="text", help="form of the verdict (default: text)"
            )


def run(args: argparse.Namespace) -> int:
    """Check, build if asked and allowed, and return the exit code."""
    from commdip.publishing.check import check

    verdict = check(args.path, against=args.against, tag=args.tag)
    if args.action == "build":
        verdict.refusals += _unfinished(args.path)
    print(_json(verdict) if getattr(args, "format", "text") == "json" else _text(verdict))
    if args.action == "build" and not verdict.refusals:
        from commdip.publishing.build import build

        for file in build(args.path, args.output, verdict.earlier):
            print(f"written {file}")
    return 1 if verdict.refusals else 0


def _unfinished(path: str) -> list[Refusal]:
    from commdip.publishing.build import unfinished
    from commdip.publishing.check import Refusal

    files = unfinished(path)
    if not files:
        return []
    many = ", ".join(files[:5]) + (f" and {len(files) - 5} more" if len(files) > 5 else "")
    return [Refusal("not committed", f"Not as in the commit: {many}.", "Commit the changes, or take them back.")]


def _text(verdict: Verdict) -> str:
    name = f"{verdict.package.name} {verdict.package.version}"
    compared = f"compared with {verdict.earlier.version} ({verdict.earlier.shown})" if verdict.earlier else ""
    lines = [f"{name}: {compared or 'a first release, compared with none'}."]
    for refusal in verdict.refusals[:SHOWN]:
        lines += ["", f"{refusal.title}", f"    {refusal.message}", f"    Fix: {refusal.hint}"]
    left = len(verdict.refusals) - SHOWN
    lines += ["", f"... and {left} more"] if left > 0 else []
    count = len(verdict.refusals)
    decision = f"refused, for {count} reason{'' if count == 1 else 's'}" if count else "can be released"
    return "\n".join([*lines, "", f"{name}: {decision}."])


def _json(verdict: Verdict) -> str:
    import json
    from dataclasses import asdict

    data = {
        "package": {"name": verdict.package.name, "version": verdict.package.version},
        "against": verdict.earlier.version if verdict.earlier else None,
        "released": not verdict.refusals,
        "refusals": [asdict(r) for r in verdict.refusals],
    }
    return json.dumps(data, indent=2, ensure_ascii=False)
