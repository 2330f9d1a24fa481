"""Rules about keys. They hold for every table, so each is made once per key of each schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import narwhals as nw

from commdip.findings import ERROR
from commdip.rules.base import ROW, Lookup, RowRule, Rule, declare, for_table
from commdip.rules.tables import Frame, Tables, known
from commdip.specs import ForeignKey, TableSpec

PRIMARY = declare(
    Rule(
        "KEY01",
        "primary-key",
        ERROR,
        "No two rows of a table have the same primary key.",
        "What points at the key would point at both rows.",
        "Give one of the rows another identifier, or remove it if it is the same fact twice.",
    )
)
UNIQUE = declare(
    Rule(
        "KEY02",
        "unique-key",
        ERROR,
        "No two rows of a table share the values of a unique key.",
        "Two rows of one thing split what is known of it.",
        "Merge the two rows, or correct the value that is wrong.",
    )
)
FOREIGN = declare(
    Rule(
        "KEY03",
        "foreign-key",
        ERROR,
        "Every reference names a row that exists.",
        "A reference to nothing loses the fact in every join.",
        "Correct the reference, or add the row that it names.",
    )
)


def key_rules(specs: Mapping[str, TableSpec]) -> Iterator[RowRule]:
    """Yield a rule for every primary, unique and foreign key of the tables given.

    A foreign key to a table that the package does not have gives no rule; ``missing_parents``
    names those.
    """
    for spec in specs.values():
        if spec.primary_key:
            yield _unique(PRIMARY, spec, spec.primary_key)
        fields = [(f.name,) for f in spec.fields if f.unique]
        for key in (*spec.unique_keys, *fields):
            yield _unique(UNIQUE, spec, key)
        for reference in spec.foreign_keys:
            if reference.parent in specs:
                yield _foreign(reference)


def missing_parents(specs: Mapping[str, TableSpec]) -> dict[str, set[str]]:
    """Return the tables that foreign keys name and the package lacks, with the tables that do."""
    missing: dict[str, set[str]] = {}
    for spec in specs.values():
        for reference in spec.foreign_keys:
            if reference.parent not in specs:
                missing.setdefault(reference.parent, set()).add(spec.name)
    return missing


def _unique(rule: Rule, spec: TableSpec, key: tuple[str, ...]) -> RowRule:
    def check(t: Tables) -> Frame:
        rows = t[spec.name].filter(known(*key))
        return rows.with_columns(nw.col(ROW).min().over(*key).alias("other_")).filter(nw.col(ROW) > nw.col("other_"))

    message = f"{_shown(key)} stands already on line {{other_line}}."
    return for_table(rule, check, table=spec.name, column=key[-1], inputs=key, among=key, message=message)


def _foreign(reference: ForeignKey) -> RowRule:
    fields, targets = list(reference.fields), list(reference.parent_fields)

    def check(t: Tables) -> Frame:
        rows, parents = t[reference.table].filter(known(*fields)), t[reference.parent].select(*targets)
        return rows.join(parents, left_on=fields, right_on=targets, how="anti")

    message = f"{_shown(reference.fields)} names no row of {reference.parent}{{also}}."
    where: dict[str, Any] = {"table": reference.table, "column": reference.fields[-1], "inputs": reference.fields}
    parent = {} if reference.parent == reference.table else {reference.parent: Lookup(targets[0], (), fields[0])}
    own: dict[str, Any] = {} if parent else {"among": None, "only": known(*fields)}
    return for_table(FOREIGN, check, **where, **own, lookups=parent, message=message, fold=reference.fields)


def _shown(columns: tuple[str, ...]) -> str:
    return ", ".join(f"{c} {{{c}!r}}" for c in columns)
