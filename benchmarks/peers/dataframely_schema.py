"""Dataframely: columns, keys, references, and the rules of rows that an expression can say.

    python benchmarks/peers/dataframely_checks.py PACKAGE

References are memberships in the list of the parent's keys. The ceremony's window is a mapping from
the ceremony to its days, so that it needs no join. Left out: rank and office (its filters across
tables need one primary key that the tables share), everything about the small tables, encoding,
canonical form, physical lines, and the rules of ours that are not in the list. A repeated primary
key counts with all its rows, not with those after the first.
"""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl
from common import CALLS, LARGE, Field, data, fields, keys, primary, report, rule_of

SMALL = ("states", "organizations", "leaders", "ceremonies")


def main() -> None:
    """Validate both tables, one after the other."""
    small = {t: read(t) for t in SMALL}
    counts: dict[str, int] = {}
    for table, rules in zip(LARGE, (contacts(small), participation()), strict=True):
        frame = read(table)
        schema = schema_of(table, frame, small, rules)
        _, failure = schema.filter(frame)
        found = failure.counts()
        counts |= {name: found.get(rule, 0) for name, rule in checks_of(table, rules).items()}
        del frame, failure
    report(counts)


def read(table: str) -> pl.DataFrame:
    """Return a table with all columns as text."""
    return pl.read_csv(data(table), infer_schema=False)


def bound(text: pl.Expr, last: bool) -> pl.Expr:
    """Return the first or last day of an EDTF date; null if there is none."""
    text = text.str.strip_chars_end("?~")
    year, month = ("-12-31", "-31") if last else ("-01-01", "-01")
    size = text.str.len_bytes()
    return pl.when(size == 4).then(text + year).when(size == 7).then(text + month).otherwise(text)


def contacts(small: dict[str, pl.DataFrame]) -> dict[str, pl.Expr]:
    """Return what must hold for rows of contacts."""
    windows = small["ceremonies"].select(
        "ceremony_id",
        ((bound(pl.col("start"), False).str.slice(0, 4).cast(pl.Int32) - 1).cast(pl.String) + "-10-01").alias("from_"),
        (bound(pl.col("end"), True).str.slice(0, 4) + "-12-31").alias("to_"),
    )
    start, end, city, place = (pl.col(c) for c in ("start", "end", "city", "place_state_id"))
    opens, closes = (
        pl.col("ceremony_id").replace_strict(windows["ceremony_id"], windows[c], default=None) for c in ("from_", "to_")
    )
    return {
        "CON08 contacts.start": ~((bound(start, True) < opens) | (bound(start, False) > closes)),
        "TIM01 contacts.end": bound(end, True) >= bound(start, False),
        "CON04 contacts.city": ~(pl.col("mode").is_in(CALLS) & (city.is_not_null() | place.is_not_null())),
        "CON04 contacts.place_state_id": city.is_null() | place.is_not_null(),
    }


def participation() -> dict[str, pl.Expr]:
    """Return what must hold for rows of participation."""
    known = pl.col("ceremony_id").is_not_null() & pl.col("leader_id").is_not_null()
    return {
        "PAR02 participation.outcome": ~known | pl.struct("ceremony_id", "leader_id").is_first_distinct(),
        "PAR01 participation.state_id": pl.col("state_id").is_null() != pl.col("organization_id").is_null(),
    }


def schema_of(
    table: str, frame: pl.DataFrame, small: dict[str, pl.DataFrame], rules: dict[str, pl.Expr]
) -> type[dy.Schema]:
    """Return the schema of a table."""
    parents = {k.column: k for k in keys(table)}
    members: dict[str, Any] = {}
    for field in fields(table):
        checks = {}
        if rule := rule_of(field):
            checks[rule] = cell_check(field)
        if key := parents.get(field.name):
            held = small.get(key.parent, frame)[key.target]
            held = held.filter(held.is_in(frame[field.name].unique().implode()))
            checks["KEY03"] = lambda c, held=held: c.is_in(held.implode())
        members[field.name] = dy.String(
            nullable=not field.required, primary_key=field.name == primary(table), check=checks or None
        )
    for name, holds in rules.items():
        members[named(name)] = dy.rule()(lambda cls, holds=holds: holds)
    return type(table.title(), (dy.Schema,), members)


def cell_check(field: Field) -> Any:
    """Return what must hold for filled cells of a column."""

    def dates(cell: pl.Expr) -> pl.Expr:
        bare = cell.str.strip_chars_end("?~")
        day = (bare.str.len_bytes() < 10) | bare.str.to_date("%Y-%m-%d", strict=False).is_not_null()
        return cell.str.contains(field.pattern) & day

    if field.edtf:
        return dates
    if field.pattern:
        return lambda cell: cell.str.contains(field.pattern)
    return lambda cell: cell.is_in(field.terms)


def named(check: str) -> str:
    """Return the name of a rule of rows."""
    return check.replace(" ", "_").replace(".", "_")


def checks_of(table: str, rules: dict[str, pl.Expr]) -> dict[str, str]:
    """Return the names of the checks, and of the schema's rules that do them."""
    parents = {k.column for k in keys(table)}
    made = {f"KEY01 {table}.{primary(table)}": "primary_key"} | {name: named(name) for name in rules}
    for field in fields(table):
        if field.required:
            made[f"COL02 {table}.{field.name}"] = f"{field.name}|nullability"
        if rule := rule_of(field):
            made[f"{rule} {table}.{field.name}"] = f"{field.name}|check__{rule}"
        if field.name in parents:
            made[f"KEY03 {table}.{field.name}"] = f"{field.name}|check__KEY03"
    return made


if __name__ == "__main__":
    main()
