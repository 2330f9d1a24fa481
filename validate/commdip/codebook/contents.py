"""What the codebook is written from: a package's schemas, and its cells as text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from commdip.package import Package, PackageError
from commdip.specs import FieldSpec, TableSpec
from commdip.structure import read_package

REFERENCE_TABLES = ("mode_roles", "rank_offices")
"""Tables that say what terms mean; that they use a term is no count of it."""
Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Contents:
    """A package's tables: their schemas and rows, by name, in the descriptor's order."""

    package: Package
    specs: dict[str, TableSpec]
    rows: dict[str, Rows]

    @classmethod
    def of(cls, package: Package) -> Contents:
        """Read a package; raises PackageError if a table of it cannot be read."""
        tables, _ = read_package(package)
        lost = [r.path for r in package.resources if r.name not in tables]
        if lost:
            raise PackageError(f"{package.shown}: {lost[0]} cannot be read; `commdip validate` says more")
        rows = {n: [dict(zip(t.header, r, strict=True)) for r in t.records] for n, t in tables.items()}
        return cls(package, {n: t.spec for n, t in tables.items()}, rows)

    def has(self, *tables: str) -> bool:
        """Return whether all of some tables are there."""
        return all(t in self.rows for t in tables)

    @cached_property
    def uses(self) -> dict[str, list[tuple[str, FieldSpec]]]:
        """The coded columns, as table and field, by vocabulary."""
        found: dict[str, list[tuple[str, FieldSpec]]] = {}
        for spec in self.specs.values():
            for field in spec.fields:
                if field.vocabulary and spec.name not in REFERENCE_TABLES:
                    found.setdefault(field.vocabulary, []).append((spec.name, field))
        return found
