"""The notes of a release, written from the changelog and from what differs."""

from __future__ import annotations

from commdip import citation, release
from commdip.diff import Difference, verdict
from commdip.export.source import Source
from commdip.markdown import code, table


def notes(source: Source, difference: Difference | None) -> str:
    """Return the notes as Markdown; without a difference, for a first release."""
    entry = release.entry(source.package)
    parts = [
        f"# {citation.title(source.package.descriptor)}, version {source.package.version}",
        entry[1] if entry else "",
        changes(difference) if difference else "",
        contents(source),
        f"## Cite\n\n{citation.text(source.package.descriptor)}",
    ]
    return "\n\n".join(p.strip() for p in parts if p.strip()) + "\n"


def changes(difference: Difference) -> str:
    """Return the section on what differs from the earlier release."""
    lines = [f"- {kind} table {code(name)}" for kind, name in difference.tables]
    lines += [f"- {kind} column {code(name)}" for kind, name in difference.columns]
    lines += [f"- retired {code(name)} of {code(owner)}" for owner, name in difference.retired]
    counted = [
        [code(name), *(counts[kind] for kind in ("added", "removed", "changed"))]
        for name, counts in difference.counts().items()
    ]
    counts = table(("Table", "Rows added", "Rows removed", "Cells changed"), counted, right=[1, 2, 3])
    return "\n\n".join(
        [
            f"## Data since {difference.old_version}",
            verdict(difference),
            *(["\n".join(lines)] if lines else []),
            *([counts] if counted else []),
        ]
    )


def contents(source: Source) -> str:
    """Return the section on what is inside."""
    rows = [[code(name), spec.description, len(source.data[name])] for name, spec in source.specs.items()]
    return f"## Contents\n\n{table(('Table', 'What it holds', 'Rows'), rows, right=[2])}"
