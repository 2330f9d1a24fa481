"""How to cite a package: one place for the words, taken from its descriptor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Descriptor = Mapping[str, Any]


def authors(descriptor: Descriptor) -> list[str]:
    """Return the names of those who made a package."""
    listed = descriptor.get("contributors") or []
    return [str(c["title"]) for c in listed if isinstance(c, Mapping) and c.get("title")] or ["Anonymous"]


def title(descriptor: Descriptor) -> str:
    """Return the title of a package, or its name."""
    return str(descriptor.get("title") or descriptor.get("name") or "Untitled")


def licence(descriptor: Descriptor) -> str:
    """Return the short name of a package's licence; empty if it names none."""
    listed = descriptor.get("licenses") or []
    return ", ".join(str(entry["name"]) for entry in listed if isinstance(entry, Mapping) and entry.get("name"))


def year(descriptor: Descriptor) -> str:
    """Return the year in which a version was made; ``n.d.`` if the descriptor does not say."""
    found = re.match(r"\d{4}", str(descriptor.get("created") or ""))
    return found[0] if found else "n.d."


def text(descriptor: Descriptor) -> str:
    """Return a citation as text."""
    kind = f" Data set, {licence(descriptor)}." if licence(descriptor) else " Data set."
    version = descriptor.get("version") or "unnumbered"
    return f"{'; '.join(authors(descriptor))} ({year(descriptor)}). {title(descriptor)}, version {version}.{kind}"


def bibtex(descriptor: Descriptor) -> str:
    """Return a citation as a BibTeX entry."""
    fields = {
        # Braces keep the name of a group from being taken for given and family names.
        "author": " and ".join(f"{{{_escaped(name)}}}" for name in authors(descriptor)),
        "title": f"{{{_escaped(title(descriptor))}}}",
        "year": year(descriptor),
        "version": str(descriptor.get("version") or ""),
        "note": ", ".join(["Data set", *filter(None, [licence(descriptor)])]),
    }
    lines = "\n".join(f"  {key} = {{{value}}}," for key, value in fields.items() if value)
    return f"@misc{{{descriptor.get('name') or 'package'},\n{lines}\n}}"


def _escaped(words: str) -> str:
    return re.sub(r"([&%$#_])", r"\\\1", words)
