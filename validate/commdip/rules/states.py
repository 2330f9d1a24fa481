"""Rules about states, their codes, organizations' members and offices."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import ROW, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, known, not_exactly_one, repeated

AMBIGUOUS = declare(
    Rule(
        "STA01",
        "code-ambiguous",
        ERROR,
        "In one scheme, a code denotes one state at a time, and a state has one code at a time.",
        "A join by the code would give rows to the wrong state.",
        "Correct the code or the dates of validity.",
    )
)
OWN_CODE = declare(
    Rule(
        "STA02",
        "iso-code-fits",
        ERROR,
        "A state's ISO alpha-3 code is its identifier, and a user-assigned identifier has no ISO code.",
        "Identifiers are ISO codes so that users know them without a table.",
        "Correct the code or the identifier.",
    )
)
MEMBER_TWICE = declare(
    Rule(
        "STA03",
        "membership-overlap",
        ERROR,
        "A state has one status in an organization at a time.",
        "It would be a member and an observer on the same day.",
        "End the earlier status on the day on which the later one starts.",
    )
)


def _overlapping(rows: Frame, same: list[str], start: str, end: str) -> Frame:
    """Return rows that begin before an earlier row, alike in ``same``, has ended in any reading."""
    earlier = rows.select(
        *same,
        nw.col(ROW).alias("other_"),
        nw.col(f"{start}_latest").alias("other_start_"),
        nw.col(f"{end}_earliest").alias("other_end_"),
        nw.col(end).alias("other_until_"),
        nw.col("state_id").alias("other_state_"),
        nw.col(rows_code(same)).alias("other_code_"),
    )
    pairs = rows.join(earlier, on=same, how="inner").filter(nw.col(ROW) != nw.col("other_"))
    first = (nw.col("other_start_") < nw.col(f"{start}_latest")) | (
        (nw.col("other_start_") == nw.col(f"{start}_latest")) & (nw.col("other_") < nw.col(ROW))
    )
    open_ = nw.col("other_until_").is_null()
    # With a vague start the one that seems to follow may be the one that went before.
    went_before = known(end) & (nw.col(f"{end}_earliest") <= nw.col("other_start_"))
    return pairs.filter(first & (open_ | (nw.col(f"{start}_latest") < nw.col("other_end_"))) & ~went_before)


def rows_code(same: list[str]) -> str:
    """Return the column that tells overlapping rows apart."""
    return "code" if "scheme" in same else "status"


@row_rule(
    AMBIGUOUS,
    table="state_codes",
    column="code",
    inputs=("state_id", "scheme", "valid_from", "valid_to"),
    message="In {scheme}, {code} denotes {other_state_} at the same time (line {other_line}).",
    among=("scheme", "code"),
)
def code_of_two(t: Tables) -> Frame:
    """Find codes that denote two states at a time."""
    return _overlapping(t.dated("state_codes"), ["scheme", "code"], "valid_from", "valid_to").filter(
        nw.col("state_id") != nw.col("other_state_")
    )


@row_rule(
    AMBIGUOUS,
    table="state_codes",
    column="state_id",
    inputs=("code", "scheme", "valid_from", "valid_to"),
    message="In {scheme}, {state_id} has the code {other_code_} at the same time (line {other_line}).",
    among=("scheme", "state_id"),
)
def two_codes(t: Tables) -> Frame:
    """Find states with two codes of a scheme, or with one code twice, at a time."""
    return _overlapping(t.dated("state_codes"), ["scheme", "state_id"], "valid_from", "valid_to")


@row_rule(
    OWN_CODE,
    table="state_codes",
    column="code",
    inputs=("state_id", "scheme"),
    message="{state_id} has the ISO code {code}, but {why_}.",
)
def iso_code_fits(t: Tables) -> Frame:
    """Find alpha-3 codes that are not the identifier, or of a user-assigned identifier."""
    rows = t["state_codes"].filter(nw.col("scheme") == "iso3")
    ours = nw.col("state_id").str.starts_with("X")
    why = (
        nw.when(ours)
        .then(nw.lit("is a user-assigned identifier, which ISO does not give out"))
        .otherwise(nw.lit("its identifier is another"))
    )
    return rows.filter((nw.col("code") != nw.col("state_id")) | ours).with_columns(why.alias("why_"))


@row_rule(
    MEMBER_TWICE,
    table="memberships",
    column="start",
    inputs=("state_id", "organization_id", "end", "status"),
    message="{state_id} is {status} of {organization_id} from {start}, while it is {other_code_} until {until_} (line {other_line}).",
    among=("organization_id", "state_id"),
)
def membership_overlap(t: Tables) -> Frame:
    """Find memberships that begin before an earlier one has ended."""
    rows = _overlapping(t.dated("memberships"), ["organization_id", "state_id"], "start", "end")
    return rows.with_columns(nw.col("other_until_").fill_null("today").alias("until_"))


TENURE_PARTY = declare(
    Rule(
        "TEN01",
        "office-of-one",
        ERROR,
        "An office is of exactly one state or organization.",
        "A rank is given by an office of the party that a person stands for.",
        "Fill in either state_id or organization_id; two offices are two rows.",
    )
)
TENURE_TWICE = declare(
    Rule(
        "TEN02",
        "spell-twice",
        ERROR,
        "A leader's spells in one office of one party do not repeat each other.",
        "The same spell under two identifiers would count twice.",
        "Merge the two rows and keep both sources as evidence.",
    )
)
HEAD_KIND = declare(
    Rule(
        "TEN03",
        "organization-office",
        WARNING,
        "Offices of states belong to states and offices of organizations to organizations.",
        "A head of state heads no organization by that office.",
        "Use organization-head for the head of an organization, and move the identifier to the right column.",
    )
)


@row_rule(
    TENURE_PARTY,
    table="tenures",
    column="state_id",
    inputs=("organization_id",),
    message="The spell has {which_} an organization.",
)
def office_of_one(t: Tables) -> Frame:
    """Find spells with both or neither of state and organization."""
    which = (
        nw.when(nw.col("state_id").is_null()).then(nw.lit("neither a state nor")).otherwise(nw.lit("both a state and"))
    )
    return t["tenures"].filter(not_exactly_one("state_id", "organization_id")).with_columns(which.alias("which_"))


@row_rule(
    TENURE_TWICE,
    table="tenures",
    column="start",
    inputs=("leader_id", "state_id", "organization_id", "office", "title", "end"),
    message="{leader_id} has this office {since_} already (line {other_line}).",
    among=("leader_id", "state_id", "organization_id", "office", "title"),
)
def spell_twice(t: Tables) -> Frame:
    """Find spells alike in leader, party, office and start, or end where the start is not known."""
    until = nw.concat_str(nw.lit("until "), nw.col("end").fill_null("today"))
    since = nw.when(known("start")).then(nw.concat_str(nw.lit("from "), nw.col("start").fill_null(""))).otherwise(until)
    rows = t["tenures"].with_columns(
        nw.concat_str(nw.col("state_id").fill_null(""), nw.col("organization_id").fill_null(""), separator="/").alias(
            "party_"
        ),
        since.alias("since_"),
    )
    same = ["leader_id", "party_", "office", "title", "since_"]
    return repeated(rows, *same)


@row_rule(
    HEAD_KIND,
    table="tenures",
    column="office",
    inputs=("state_id", "organization_id"),
    message="{whose_} has no {office}.",
)
def organization_office(t: Tables) -> Frame:
    """Find heads of organizations with a state, and heads of states with an organization."""
    wrong = (known("state_id") & (nw.col("office") == "organization-head")) | (
        nw.col("state_id").is_null()
        & known("organization_id")
        & nw.col("office").is_in(["head-of-state", "head-of-government", "monarch"])
    )
    whose = nw.when(known("state_id")).then(nw.lit("A state")).otherwise(nw.lit("An organization"))
    return t["tenures"].filter(wrong).with_columns(whose.alias("whose_"))
