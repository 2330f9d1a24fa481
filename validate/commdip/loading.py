"""Loading a package into pandas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from commdip import columns
from commdip.package import PackageError, open_package
from commdip.structure import read_package
from commdip.tables import Table


class Dataset(Mapping[str, pd.DataFrame]):
    """The tables of a package as typed pandas frames.

    Each table is an attribute and an item: ``ds.participation`` is ``ds["participation"]``.
    ``name`` and ``version`` are those of the package. Columns are pandas ``str`` (missing values
    where a cell is empty), ``Int64``, ``boolean``, and ordered categoricals where a vocabulary
    says which terms there are.
    """

    def __init__(self, name: str, version: str, tables: Mapping[str, pd.DataFrame]) -> None:
        self.name, self.version = name, version
        self._tables = dict(tables)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self._tables[table]

    def __getattr__(self, table: str) -> pd.DataFrame:
        try:
            return self.__dict__["_tables"][table]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(f"the package has no table {table!r}; it has {', '.join(self.__dict__.get('_tables', ()))}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._tables]

    def __repr__(self) -> str:
        rows = "\n".join(f"  {name:<21}{len(frame):>7} rows  {len(frame.columns):>2} columns" for name, frame in self.items())
        return f"<{self.name} {self.version}: {len(self)} tables>\n{rows}"


def load(path: str | Path | None = None) -> Dataset:
    """Load a package.

    Takes a folder, a descriptor or a zip; None means the package that ships with the
    installation. Returns its tables as typed frames, each with the columns of its schema. The
    data are not validated: a cell that is not of its column's type is missing. Raises
    PackageError if the package, or a table of it, cannot be read.
    """
    package = open_package(path)
    tables, findings = read_package(package)
    lost = [f for f in [*findings, *(f for t in tables.values() for f in t.findings)] if f.rule in ("FIL01", "FIL05", "PKG02", "PKG03")]
    if lost:
        raise PackageError(f"{package.shown}: {lost[0].path}: {lost[0].message} `commdip validate` says more")
    vocabularies = columns.terms(tables["codes"]) if "codes" in tables else columns.shipped_terms()
    return Dataset(package.name, package.version, {n: _frame(t, vocabularies) for n, t in tables.items()})


def _frame(table: Table, vocabularies: columns.Terms) -> pd.DataFrame:
    frame = table.frame[table.spec.names]
    coded: dict[str, Any] = {
        f.name: pd.CategoricalDtype(list(vocabularies.get(f.vocabulary, ())), ordered=True)
        for f in table.spec.fields
        if f.vocabulary and not f.delimiter
    }
    return frame.astype(coded)
