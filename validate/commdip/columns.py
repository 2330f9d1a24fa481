"""Column checks: pandera schemas derived from the Table Schemas at run time."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from commdip import edtf
from commdip.findings import also
from commdip.package import shipped_spec
from commdip.rules.base import Rule
from commdip.rules.columns import CONSTRAINT, DATE, REQUIRED, TYPE, VOCABULARY
from commdip.specs import FieldSpec, TableSpec
from commdip.tables import INTEGER, Table
from commdip.vocabularies import shipped_terms as shipped_terms  # noqa: PLC0414
from commdip.vocabularies import terms as terms  # noqa: PLC0414

if TYPE_CHECKING:
    import pandas as pd
    import pandera.pandas as pa

DTYPES = {"string": "str", "integer": "Int64", "boolean": "boolean", "number": "float64"}
CLOSED = re.compile(r"\^(?:[A-Za-z0-9()|?*+:/_-]|\{[0-9,]+\}|\[[A-Za-z0-9_-]+\])*\$")
Terms = Mapping[str, Sequence[str]]


def schema(name: str) -> pa.DataFrameSchema:
    """Return the pandera schema of a table of the data model, or of a frame that is derived from it.

    Takes the name, for instance "participation" or "panel". The schema checks frames as
    ``commdip.load()`` gives them: types, required cells, patterns, limits, vocabularies (those of
    the installed package), dates and keys. Columns that the table does not have are let through.
    Raises KeyError if there is no such table.
    """
    spec = shipped_spec(name)
    keys = [list(key) for key in (spec.primary_key, *spec.unique_keys) if key]
    return table_schema(spec, shipped_terms(), keys)


def table_schema(spec: TableSpec, vocabularies: Terms, unique: Sequence[list[str]] = ()) -> pa.DataFrameSchema:
    """Derive the pandera schema of a table from its Table Schema.

    ``vocabularies`` maps a vocabulary to its terms. ``unique`` are sets of columns that must be
    unique together; validation reports keys by rules of its own and leaves it empty.
    """
    import pandera.pandas as pa

    columns = {f.name: _column(f, vocabularies) for f in spec.fields}
    # Pandera takes one set; further keys become checks of the whole frame.
    checks = [
        pa.Check(
            lambda df, k=key: ~df.duplicated(k, keep=False) | df[k].isna().all(axis=1),
            name=f"unique {', '.join(key)}",
            ignore_na=False,
        )
        for key in unique
    ]
    return pa.DataFrameSchema(columns, checks=checks, name=spec.name, title=spec.title, description=spec.description)


def _column(spec: FieldSpec, vocabularies: Terms) -> pa.Column:
    import pandera.pandas as pa

    # Coded columns are text while validating and categories once loaded: their check is enough.
    dtype = None if spec.vocabulary else DTYPES.get(spec.type, "str")
    return pa.Column(
        dtype,
        checks=_checks(spec, vocabularies),
        nullable=not spec.required,
        title=spec.title,
        description=spec.description,
    )


def _checks(spec: FieldSpec, vocabularies: Terms) -> list[pa.Check]:
    """Return the checks of a column, each named by the rule that it carries out."""
    import pandera.pandas as pa

    checks = []
    if spec.edtf:
        checks.append(_each(DATE, edtf.is_valid))
    elif spec.pattern:
        checks.append(_each(CONSTRAINT, re.compile(spec.pattern).fullmatch))
    if spec.type == "integer" and spec.minimum is not None:
        checks.append(pa.Check.ge(spec.minimum, name=CONSTRAINT.code))
    if spec.type == "integer" and spec.maximum is not None:
        checks.append(pa.Check.le(spec.maximum, name=CONSTRAINT.code))
    if spec.vocabulary:
        checks.append(_each(VOCABULARY, _in_vocabulary(spec, vocabularies.get(spec.vocabulary, ()))))
    return checks


def _each(rule: Rule, holds: Callable[[str], Any]) -> pa.Check:
    """Return a check of every distinct value of a column."""
    import pandera.pandas as pa

    def check(series: pd.Series[Any]) -> pd.Series[bool]:
        bad = [v for v in series.dropna().unique() if not holds(v)]
        return ~series.isin(bad)

    return pa.Check(check, name=rule.code, error=rule.statement)


def _in_vocabulary(spec: FieldSpec, allowed: Sequence[str]) -> Callable[[str], bool]:
    if spec.delimiter is None:
        return set(allowed).__contains__
    place = {term: i for i, term in enumerate(allowed)}

    def holds(cell: str) -> bool:
        places = [place.get(term, -1) for term in cell.split(spec.delimiter)]
        # Each term once, in the vocabulary's order: one list has one spelling.
        return min(places) >= 0 and places == sorted(set(places))

    return holds


def sure(spec: FieldSpec, vocabularies: Terms) -> Sequence[str] | str | None:
    """Return terms or an expression such that a filled cell that is one of them, or matches, certainly is right.

    None if no single cell can be wrong, other than by its type. A cell that does not pass need not
    be wrong: engines judge those value by value.
    """
    if spec.vocabulary:
        return vocabularies.get(spec.vocabulary, ())
    return spec.pattern if spec.pattern and spec.type == "string" else None


def closed(spec: FieldSpec) -> bool:
    """Return whether a right value of a column surely needs no quotes and has no white space at its ends.

    A pattern that is made of plain characters and classes of them leaves no room for either.
    """
    if spec.edtf or spec.vocabulary or spec.type in ("integer", "boolean"):
        return spec.delimiter != ","
    return bool(spec.pattern and CLOSED.fullmatch(spec.pattern))


def judged(spec: FieldSpec) -> bool:
    """Return whether single values of a column can be wrong, other than by their type."""
    limited = spec.type == "integer" and (spec.minimum is not None or spec.maximum is not None)
    return spec.edtf or bool(spec.pattern or spec.vocabulary) or limited


def broken_rule(spec: FieldSpec, cell: str, vocabularies: Terms) -> Rule | None:
    """Return the rule that a filled cell breaks, None if it keeps to its column.

    Cells that are not of their column's type are not judged here.
    """
    checks: list[tuple[Rule, Callable[[str], Any]]] = []
    if spec.edtf:
        checks.append((DATE, edtf.is_valid))
    elif spec.pattern:
        checks.append((CONSTRAINT, re.compile(spec.pattern).fullmatch))
    if spec.type == "integer" and INTEGER.fullmatch(cell):
        low, high = spec.minimum, spec.maximum
        checks.append((CONSTRAINT, lambda c: (low is None or int(c) >= low) and (high is None or int(c) <= high)))
    if spec.vocabulary:
        checks.append((VOCABULARY, _in_vocabulary(spec, vocabularies.get(spec.vocabulary, ()))))
    return next((rule for rule, holds in checks if not holds(cell)), None)


def check_columns(table: Table, vocabularies: Terms) -> None:
    """Run the column checks of a table; findings and broken cells are added to the table.

    Cells that are already known to be wrong (in a row too short, in a missing column) give no
    second finding.
    """
    import pandera.pandas as pa

    for row, column in table.untyped:
        _add(table, TYPE, [row], column, vocabularies)
    try:
        table_schema(table.spec, vocabularies).validate(table.frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        for error in errors.schema_errors:
            rule, column = _rule_of(error), str(error.schema.name)
            known = table.broken.get(column, set())
            rows = [int(row) for row in error.failure_cases["index"] if int(row) not in known]
            _report(table, rule, rows, column, vocabularies)


def check_values(table: Table, vocabularies: Terms) -> None:
    """Do what ``check_columns`` does, value by value and without pandera."""
    for row, column in table.untyped:
        _add(table, TYPE, [row], column, vocabularies)
    for spec in table.spec.fields:
        place, known = table.places.get(spec.name), table.broken.get(spec.name, set())
        rows: dict[str, list[int]] = {}
        for row, record in enumerate(table.records):
            if row not in known:
                rows.setdefault("" if place is None else record[place], []).append(row)
        for cell, holders in rows.items():
            rule = broken_rule(spec, cell, vocabularies) if cell else REQUIRED if spec.required else None
            if rule is not None:
                _report(table, rule, holders, spec.name, vocabularies)


def _report(table: Table, rule: Rule, rows: list[int], column: str, vocabularies: Terms) -> None:
    """Add the findings of rows in which a column breaks a rule, and mark their cells as broken."""
    for alike in _alike(table, rule, rows, column):
        _add(table, rule, alike, column, vocabularies)
    for row in rows:
        table.break_cells(row, [column])


def _alike(table: Table, rule: Rule, rows: list[int], column: str) -> Iterable[list[int]]:
    """Group rows that one mistake explains: a term that the vocabulary lacks is one, however often it is used."""
    if rule is not VOCABULARY:
        return [[row] for row in rows]
    groups: dict[str | None, list[int]] = {}
    for row in rows:
        groups.setdefault(table.cell(row, column), []).append(row)
    return groups.values()


def _rule_of(error: pa.errors.SchemaError) -> Rule:
    from pandera.errors import SchemaErrorReason

    if error.reason_code is SchemaErrorReason.SERIES_CONTAINS_NULLS:
        return REQUIRED
    return _RULES[str(error.check.name)]


def _add(table: Table, rule: Rule, rows: list[int], column: str, vocabularies: Terms) -> None:
    message = wrong_cell(rule, table.spec.by_name[column], table.cell(rows[0], column) or "", vocabularies)
    message += also([table.line(row, column) for row in rows[1:]])
    table.findings.append(table.finding(rule, message, rows[0], column))


def wrong_cell(rule: Rule, spec: FieldSpec, cell: str, vocabularies: Terms) -> str:
    """Return the message of a cell that breaks a rule."""
    if rule is TYPE:
        return f"{spec.name} is {cell!r}, which is not {'an' if spec.type == 'integer' else 'a'} {spec.type}."
    if rule is REQUIRED:
        return f"{spec.name} is empty."
    if rule is DATE:
        return f"{spec.name} is {cell!r}: {edtf.problem(cell)}."
    if rule is VOCABULARY:
        why = _not_in(spec, cell, vocabularies)
        return f"{spec.name} is {cell!r}, {why}" + ("" if why.endswith("?") else ".")
    return f"{spec.name} is {cell!r}, which {_limit(spec, cell)}; an example is {spec.example!r}."


def _not_in(spec: FieldSpec, cell: str, vocabularies: Terms) -> str:
    allowed = vocabularies.get(spec.vocabulary or "", ())
    if not allowed:
        return f"but codes.csv has no vocabulary {spec.vocabulary!r}"
    for part in cell.split(spec.delimiter) if spec.delimiter else [cell]:
        if part not in allowed:
            near = difflib.get_close_matches(part, allowed, 1)
            maybe = (
                f"; did you mean {near[0]!r}?"
                if near
                else f"; it has {', '.join(allowed[:8])}{', ...' if len(allowed) > 8 else ''}"
            )
            return f"but {part!r} is no term of vocabulary {spec.vocabulary!r}{maybe}"
    ordered = (spec.delimiter or "").join(sorted(set(cell.split(spec.delimiter)), key=list(allowed).index))
    return f"but lists have each term once, in the vocabulary's order: {ordered!r}"


def _limit(spec: FieldSpec, cell: str) -> str:
    if spec.pattern:
        return f"does not match {spec.pattern}"
    low = spec.minimum is not None and int(cell) < spec.minimum
    return f"is less than {spec.minimum}" if low else f"is more than {spec.maximum}"


_RULES = {r.code: r for r in (TYPE, REQUIRED, CONSTRAINT, VOCABULARY, DATE)}
