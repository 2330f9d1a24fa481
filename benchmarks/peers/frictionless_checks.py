"""Frictionless: what its descriptor can say.

    python benchmarks/peers/frictionless_checks.py PACKAGE

The package as it is, with each vocabulary added to the schema as an enum, and no limit of errors.
It reads the small tables too, and compares hashes. Left out: that a day is in the calendar (dates
are patterns), and all rules between columns or tables: they would be checks written in Python and
run row by row, in addition to the time that is measured here.
"""

from __future__ import annotations

from collections import Counter

from common import LARGE, fields, keys, package, primary, report, rule_of
from frictionless import Package, system

REASONS = {"required": "COL02", "pattern": "pattern", "enum": "pattern"}
LIMIT = 10**9


def main() -> None:
    """Validate the package and count what concerns the two large tables."""
    with system.use_context(trusted=True):
        whole = Package(str(package() / "datapackage.json"))
        for resource in whole.resources:
            for field in fields(resource.name):
                limits = resource.schema.get_field(field.name).constraints
                if field.terms and field.pattern:
                    limits["pattern"] = field.pattern
                elif field.terms:
                    limits["enum"] = field.terms
        found = whole.validate(limit_errors=LIMIT)
    counts = Counter(dict.fromkeys(claims(), 0))
    for task in found.tasks:
        if task.name not in LARGE:
            continue
        rules = {f.name: rule_of(f) for f in fields(task.name)}
        for error in task.errors:
            counts[name_of(task.name, rules, error)] += 1
    report(counts)


def claims() -> list[str]:
    """Return the names of the checks that are done."""
    made = []
    for table in LARGE:
        made.append(f"KEY01 {table}.{primary(table)}")
        made += [f"KEY03 {table}.{k.column}" for k in keys(table)]
        made += [f"COL02 {table}.{f.name}" for f in fields(table) if f.required]
        made += [f"{rule_of(f)} {table}.{f.name}" for f in fields(table) if rule_of(f) and not f.edtf]
    return made


def name_of(table: str, rules: dict[str, str | None], error: object) -> str:
    """Return the name of the check that an error is of; its own type if of none."""
    kind, note = getattr(error, "type", ""), getattr(error, "note", "")
    if kind == "constraint-error":
        name = getattr(error, "field_name", "")
        rule = "COL02" if 'constraint "required"' in note else rules[name]
        return f"{rule} {table}.{name}"
    if kind == "foreign-key":
        return f"KEY03 {table}.{getattr(error, 'field_names', ['?'])[0]}"
    if kind == "primary-key":
        return f"KEY01 {table}.{primary(table)}"
    return f"{kind} {table}"


if __name__ == "__main__":
    main()
