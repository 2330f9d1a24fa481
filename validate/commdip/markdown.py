"""Writing Markdown: tables, code in cells, and the anchors that headings get."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any


def table(header: Iterable[str], rows: Iterable[Iterable[Any]], right: Iterable[int] = ()) -> str:
    """Return a Markdown table; ``right`` are the columns set flush right."""
    heads = list(header)
    rule = ["---:" if i in set(right) else "---" for i in range(len(heads))]
    lines = [heads, rule, *([escape(str(c)) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escape(text: str) -> str:
    """Return text for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> str:
    """Return text as code for a cell of a Markdown table; empty if it is."""
    return f"`{text}`" if text else ""


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
