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
    frame = codes.frame.sort_values("position", kind="stable")
    return {str(v): list(group) for v, group in frame.groupby("vocabulary")["code"]}
