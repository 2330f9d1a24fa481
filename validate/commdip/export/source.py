"""What is exported: an opened package with its schemas, its typed tables and its moment."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from commdip import citation, vocabularies
from commdip.dataset import Dataset
from commdip.export.errors import ExportError
from commdip.loading import load_package
from commdip.package import Package, open_package
from commdip.specs import FieldSpec, ForeignKey, TableSpec
from commdip.structure import read_package
from commdip.tables import Table

DAY = "day"
TERM = "term"
FIRST_OF_ZIP = datetime.datetime(1980, 1, 1, tzinfo=datetime.UTC)
"""The earliest moment that a zip can hold."""


@dataclass(frozen=True)
class Column:
    """A column as exported.

    ``kind`` is string, integer, number, boolean, term (of the vocabulary ``terms``) or day; days
    are the bounds of dates and stand after the columns of the schema.
    """

    name: str
    kind: str
    title: str
    description: str
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    terms: tuple[str, ...] = ()


@dataclass
class Source:
    """A package to be exported.

    ``tables`` are the tables as read, ``data`` the same as typed frames; ``moment`` is what stands
    for "now" in the files written, so that the same package gives the same bytes.
    """

    package: Package
    tables: dict[str, Table]
    data: Dataset
    moment: datetime.datetime

    @classmethod
    def open(cls, path: str | Path | None = None, moment: datetime.datetime | None = None) -> Source:
        """Open a package.

        Raises PackageError if it, or a table of it, cannot be read, ExportError if a cell is not
        of its column's type or vocabulary: typed formats would lose it.
        """
        package = open_package(path)
        tables, _ = read_package(package)
        data = load_package(package)
        for table in tables.values():
            _check_nothing_is_lost(table, data[table.name])
        return cls(package, tables, data, moment or moment_of(package))

    @property
    def label(self) -> str:
        """Name and version, as in names of files."""
        return f"{self.package.name or 'package'}-{self.package.version or 'unnumbered'}"

    @property
    def about(self) -> dict[str, str]:
        """What is said of the package wherever a format has room for it."""
        descriptor = self.package.descriptor
        facts = {
            "name": self.package.name,
            "version": self.package.version,
            "title": citation.title(descriptor),
            "description": str(descriptor.get("description") or ""),
            "licence": citation.licence(descriptor),
            "citation": citation.text(descriptor),
        }
        return {key: value for key, value in facts.items() if value}

    @property
    def specs(self) -> dict[str, TableSpec]:
        """The Table Schemas by the names of the tables, in the descriptor's order."""
        return {name: table.spec for name, table in self.tables.items()}

    @cached_property
    def terms(self) -> dict[str, list[str]]:
        """The terms of the vocabularies in their order."""
        codes = self.tables.get("codes")
        return vocabularies.terms(codes) if codes else vocabularies.shipped_terms()

    def columns(self, table: str) -> list[Column]:
        """Return the columns of a table in the order of its frame."""
        fields = self.specs[table].fields
        return [*(self._column(f) for f in fields), *(c for f in fields if f.edtf for c in _days(f))]

    def _column(self, field: FieldSpec) -> Column:
        coded = bool(field.vocabulary) and not field.delimiter
        return Column(
            field.name,
            TERM if coded else field.type,
            field.title,
            field.description,
            field.required,
            field.minimum,
            field.maximum,
            tuple(self.terms.get(field.vocabulary or "", ())) if coded else (),
        )

    def keys(self, table: str) -> list[tuple[str, ...]]:
        """Return the keys of a table besides the primary one: what is unique."""
        spec = self.specs[table]
        single = [(f.name,) for f in spec.fields if f.unique]
        return [k for k in dict.fromkeys([*spec.unique_keys, *single]) if k != spec.primary_key]

    def references(self, table: str) -> list[ForeignKey]:
        """Return the foreign keys of a table that name a key of a table of the package."""
        return [
            key
            for key in self.specs[table].foreign_keys
            if key.parent in self.tables
            and key.parent_fields in (self.specs[key.parent].primary_key, *self.keys(key.parent))
        ]

    def plain(self, table: str) -> pd.DataFrame:
        """Return the frame of a table with text for terms and dates for days, missing cells as None."""
        frame = self.data[table]
        made = {}
        for column in self.columns(table):
            series = frame[column.name]
            if column.kind == DAY:
                series = series.dt.date
            made[column.name] = series.astype(object).where(series.notna(), None)
        return pd.DataFrame(made, dtype=object)

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table as values of Python, missing cells as None."""
        return self.plain(table).itertuples(index=False, name=None)


def _check_nothing_is_lost(table: Table, frame: pd.DataFrame) -> None:
    """Raise ExportError if a cell with text has become a missing one."""
    lost = list(table.untyped)
    for field in table.spec.fields:
        if field.vocabulary:
            lost += [
                (int(row), field.name)
                for row in (table.frame[field.name].notna() & frame[field.name].isna()).to_numpy().nonzero()[0]
            ]
    for row, column in lost[:1]:
        where = f"{table.path}:{table.line(row, column)}"
        what = f"{column} is {table.cell(row, column)!r}, which is no {table.spec.by_name[column].type} or term for it"
        raise ExportError(f"{where}: {what}; `commdip validate` says more")


def _days(field: FieldSpec) -> list[Column]:
    return [
        Column(
            f"{field.name}_{side}",
            DAY,
            f"{field.title}, {side} day",
            f"The {side} day that `{field.name}` allows.",
        )
        for side in ("earliest", "latest")
    ]


def moment_of(package: Package) -> datetime.datetime:
    """Return what stands for now: SOURCE_DATE_EPOCH, or when the descriptor says that it was made.

    Raises ValueError if SOURCE_DATE_EPOCH is set and no number of seconds.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        if not re.fullmatch(r"\d{1,11}", epoch):
            raise ValueError(f"SOURCE_DATE_EPOCH is {epoch!r}, which is not a number of seconds")
        return max(FIRST_OF_ZIP, datetime.datetime.fromtimestamp(int(epoch), datetime.UTC))
    try:
        created = datetime.datetime.fromisoformat(str(package.descriptor.get("created")))
    except ValueError:
        return FIRST_OF_ZIP
    aware = created.replace(tzinfo=datetime.UTC) if created.tzinfo is None else created.astimezone(datetime.UTC)
    return max(FIRST_OF_ZIP, aware)
