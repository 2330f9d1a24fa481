"""Rules about contacts, their parties, and what was said in them."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import ROW, Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, as_text, except_rows, known, not_exactly_one, party, repeated
from commdip.rules.time import holding_office

TWO_PARTIES = declare(
    Rule(
        "CON01",
        "two-parties",
        ERROR,
        "A contact has at least two parties, of at least two states or organizations.",
        "Nobody has an exchange with himself.",
        "Add the party that lacks, or correct the state of the one that is wrong.",
    )
)
ONE_PARTY = declare(
    Rule(
        "CON02",
        "one-affiliation",
        ERROR,
        "A party of a contact stands for exactly one state or organization.",
        "Pairs of states could not be counted otherwise.",
        "Fill in either state_id or organization_id.",
    )
)
ROLE = declare(
    Rule(
        "CON03",
        "role-fits-mode",
        ERROR,
        "Roles fit the mode, and each is taken as often as the mode allows.",
        "A call has no host; a letter has one sender.",
        "Correct mode or role; mode_roles.csv says what goes together.",
    )
)
PLACE = declare(
    Rule(
        "CON04",
        "place-fits-mode",
        ERROR,
        "Only meetings and visits have a place, and a city comes with its state.",
        "A call takes place nowhere; where each side sat is another fact.",
        "Leave state and city of a call or letter empty; give a city its state.",
    )
)
DUPLICATE = declare(
    Rule(
        "CON05",
        "probable-duplicate",
        WARNING,
        "No two contacts have the same mode and parties within one day.",
        "Agencies date calls across midnight; one call is easily coded twice.",
        "Merge the two and keep both sources as evidence, or say in the summary what tells them apart and waive the rule.",
    )
)
TWICE = declare(
    Rule(
        "CON06",
        "party-twice",
        ERROR,
        "A leader is party to a contact once.",
        "The same person would count as two parties.",
        "Remove one of the rows, or correct the leader.",
    )
)
INITIATOR = declare(
    Rule(
        "CON07",
        "initiator-takes-part",
        ERROR,
        "The initiator is a state of a party, and of the caller or sender if there is one.",
        "Who started an exchange took part in it.",
        "Correct the initiator or the roles; leave the initiator empty where no source says who called.",
    )
)
WINDOW = declare(
    Rule(
        "CON08",
        "far-from-ceremony",
        ERROR,
        "A contact falls in the year of its ceremony, or in the last three months of the year before.",
        "The ceremony of another year is meant, or the date is wrong.",
        "Correct ceremony_id or the date.",
    )
)
STATEMENT_PLACE = declare(
    Rule(
        "STM01",
        "statement-place",
        ERROR,
        "A statement was made in exactly one contact or at one ceremony.",
        "It would count twice, or hang in the air.",
        "Fill in either contact_id or ceremony_id.",
    )
)
SPEAKER = declare(
    Rule(
        "STM02",
        "speaker-present",
        ERROR,
        "Who voiced a statement was party to the contact, or attended the ceremony or is the host's.",
        "A statement of someone who was not there is another person's or another day's.",
        "Correct the speaker, or the contact; what was said elsewhere is a contact of its own.",
    )
)
REPEATED = declare(
    Rule(
        "STM03",
        "statement-repeated",
        WARNING,
        "A speaker voices a theme once in a contact or ceremony.",
        "Counts of themes would depend on how finely a text was cut.",
        "Merge the two summaries, or correct the theme of one.",
    )
)
_CONTACT = {"contacts": Lookup("contact_id", ("mode",))}
_PARTIES = {"contact_participants": Lookup("contact_id", ("state_id", "organization_id"))}


@row_rule(TWO_PARTIES, table="contacts", column="contact_id", message="The contact has {parties_}.", lookups=_PARTIES)
def two_parties(t: Tables) -> Frame:
    """Find contacts with fewer than two parties or affiliations."""
    rows = t["contact_participants"].with_columns(party().alias("party_"))
    counts = rows.group_by("contact_id").agg(nw.len().alias("n_"), nw.col("party_").n_unique().alias("m_"))
    found = (
        t["contacts"]
        .join(counts, on="contact_id", how="left")
        .with_columns(nw.col("n_").fill_null(0), nw.col("m_").fill_null(0))
    )
    found = found.filter((nw.col("n_") < 2) | (nw.col("m_") < 2))
    shown = (
        nw.when(nw.col("n_") == 0)
        .then(nw.lit("no party"))
        .otherwise(
            nw.when(nw.col("n_") == 1)
            .then(nw.lit("one party only"))
            .otherwise(nw.lit("parties of one state or organization only"))
        )
    )
    return found.with_columns(shown.alias("parties_"))


@row_rule(
    ONE_PARTY,
    table="contact_participants",
    column="state_id",
    inputs=("organization_id",),
    message="The party has {which_} an organization.",
)
def one_affiliation(t: Tables) -> Frame:
    """Find parties with both or neither of state and organization."""
    which = (
        nw.when(nw.col("state_id").is_null()).then(nw.lit("neither a state nor")).otherwise(nw.lit("both a state and"))
    )
    return (
        t["contact_participants"]
        .filter(not_exactly_one("state_id", "organization_id"))
        .with_columns(which.alias("which_"))
    )


@row_rule(
    ROLE,
    table="contact_participants",
    column="role",
    inputs=("contact_id",),
    message="A contact of mode {mode} has no {role}.",
    lookups={**_CONTACT, "mode_roles": Lookup("role", ("mode",))},
)
def role_fits_mode(t: Tables) -> Frame:
    """Find roles that the mode does not have."""
    fits = t["mode_roles"].select("mode", "role")
    return t.parties().filter(known("mode", "role")).join(fits, on=["mode", "role"], how="anti")


def _role_counts(t: Tables) -> Frame:
    """Return contact_id, role and ``taken_``: how many parties took the role."""
    return t["contact_participants"].group_by("contact_id", "role").agg(nw.len().alias("taken_"))


@row_rule(
    ROLE,
    table="contacts",
    column="mode",
    inputs=("contact_id",),
    message="A contact of mode {mode} takes {least_} of the role {role}; this one has {taken_}.",
    lookups={
        "contact_participants": Lookup("contact_id", ("role",)),
        "mode_roles": Lookup("mode", ("role", "minimum", "maximum")),
    },
)
def role_counts(t: Tables) -> Frame:
    """Find contacts where a role is taken too seldom or too often."""
    limits = t["mode_roles"].select("mode", "role", "minimum", "maximum")
    rows = (
        t["contacts"].join(limits, on="mode", how="inner").join(_role_counts(t), on=["contact_id", "role"], how="left")
    )
    rows = rows.with_columns(nw.col("taken_").fill_null(0).cast(nw.Int64).alias("taken_"))
    few, many = nw.col("taken_") < nw.col("minimum"), known("maximum") & (nw.col("taken_") > nw.col("maximum"))
    least = (
        nw.when(few)
        .then(nw.concat_str(nw.lit("at least "), nw.col("minimum").cast(nw.String)))
        .otherwise(nw.concat_str(nw.lit("at most "), nw.col("maximum").cast(nw.String)))
    )
    return rows.filter(few | many).with_columns(least.alias("least_"))


@row_rule(
    PLACE,
    table="contacts",
    column="city",
    inputs=("mode", "place_state_id"),
    message="A contact of mode {mode} has no place, but the row gives {given_}.",
)
def place_of_call(t: Tables) -> Frame:
    """Find calls and letters with a place."""
    given = nw.when(known("city")).then(nw.col("city")).otherwise(nw.col("place_state_id"))
    rows = t["contacts"].filter(nw.col("mode").is_in(["phone", "video", "letter"]))
    return rows.filter(known("city") | known("place_state_id")).with_columns(given.alias("given_"))


@row_rule(PLACE, table="contacts", column="place_state_id", inputs=("city",), message="City {city} without its state.")
def city_without_state(t: Tables) -> Frame:
    """Find cities without a state."""
    return t["contacts"].filter(known("city") & nw.col("place_state_id").is_null())


def _who() -> nw.Expr:
    """Return a party as text: leader and affiliation."""
    return nw.concat_str(as_text("leader_id"), as_text("state_id"), as_text("organization_id"), separator="/")


def _same_parties(t: Tables) -> Frame:
    """Return pairs of contacts of one mode with as many parties, all of them shared."""
    rows = (
        t["contact_participants"]
        .with_columns(_who().alias("who_"))
        .select("contact_id", "who_")
        .unique(["contact_id", "who_"])
    )
    size = rows.group_by("contact_id").agg(nw.len().alias("size_"))
    named = (
        t.dated("contacts")
        .select("contact_id", ROW, "mode", "start", "start_earliest", "start_latest")
        .join(size, on="contact_id", how="inner")
    )
    rows = rows.join(named, on="contact_id", how="inner")
    other = rows.select(
        "who_",
        "mode",
        "size_",
        nw.col("contact_id").alias("other_id_"),
        nw.col(ROW).alias("other_"),
        nw.col("start").alias("other_start_"),
        nw.col("start_earliest").alias("other_earliest_"),
        nw.col("start_latest").alias("other_latest_"),
    )
    pairs = rows.join(other, on=["who_", "mode", "size_"], how="inner").filter(nw.col("other_") < nw.col(ROW))
    pairs = pairs.filter(
        (_ordinal("start_earliest") - _ordinal("other_latest_") <= 1)
        & (_ordinal("other_earliest_") - _ordinal("start_latest") <= 1)
    )
    shared = pairs.group_by(ROW, "other_", "other_id_", "other_start_", "size_").agg(nw.len().alias("shared_"))
    return shared.filter(nw.col("shared_") == nw.col("size_"))


def _ordinal(column: str) -> nw.Expr:
    """Return the Julian day number of an ISO day (Fliegel and Van Flandern 1968)."""
    year, month, day = (nw.col(column).str.slice(a, n).cast(nw.Int64) for a, n in ((0, 4), (5, 2), (8, 2)))
    before_march = (14 - month) // 12
    years, months = year + 4800 - before_march, month + 12 * before_march - 3
    return day + (153 * months + 2) // 5 + 365 * years + years // 4 - years // 100 + years // 400 - 32045


@row_rule(
    DUPLICATE,
    table="contacts",
    column="start",
    inputs=("mode", "contact_id"),
    message="The {mode} of {start} has the same parties as {other_id_} of {other_start_} (line {other_line}).",
    lookups={"contact_participants": Lookup("contact_id", ("leader_id", "state_id", "organization_id"))},
    among=None,
)
def probable_duplicate(t: Tables) -> Frame:
    """Find contacts of the same mode and parties within one day."""
    return t["contacts"].join(_same_parties(t), on=ROW, how="inner")


@row_rule(
    TWICE,
    table="contact_participants",
    column="leader_id",
    inputs=("contact_id",),
    message="{leader_id} is a party of {contact_id} already, on line {other_line}.",
    among=("contact_id", "leader_id"),
)
def party_twice(t: Tables) -> Frame:
    """Find leaders who are party to a contact twice."""
    rows = t["contact_participants"].filter(known("leader_id"))
    return repeated(rows, "contact_id", "leader_id")


@row_rule(
    INITIATOR,
    table="contacts",
    column="initiator_state_id",
    inputs=("contact_id",),
    message="{initiator_state_id} is not the state of {whom_}.",
    lookups={"contact_participants": Lookup("contact_id", ("state_id", "role"))},
)
def initiator_takes_part(t: Tables) -> Frame:
    """Find initiators who are no party, or not the state of the caller or sender."""
    rows = t["contacts"].filter(known("initiator_state_id"))
    parties = t["contact_participants"].select("contact_id", nw.col("state_id").alias("initiator_state_id"))
    strangers = except_rows(
        rows, rows.join(parties, on=["contact_id", "initiator_state_id"], how="inner")
    ).with_columns(nw.lit("a party").alias("whom_"))
    active = (
        t["contact_participants"]
        .filter(nw.col("role").is_in(["caller", "sender"]) & known("state_id"))
        .select("contact_id", nw.col("state_id").alias("active_"))
    )
    others = rows.join(active, on="contact_id", how="inner").filter(nw.col("active_") != nw.col("initiator_state_id"))
    others = others.drop("active_").with_columns(nw.lit("the caller or sender").alias("whom_"))
    return nw.concat([strangers, others], how="vertical")


@row_rule(
    WINDOW,
    table="contacts",
    column="start",
    inputs=("ceremony_id",),
    message="The contact of {start} is too far from {ceremony_id} of {day}.",
    lookups={"ceremonies": Lookup("ceremony_id", ("start", "end"))},
)
def far_from_ceremony(t: Tables) -> Frame:
    """Find contacts outside the year of their ceremony and the three months before it."""
    year = nw.col("day_earliest").str.slice(0, 4).cast(nw.Int64)
    windows = t.ceremony_days().select(
        "ceremony_id",
        "day",
        nw.concat_str((year - 1).cast(nw.String), nw.lit("-10-01")).alias("from_"),
        nw.concat_str(nw.col("day_latest").str.slice(0, 4), nw.lit("-12-31")).alias("to_"),
    )
    rows = t.dated("contacts").filter(known("ceremony_id")).join(windows, on="ceremony_id", how="inner")
    return rows.filter((nw.col("start_latest") < nw.col("from_")) | (nw.col("start_earliest") > nw.col("to_")))


@row_rule(
    STATEMENT_PLACE,
    table="statements",
    column="contact_id",
    inputs=("ceremony_id",),
    message="The statement has {which_} a ceremony.",
)
def statement_place(t: Tables) -> Frame:
    """Find statements with both or neither of contact and ceremony."""
    which = (
        nw.when(nw.col("contact_id").is_null())
        .then(nw.lit("neither a contact nor"))
        .otherwise(nw.lit("both a contact and"))
    )
    return t["statements"].filter(not_exactly_one("contact_id", "ceremony_id")).with_columns(which.alias("which_"))


@row_rule(
    SPEAKER,
    table="statements",
    column="leader_id",
    inputs=("contact_id", "statement_id"),
    message="{leader_id} is no party of {contact_id}.",
    lookups={"contact_participants": Lookup("contact_id", ("leader_id",))},
)
def speaker_in_contact(t: Tables) -> Frame:
    """Find speakers who were not party to the contact."""
    parties = t["contact_participants"].filter(known("leader_id")).select("contact_id", "leader_id")
    return (
        t["statements"]
        .filter(known("contact_id", "leader_id"))
        .join(parties, on=["contact_id", "leader_id"], how="anti")
    )


@row_rule(
    SPEAKER,
    table="statements",
    column="leader_id",
    inputs=("ceremony_id", "statement_id"),
    message="{leader_id} neither attended {ceremony_id} nor held an office of its host.",
    lookups={
        "participation": Lookup("ceremony_id", ("leader_id", "outcome")),
        "tenures": Lookup("leader_id", ("state_id", "start", "end")),
    },
)
def speaker_at_ceremony(t: Tables) -> Frame:
    """Find speakers at a ceremony who neither attended nor were the host's."""
    rows = t.at_ceremony("statements").filter(known("leader_id"))
    came = (
        t["participation"]
        .filter((nw.col("outcome") == "attended") & known("leader_id"))
        .select("ceremony_id", "leader_id")
    )
    absent = except_rows(rows, rows.join(came, on=["ceremony_id", "leader_id"], how="inner")).with_columns(
        nw.col("host_").alias("party_")
    )
    return except_rows(absent, holding_office(t, absent))


@row_rule(
    REPEATED,
    table="statements",
    column="theme",
    inputs=("contact_id", "ceremony_id", "leader_id"),
    message="{leader_id} voices {theme} here already, on line {other_line}.",
    among=("contact_id", "ceremony_id", "leader_id", "theme"),
)
def statement_repeated(t: Tables) -> Frame:
    """Find a speaker's second statement of a theme in one contact or ceremony."""
    rows = t["statements"].with_columns(
        nw.concat_str(as_text("contact_id"), as_text("ceremony_id"), separator="/").alias("where_")
    )
    return repeated(rows, "where_", "leader_id", "theme")
