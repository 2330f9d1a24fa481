"""Rules about releases: identifiers are never used again, and versions say what changed."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR
from commdip.rules.base import Rule, declare, row_rule
from commdip.rules.evidence import records
from commdip.rules.tables import Frame, Tables, except_rows, known

REUSED = declare(
    Rule(
        "REL01",
        "retired-id-in-use",
        ERROR,
        "A retired identifier is in no table any more.",
        "An identifier is never used again and never changes its meaning.",
        "Give the row a new identifier, or remove the entry in retired_ids.csv if the row was never withdrawn.",
    )
)
REPLACED = declare(
    Rule(
        "REL02",
        "replacement-missing",
        ERROR,
        "What replaces a retired identifier exists, or is retired in turn.",
        "Readers follow the reference to the row that took its place.",
        "Correct replaced_by, or leave it empty if nothing took the row's place.",
    )
)
DROPPED = declare(
    Rule(
        "REL03",
        "id-dropped",
        ERROR,
        "No identifier of the earlier release is gone without being retired.",
        "Whoever joined on it finds nothing and no reason.",
        "Restore the row, or add its identifier to retired_ids.csv with the version and the reason.",
    )
)
BUMP = declare(
    Rule(
        "REL04",
        "version-too-low",
        ERROR,
        "The version is raised as far as the change since the earlier release demands.",
        "The number tells readers whether their code and joins still hold.",
        "Set the version in datapackage.json to at least the one given.",
    )
)
CHANGELOG = declare(
    Rule(
        "REL05",
        "changelog-silent",
        ERROR,
        "CHANGELOG.md has an entry for the version.",
        "Readers learn from it what changed.",
        "Add a heading with the version to CHANGELOG.md beside the descriptor, and what changed below it.",
    )
)


@row_rule(
    REUSED,
    any_table=True,
    table="retired_ids",
    column="record_id",
    inputs=("record_table",),
    message="{record_id} was retired in {retired_in}, but {record_table} has it.",
)
def retired_id_in_use(t: Tables) -> Frame:
    """Find retired identifiers that a table still has."""
    return t["retired_ids"].join(records(t), on=["record_table", "record_id"], how="inner")


@row_rule(
    REPLACED,
    any_table=True,
    table="retired_ids",
    column="replaced_by",
    inputs=("record_table", "record_id"),
    message="{record_id} is replaced by {replaced_by}, {why_}.",
    among=None,
    only=known("replaced_by"),
)
def replacement_missing(t: Tables) -> Frame:
    """Find replacements that do not exist."""
    retired = t["retired_ids"].select("record_table", "record_id")
    there = nw.concat([records(t).select("record_table", "record_id"), retired], how="vertical").rename(
        {"record_id": "replaced_by"}
    )
    rows = t["retired_ids"].filter(known("replaced_by"))
    others = rows.filter(nw.col("replaced_by") != nw.col("record_id"))
    found = others.join(there.unique(["record_table", "replaced_by"]), on=["record_table", "replaced_by"], how="inner")
    itself = nw.col("replaced_by") == nw.col("record_id")
    why = (
        nw.when(itself)
        .then(nw.lit("which is itself"))
        .otherwise(nw.concat_str(nw.lit("which is neither in use nor retired in "), nw.col("record_table")))
    )
    return except_rows(rows, found).with_columns(why.alias("why_"))
