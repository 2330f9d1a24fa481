"""What goes wrong when exporting."""

from __future__ import annotations


class ExportError(ValueError):
    """A package cannot be written in a format, or not to that place; the message is one line."""
