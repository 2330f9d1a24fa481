"""Progress on a terminal, for runs that take longer than a moment."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

DELAY = 1.5
"""Seconds of silence: a run that is over by then shows nothing."""


class Progress:
    """Shows the current step on one line of a terminal; shows nothing elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream, self.started, self.width = stream, time.monotonic(), 0

    def __call__(self, step: str) -> None:
        """Tell that a step begins."""
        if self.stream.isatty() and time.monotonic() - self.started > DELAY:
            self._show(f"checking {step} ...")

    def _show(self, text: str) -> None:
        self.stream.write("\r" + text.ljust(self.width))
        self.stream.flush()
        self.width = len(text)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.width:
            self._show("")
            self.stream.write("\r")
            self.stream.flush()
