"""Explain a rule.

Says what must hold, why, what a finding looks like, and how to mend it.
"""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("code", metavar="CODE", help="code of the rule, for instance KEY03")


def run(args: argparse.Namespace) -> int:
    """Print the explanation and return the exit code."""
    from commdip.catalogue import explain

    print(explain(args.code.upper()))
    return 0
