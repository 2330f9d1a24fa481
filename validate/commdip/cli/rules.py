"""List the rules.

Each with its code, severity and statement. `commdip explain CODE` says more of one.
"""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="form of the list (default: text)")


def run(args: argparse.Namespace) -> int:
    """Print the list and return the exit code."""
    import json

    from commdip.catalogue import entries

    rules = entries()
    if args.format == "json":
        print(json.dumps([r.__dict__ for r in rules], indent=2))
        return 0
    for rule in rules:
        print(f"{rule.code}  {rule.severity:<8} {rule.statement}")
    return 0
