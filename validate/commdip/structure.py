"""The descriptor and the files: does the package have the form that it declares?"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry
from referencing import Resource as SchemaResource

from commdip.findings import Finding
from commdip.package import DESCRIPTOR, Package, PackageError, Resource, is_local, read_json, shipped_root
from commdip.rules import files
from commdip.specs import TableSpec
from commdip.tables import Table, read_file

PROFILE = "schemas/datapackage-profile.json"
PACKED = 5
"""How many times larger than its file a compressed table is taken to be."""
SMALL = ("codes", "rank_offices", "mode_roles", "waivers", "retired_ids")
"""Tables that are small in every package: vocabularies and lists of exceptions."""
VENDORED = ("vendor/datapackage-2.0.json", "vendor/tableschema-2.0.json")


def read_package(
    package: Package, large_from: int | None = None, opened: Callable[[TableSpec, str, Path], Table] | None = None
) -> tuple[dict[str, Table], list[Finding]]:
    """Check the descriptor and read every table that can be read.

    Files of ``large_from`` bytes and more are only opened, by ``opened``; the first of them begins to be
    read while the others are. Returns the tables by name, in the descriptor's order, and the findings about
    the descriptor and about files; findings about the contents of a file are in its table.
    """
    findings = [*check_profile(package), *check_resources(package), *check_extra_files(package)]
    large: dict[str, Table] = {}
    small: dict[str, tuple[TableSpec, Resource, Path]] = {}
    for resource in package.resources:
        if resource.name in large or resource.name in small:
            continue
        spec = _spec(package, resource, findings)
        file = package.file(resource.path)
        if not file.is_file():
            findings.append(
                files.MISSING.finding(f"{resource.path} does not exist.", table=resource.name, path=resource.path)
            )
        elif spec is not None and opened is not None and is_large(resource, file, large_from):
            large[resource.name] = opened(spec, resource.path, file)
        elif spec is not None:
            small[resource.name] = spec, resource, file
    read = dict(large)
    try:
        for table in list(large.values())[:1]:
            table.start()
        for name, (spec, resource, file) in small.items():
            source = file.read_bytes()
            findings += check_digest(resource, digest(source))
            read[name] = read_file(spec, resource.path, source)
    except BaseException:
        for table in large.values():
            table.stop()
        raise
    tables = {r.name: read[r.name] for r in package.resources if r.name in read}
    findings += check_references(tables)
    return tables, findings


def check_references(tables: dict[str, Table]) -> Iterator[Finding]:
    """Yield foreign keys that do not fit the table they refer to, and take them from its spec."""
    for table in tables.values():
        kept = []
        for i, key in enumerate(table.spec.foreign_keys):
            parent = tables[key.parent].spec.by_name if key.parent in tables else None
            wrong = next(
                (
                    t
                    for f, t in zip(key.fields, key.parent_fields, strict=True)
                    if parent is not None and (t not in parent or parent[t].type != table.spec.by_name[f].type)
                ),
                None,
            )
            if wrong is None:
                kept.append(key)
            else:
                what = "no field" if wrong not in (parent or {}) else "a field of another type"
                yield files.SCHEMA.finding(
                    f"At foreignKeys/{i}/reference: {wrong!r} is {what} of {key.parent}.",
                    table=table.name,
                    path=DESCRIPTOR,
                    column=f"foreignKeys/{i}/reference",
                )
        table.spec = dataclasses.replace(table.spec, foreign_keys=tuple(kept))


def check_profile(package: Package) -> Iterator[Finding]:
    """Yield what the descriptor breaks of the profile, each problem with its path."""
    for where, message in problems(package.descriptor, "datapackage-profile.json"):
        yield files.PROFILE.finding(f"At {where}: {message}", path=DESCRIPTOR, column=where)


def check_resources(package: Package) -> Iterator[Finding]:
    """Yield resources that name no file, a file outside the package, or a name used before."""
    entries = package.descriptor.get("resources")
    names: list[Any] = []
    for i, entry in enumerate(entries if isinstance(entries, list) else []):
        if not isinstance(entry, dict):
            continue
        name, path = entry.get("name"), entry.get("path")
        if path is not None and not is_local(path):
            yield files.RESOURCE.finding(
                f"Resource {name!r} has the path {path!r}, which is not one file inside the package.",
                table=str(name),
                path=DESCRIPTOR,
                column=f"resources/{i}/path",
            )
        if name in names:
            yield files.RESOURCE.finding(
                f"Resource name {name!r} is used twice.",
                table=str(name),
                path=DESCRIPTOR,
                column=f"resources/{i}/name",
                value=str(name),
            )
        names.append(name)


def check_extra_files(package: Package) -> Iterator[Finding]:
    """Yield files beside the tables that no resource names."""
    named = {r.path for r in package.resources}
    folders = {str(Path(p).parent) for p in named} - {"."}
    for folder in sorted(folders):
        for file in sorted(package.file(folder).glob("*.csv")) if package.file(folder).is_dir() else ():
            path = file.relative_to(package.root).as_posix()
            if path not in named:
                yield files.EXTRA.finding(f"{path} is no resource of {DESCRIPTOR}.", path=path)


def is_large(resource: Resource, file: Path, large_from: int | None) -> bool:
    """Return whether a table is to be read block by block."""
    size = file.stat().st_size * (PACKED if resource.path.endswith((".gz", ".parquet")) else 1)
    return large_from is not None and size >= large_from and resource.name not in SMALL


def check_digest(resource: Resource, actual: dict[str, int | str]) -> Iterator[Finding]:
    """Yield a finding if bytes or hash of a resource differ from those of its file."""
    wrong = [f for f in actual if resource.entry.get(f) not in (None, actual[f])]
    if wrong:
        told = " and ".join(f"{field} {resource.entry[field]}" for field in wrong)
        has = " and ".join(str(actual[field]) for field in wrong)
        message = f"{DESCRIPTOR} gives {told} for {resource.path}, which has {has}."
        yield files.DIGEST.finding(message, table=resource.name, path=resource.path, value=str(actual[wrong[-1]]))


def digest(source: bytes) -> dict[str, int | str]:
    """Return the properties ``bytes`` and ``hash`` of a resource with this content."""
    return {"bytes": len(source), "hash": f"sha256:{hashlib.sha256(source).hexdigest()}"}


def _spec(package: Package, resource: Resource, findings: list[Finding]) -> TableSpec | None:
    """Read a resource's schema; None, with a finding, if it has none or a wrong one."""
    try:
        schema, where = package.schema_json(resource)
    except PackageError as error:
        findings.append(files.SCHEMA.finding(f"{error}.", table=resource.name, path=str(resource.entry["schema"])))
        return None
    if schema is None:
        findings.append(
            files.RESOURCE.finding(
                f"Resource {resource.name!r} has no schema, and no table of the data model has this name.",
                table=resource.name,
                path=DESCRIPTOR,
            )
        )
        return None
    wrong = list(check_schema(schema))
    findings += [
        files.SCHEMA.finding(f"At {at}: {what}", table=resource.name, path=where, column=at) for at, what in wrong
    ]
    return None if wrong else TableSpec.from_json(resource.name, schema)


def check_schema(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield path and message of what is wrong with a Table Schema."""
    if _is_ours(schema):
        return
    wrong = list(problems(schema, VENDORED[1]))
    yield from wrong
    if wrong:
        return
    for i, field in enumerate(schema["fields"]):
        yield from ((f"fields/{i}{at}", what) for at, what in _check_field(field))
    names = [f["name"] for f in schema["fields"]]
    for i, name in enumerate(names):
        if name in names[:i]:
            yield f"fields/{i}/name", f"{name!r} is the name of an earlier field."
    for i, key in enumerate(schema.get("foreignKeys", [])):
        ends = [key["fields"], key["reference"]["fields"]]
        if len({1 if isinstance(e, str) else len(e) for e in ends}) > 1:
            yield f"foreignKeys/{i}", "Fields and the fields of the reference differ in number."
    keys = [("primaryKey", schema.get("primaryKey", []))]
    keys += [(f"uniqueKeys/{i}", k) for i, k in enumerate(schema.get("uniqueKeys", []))]
    keys += [(f"foreignKeys/{i}/fields", k["fields"]) for i, k in enumerate(schema.get("foreignKeys", []))]
    for where, key in keys:
        for name in [key] if isinstance(key, str) else key:
            if name not in names:
                yield where, f"{name!r} is no field of this schema."


def _check_field(field: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield path and message of what a field says that the standard's profile does not judge."""
    rules = field.get("constraints", {})
    for name in ("vocabulary", "delimiter"):
        if name in field and not (isinstance(field[name], str) and field[name]):
            yield f"/{name}", "Must be text that is not empty."
    if field.get("type", "string") == "integer":
        yield from (
            (f"/constraints/{n}", "Must be an integer.")
            for n in ("minimum", "maximum")
            if not isinstance(rules.get(n, 0), int)
        )
        yield from (
            (f"/{n}", "Is for fields of type string.") for n in ("edtf", "delimiter", "vocabulary") if field.get(n)
        )
    try:
        re.compile(rules.get("pattern", ""))
    except re.error as error:
        yield "/constraints/pattern", f"Is no regular expression ({error})."
    if "pattern" in rules and field.get("type", "string") in ("integer", "boolean"):
        yield "/constraints/pattern", "Is for fields of type string."


def _is_ours(schema: dict[str, Any]) -> bool:
    """Return whether a schema is one that ships with the toolkit, all of which the tests prove valid."""
    file = shipped_root() / "schemas" / f"{schema.get('name')}.json"
    return file.is_file() and read_json(file, file.name) == schema


def problems(data: Any, name: str) -> Iterator[tuple[str, str]]:
    """Validate JSON against a schema under schemas/; yield path and message of each problem."""
    errors = sorted(_validator(name).iter_errors(data), key=lambda e: list(map(str, e.absolute_path)))
    deepest = [best_match([error]) or error for error in errors]
    # The profile and the standard that it extends may say the same thing twice.
    yield from dict.fromkeys(("/".join(map(str, e.absolute_path)) or "the top level", _sentence(e)) for e in deepest)


def _sentence(error: ValidationError) -> str:
    text = error.message if len(error.message) <= 200 else f"{error.message[:120]} ... {error.message[-60:]}"
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


@functools.cache
def _validator(name: str) -> Draft7Validator:
    schema = read_json(shipped_root() / "schemas" / name, name)
    registry: Registry[Any] = Registry()
    for vendored in VENDORED:
        contents = read_json(shipped_root() / "schemas" / vendored, vendored)
        registry = registry.with_resource(vendored, SchemaResource.from_contents(contents))
    return Draft7Validator(schema, registry=registry)
