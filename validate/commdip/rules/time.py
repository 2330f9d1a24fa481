"""Rules about time: nothing happens before it can or after it could."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import ROW, Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, except_rows, known, party

END_BEFORE_START = declare(
    Rule(
        "TIM01",
        "end-before-start",
        ERROR,
        "No spell, period, life or event ends before it starts.",
        "Every comparison in time would go wrong for the row.",
        "Check both dates against the source; one is wrong or the two are swapped.",
    )
)
STATE_EXISTS = declare(
    Rule(
        "TIM02",
        "state-exists",
        ERROR,
        "A state takes part only while it exists.",
        "A predecessor or successor is meant, or the date is wrong.",
        "Use the state that existed on the day, or correct the dates in states.csv.",
    )
)
ALIVE = declare(
    Rule(
        "TIM03",
        "leader-alive",
        ERROR,
        "A leader acts only between birth and death.",
        "A namesake is meant, or a date is wrong.",
        "Check the date of the row and the leader's dates in leaders.csv.",
    )
)
IN_OFFICE = declare(
    Rule(
        "TIM04",
        "party-in-office",
        ERROR,
        "Who speaks or acts for a state or organization in a contact held an office of it on that day.",
        "Only office holders speak for a state; a wrong state, person or date shows here first.",
        "Correct leader, state or date, or add the tenure with its source to tenures.csv.",
    )
)
OVERLAP = declare(
    Rule(
        "TIM05",
        "tenure-overlap",
        ERROR,
        "A state's highest office, its government and an organization have one head at a time.",
        "Two heads on one day make the rank of both doubtful. A day of handover may belong to both.",
        "Correct the dates, or waive the rule for a collective office in waivers.csv.",
    )
)
INVITED_AFTER = declare(
    Rule(
        "TIM06",
        "invited-after-ceremony",
        ERROR,
        "Invitations and answers come before the end of the ceremony.",
        "Nobody is invited to what is over.",
        "Check the year; a date of publication is not the date of the invitation.",
    )
)
ANSWER_FIRST = declare(
    Rule(
        "TIM07",
        "answer-before-invitation",
        ERROR,
        "An answer does not come before the invitation.",
        "One of the two dates is wrong.",
        "Check both dates; leave the one empty that no source gives.",
    )
)
SERIES_DAY = declare(
    Rule(
        "TIM08",
        "series-day",
        ERROR,
        "An edition falls on the day of its series.",
        "Dates of all its participants are judged by it.",
        "Correct the date, or waive the rule with the reason why the edition was moved.",
    )
)
PUBLISHED_BEFORE = declare(
    Rule(
        "TIM09",
        "published-before-fact",
        ERROR,
        "A source that supports a fact was not published before it; before the fact it can only announce.",
        "Announced is not attended.",
        "Set the stance to announces, or find a source from the day or after.",
    )
)
FUTURE = declare(
    Rule(
        "TIM10",
        "future",
        ERROR,
        "Nothing is dated after today.",
        "What lies ahead cannot have been observed.",
        "Correct the date; what is merely planned is not data yet.",
    )
)
READ_BEFORE_PUBLISHED = declare(
    Rule(
        "TIM11",
        "read-before-published",
        ERROR,
        "A source was not read before it was published.",
        "One of the two dates is wrong.",
        "Check both dates.",
    )
)
OPEN_SPELL = declare(
    Rule(
        "TIM12",
        "open-spell",
        WARNING,
        "A spell without an end is the last one of its office.",
        "Who left years ago would count as in office today.",
        "Fill in the end of the earlier spell.",
    )
)
SPANS = (
    ("tenures", "start", "end"),
    ("memberships", "start", "end"),
    ("ceremonies", "start", "end"),
    ("contacts", "start", "end"),
    ("states", "exists_from", "exists_to"),
    ("state_codes", "valid_from", "valid_to"),
    ("leaders", "birth_date", "death_date"),
)
SINGLE_OFFICES = {
    "head-of-state": "head-of-state",
    "monarch": "head-of-state",
    "head-of-government": "head-of-government",
    "organization-head": "organization-head",
}


def _span_rule(table: str, start: str, end: str) -> None:
    @row_rule(
        END_BEFORE_START,
        table=table,
        column=end,
        inputs=(start,),
        message=f"{end} {{{end}}} is before {start} {{{start}}}.",
    )
    def check(t: Tables) -> Frame:
        return t.dated(table).filter(nw.col(f"{end}_latest") < nw.col(f"{start}_earliest"))


for _table, _start, _end in SPANS:
    _span_rule(_table, _start, _end)


def _outside_life(rows: Frame) -> Frame:
    """Return rows (with day_earliest, day_latest) that lie wholly outside [exists_from, exists_to]."""
    return rows.filter(
        (nw.col("day_latest") < nw.col("exists_from_earliest")) | (nw.col("day_earliest") > nw.col("exists_to_latest"))
    )


def _existence(t: Tables) -> Frame:
    # Where the two dates are swapped, TIM01 says so, and nothing follows from them; nor from none at all.
    return (
        t.dated("states")
        .filter(known("exists_from") | known("exists_to"))
        .filter(nw.col("exists_from_earliest") <= nw.col("exists_to_latest"))
        .select(
            "state_id",
            "exists_from_earliest",
            "exists_to_latest",
            _labelled(" from ", "exists_from").alias("from_"),
            _labelled(" until ", "exists_to").alias("to_"),
        )
    )


def _labelled(label: str, column: str) -> nw.Expr:
    """Return a date with a label before it, or empty text if it is not known."""
    return nw.when(known(column)).then(nw.concat_str(nw.lit(label), nw.col(column))).otherwise(nw.lit(""))


_EXISTS_MESSAGE = "{state_id} did not exist at the time ({day}); it existed{from_}{to_}."
_STATES = {"states": Lookup("state_id", ("exists_from", "exists_to"))}


@row_rule(
    STATE_EXISTS,
    table="participation",
    column="state_id",
    inputs=("ceremony_id",),
    message=_EXISTS_MESSAGE,
    lookups={**_STATES, "ceremonies": Lookup("ceremony_id", ("start", "end"))},
)
def participant_exists(t: Tables) -> Frame:
    """Find participation of states outside their existence."""
    return _outside_life(t.at_ceremony("participation").join(_existence(t), on="state_id", how="inner"))


@row_rule(
    STATE_EXISTS,
    table="contact_participants",
    column="state_id",
    inputs=("contact_id",),
    message=_EXISTS_MESSAGE,
    lookups={**_STATES, "contacts": Lookup("contact_id", ("start", "end"))},
)
def party_exists(t: Tables) -> Frame:
    """Find parties of contacts outside their existence."""
    return _outside_life(t.parties().join(_existence(t), on="state_id", how="inner"))


def _own_days(t: Tables, table: str) -> Frame:
    """Return a table with its own start and end as day_earliest and day_latest."""
    return t.dated(table).with_columns(
        nw.col("start_earliest").alias("day_earliest"),
        nw.col("end_latest").alias("day_latest"),
        nw.when(known("start"))
        .then(nw.col("start"))
        .otherwise(nw.concat_str(nw.col("end"), nw.lit(" or before")))
        .alias("day"),
    )


@row_rule(
    STATE_EXISTS, table="tenures", column="state_id", inputs=("start", "end"), message=_EXISTS_MESSAGE, lookups=_STATES
)
def office_exists(t: Tables) -> Frame:
    """Find spells wholly outside the existence of the state."""
    return _outside_life(_own_days(t, "tenures").join(_existence(t), on="state_id", how="inner"))


@row_rule(
    STATE_EXISTS,
    table="memberships",
    column="state_id",
    inputs=("start", "end"),
    message=_EXISTS_MESSAGE,
    lookups=_STATES,
)
def member_exists(t: Tables) -> Frame:
    """Find memberships wholly outside the existence of the state."""
    return _outside_life(_own_days(t, "memberships").join(_existence(t), on="state_id", how="inner"))


def _outside_lifetime(t: Tables, rows: Frame) -> Frame:
    # Where the two dates are swapped, TIM01 says so, and nothing follows from them; nor from none at all.
    between = nw.when(known("birth_date", "death_date")).then(nw.lit(", ")).otherwise(nw.lit(""))
    lives = (
        t.dated("leaders")
        .filter(known("birth_date") | known("death_date"))
        .filter(nw.col("birth_date_earliest") <= nw.col("death_date_latest"))
        .select(
            "leader_id",
            "birth_date_earliest",
            "death_date_latest",
            nw.concat_str(_labelled("born ", "birth_date"), between, _labelled("died ", "death_date")).alias("life_"),
        )
    )
    rows = rows.join(lives, on="leader_id", how="inner")
    return rows.filter(
        (nw.col("day_latest") < nw.col("birth_date_earliest")) | (nw.col("day_earliest") > nw.col("death_date_latest"))
    )


_ALIVE_MESSAGE = "{leader_id} was not alive at the time ({day}): {life_}."
_LIVES = {"leaders": Lookup("leader_id", ("birth_date", "death_date"))}


@row_rule(
    ALIVE,
    table="participation",
    column="leader_id",
    inputs=("ceremony_id", "outcome"),
    message=_ALIVE_MESSAGE,
    lookups={**_LIVES, "ceremonies": Lookup("ceremony_id", ("start", "end"))},
)
def participant_alive(t: Tables) -> Frame:
    """Find participants who were not alive on the day."""
    return _outside_lifetime(t, t.at_ceremony("participation"))


@row_rule(
    ALIVE,
    table="contact_participants",
    column="leader_id",
    inputs=("contact_id",),
    message=_ALIVE_MESSAGE,
    lookups={**_LIVES, "contacts": Lookup("contact_id", ("start", "end"))},
)
def party_alive(t: Tables) -> Frame:
    """Find parties of contacts who were not alive on the day."""
    return _outside_lifetime(t, t.parties())


@row_rule(ALIVE, table="tenures", column="leader_id", inputs=("start", "end"), message=_ALIVE_MESSAGE, lookups=_LIVES)
def holder_alive(t: Tables) -> Frame:
    """Find spells that start before birth or after death, or last beyond death."""
    rows = _own_days(t, "tenures").with_columns(
        # A spell must start after birth; one with a known end must end in life, one without is judged by its start.
        nw.when(nw.col("end").is_null())
        .then(nw.col("start_earliest"))
        .otherwise(nw.col("end_earliest"))
        .alias("day_earliest"),
        nw.when(nw.col("start").is_null())
        .then(nw.col("end_latest"))
        .otherwise(nw.col("start_latest"))
        .alias("day_latest"),
    )
    return _outside_lifetime(t, rows)


@row_rule(
    IN_OFFICE,
    table="contact_participants",
    column="leader_id",
    inputs=("contact_id", "state_id", "organization_id"),
    message="{leader_id} held no office of {party_} on {day}.",
    lookups={
        "contacts": Lookup("contact_id", ("start", "end")),
        "tenures": Lookup("leader_id", ("state_id", "organization_id", "start", "end")),
    },
)
def party_in_office(t: Tables) -> Frame:
    """Find leaders in contacts who held no office of what they represent on any day of it."""
    rows = t.parties().filter(known("leader_id")).with_columns(party().alias("party_"))
    rows = rows.filter(known("party_"))  # CON02 finds the others
    return except_rows(rows, holding_office(t, rows))


def holding_office(t: Tables, rows: Frame) -> Frame:
    """Return the rows (with leader_id, party_ and days) whose leader held an office of the party then.

    A former holder of an office of the party counts where the row's rank says so elsewhere; here
    only spells that can have covered a day of the row count.
    """
    return rows.join(spells(t), on=["leader_id", "party_"], how="inner").filter(covered())


def spells(t: Tables) -> Frame:
    """Return leader_id, ``party_``, office, and the days ``from_`` and ``to_`` of every spell in office."""
    made = t.dated("tenures").with_columns(party().alias("party_"))
    return made.select(
        "leader_id", "party_", "office", nw.col("start_earliest").alias("from_"), nw.col("end_latest").alias("to_")
    )


def covered() -> nw.Expr:
    """Return the condition that a spell (``from_``, ``to_``) can have covered days of a row."""
    # Where the dates of a spell are swapped, TIM01 says so, and nothing follows from them.
    swapped = nw.col("to_") < nw.col("from_")
    return swapped | ((nw.col("from_") <= nw.col("day_latest")) & (nw.col("to_") >= nw.col("day_earliest")))


def _spells_of_one(t: Tables) -> Frame:
    """Return spells of offices that one person holds at a time, with what they are spells of."""
    office = nw.col("office").replace_strict(
        list(SINGLE_OFFICES), list(SINGLE_OFFICES.values()), default=None, return_dtype=nw.String
    )
    rows = t.dated("tenures").with_columns(office.alias("post_"), party().alias("party_"))
    return rows.filter(known("post_", "party_", "start"))


def _pairs(t: Tables) -> Frame:
    """Return pairs of spells of one post, the later-starting one first."""
    later = _spells_of_one(t)
    earlier = later.select(
        "post_",
        "party_",
        nw.col(ROW).alias("other_"),
        nw.col("tenure_id").alias("other_id_"),
        nw.col("leader_id").alias("other_leader_"),
        nw.col("start_latest").alias("other_start_"),
        nw.col("end").alias("other_end_"),
        nw.col("end_earliest").alias("other_end_earliest_"),
    )
    pairs = later.join(earlier, on=["post_", "party_"], how="inner").filter(nw.col(ROW) != nw.col("other_"))
    first = (nw.col("other_start_") < nw.col("start_latest")) | (
        (nw.col("other_start_") == nw.col("start_latest")) & (nw.col("other_") < nw.col(ROW))
    )
    return pairs.filter(first)


@row_rule(
    OVERLAP,
    table="tenures",
    column="start",
    inputs=("leader_id", "state_id", "organization_id", "office", "end"),
    message="{leader_id} becomes {office} of {party_} on {start}, while {other_leader_} ({other_id_}, line {other_line}) holds it until {other_end_}.",
    among=None,
)
def tenure_overlap(t: Tables) -> Frame:
    """Find spells that begin before an earlier holder's spell has ended in any reading."""
    pairs = t.made("spell pairs", lambda: _pairs(t))
    # With a vague start the one that seems to follow may be the one that went before.
    went_before = known("end") & (nw.col("end_earliest") <= nw.col("other_start_"))
    return pairs.filter(known("other_end_") & (nw.col("start_latest") < nw.col("other_end_earliest_")) & ~went_before)


@row_rule(
    OPEN_SPELL,
    table="tenures",
    column="end",
    inputs=("leader_id", "state_id", "organization_id", "office", "start"),
    message="{leader_id} is {office} of {party_} without an end, though {next_} followed on {next_start_}.",
    among=None,
)
def open_spell(t: Tables) -> Frame:
    """Find spells without an end that another spell of the same office follows."""
    pairs = t.made("spell pairs", lambda: _pairs(t))
    surely_later = nw.col("other_start_") < nw.col("start_earliest")
    followed = pairs.filter(nw.col("other_end_").is_null() & surely_later).select(
        nw.col("other_").alias(ROW), nw.col("leader_id").alias("next_"), nw.col("start").alias("next_start_")
    )
    return _spells_of_one(t).join(followed.unique(ROW, keep="any"), on=ROW, how="inner")


@row_rule(
    INVITED_AFTER,
    table="invitations",
    column="invited_on",
    inputs=("ceremony_id",),
    message="invited_on {invited_on} is after the ceremony of {day}.",
    lookups={"ceremonies": Lookup("ceremony_id", ("start", "end"))},
)
def invited_after(t: Tables) -> Frame:
    """Find invitations dated after the ceremony."""
    return t.at_ceremony("invitations").filter(nw.col("invited_on_earliest") > nw.col("day_latest"))


@row_rule(
    INVITED_AFTER,
    table="invitations",
    column="responded_on",
    inputs=("ceremony_id",),
    message="responded_on {responded_on} is after the ceremony of {day}.",
    lookups={"ceremonies": Lookup("ceremony_id", ("start", "end"))},
)
def answered_after(t: Tables) -> Frame:
    """Find answers dated after the ceremony."""
    return t.at_ceremony("invitations").filter(nw.col("responded_on_earliest") > nw.col("day_latest"))


@row_rule(
    ANSWER_FIRST,
    table="invitations",
    column="responded_on",
    inputs=("invited_on",),
    message="The answer of {responded_on} is before the invitation of {invited_on}.",
)
def answer_before_invitation(t: Tables) -> Frame:
    """Find answers dated before the invitation."""
    return t.dated("invitations").filter(nw.col("responded_on_latest") < nw.col("invited_on_earliest"))


@row_rule(
    SERIES_DAY,
    table="ceremonies",
    column="start",
    inputs=("series", "end", "year"),
    message="The edition of {start} does not fall on the day of its series, {series_day_}.",
    lookups={"series": Lookup("series", ("day",))},
)
def series_day(t: Tables) -> Frame:
    """Find editions that do not include the day of their series."""
    days = t["series"].select("series", nw.col("day").alias("series_day_"))
    rows = t.dated("ceremonies").join(days, on="series", how="inner")
    rows = rows.with_columns(
        nw.concat_str(nw.col("start_earliest").str.slice(0, 4), nw.lit("-"), nw.col("series_day_")).alias("due_")
    )
    return rows.filter((nw.col("due_") < nw.col("start_earliest")) | (nw.col("due_") > nw.col("end_latest")))


def event_days(t: Tables) -> Frame:
    """Return when a fact happened: record_table, record_id, ``fact_earliest`` and ``fact_`` (the date as written)."""
    return t.made("event days", lambda: nw.concat(_event_days(t), how="vertical"))


def _event_days(t: Tables) -> list[Frame]:
    def days(rows: Frame, table: str, key: str, earliest: str, shown: str) -> Frame:
        return rows.select(
            nw.lit(table).alias("record_table"),
            nw.col(key).alias("record_id"),
            nw.col(earliest).alias("fact_earliest"),
            nw.col(shown).alias("fact_"),
        )

    attended = t.at_ceremony("participation").filter(nw.col("outcome") == "attended")
    said_in = t["statements"].join(t.contact_days(), on="contact_id", how="inner")
    return [
        days(attended, "participation", "participation_id", "day_earliest", "day"),
        days(t.dated("contacts"), "contacts", "contact_id", "start_earliest", "start"),
        days(said_in, "statements", "statement_id", "day_earliest", "day"),
        days(t.at_ceremony("statements"), "statements", "statement_id", "day_earliest", "day"),
        days(
            t.dated("invitations").filter(known("invited_on")),
            "invitations",
            "invitation_id",
            "invited_on_earliest",
            "invited_on",
        ),
        days(t.dated("tenures").filter(known("start")), "tenures", "tenure_id", "start_earliest", "start"),
    ]


@row_rule(
    PUBLISHED_BEFORE,
    table="evidence",
    column="stance",
    inputs=("record_table", "record_id", "source_id"),
    message="{source_id} of {published} cannot support {record_id} of {fact_}{also}.",
    fold=("record_table", "fact_"),
    lookups={
        "sources": Lookup("source_id", ("published",)),
        "contacts": Lookup("contact_id", ("start",), "record_id"),
        "participation": Lookup("participation_id", ("ceremony_id", "outcome"), "record_id"),
        "invitations": Lookup("invitation_id", ("invited_on",), "record_id"),
        "statements": Lookup("statement_id", ("contact_id", "ceremony_id"), "record_id"),
        "tenures": Lookup("tenure_id", ("start",), "record_id"),
    },
)
def published_before(t: Tables) -> Frame:
    """Find supporting evidence from before the fact."""
    published = t.dated("sources").select("source_id", "published", "published_latest")
    rows = t["evidence"].filter(nw.col("stance") == "supports").join(published, on="source_id", how="inner")
    rows = rows.join(event_days(t), on=["record_table", "record_id"], how="inner")
    return rows.filter(nw.col("published_latest") < nw.col("fact_earliest"))


def _future_rule(table: str, column: str) -> None:
    @row_rule(FUTURE, table=table, column=column, message=f"{column} {{{column}}} lies after {{today_}}.")
    def check(t: Tables) -> Frame:
        rows = t.dated(table).filter(known(column) & (nw.col(f"{column}_earliest") > nw.lit(t.today)))
        return rows.with_columns(nw.lit(t.today).alias("today_"))


for _table, _column in (
    ("sources", "accessed"),
    ("sources", "published"),
    ("contacts", "start"),
    ("tenures", "start"),
    ("tenures", "end"),
    ("leaders", "birth_date"),
    ("leaders", "death_date"),
    ("invitations", "invited_on"),
    ("invitations", "responded_on"),
    ("memberships", "start"),
):
    _future_rule(_table, _column)


@row_rule(
    READ_BEFORE_PUBLISHED,
    table="sources",
    column="accessed",
    inputs=("published",),
    message="Read on {accessed}, but published on {published}.",
)
def read_before_published(t: Tables) -> Frame:
    """Find sources that were read before they were published."""
    return t.dated("sources").filter(nw.col("accessed_latest") < nw.col("published_earliest"))
