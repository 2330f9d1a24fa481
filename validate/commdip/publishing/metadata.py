"""What reference managers and repositories read of a release: CITATION.cff and Zenodo's metadata."""

from __future__ import annotations

import html
import json
from typing import Any

from commdip import citation
from commdip.export.source import Source


def cff(source: Source) -> str:
    """Return the CITATION.cff of a release: the repository's, or one made of the descriptor."""
    file = source.package.file("CITATION.cff")
    if file.is_file():
        return file.read_text(encoding="utf-8")
    descriptor = source.package.descriptor
    lines = [
        "cff-version: 1.2.0",
        'message: "If you use the data, please cite them as below."',
        f"title: {_quoted(citation.title(descriptor))}",
        "type: dataset",
        f"version: {_quoted(source.package.version)}",
        f'date-released: "{source.moment.date().isoformat()}"',
        *([f"license: {_quoted(citation.licence(descriptor))}"] if citation.licence(descriptor) else []),
        "authors:",
        *(f"  - name: {_quoted(name)}" for name in citation.authors(descriptor)),
    ]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    # A string of JSON is one of YAML.
    return json.dumps(text, ensure_ascii=False)


def zenodo(source: Source) -> str:
    """Return the metadata of a release in the form of Zenodo (``.zenodo.json``)."""
    descriptor = source.package.descriptor
    described: dict[str, Any] = {
        "upload_type": "dataset",
        "title": citation.title(descriptor),
        "version": source.package.version,
        "publication_date": source.moment.date().isoformat(),
        "description": f"<p>{html.escape(str(descriptor.get('description') or citation.title(descriptor)))}</p>",
        "creators": [{"name": name} for name in citation.authors(descriptor)],
        "keywords": descriptor.get("keywords") or [],
        "access_right": "open",
        "license": citation.licence(descriptor).lower(),
        "language": "eng",
    }
    return json.dumps({k: v for k, v in described.items() if v}, indent=2, ensure_ascii=False) + "\n"
