"""Rules about coverage: nobody came, or nobody looked?"""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, except_rows, known

DECLARED = declare(
    Rule(
        "COV01",
        "coverage-declared",
        ERROR,
        "Every ceremony says of each topic what was looked for.",
        "Without it, missing would be read as zero.",
        "Add a row to coverage.csv, with completeness none if the topic was not looked for.",
    )
)
ZERO = declare(
    Rule(
        "COV02",
        "zero-without-source",
        ERROR,
        "A roster that is declared complete and empty has a source that says that nobody came.",
        "Only an explicit statement codes a zero.",
        "Set reported_leader_count to 0 with evidence for that field, or lower the completeness.",
    )
)
UNDECLARED = declare(
    Rule(
        "COV03",
        "rows-without-coverage",
        WARNING,
        "What is coded is not declared as not looked for.",
        "Users leave out ceremonies without coverage.",
        "Set the completeness to partial or better.",
    )
)
POLICY = declare(
    Rule(
        "COV04",
        "policy-and-invitations",
        ERROR,
        "A ceremony to which nobody was invited has no invitations.",
        "One of the two is wrong.",
        "Set the policy to selective, or correct the invitation.",
    )
)
TOPIC_TABLES = {
    "attendance": "participation",
    "contingents": "participation",
    "invitations": "invitations",
    "contacts": "contacts",
}


@row_rule(
    DECLARED,
    table="ceremonies",
    column="ceremony_id",
    message="No coverage is declared for {topic_}.",
    lookups={"coverage": Lookup("ceremony_id", ("topic",)), "codes": Lookup("code")},
)
def coverage_declared(t: Tables) -> Frame:
    """Find ceremonies without coverage of a topic."""
    topics = t["codes"].filter(nw.col("vocabulary") == "topic").select(nw.col("code").alias("topic_"))
    due = t["ceremonies"].join(topics, how="cross")
    declared = t["coverage"].select("ceremony_id", nw.col("topic").alias("topic_"))
    return due.join(declared, on=["ceremony_id", "topic_"], how="anti")


@row_rule(
    ZERO,
    table="coverage",
    column="completeness",
    inputs=("ceremony_id", "topic"),
    message="Attendance of {ceremony_id} is {completeness} and empty, but no source says that nobody came.",
    lookups={
        "participation": Lookup("ceremony_id", ("outcome",)),
        "ceremonies": Lookup("ceremony_id", ("reported_leader_count",)),
        "evidence": Lookup("record_id", ("record_table", "field"), "ceremony_id"),
    },
)
def zero_without_source(t: Tables) -> Frame:
    """Find empty rosters declared complete without a sourced zero."""
    rows = t["coverage"].filter(
        (nw.col("topic") == "attendance") & nw.col("completeness").is_in(["complete", "near-complete"])
    )
    came = t["participation"].filter(nw.col("outcome") == "attended").select("ceremony_id")
    claims = t["evidence"].filter(
        (nw.col("record_table") == "ceremonies")
        & (nw.col("field") == "reported_leader_count")
        & (nw.col("stance") == "supports")
    )
    sourced = claims.select(nw.col("record_id").alias("ceremony_id"))
    zero = (
        t["ceremonies"]
        .filter(nw.col("reported_leader_count") == 0)
        .join(sourced, on="ceremony_id", how="inner")
        .select("ceremony_id")
    )
    for fine in (came, zero):
        rows = except_rows(rows, rows.join(fine, on="ceremony_id", how="inner"))
    return rows


def _undeclared_rule(topic: str, table: str) -> None:
    @row_rule(
        UNDECLARED,
        table="coverage",
        column="completeness",
        inputs=("ceremony_id", "topic"),
        message=f"The topic is declared as not looked for, but there are rows of it in {table}: {{rows_}}.",
        lookups={table: Lookup("ceremony_id")},
    )
    def check(t: Tables) -> Frame:
        rows = t["coverage"].filter((nw.col("topic") == topic) & (nw.col("completeness") == "none"))
        coded = t[table].filter(known("ceremony_id"))
        if table == "participation":
            troops = nw.col("rank") == "contingent"
            coded = coded.filter(troops if topic == "contingents" else ~troops)
        return rows.join(coded.group_by("ceremony_id").agg(nw.len().alias("rows_")), on="ceremony_id", how="inner")


for _topic, _table in TOPIC_TABLES.items():
    _undeclared_rule(_topic, _table)


@row_rule(
    POLICY,
    table="ceremonies",
    column="invitation_policy",
    inputs=("ceremony_id",),
    message="The policy is none, but invitations to {ceremony_id} are coded as extended: {invited_}.",
    lookups={"invitations": Lookup("ceremony_id", ("status",))},
)
def policy_and_invitations(t: Tables) -> Frame:
    """Find ceremonies without invitations by policy that have some."""
    invited = (
        t["invitations"].filter(nw.col("status") == "extended").group_by("ceremony_id").agg(nw.len().alias("invited_"))
    )
    return t["ceremonies"].filter(nw.col("invitation_policy") == "none").join(invited, on="ceremony_id", how="inner")
