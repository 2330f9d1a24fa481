"""Comparing a package with an earlier release: dropped identifiers, version, changelog."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from commdip.findings import Finding
from commdip.package import DESCRIPTOR, Package
from commdip.rules import release as rules
from commdip.specs import FieldSpec
from commdip.tables import Table

RANKS = ("patch", "minor", "major")
QUIET_TABLES = ("sources", "evidence", "coverage", "waivers")
"""Tables whose new or changed rows are documentation: a patch."""
QUIET_COLUMNS = ("note", "summary")
Tables = Mapping[str, Table]


def compare(package: Package, tables: Tables, earlier: Package, old: Tables) -> Iterator[Finding]:
    """Yield what the change from an earlier release lacks: retirement of ids, and a high enough version."""
    yield from dropped(tables, old)
    due, why = least_version(earlier.version, *demanded(tables, old))
    if parts(package.version) < parts(due):
        yield rules.BUMP.finding(
            f"Version {package.version} does not do for {why} since {earlier.version}; it takes {due} or higher.",
            path=DESCRIPTOR,
            column="version",
            value=package.version,
        )


def changelog(package: Package) -> Iterator[Finding]:
    """Yield a finding if CHANGELOG.md has no heading with the package's version."""
    file = package.file("CHANGELOG.md")
    if package.version and entry(package) is None:
        what = "has no heading with" if file.is_file() else "does not exist; it must name"
        yield rules.CHANGELOG.finding(
            f"CHANGELOG.md {what} {package.version}.", path="CHANGELOG.md", value=package.version
        )


def entry(package: Package) -> tuple[str, str] | None:
    """Return the heading and the text of the changelog's entry for a package's version; None if it has none."""
    file = package.file("CHANGELOG.md")
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    version = rf"(?<![0-9.]){re.escape(package.version)}(?![0-9.])"
    heading = re.search(rf"^(#+) (.*{version}.*)$", text, re.MULTILINE)
    if not heading or not package.version:
        return None
    rest = text[heading.end() :]
    following = re.search(rf"^#{{1,{len(heading[1])}}} ", rest, re.MULTILINE)
    return heading[2].strip(), rest[: following.start() if following else None].strip()


def dropped(tables: Tables, old: Tables) -> Iterator[Finding]:
    """Yield identifiers of the earlier release that are neither in use nor retired."""
    for name, table in old.items():
        if not _opaque(table) or name == "retired_ids":
            continue
        there, withdrawn = rows_by_key(tables[name], ()) if name in tables else {}, retired(tables)
        for key in rows_by_key(table, ()):
            if key in there or (name, key) in withdrawn:
                continue
            path = tables[name].path if name in tables else table.path
            yield rules.DROPPED.finding(
                f"{key} was in the earlier release and is gone.", table=name, path=path, key=key, value=key
            )


def _opaque(table: Table) -> bool:
    """Return whether a table's key is an identifier of its own."""
    return len(table.spec.primary_key) == 1 and table.spec.primary_key[0].endswith("_id")


def retired(tables: Tables) -> set[tuple[str, str]]:
    """Return the retired identifiers of a package, as (table, id)."""
    table = tables.get("retired_ids")
    rows = range(len(table.records)) if table else ()
    return {(table.cell(r, "record_table") or "", table.cell(r, "record_id") or "") for r in rows} if table else set()


def demanded(tables: Tables, old: Tables) -> tuple[str, str]:
    """Return the least part of the version that the change must raise, and the change that demands it."""
    found = list(_changes(tables, old))
    return max(found, key=lambda c: RANKS.index(c[0]), default=("", "no change"))


def _changes(tables: Tables, old: Tables) -> Iterator[tuple[str, str]]:
    # Facts first: of changes of one rank, the first is named.
    for name in sorted({*tables, *old}, key=lambda name: (name in QUIET_TABLES, name)):
        if name not in tables:
            yield "major", f"the removal of table {name}"
        elif name not in old:
            yield "minor", f"the new table {name}"
        else:
            yield from _table_changes(tables[name], old[name])


def _table_changes(new: Table, old: Table) -> Iterator[tuple[str, str]]:
    for column in old.header:
        if column not in new.header:
            yield "major", f"the removal of {new.name}.{column}"
    for column in new.header:
        if column not in old.header:
            yield "minor", f"the new column {new.name}.{column}"
    for column in retyped(new, old):
        yield "major", f"the new type of {new.name}.{column}"
    if new.spec.primary_key != old.spec.primary_key:
        yield "major", f"the new primary key of {new.name}"
    yield from _row_changes(new, old)


def retyped(new: Table, old: Table) -> list[str]:
    """Return the columns whose values a reader has to take otherwise: type, vocabulary, list or date."""
    before = old.spec.by_name
    return [f.name for f in new.spec.fields if f.name in before and _kind(f) != _kind(before[f.name])]


def _kind(field: FieldSpec) -> tuple[object, ...]:
    return field.type, field.vocabulary, field.delimiter, field.edtf


def _row_changes(new: Table, old: Table) -> Iterator[tuple[str, str]]:
    shared = [c for c in old.header if c in new.header]
    rows, before = rows_by_key(new, shared), rows_by_key(old, shared)
    quiet = new.name in QUIET_TABLES
    gone = before.keys() - rows.keys()
    if gone and (_opaque(new) or new.name == "codes"):
        # Whatever the table is about, somebody may have joined on the identifier.
        yield "major", f"{len(gone)} row{'' if len(gone) == 1 else 's'} gone from {new.name}"
    elif gone or rows.keys() - before.keys():
        yield "patch" if quiet else "minor", f"rows added to or removed from {new.name}"
    for key in rows.keys() & before.keys():
        if rows[key] != before[key]:
            different = {c for c in shared if rows[key][c] != before[key][c]}
            yield "patch" if quiet or different <= set(QUIET_COLUMNS) else "minor", f"changed rows of {new.name}"


def rows_by_key(table: Table, columns: Sequence[str]) -> dict[str, dict[str, str | None]]:
    """Return the cells of some columns, as text, by primary key."""
    places = table.places
    key = [places.get(k) for k in table.spec.primary_key]
    wanted = [(c, places[c]) for c in columns]
    return {
        "/".join("" if p is None else record[p] for p in key): {c: record[p] or None for c, p in wanted}
        for record in table.records
    }


def least_version(earlier: str, rank: str, why: str) -> tuple[str, str]:
    """Return the least version after ``earlier`` for a change of this rank, and why.

    Before 1.0.0 a major change raises the second number, as semantic versioning has it.
    """
    major, minor, patch = parts(earlier)
    if rank == "major" and major == 0:
        rank = "minor"
    due = {"major": (major + 1, 0, 0), "minor": (major, minor + 1, 0), "patch": (major, minor, patch + 1)}.get(
        rank, (major, minor, patch)
    )
    return ".".join(map(str, due)), why


def parts(version: str) -> tuple[int, int, int]:
    """Return the three numbers of a version, for comparison; zeros if it is none."""
    match = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else (0, 0, 0)
