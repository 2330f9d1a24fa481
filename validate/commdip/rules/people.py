"""Rules about leaders and their names."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import WARNING
from commdip.rules.base import ROW, Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, known, repeated

UNUSED = declare(
    Rule(
        "LEA01",
        "leader-unused",
        WARNING,
        "Every leader takes part in something: an office, a ceremony, an invitation, a contact or a statement.",
        "A person whom nothing names is often a second spelling of somebody else.",
        "Merge the leader with the other spelling, or remove the row.",
    )
)
CANONICAL = declare(
    Rule(
        "LEA02",
        "canonical-name-listed",
        WARNING,
        "A leader's canonical name is among the spellings in leader_names.csv.",
        "Text is matched against the spellings alone.",
        "Add the canonical name to leader_names.csv.",
    )
)
SAME_PERSON = declare(
    Rule(
        "LEA03",
        "probable-same-person",
        WARNING,
        "No two leaders have the same canonical name, or the same birth date and family name.",
        "One person under two identifiers is counted twice.",
        "Merge the two, and add the second spelling to leader_names.csv.",
    )
)
SHARED_SPELLING = declare(
    Rule(
        "LEA04",
        "spelling-shared",
        WARNING,
        "A spelling in one language belongs to one leader.",
        "Text that has it could mean either.",
        "Correct the leader of one; keep both if both are really so spelled, and waive the rule.",
    )
)
IDENTIFIER = declare(
    Rule(
        "LEA05",
        "leader-id-fits",
        WARNING,
        "A leader's identifier is made of family name and given name.",
        "Identifiers are readable, and two coders come to the same one.",
        "Before its first release, make the identifier of the names in lower-case ASCII; after it, correct the names or waive the rule.",
    )
)
_USES = (
    ("tenures", "leader_id"),
    ("participation", "leader_id"),
    ("contact_participants", "leader_id"),
    ("statements", "leader_id"),
    ("invitations", "invited_leader_id"),
    ("invitations", "inviting_leader_id"),
)


@row_rule(
    UNUSED,
    table="leaders",
    column="leader_id",
    message="Nothing names {leader_id}.",
    lookups={
        "tenures": Lookup("leader_id", distinct=True),
        "participation": Lookup("leader_id", distinct=True),
        "contact_participants": Lookup("leader_id", distinct=True),
        "statements": Lookup("leader_id", distinct=True),
        "invitations": Lookup("invited_leader_id", (), "leader_id"),
    },
    may_lack=("tenures", "participation", "contact_participants", "statements", "invitations"),
)
def leader_unused(t: Tables) -> Frame:
    """Find leaders whom no other table but leader_names names."""
    used = [t[table].filter(known(column)).select(nw.col(column).alias("leader_id")) for table, column in _USES]
    return t["leaders"].join(nw.concat(used, how="vertical").unique("leader_id"), on="leader_id", how="anti")


@row_rule(
    CANONICAL,
    table="leaders",
    column="name",
    inputs=("leader_id",),
    message="{name} is not among the spellings of {leader_id}.",
    lookups={"leader_names": Lookup("leader_id", ("name",))},
)
def canonical_name_listed(t: Tables) -> Frame:
    """Find leaders whose canonical name is no listed spelling."""
    return t["leaders"].join(
        t["leader_names"].select("leader_id", "name").unique(["leader_id", "name"]),
        on=["leader_id", "name"],
        how="anti",
    )


@row_rule(
    SAME_PERSON,
    table="leaders",
    column="name",
    inputs=("leader_id",),
    message="{name} is the name of another leader too (line {other_line}).",
    among=("name",),
)
def same_name(t: Tables) -> Frame:
    """Find leaders of the same canonical name."""
    return repeated(t["leaders"], "name")


@row_rule(
    SAME_PERSON,
    table="leaders",
    column="birth_date",
    inputs=("family_name", "leader_id"),
    message="Another {family_name} was born on {birth_date} (line {other_line}).",
    among=("birth_date", "family_name"),
    only=known("birth_date", "family_name"),
)
def same_birth(t: Tables) -> Frame:
    """Find leaders of the same family name born on the same day."""
    rows = t["leaders"].filter(known("birth_date", "family_name") & (nw.col("birth_date").str.len_chars() >= 10))
    return repeated(rows, "birth_date", "family_name")


@row_rule(
    SHARED_SPELLING,
    table="leader_names",
    column="name",
    inputs=("leader_id", "language"),
    message="{name} ({language}) is also a spelling of {other_leader_} (line {other_line}).",
    among=("name", "language"),
)
def spelling_shared(t: Tables) -> Frame:
    """Find spellings listed for two leaders."""
    rows = t["leader_names"]
    other = rows.select("name", "language", nw.col(ROW).alias("other_"), nw.col("leader_id").alias("other_leader_"))
    pairs = rows.join(other, on=["name", "language"], how="inner")
    return pairs.filter((nw.col("other_") < nw.col(ROW)) & (nw.col("leader_id") != nw.col("other_leader_")))


@row_rule(
    IDENTIFIER,
    table="leaders",
    column="leader_id",
    inputs=("family_name", "given_name"),
    message="{leader_id} is not made of {family_name} and {given_name}; that would be {due_}.",
)
def leader_id_fits(t: Tables) -> Frame:
    """Find identifiers that are not family name and given name, where both are plain ASCII."""
    rows = t["leaders"].filter(known("family_name", "given_name"))
    both = nw.concat_str(nw.col("family_name"), nw.lit("-"), nw.col("given_name"))
    due = both.str.to_lowercase().str.replace_all(r"[ .]+", "-").str.replace_all(r"['’]|-$", "")
    ascii_only = both.str.replace_all(r"[A-Za-z .'’-]", "").str.len_chars() == 0
    return rows.filter(ascii_only).with_columns(due.alias("due_")).filter(nw.col("due_") != nw.col("leader_id"))
