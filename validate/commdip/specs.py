"""Table Schemas as Python objects: what the toolkit knows of a table's structure.

The JSON files under schemas/ are the only definition of structure. Pandera schemas, dtypes and
documents are derived from these objects and never written by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class FieldSpec:
    """A field of a Table Schema.

    ``vocabulary`` names the vocabulary in codes.csv whose terms are allowed; with ``delimiter``
    the cell is a list of such terms. ``edtf`` marks dates of the EDTF subset.
    """

    name: str
    type: str
    title: str
    description: str
    example: Any
    required: bool
    unique: bool
    pattern: str | None
    minimum: int | None
    maximum: int | None
    vocabulary: str | None
    delimiter: str | None
    edtf: bool

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FieldSpec:
        """Read a field descriptor; properties that are absent get the standard's defaults."""
        rules = data.get("constraints", {})
        return cls(
            name=data["name"],
            type=data.get("type", "string"),
            title=data.get("title", data["name"]),
            description=data.get("description", ""),
            example=data.get("example"),
            required=bool(rules.get("required", False)),
            unique=bool(rules.get("unique", False)),
            pattern=rules.get("pattern"),
            minimum=rules.get("minimum"),
            maximum=rules.get("maximum"),
            vocabulary=data.get("vocabulary"),
            delimiter=data.get("delimiter"),
            edtf=bool(data.get("edtf", False)),
        )


@dataclass(frozen=True)
class ForeignKey:
    """Columns of ``table`` that must name a row of ``parent`` by its columns ``parent_fields``."""

    table: str
    fields: tuple[str, ...]
    parent: str
    parent_fields: tuple[str, ...]


@dataclass(frozen=True)
class TableSpec:
    """A Table Schema, bound to the name of its table."""

    name: str
    title: str
    description: str
    fields: tuple[FieldSpec, ...]
    primary_key: tuple[str, ...]
    unique_keys: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]

    @classmethod
    def from_json(cls, name: str, data: Mapping[str, Any]) -> TableSpec:
        """Read a Table Schema; ``name`` is the resource's name.

        Raises KeyError or TypeError if the schema lacks what the standard requires; the
        descriptor check reports that before this is called.
        """
        return cls(
            name=name,
            title=data.get("title", name),
            description=data.get("description", ""),
            fields=tuple(FieldSpec.from_json(f) for f in data["fields"]),
            primary_key=_names(data.get("primaryKey", ())),
            unique_keys=tuple(_names(k) for k in data.get("uniqueKeys", ())),
            foreign_keys=tuple(_foreign_key(name, k) for k in data.get("foreignKeys", ())),
        )

    @cached_property
    def by_name(self) -> dict[str, FieldSpec]:
        """Fields by their names."""
        return {f.name: f for f in self.fields}

    @property
    def names(self) -> list[str]:
        """Names of the fields in the schema's order."""
        return [f.name for f in self.fields]

    def key_text(self, row: Mapping[str, str | None]) -> str:
        """Return a row's primary key as text, the parts joined by slashes."""
        return "/".join(row.get(k) or "" for k in self.primary_key)


def _names(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _foreign_key(table: str, data: Mapping[str, Any]) -> ForeignKey:
    reference = data["reference"]
    # An absent or empty resource means the table itself.
    parent = reference.get("resource") or table
    return ForeignKey(table, _names(data["fields"]), parent, _names(reference["fields"]))
