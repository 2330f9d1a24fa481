"""Loading a package into pandas, polars or Arrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from commdip import edtf, vocabularies
from commdip.dataset import Dataset
from commdip.package import Package, PackageError, open_package
from commdip.structure import read_package
from commdip.tables import Table

Backend = Literal["pandas", "polars", "arrow"]
LOST = ("FIL01", "FIL05", "PKG02", "PKG03")
"""Rules whose findings mean that a table, or a part of it, cannot be loaded."""


def load(path: str | Path | None = None, *, backend: Backend = "pandas") -> Dataset:
    """Load a package.

    Takes a folder, a descriptor or a zip; None means the package that ships with the
    installation. Returns its tables as typed frames of the ``backend`` (polars and Arrow need
    their libraries): the columns of the schema, and after them for each date column X the days that
    it allows, ``X_earliest`` and ``X_latest``. The data are not validated: a cell that is not of its
    column's type or vocabulary is missing. Raises PackageError if the package, or a table of it, cannot be
    read, ImportError if the backend is not installed.
    """
    return load_package(open_package(path), backend=backend)


def load_package(package: Package, *, backend: Backend = "pandas") -> Dataset:
    """Load a package that is open already; see ``load``."""
    tables, findings = read_package(package)
    lost = [f for f in [*findings, *(f for t in tables.values() for f in t.findings)] if f.rule in LOST]
    if lost:
        raise PackageError(f"{package.shown}: {lost[0].path}: {lost[0].message} `commdip validate` says more")
    terms = vocabularies.terms(tables["codes"]) if "codes" in tables else vocabularies.shipped_terms()
    kinds = {v: pd.CategoricalDtype(listed, ordered=True) for v, listed in terms.items()}
    frames = {name: _frame(table, kinds) for name, table in tables.items()}
    return Dataset(package.name, package.version, frames, backend=backend, about=package.descriptor)


def _frame(table: Table, kinds: dict[str, pd.CategoricalDtype]) -> pd.DataFrame:
    """Return a table with categories for coded columns and days for dates."""
    made: dict[str, Any] = {}
    days: dict[str, Any] = {}
    for field in table.spec.fields:
        series = table.frame[field.name]
        if field.vocabulary and not field.delimiter:
            kind = kinds.get(field.vocabulary, pd.CategoricalDtype([], ordered=True))
            series = series.where(series.isin(kind.categories)).astype(kind)
        made[field.name] = series
        if field.edtf:
            days |= _days(field.name, series)
    return pd.DataFrame(made | days, copy=False)


def _days(name: str, series: pd.Series[Any]) -> dict[str, Any]:
    """Return the earliest and the latest day of a column of dates as datetimes."""
    places, texts = pd.factorize(series)
    # Missing cells have the place -1, which is the last: not a time.
    known = [edtf.bounds(t) if edtf.is_valid(t) and t[:4] != "0000" else (None, None) for t in texts] + [(None, None)]
    return {
        f"{name}_{side}": np.array([days[i] for days in known], dtype="datetime64[s]")[places]
        for i, side in enumerate(("earliest", "latest"))
    }
