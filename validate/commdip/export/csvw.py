"""CSV on the Web: the CSV files, and the metadata of the W3C's standard that describe them.

A foreign key of the standard may not be empty. Those of ours that may are named beside their
columns as ``dc:references`` instead, so that strict validators accept the whole.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from commdip import citation
from commdip.export.source import Source
from commdip.specs import FieldSpec, ForeignKey, TableSpec

SUFFIX = ""
METADATA = "csv-metadata.json"
TYPES = {"integer": "integer", "number": "double", "boolean": {"base": "boolean", "format": "true|false"}}


def write(source: Source, folder: Path) -> None:
    """Write the CSV files and the metadata."""
    for table in source.tables.values():
        file = folder / table.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(table.source)
    text = json.dumps(metadata(source), indent=2, ensure_ascii=False) + "\n"
    (folder / METADATA).write_text(text, encoding="utf-8", newline="\n")


def metadata(source: Source) -> dict[str, Any]:
    """Return the description of all tables as a group of tables."""
    descriptor = source.package.descriptor
    licences = [entry["path"] for entry in descriptor.get("licenses", []) if entry.get("path")]
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "dc:title": citation.title(descriptor),
        "dc:description": str(descriptor.get("description") or ""),
        "dc:creator": "; ".join(citation.authors(descriptor)),
        "dc:identifier": source.label,
        **({"dc:license": {"@id": licences[0]}} if licences else {}),
        "dialect": {"header": True, "delimiter": ",", "doubleQuote": True, "encoding": "utf-8"},
        "tables": [_table(source, name) for name in source.tables],
    }


def _table(source: Source, name: str) -> dict[str, Any]:
    spec, table = source.specs[name], source.tables[name]
    # Columns that the file has and the schema does not are text.
    columns = {h: _column(spec.by_name[h], spec) if h in spec.by_name else _extra(h) for h in table.header}
    schema: dict[str, Any] = {"columns": list(columns.values()), "primaryKey": list(spec.primary_key)}
    for key in source.references(name):
        if all(columns[f].get("required") for f in key.fields):
            schema.setdefault("foreignKeys", []).append(_foreign_key(source, key))
        else:
            for field, parent_field in zip(key.fields, key.parent_fields, strict=True):
                columns[field]["dc:references"] = f"{key.parent}.{parent_field}"
    return {"url": table.path, "dc:title": spec.title, "dc:description": spec.description, "tableSchema": schema}


def _foreign_key(source: Source, key: ForeignKey) -> dict[str, Any]:
    parent = {"resource": source.tables[key.parent].path, "columnReference": list(key.parent_fields)}
    return {"columnReference": list(key.fields), "reference": parent}


def _extra(header: str) -> dict[str, Any]:
    return {"name": header, "titles": header}


def _column(field: FieldSpec, spec: TableSpec) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": field.name,
        "titles": field.name,
        "dc:title": field.title,
        "dc:description": field.description,
        "datatype": _datatype(field),
    }
    if field.required or field.name in spec.primary_key:
        made["required"] = True
    if field.delimiter:
        made["separator"] = field.delimiter
    return made


def _datatype(field: FieldSpec) -> Any:
    limits = {"minimum": field.minimum, "maximum": field.maximum}
    given: dict[str, Any] = {key: value for key, value in limits.items() if value is not None}
    if field.type == "string" and field.pattern:
        given["format"] = field.pattern
    base = TYPES.get(field.type, "string")
    return {"base": base, **given} if given and isinstance(base, str) else base
