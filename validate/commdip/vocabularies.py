"""The vocabularies: the terms of codes.csv in their order."""

from __future__ import annotations

from commdip.package import open_package, shipped_spec
from commdip.tables import Table, read_table


def shipped_terms() -> dict[str, list[str]]:
    """Return the vocabularies of the installed package: terms in their order, by vocabulary."""
    package = open_package()
    path = next(r.path for r in package.resources if r.name == "codes")
    return terms(read_table(shipped_spec("codes"), path, package.file(path).read_bytes()))


def terms(codes: Table) -> dict[str, list[str]]:
    """Return the vocabularies of a codes table: terms in their order, by vocabulary."""
    columns = {name: cells for name, _, cells in codes.typed()}
    listed: dict[str, list[str]] = {}
    rows = zip(*(columns[c] for c in ("position", "vocabulary", "code")), strict=True)
    for _, vocabulary, code in sorted(rows, key=lambda row: (row[0] is None, row[0] or 0)):
        if None not in (vocabulary, code):
            listed.setdefault(vocabulary, []).append(code)
    return listed
