"""Rules about evidence and sources: what each fact rests on."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, except_rows, key_text, known, party, repeated

RECORD = declare(
    Rule(
        "EVI01",
        "evidence-of-nothing",
        ERROR,
        "Evidence names a row that exists.",
        "A claim about nothing supports nothing.",
        "Correct record_table or record_id; the parts of a composite key are joined by slashes.",
    )
)
NO_EVIDENCE = declare(
    Rule(
        "EVI02",
        "no-evidence",
        ERROR,
        "Every fact has evidence that supports or announces it.",
        "A reader must be able to check each row.",
        "Add evidence with a source that was read; a row that none can be found for must go.",
    )
)
UNUSED_SOURCE = declare(
    Rule(
        "EVI03",
        "source-unused",
        ERROR,
        "Every source is used, as evidence, as an origin, or as the source of a code.",
        "A source that nothing rests on is left over, or its evidence is lost.",
        "Add the evidence that was read from it, or remove the source.",
    )
)
UNANSWERED = declare(
    Rule(
        "EVI04",
        "contradiction-unanswered",
        ERROR,
        "A contradiction is answered by a note, of the evidence or of the row.",
        "Conflicts stay visible, and a reader sees how they were decided.",
        "Say in the note what the source has and why the row has it otherwise.",
    )
)
ONE_ORIGIN = declare(
    Rule(
        "EVI05",
        "single-origin",
        WARNING,
        "Attendance and refusal at the level of heads of state and government rest on two origins.",
        "Reposts and translations of one text are one witness.",
        "Look for a second, independent source; state in the origin column which sources repost which.",
    )
)
MACHINE = declare(
    Rule(
        "EVI06",
        "machine-text-alone",
        WARNING,
        "No fact rests on machine-rewritten text alone.",
        "Such text invents; it is a lead and no support.",
        "Find the text that was rewritten, or another source.",
    )
)
FIELD = declare(
    Rule(
        "EVI07",
        "evidence-field",
        ERROR,
        "The field that evidence is about is a column of the row's table.",
        "The claim could not be shown beside the value that it is about.",
        "Use the column's name as the schema has it, or leave the field empty if the whole row is meant.",
    )
)
TWICE = declare(
    Rule(
        "EVI08",
        "evidence-twice",
        ERROR,
        "A source says a thing of a row once.",
        "The same claim would count as two.",
        "Merge the two rows.",
    )
)
REPORTED = declare(
    Rule(
        "EVI09",
        "contradiction-without-value",
        WARNING,
        "A contradiction of a field says what the source has instead.",
        "Without the value nobody can weigh the two readings.",
        "Fill in reported_value as the source has it.",
    )
)
ORIGIN = declare(
    Rule(
        "EVI10",
        "origin-is-origin",
        ERROR,
        "The origin of a source is another source, which reposts nothing itself.",
        "Sources with one origin count once; a chain or circle of origins would count them wrongly.",
        "Name the first source of the chain as origin.",
    )
)
FACTS = ("ceremonies", "invitations", "participation", "contacts", "statements", "tenures", "memberships")
NO_FACTS = ("codes", "mode_roles", "rank_offices", "series", "retired_ids", "waivers")
HEADS = ("head-of-state", "head-of-government", "party-leader")


@row_rule(
    RECORD,
    table="evidence",
    column="record_id",
    inputs=("record_table",),
    any_table=True,
    message="{record_table} has no row {record_id}{also}.",
    fold=("record_table", "record_id"),
)
def evidence_of_nothing(t: Tables) -> Frame:
    """Find evidence about rows that are not there; of tables that the package lacks nothing is known."""
    claims = t["evidence"].filter(known("record_table", "record_id") & nw.col("record_table").is_in(_named(t)))
    return claims.join(records(t), on=["record_table", "record_id"], how="anti")


def records(t: Tables) -> Frame:
    """Return record_table and record_id of every row that evidence can be about."""
    return t.made("records", lambda: nw.concat([_keys(t, name) for name in _named(t)], how="vertical"))


def _named(t: Tables) -> list[str]:
    """Return the tables whose rows evidence and retirement can be about: those of facts, not of vocabularies."""
    return [n for n, spec in t.specs.items() if spec.primary_key and n in t.present and n not in NO_FACTS]


def _keys(t: Tables, table: str) -> Frame:
    return t[table].select(nw.lit(table).alias("record_table"), key_text(t.specs[table].primary_key).alias("record_id"))


def _fact_rule(table: str, column: str) -> None:
    @row_rule(
        NO_EVIDENCE,
        table=table,
        column=column,
        message="{key_} has no evidence that supports or announces it.",
        lookups={"evidence": Lookup("record_id", ("record_table", "stance"), "key_")},
    )
    def check(t: Tables) -> Frame:
        claims = t["evidence"].filter(
            (nw.col("record_table") == table) & nw.col("stance").is_in(["supports", "announces"])
        )
        return t.keyed(table).join(
            claims.select(nw.col("record_id").alias("key_")).unique("key_"), on="key_", how="anti"
        )


for _table, _column in (
    ("ceremonies", "ceremony_id"),
    ("invitations", "invitation_id"),
    ("participation", "participation_id"),
    ("contacts", "contact_id"),
    ("statements", "statement_id"),
    ("tenures", "tenure_id"),
    ("memberships", "state_id"),
):
    _fact_rule(_table, _column)


def _life_rule(column: str) -> None:
    @row_rule(
        NO_EVIDENCE,
        table="leaders",
        column=column,
        message=f"{column} {{{column}}} of {{leader_id}} has no evidence.",
        lookups={"evidence": Lookup("record_id", ("record_table", "stance"), "leader_id")},
    )
    def check(t: Tables) -> Frame:
        claims = t["evidence"].filter((nw.col("record_table") == "leaders") & nw.col("stance").is_in(["supports"]))
        claims = claims.select(nw.col("record_id").alias("leader_id")).unique("leader_id")
        return t["leaders"].filter(known(column)).join(claims, on="leader_id", how="anti")


for _column in ("birth_date", "death_date", "wikidata_id"):
    _life_rule(_column)


@row_rule(
    UNUSED_SOURCE,
    table="sources",
    column="source_id",
    message="Nothing rests on {source_id} ({publisher}).",
    lookups={
        "evidence": Lookup("source_id", distinct=True),
        "state_codes": Lookup("source_id", distinct=True),
        "sources": Lookup("origin_source_id", (), "source_id"),
    },
    may_lack=("evidence", "state_codes"),
    among=None,
)
def source_unused(t: Tables) -> Frame:
    """Find sources that are neither evidence, nor an origin, nor the source of a code."""
    used = [
        t[table].filter(known(column)).select(nw.col(column).alias("source_id"))
        for table, column in (("evidence", "source_id"), ("sources", "origin_source_id"), ("state_codes", "source_id"))
    ]
    return t["sources"].join(nw.concat(used, how="vertical").unique("source_id"), on="source_id", how="anti")


def _noted(t: Tables) -> Frame:
    """Return record_table and record_id of rows that have a note."""
    tables = [n for n in _named(t) if "note" in t.specs[n].by_name]
    rows = [
        t[n]
        .filter(known("note"))
        .select(nw.lit(n).alias("record_table"), key_text(t.specs[n].primary_key).alias("record_id"))
        for n in tables
    ]
    return nw.concat(rows, how="vertical")


@row_rule(
    UNANSWERED,
    table="evidence",
    any_table=True,
    column="note",
    inputs=("stance", "record_table", "record_id"),
    message="{source_id} contradicts {record_id}, and no note says why it was not followed.",
    lookups={
        n: Lookup(f"{n[:-1] if n != 'participation' else n}_id", ("note",), "record_id")
        for n in ("participation", "invitations")
    },
)
def contradiction_unanswered(t: Tables) -> Frame:
    """Find contradictions without a note, of the evidence or of the row."""
    rows = t["evidence"].filter((nw.col("stance") == "contradicts") & nw.col("note").is_null())
    return except_rows(rows, rows.join(_noted(t), on=["record_table", "record_id"], how="inner"))


def _origins(t: Tables) -> Frame:
    """Return record_table, record_id, stance, ``root_`` and publisher_kind of what speaks for a row.

    The root is the publisher of the text that a source goes back to: two texts of one agency, and
    whatever repeats them, are one witness.
    """
    sources = t["sources"].select("source_id", "publisher", "origin_source_id", "origin_publisher", "publisher_kind")
    first = t["sources"].select(nw.col("source_id").alias("origin_source_id"), nw.col("publisher").alias("first_"))
    named = nw.when(known("origin_publisher")).then(nw.col("origin_publisher")).otherwise(nw.col("publisher"))
    root = nw.when(known("first_")).then(nw.col("first_")).otherwise(named)
    roots = sources.join(first, on="origin_source_id", how="left").select(
        "source_id", root.alias("root_"), "publisher_kind"
    )
    claims = t["evidence"].filter(nw.col("stance").is_in(["supports", "announces"]))
    return claims.select("record_table", "record_id", "source_id", "stance").join(roots, on="source_id", how="inner")


def _independent(t: Tables, table: str, stances: list[str]) -> Frame:
    """Return record_id and ``origins_``: how many origins other than rewriting machines a row has."""
    rows = t.made("origins", lambda: _origins(t)).filter(nw.col("publisher_kind") != "machine-rewritten")
    rows = rows.filter((nw.col("record_table") == table) & nw.col("stance").is_in(stances))
    return rows.group_by("record_id").agg(nw.col("root_").n_unique().alias("origins_"))


@row_rule(
    ONE_ORIGIN,
    table="participation",
    column="outcome",
    inputs=("rank", "participation_id"),
    message="That {who_} {is_}{outcome} rests on fewer than two independent origins ({origins_}).",
    lookups={"evidence": Lookup("record_id", ("record_table", "source_id", "stance"), "participation_id")},
)
def attendance_of_one_origin(t: Tables) -> Frame:
    """Find attendance and absence of heads that rests on fewer than two origins."""
    heads = t["participation"].filter(nw.col("rank").is_in(list(HEADS)))
    # Announcements witness that somebody was expected, not that he came.
    came = _of_one_origin(t, heads.filter(nw.col("outcome") == "attended"), "participation", ["supports"])
    stayed = _of_one_origin(t, heads.filter(nw.col("outcome") == "absent"), "participation", ["supports", "announces"])
    who = nw.when(known("leader_id")).then(nw.col("leader_id")).otherwise(party()).alias("who_")
    verb = nw.when(nw.col("outcome") == "absent").then(nw.lit("was ")).otherwise(nw.lit("")).alias("is_")
    return nw.concat([came, stayed], how="vertical").with_columns(who, verb)


@row_rule(
    ONE_ORIGIN,
    table="invitations",
    column="response",
    inputs=("invitation_id", "invited_leader_id"),
    message="That {invited_leader_id} {response} rests on fewer than two independent origins ({origins_}).",
    lookups={"evidence": Lookup("record_id", ("record_table", "source_id", "stance"), "invitation_id")},
)
def refusal_of_one_origin(t: Tables) -> Frame:
    """Find refusals that rest on fewer than two origins."""
    rows = t["invitations"].filter(nw.col("response").is_in(["declined", "withdrew"]) & known("invited_leader_id"))
    return _of_one_origin(t, rows, "invitations", ["supports", "announces"])


def _of_one_origin(t: Tables, rows: Frame, table: str, stances: list[str]) -> Frame:
    key = t.specs[table].primary_key[0]
    counts = _independent(t, table, stances).select(nw.col("record_id").alias(key), "origins_")
    rows = rows.join(counts, on=key, how="left").with_columns(
        nw.col("origins_").fill_null(0).cast(nw.Int64).alias("origins_")
    )
    return rows.filter(nw.col("origins_") < 2)


def _machine_rule(table: str, column: str) -> None:
    @row_rule(
        MACHINE,
        table=table,
        column=column,
        message="{key_} rests on machine-rewritten text alone.",
        lookups={
            "evidence": Lookup("record_id", ("record_table", "source_id", "stance"), "key_"),
            "sources": Lookup("source_id", ("publisher_kind",), "key_"),
        },
    )
    def check(t: Tables) -> Frame:
        rows = t.made("origins", lambda: _origins(t)).filter(nw.col("record_table") == table)
        human = (
            rows.filter(nw.col("publisher_kind") != "machine-rewritten")
            .select(nw.col("record_id").alias("key_"))
            .unique("key_")
        )
        backed = t.keyed(table).join(
            rows.select(nw.col("record_id").alias("key_")).unique("key_"), on="key_", how="inner"
        )
        return backed.join(human, on="key_", how="anti")


for _table, _column in (
    ("invitations", "invitation_id"),
    ("participation", "participation_id"),
    ("contacts", "contact_id"),
    ("statements", "statement_id"),
    ("tenures", "tenure_id"),
):
    _machine_rule(_table, _column)


@row_rule(
    FIELD, table="evidence", column="field", inputs=("record_table",), message="{record_table} has no column {field}."
)
def evidence_field(t: Tables) -> Frame:
    """Find fields that the row's table does not have."""
    rows = t["evidence"].filter(known("record_table", "field") & nw.col("record_table").is_in(_named(t)))
    fits = [(nw.col("record_table") == n) & nw.col("field").is_in(t.specs[n].names) for n in _named(t)]
    condition = fits[0]
    for fit in fits[1:]:
        condition = condition | fit
    return rows.filter(~condition)


@row_rule(
    TWICE,
    table="evidence",
    column="source_id",
    inputs=("record_table", "record_id", "stance", "field"),
    message="{source_id} {stance} {record_id} already, on line {other_line}.",
    among=("record_table", "record_id", "source_id", "stance", "field"),
)
def evidence_twice(t: Tables) -> Frame:
    """Find claims alike in row, source, stance and field."""
    same = ["record_table", "record_id", "source_id", "stance", "about_"]
    rows = t["evidence"].with_columns(nw.col("field").fill_null("").alias("about_"))
    return repeated(rows, *same)


@row_rule(
    REPORTED,
    table="evidence",
    column="reported_value",
    inputs=("stance", "field"),
    message="{source_id} contradicts {field} of {record_id}, but its own value is not given.",
)
def contradiction_without_value(t: Tables) -> Frame:
    """Find contradictions of a field that do not give the other value."""
    return t["evidence"].filter(
        (nw.col("stance") == "contradicts") & known("field") & nw.col("reported_value").is_null()
    )


@row_rule(
    ORIGIN,
    table="sources",
    column="origin_source_id",
    inputs=("source_id",),
    message="The origin of {source_id} is {why_}.",
    lookups={"sources": Lookup("source_id", ("origin_source_id",), "origin_source_id")},
    among=None,
    only=known("origin_source_id"),
)
def origin_is_origin(t: Tables) -> Frame:
    """Find origins that repost themselves."""
    roots = t["sources"].select(
        nw.col("source_id").alias("origin_source_id"), nw.col("origin_source_id").alias("further_")
    )
    rows = (
        t["sources"]
        .filter(known("origin_source_id"))
        .join(roots, on="origin_source_id", how="inner")
        .filter(known("further_"))
    )
    why = (
        nw.when(nw.col("source_id") == nw.col("origin_source_id"))
        .then(nw.lit("itself"))
        .otherwise(nw.concat_str(nw.col("origin_source_id"), nw.lit(", which reposts "), nw.col("further_")))
    )
    return rows.with_columns(why.alias("why_"))
