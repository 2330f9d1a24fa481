"""Great Expectations on pandas: columns, keys and references.

    python benchmarks/peers/great_expectations_checks.py PACKAGE

References are memberships in the set of the parent's keys. Left out: that a day is in the calendar
(dates are patterns), all rules between columns or tables (those that it has compare numbers and
times of one kind, not EDTF dates, and count one column at a time), everything about the small
tables, encoding, canonical form, and physical lines. A repeated primary key counts with all its
rows, not with those after the first.
"""

from __future__ import annotations

import logging
import os

os.environ["GX_ANALYTICS_ENABLED"] = "false"

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
from common import LARGE, data, fields, keys, primary, report, rule_of

SMALL = ("states", "organizations", "leaders", "ceremonies")


def main() -> None:
    """Validate both tables, one after the other."""
    logging.disable(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    source = context.data_sources.add_pandas("tables")
    small = {t: read(t) for t in SMALL}
    counts: dict[str, int] = {}
    for table in LARGE:
        frame = read(table)
        checks = checks_of(table, frame, small)
        whole = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("whole")
        batch = whole.get_batch({"dataframe": frame})
        suite = gx.ExpectationSuite(name=table, expectations=list(checks.values()))
        found = batch.validate(suite, result_format="BASIC")
        for result in found.results:
            assert result.expectation_config is not None
            counts[result.expectation_config.meta["check"]] = result.result["unexpected_count"]
        del frame, batch
    report(counts)


def read(table: str) -> pd.DataFrame:
    """Return a table with all columns as text."""
    return pd.read_csv(data(table), dtype="str", keep_default_na=False, na_values=[""])


def checks_of(table: str, frame: pd.DataFrame, small: dict[str, pd.DataFrame]) -> dict[str, gxe.Expectation]:
    """Return the expectations of a table by the names of the checks."""
    made: dict[str, gxe.Expectation] = {}

    def add(rule: str, column: str, kind: type[gxe.Expectation], **arguments: object) -> None:
        name = f"{rule} {table}.{column}"
        made[name] = kind(column=column, meta={"check": name}, **arguments)

    for field in fields(table):
        if field.required:
            add("COL02", field.name, gxe.ExpectColumnValuesToNotBeNull)
        if (rule := rule_of(field)) and field.pattern:
            # Dates are looked at by their pattern only, which is not the whole of COL05.
            rule = "pattern" if field.edtf else rule
            add(rule, field.name, gxe.ExpectColumnValuesToMatchRegex, regex=field.pattern)
        elif field.terms:
            add("COL04", field.name, gxe.ExpectColumnValuesToBeInSet, value_set=field.terms)
    for column, parent, target in keys(table):
        held = small.get(parent, frame)[target]
        used = held[held.isin(frame[column].dropna().unique())]
        add("KEY03", column, gxe.ExpectColumnValuesToBeInSet, value_set=used.tolist())
    add("KEY01", primary(table), gxe.ExpectColumnValuesToBeUnique)
    return made


if __name__ == "__main__":
    main()
