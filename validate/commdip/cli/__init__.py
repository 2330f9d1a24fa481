"""The command line. Each subcommand is a module of this folder whose docstring is its help.

A module has ``arguments(parser)``, which adds its options, and ``run(args)``, which does the work
and returns the exit code. Heavy imports stand inside ``run``, so that help comes at once.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import gc
import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from commdip import __version__

COMMANDS = ("validate", "format", "diff", "export", "release", "rules", "explain")
COULD_NOT_RUN = 2


class UsageError(Exception):
    """The command was called in a way that it cannot carry out; the message is one line."""


class Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message: str) -> NoReturn:
        """Print what is wrong with the arguments, and exit."""
        raise SystemExit(complain(f"{message} (see `{self.prog} --help`)"))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Exit after --help and --version, with nothing left to be written."""
        sys.stdout.flush()
        super().exit(status, message)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line with all subcommands."""
    top = Parser(
        prog="commdip",
        description="Check, format and explain CommDip data packages.",
        epilog="Exit codes: 0 nothing found, 1 findings, 2 could not run.",
    )
    top.add_argument("--version", action="version", version=f"commdip {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = importlib.import_module(f"commdip.cli.{name}")
        text = (module.__doc__ or "").strip()
        sub = commands.add_parser(
            name,
            help=text.splitlines()[0].rstrip(".").lower(),
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.arguments(sub)
        sub.set_defaults(run=module.run)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code and never lets an expected error out."""
    from commdip.package import PackageError

    if sys.stdout is None:  # our caller has closed it
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    # Importing libraries makes hundreds of thousands of objects that stay; looking for garbage among them takes a tenth.
    gc.set_threshold(200_000)
    # Where PySpark is installed, pandera imports it, and it warns of a part of it that we do not use.
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    try:
        args = parser().parse_args(argv)
        code = int(args.run(args))
        sys.stdout.flush()  # here, where a reader that has gone is no surprise
        return code
    except (PackageError, UsageError, ValueError) as error:
        return complain(str(error))
    except BrokenPipeError:
        # The reader of our output has gone (as with head); there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN
    except KeyboardInterrupt:
        return complain("interrupted")
    except OSError as error:
        return complain(f"{error.filename or 'output'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("COMMDIP_DEBUG"):
            raise
        return complain(
            f"internal error, please report it (COMMDIP_DEBUG=1 shows more): {type(error).__name__}: {error}"
        )


def program() -> NoReturn:
    """Run the command line as a process of its own, and end the process."""
    code = main()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    if "pyspark" in sys.modules:  # there is a Java to be sent home
        raise SystemExit(code)
    # Temporary folders go; but to free, object by object, what goes with the process takes a twentieth of a run.
    atexit._run_exitfuncs()
    os._exit(code)


def complain(message: str) -> int:
    """Print one line on stderr; returns the exit code for what could not run."""
    print(f"commdip: {' '.join(message.split())}", file=sys.stderr)
    return COULD_NOT_RUN
