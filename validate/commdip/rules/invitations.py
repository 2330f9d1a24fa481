"""Rules about invitations and answers."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, as_text, except_rows, known, not_exactly_one, repeated
from commdip.rules.time import holding_office

ONE_PARTY = declare(
    Rule(
        "INV01",
        "one-invited-party",
        ERROR,
        "An invitation goes to exactly one state or organization.",
        "Counts by state would count the row twice, or not at all.",
        "Fill in either invited_state_id or invited_organization_id; give each party of a group a row.",
    )
)
ANSWER = declare(
    Rule(
        "INV02",
        "answer-fits",
        ERROR,
        "Only an invitation has an answer, and only an answer has a date.",
        "Who was not invited cannot accept; a date without an answer says nothing.",
        "Correct the status, or leave response and responded_on empty.",
    )
)
REASON = declare(
    Rule(
        "INV03",
        "reason-fits",
        ERROR,
        "A reason does not go with an acceptance.",
        "A reason says why somebody stays away or is not invited; why one comes is not coded.",
        "Remove the reason, or correct response or status.",
    )
)
CHANNEL = declare(
    Rule(
        "INV04",
        "channel-fits",
        ERROR,
        "The contact that conveyed an invitation concerns its ceremony, has the invited party in it and took place on its day.",
        "The chain from call to invitation to attendance is followed by this reference.",
        "Correct contact_id or invited_on, or add the party to the contact.",
    )
)
TWICE = declare(
    Rule(
        "INV05",
        "invitation-twice",
        ERROR,
        "A party has one row for each answer to an invitation.",
        "The same answer would count twice.",
        "Merge the rows; a later answer is a row of its own with its own date.",
    )
)
OFFICE = declare(
    Rule(
        "INV06",
        "invited-in-office",
        ERROR,
        "The invited leader held an office of the invited party between the invitation and the ceremony, or before it.",
        "An invitation goes to a person of that state or organization.",
        "Correct the leader or the party, or add the tenure with its source.",
    )
)
INVITER = declare(
    Rule(
        "INV07",
        "inviter-in-office",
        ERROR,
        "Who invites held an office of the inviting state, and the inviting state is the ceremony's host.",
        "Only the host invites.",
        "Correct the inviting leader or state, or add the tenure.",
    )
)
FATE = declare(
    Rule(
        "INV08",
        "accepted-without-outcome",
        WARNING,
        "Who accepted attended or is coded absent, if attendance is covered.",
        "The chain from invitation to attendance breaks here.",
        "Look for what became of the guest, and add the row of participation; or lower the coverage.",
    )
)
_CEREMONY = {"ceremonies": Lookup("ceremony_id", ("start", "end", "host_state_id"))}


def _party() -> nw.Expr:
    return (
        nw.when(nw.col("invited_state_id").is_null())
        .then(nw.col("invited_organization_id"))
        .otherwise(nw.col("invited_state_id"))
    )


@row_rule(
    ONE_PARTY,
    table="invitations",
    column="invited_state_id",
    inputs=("invited_organization_id",),
    message="The row has {which_} an invited organization.",
)
def one_invited_party(t: Tables) -> Frame:
    """Find rows with both or neither of invited state and organization."""
    which = (
        nw.when(nw.col("invited_state_id").is_null())
        .then(nw.lit("neither an invited state nor"))
        .otherwise(nw.lit("both an invited state and"))
    )
    return (
        t["invitations"]
        .filter(not_exactly_one("invited_state_id", "invited_organization_id"))
        .with_columns(which.alias("which_"))
    )


@row_rule(
    ANSWER,
    table="invitations",
    column="response",
    inputs=("status",),
    message="Status is not-extended, but the response is {response}.",
)
def answer_without_invitation(t: Tables) -> Frame:
    """Find answers of parties that were not invited."""
    answered = known("response") & (nw.col("response") != "none-reported")
    return t["invitations"].filter((nw.col("status") == "not-extended") & answered)


@row_rule(
    ANSWER,
    table="invitations",
    column="responded_on",
    inputs=("response",),
    message="Answered on {responded_on}, but there is no answer.",
)
def date_without_answer(t: Tables) -> Frame:
    """Find dates of answers that are not there."""
    return t["invitations"].filter(
        known("responded_on") & (nw.col("response").is_null() | (nw.col("response") == "none-reported"))
    )


@row_rule(
    REASON,
    table="invitations",
    column="reason",
    inputs=("response", "status"),
    message="The reason {reason} is given for the answer {response}.",
)
def reason_fits(t: Tables) -> Frame:
    """Find reasons where nobody stayed away."""
    return t["invitations"].filter(known("reason") & (nw.col("response") == "accepted"))


@row_rule(
    CHANNEL,
    table="invitations",
    column="contact_id",
    inputs=("invited_state_id", "invited_organization_id"),
    message="{contact_id} has no party {party_}.",
    lookups={"contact_participants": Lookup("contact_id", ("state_id", "organization_id"))},
)
def channel_has_party(t: Tables) -> Frame:
    """Find conveying contacts without the invited party."""
    rows = t["invitations"].filter(known("contact_id")).with_columns(_party().alias("party_"))
    party = nw.when(nw.col("state_id").is_null()).then(nw.col("organization_id")).otherwise(nw.col("state_id"))
    parties = t["contact_participants"].select("contact_id", party.alias("party_"))
    return except_rows(rows, rows.join(parties, on=["contact_id", "party_"], how="inner"))


@row_rule(
    CHANNEL,
    table="invitations",
    column="invited_on",
    inputs=("contact_id",),
    message="Invited on {invited_on}, but {contact_id} took place on {contact_day_}.",
    lookups={"contacts": Lookup("contact_id", ("start", "end"))},
)
def channel_on_day(t: Tables) -> Frame:
    """Find conveying contacts on another day than the invitation."""
    days = t.contact_days().select(
        "contact_id",
        nw.col("day_earliest").alias("from_"),
        nw.col("day_latest").alias("to_"),
        nw.col("day").alias("contact_day_"),
    )
    rows = t.dated("invitations").filter(known("contact_id", "invited_on")).join(days, on="contact_id", how="inner")
    return rows.filter(
        (nw.col("invited_on_latest") < nw.col("from_")) | (nw.col("invited_on_earliest") > nw.col("to_"))
    )


@row_rule(
    CHANNEL,
    table="invitations",
    column="contact_id",
    inputs=("ceremony_id",),
    message="{contact_id} concerns {other_ceremony_}, not {ceremony_id}.",
    lookups={"contacts": Lookup("contact_id", ("ceremony_id",))},
)
def channel_of_ceremony(t: Tables) -> Frame:
    """Find conveying contacts that concern another ceremony."""
    concerns = (
        t["contacts"].filter(known("ceremony_id")).select("contact_id", nw.col("ceremony_id").alias("other_ceremony_"))
    )
    rows = t["invitations"].filter(known("contact_id", "ceremony_id")).join(concerns, on="contact_id", how="inner")
    return rows.filter(nw.col("ceremony_id") != nw.col("other_ceremony_"))


@row_rule(
    TWICE,
    table="invitations",
    column="response",
    inputs=(
        "ceremony_id",
        "invited_state_id",
        "invited_organization_id",
        "invited_leader_id",
        "status",
        "responded_on",
    ),
    message="The same party has the same answer on line {other_line}.",
    among=(
        "ceremony_id",
        "invited_state_id",
        "invited_organization_id",
        "invited_leader_id",
        "status",
        "response",
        "responded_on",
    ),
)
def invitation_twice(t: Tables) -> Frame:
    """Find rows alike in ceremony, party, leader, status, answer and its date."""
    columns = [
        "ceremony_id",
        "invited_state_id",
        "invited_organization_id",
        "invited_leader_id",
        "status",
        "response",
        "responded_on",
    ]
    rows = t["invitations"].with_columns(nw.concat_str(*(as_text(c) for c in columns), separator="/").alias("same_"))
    return repeated(rows, "same_")


@row_rule(
    OFFICE,
    table="invitations",
    column="invited_leader_id",
    inputs=("ceremony_id", "invited_state_id", "invited_organization_id"),
    message="{leader_id} held no office of {party_} by {day}.",
    lookups={
        **_CEREMONY,
        "tenures": Lookup("leader_id", ("state_id", "organization_id", "start"), "invited_leader_id"),
    },
)
def invited_in_office(t: Tables) -> Frame:
    """Find invited leaders who held no office of the invited party up to the ceremony."""
    rows = t.at_ceremony("invitations").filter(known("invited_leader_id"))
    # Former leaders are invited too: every office of the party held by the day will do.
    rows = rows.with_columns(
        nw.col("invited_leader_id").alias("leader_id"),
        _party().alias("party_"),
        nw.lit("0001-01-01").alias("day_earliest"),
    )
    rows = rows.filter(known("party_"))  # INV01 finds the others
    return except_rows(rows, holding_office(t, rows))


@row_rule(
    INVITER,
    table="invitations",
    column="inviting_leader_id",
    inputs=("ceremony_id", "inviting_state_id"),
    message="{leader_id} held no office of {party_} in the time before {ceremony_id} or on the day.",
    lookups={**_CEREMONY, "tenures": Lookup("leader_id", ("state_id", "start", "end"), "inviting_leader_id")},
)
def inviter_in_office(t: Tables) -> Frame:
    """Find inviting leaders without an office of the inviting state in the time before the ceremony."""
    rows = t.at_ceremony("invitations").filter(known("inviting_leader_id", "inviting_state_id"))
    year_before = nw.concat_str(
        (nw.col("day_earliest").str.slice(0, 4).cast(nw.Int64) - 1).cast(nw.String), nw.lit("-01-01")
    )
    rows = rows.with_columns(
        nw.col("inviting_leader_id").alias("leader_id"),
        nw.col("inviting_state_id").alias("party_"),
        year_before.alias("day_earliest"),
    )
    return except_rows(rows, holding_office(t, rows))


@row_rule(
    INVITER,
    table="invitations",
    column="inviting_state_id",
    inputs=("ceremony_id",),
    message="{inviting_state_id} invites to a ceremony that {host_} hosts{also}.",
    lookups=_CEREMONY,
    fold=("ceremony_id", "inviting_state_id"),
)
def inviter_is_host(t: Tables) -> Frame:
    """Find invitations of states that are not the host."""
    return t.at_ceremony("invitations").filter(
        known("inviting_state_id") & (nw.col("inviting_state_id") != nw.col("host_"))
    )


@row_rule(
    FATE,
    table="invitations",
    column="response",
    inputs=("ceremony_id", "invited_leader_id"),
    message="{invited_leader_id} accepted, but has no row of participation in {ceremony_id}.",
    lookups={
        "coverage": Lookup("ceremony_id", ("topic", "completeness")),
        "participation": Lookup("ceremony_id", ("leader_id",)),
    },
    among=None,
)
def accepted_without_outcome(t: Tables) -> Frame:
    """Find accepted invitations without an outcome at ceremonies whose attendance is covered."""
    covered = (
        t["coverage"]
        .filter((nw.col("topic") == "attendance") & nw.col("completeness").is_in(["complete", "near-complete"]))
        .select("ceremony_id")
    )
    rows = (
        t["invitations"]
        .filter((nw.col("response") == "accepted") & known("invited_leader_id"))
        .join(covered, on="ceremony_id", how="inner")
    )
    later = (
        t["invitations"]
        .filter(nw.col("response").is_in(["withdrew", "declined"]))
        .select("ceremony_id", "invited_leader_id")
    )
    came = (
        t["participation"]
        .filter(known("leader_id"))
        .select("ceremony_id", nw.col("leader_id").alias("invited_leader_id"))
    )
    for other in (later, came):
        rows = except_rows(rows, rows.join(other, on=["ceremony_id", "invited_leader_id"], how="inner"))
    return rows
