"""Croissant: Parquet files, and metadata in JSON-LD by which machine-learning tools load them.

Parquet and not CSV, because the format's own library guesses the types of CSV files, whatever the
metadata say: code 036 becomes the number 36, the label None a missing cell. Foreign keys are named in the descriptions only. As ``references`` they would make the format's
own library join the tables on loading: it fails where rows of a table name others of it, and loses
rows where a key is empty.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from commdip import citation
from commdip.export import parquet
from commdip.export.source import DAY, Column, Source

SUFFIX = ""
METADATA = "croissant.json"
ARCHIVE = "archive"
TYPES = {"integer": "sc:Integer", "number": "sc:Float", "boolean": "sc:Boolean", DAY: "sc:Date"}
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
"""The context that version 1.0 of the format prescribes."""


def write(source: Source, folder: Path) -> None:
    """Write the Parquet files and the metadata."""
    parquet.write(source, folder)
    write_metadata(source, folder, folder / METADATA)


def write_metadata(source: Source, folder: Path, target: Path, archive: Path | None = None) -> None:
    """Write the metadata alone.

    ``folder`` has the Parquet files; ``archive`` is the zip of them beside ``target``, if they are
    passed on as one.
    """
    text = json.dumps(metadata(source, folder, archive), indent=2, ensure_ascii=False) + "\n"
    target.write_text(text, encoding="utf-8", newline="\n")


def metadata(source: Source, folder: Path, archive: Path | None = None) -> dict[str, Any]:
    """Return the metadata of a package; see ``write_metadata``."""
    descriptor = source.package.descriptor
    licences = [entry.get("path") or entry.get("name") for entry in descriptor.get("licenses", [])]
    described = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": source.package.name,
        "description": descriptor.get("description") or citation.title(descriptor),
        "alternateName": citation.title(descriptor),
        "version": source.package.version,
        "datePublished": source.moment.date().isoformat(),
        "license": licences,
        "creator": [{"@type": "sc:Organization", "name": name} for name in citation.authors(descriptor)],
        "keywords": descriptor.get("keywords"),
        "url": descriptor.get("homepage"),
        "citeAs": citation.bibtex(descriptor),
        "isLiveDataset": False,
        "distribution": [*_archive(archive), *(_file(folder / parquet.file_name(t), archive) for t in source.tables)],
        "recordSet": [_records(source, t) for t in source.tables],
    }
    return {key: value for key, value in described.items() if value not in (None, "", [])}


def _archive(archive: Path | None) -> list[dict[str, Any]]:
    if archive is None:
        return []
    return [_object(ARCHIVE, archive.name, archive.name, "application/zip", archive.read_bytes())]


def _file(file: Path, archive: Path | None) -> dict[str, Any]:
    described = _object(file.name, file.name, file.name, "application/x-parquet", file.read_bytes())
    return described if archive is None else described | {"containedIn": {"@id": ARCHIVE}}


def _object(id_: str, name: str, path: str, form: str, content: bytes) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": id_,
        "name": name,
        "contentUrl": path,
        "contentSize": f"{len(content)} B",
        "encodingFormat": form,
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _records(source: Source, name: str) -> dict[str, Any]:
    spec = source.specs[name]
    links = {
        f: f"{k.parent}.{p}" for k in source.references(name) for f, p in zip(k.fields, k.parent_fields, strict=True)
    }
    key = [{"@id": f"{name}/{k}"} for k in spec.primary_key]
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": spec.description,
        "key": key[0] if len(key) == 1 else key,
        "field": [_field(name, column, links.get(column.name)) for column in source.columns(name)],
    }


def _field(table: str, column: Column, link: str | None) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": column.name,
        "description": f"{column.description} Names {link}." if link else column.description,
        "dataType": TYPES.get(column.kind, "sc:Text"),
        "source": {"fileObject": {"@id": parquet.file_name(table)}, "extract": {"column": column.name}},
    }
