"""Rules about participation: who came, in what rank, and in whose place."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR, WARNING
from commdip.rules.base import ROW, Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, except_rows, known, not_exactly_one, party, repeated
from commdip.rules.time import covered, spells

ONE_PARTY = declare(
    Rule(
        "PAR01",
        "one-party",
        ERROR,
        "A participant stands for exactly one state or organization.",
        "Counts by state would count the row twice, or not at all.",
        "Fill in either state_id or organization_id; a person who stands for both has two offices and one is the reason for the visit.",
    )
)
OUTCOME_TWICE = declare(
    Rule(
        "PAR02",
        "outcome-twice",
        ERROR,
        "A person, and a state's contingent, has one outcome at a ceremony.",
        "The same person cannot come twice, or come and stay away.",
        "Merge the rows and keep both sources as evidence.",
    )
)
CAPACITY = declare(
    Rule(
        "PAR03",
        "capacity-fits",
        ERROR,
        "Contingents, and only they, have the rank and the capacity contingent, and no leader.",
        "Troops without a leader must not count as a leader's attendance.",
        "Code troops and the person who came with them in two rows.",
    )
)
RANK = declare(
    Rule(
        "PAR04",
        "rank-of-office",
        ERROR,
        "The rank is that of an office which the person held on the day for the party.",
        "Rank is what attendance lists are compared by.",
        "Correct rank, leader, party or date, or add the tenure with its source; rank_offices.csv says which office gives which rank.",
    )
)
STAND_IN = declare(
    Rule(
        "PAR05",
        "stand-in",
        ERROR,
        "A substitute, and nobody else, names the row of the one replaced: same ceremony, same party, absent.",
        "A substitute without an absentee is a guest in his own right.",
        "Point stands_in_for at the participation row of the one who was expected, with outcome absent; or set the capacity to principal.",
    )
)
CYCLE = declare(
    Rule(
        "PAR06",
        "stand-in-cycle",
        ERROR,
        "Nobody stands in for one who stands in for him.",
        "The chain would have no one who was invited.",
        "Find out who was invited first; that row is the principal.",
    )
)
DECLINED_CAME = declare(
    Rule(
        "PAR07",
        "declined-but-attended",
        ERROR,
        "Who declined or withdrew did not attend, unless he accepted later.",
        "One of the two reports is wrong, or a change of mind is missing.",
        "Add the later acceptance with its date and source, or correct the outcome.",
    )
)
WITNESSED = declare(
    Rule(
        "PAR08",
        "attendance-witnessed",
        ERROR,
        "Attendance is supported by a source from the day or after.",
        "Announced is not attended.",
        "Add evidence from the day or after; if there is none, the fact is an accepted invitation.",
    )
)
COUNT = declare(
    Rule(
        "PAR09",
        "leader-count",
        WARNING,
        "As many leaders are coded as the host reported.",
        "A difference shows who lacks, or how the host counts.",
        "Find the missing leaders, or say in the ceremony's note how the host counts.",
    )
)
HOST_AS_GUEST = declare(
    Rule(
        "PAR10",
        "host-as-guest",
        ERROR,
        "The host state is no guest of its own ceremony.",
        "Participation counts foreign guests.",
        "Remove the row; what the host's leader said belongs to statements.",
    )
)
EXPECTED = declare(
    Rule(
        "PAR11",
        "absent-was-expected",
        WARNING,
        "Who is coded absent had accepted or been announced.",
        "A refusal is an answer to an invitation, not an absence.",
        "Add the accepted invitation or the announcement; a plain refusal needs no participation row.",
    )
)
PERSON = declare(
    Rule(
        "PAR12",
        "person-named",
        WARNING,
        "Every rank but delegation and contingent is a person's.",
        "A rank without a person cannot be checked against an office.",
        "Name the leader, or code the rank as delegation.",
    )
)
FORMER = declare(
    Rule(
        "PAR13",
        "former-leader",
        ERROR,
        "A former leader has led before and holds no such office on the day.",
        "Who is in office has the rank of that office.",
        "Correct the rank, or add the earlier tenure.",
    )
)
LEADING = ("head-of-state", "head-of-government", "monarch", "member-of-presidency")
_CEREMONY = {"ceremonies": Lookup("ceremony_id", ("start", "end"))}


@row_rule(
    ONE_PARTY,
    table="participation",
    column="state_id",
    inputs=("organization_id",),
    message="The row has {which_} an organization.",
)
def one_party(t: Tables) -> Frame:
    """Find rows with both or neither of state and organization."""
    which = (
        nw.when(nw.col("state_id").is_null()).then(nw.lit("neither a state nor")).otherwise(nw.lit("both a state and"))
    )
    return t["participation"].filter(not_exactly_one("state_id", "organization_id")).with_columns(which.alias("which_"))


@row_rule(
    OUTCOME_TWICE,
    table="participation",
    column="outcome",
    inputs=("ceremony_id", "leader_id"),
    message="{leader_id} has an outcome at {ceremony_id} already, on line {other_line}.",
    among=("ceremony_id", "leader_id"),
)
def outcome_twice(t: Tables) -> Frame:
    """Find persons with two rows at a ceremony."""
    return repeated(t["participation"].filter(known("leader_id", "ceremony_id")), "ceremony_id", "leader_id")


@row_rule(
    OUTCOME_TWICE,
    table="participation",
    column="capacity",
    inputs=("ceremony_id", "state_id", "leader_id", "rank"),
    message="{state_id} has a contingent at {ceremony_id} already, on line {other_line}.",
    among=("ceremony_id", "state_id"),
    only=nw.col("rank") == "contingent",
)
def contingent_twice(t: Tables) -> Frame:
    """Find states with two contingents at a ceremony."""
    rows = t["participation"].filter((nw.col("rank") == "contingent") & known("state_id", "ceremony_id"))
    return repeated(rows, "ceremony_id", "state_id")


@row_rule(
    OUTCOME_TWICE,
    table="participation",
    column="rank",
    inputs=("ceremony_id", "state_id", "organization_id", "leader_id"),
    message="{party_} has a row of rank {rank} without a name at {ceremony_id} already, on line {other_line}.",
    among=("ceremony_id", "state_id", "organization_id", "rank"),
    only=nw.col("leader_id").is_null() & (nw.col("rank") != "contingent"),
)
def unnamed_twice(t: Tables) -> Frame:
    """Find rows without a person, other than contingents, that nothing tells from an earlier one."""
    rows = (
        t["participation"]
        .filter(nw.col("leader_id").is_null() & (nw.col("rank") != "contingent"))
        .with_columns(party().alias("party_"))
    )
    return repeated(rows.filter(known("ceremony_id", "party_")), "ceremony_id", "party_", "rank")


@row_rule(
    CAPACITY,
    table="participation",
    column="capacity",
    inputs=("rank", "leader_id"),
    message="Capacity {capacity}{joint_}rank {rank}{person_} do not go together.",
)
def capacity_fits(t: Tables) -> Frame:
    """Find rows that are contingents by one of rank, capacity and leader, and not by another."""
    by_rank, by_capacity = nw.col("rank") == "contingent", nw.col("capacity") == "contingent"
    person = nw.when(known("leader_id")).then(nw.lit(" and a leader")).otherwise(nw.lit("")).alias("person_")
    joint = nw.when(known("leader_id")).then(nw.lit(", ")).otherwise(nw.lit(" and ")).alias("joint_")
    return (
        t["participation"].filter((by_rank != by_capacity) | (by_rank & known("leader_id"))).with_columns(person, joint)
    )


def _not_surely_right(t: Tables, rows: Frame) -> Frame:
    """Return rows (with days) but for those that the only spell which gives their rank covers.

    Most rows are right by it; the others are compared with every spell, which takes longer.
    """
    on = ["leader_id", "party_", "rank"]
    giving = spells(t).join(t["rank_offices"].select("rank", "office"), on="office", how="inner").drop("office")
    single = giving.with_columns(nw.len().over(*on).alias("spells_")).filter(nw.col("spells_") == 1)
    held = rows.join(single.drop("spells_"), on=on, how="left")
    return held.filter(~covered().fill_null(value=False)).drop("from_", "to_")


@row_rule(
    RANK,
    table="participation",
    column="rank",
    inputs=("leader_id", "state_id", "organization_id", "ceremony_id"),
    message="{leader_id} held no office of {party_} on {day} that gives the rank {rank}{has_}.",
    lookups={
        **_CEREMONY,
        "rank_offices": Lookup("rank", ("office",)),
        "tenures": Lookup("leader_id", ("state_id", "organization_id", "office", "start", "end")),
    },
)
def rank_of_office(t: Tables) -> Frame:
    """Find ranks that no office held on the day gives."""
    free = ["contingent", "delegation", "former-leader"]
    rows = (
        t["participation"]
        .filter(known("leader_id", "ceremony_id") & ~nw.col("rank").is_in(free))
        .with_columns(party().alias("party_"))
        .select(ROW, "ceremony_id", "leader_id", "party_", "rank")
    )
    rows = rows.filter(known("party_"))  # PAR01 finds the others
    rows = _not_surely_right(t, rows.join(t.ceremony_days().drop("host_"), on="ceremony_id", how="inner"))
    giving = t["rank_offices"].select("rank", "office", nw.lit(1).alias("gives_"))
    held = rows.join(spells(t), on=["leader_id", "party_"], how="left").join(giving, on=["rank", "office"], how="left")
    held = held.with_columns(
        nw.when(covered()).then(nw.col("office")).alias("office_"),
        nw.when(covered()).then(nw.col("gives_")).alias("right_"),
    )
    by_row = held.group_by(rows.collect_schema().names()).agg(nw.col("office_").min(), nw.col("right_").max())
    wrong = by_row.filter(nw.col("right_").is_null())
    has = (
        nw.when(nw.col("office_").is_null())
        .then(nw.lit(""))
        .otherwise(nw.concat_str(nw.lit("; the office then was "), nw.col("office_")))
    )
    return wrong.with_columns(has.alias("has_"))


@row_rule(
    RANK,
    table="participation",
    column="rank",
    inputs=("leader_id", "state_id", "organization_id", "ceremony_id"),
    message="{leader_id} held the office {office} of {party_} on {day}, which gives a rank of its own.",
    lookups={**_CEREMONY, "tenures": Lookup("leader_id", ("state_id", "organization_id", "office", "start", "end"))},
)
def delegate_in_office(t: Tables) -> Frame:
    """Find persons coded as a delegation who surely held an office that gives a rank."""
    rows = (
        t.at_ceremony("participation")
        .filter(known("leader_id") & (nw.col("rank") == "delegation"))
        .with_columns(party().alias("party_"))
    )
    spells = (
        t.dated("tenures")
        .with_columns(party().alias("party_"))
        .join(t["rank_offices"].select("office").unique("office"), on="office", how="inner")
    )
    spells = spells.select(
        "leader_id",
        "party_",
        "office",
        nw.col("start_latest").alias("from_"),
        nw.col("end").alias("until_"),
        nw.col("end_earliest").alias("to_"),
    )
    held = rows.join(spells, on=["leader_id", "party_"], how="inner")
    return held.filter(
        (nw.col("from_") <= nw.col("day_earliest"))
        & (nw.col("until_").is_null() | (nw.col("to_") > nw.col("day_latest")))
    )


@row_rule(
    STAND_IN,
    table="participation",
    column="stands_in_for",
    inputs=("capacity",),
    message="Capacity is {capacity}, but stands_in_for is {given_}.",
)
def stand_in_given(t: Tables) -> Frame:
    """Find substitutes without, and others with, a row in stands_in_for."""
    given = nw.when(known("stands_in_for")).then(nw.col("stands_in_for")).otherwise(nw.lit("empty")).alias("given_")
    return (
        t["participation"]
        .filter((nw.col("capacity") == "substitute") == nw.col("stands_in_for").is_null())
        .with_columns(given)
    )


@row_rule(
    STAND_IN,
    table="participation",
    column="stands_in_for",
    inputs=("ceremony_id", "state_id", "organization_id"),
    message="{stands_in_for} (line {other_line}) is {why_}.",
    lookups={"participation": Lookup("participation_id", ("ceremony_id", "state_id", "outcome"), "stands_in_for")},
    among=None,
    only=known("stands_in_for"),
)
def stand_in_fits(t: Tables) -> Frame:
    """Find substitutes whose principal came, or belongs to another ceremony or party."""
    replaced = t["participation"].select(
        nw.col("participation_id").alias("stands_in_for"),
        nw.col(ROW).alias("other_"),
        nw.col("ceremony_id").alias("ceremony_of_"),
        party().alias("party_of_"),
        nw.col("outcome").alias("outcome_of_"),
    )
    rows = (
        t["participation"]
        .filter(known("stands_in_for"))
        .with_columns(party().alias("party_"))
        .join(replaced, on="stands_in_for", how="inner")
    )
    why = (
        nw.when(nw.col("ceremony_id") != nw.col("ceremony_of_"))
        .then(nw.lit("a row of another ceremony"))
        .otherwise(
            nw.when(nw.col("party_") != nw.col("party_of_"))
            .then(nw.lit("a row of another party"))
            .otherwise(nw.lit("not absent"))
        )
    )
    wrong = (
        (nw.col("ceremony_id") != nw.col("ceremony_of_"))
        | (nw.col("party_") != nw.col("party_of_"))
        | (nw.col("outcome_of_") != "absent")
    )
    return rows.filter(wrong).with_columns(why.alias("why_"))


@row_rule(
    CYCLE,
    table="participation",
    column="stands_in_for",
    inputs=("participation_id",),
    message="{participation_id} stands in for {stands_in_for}, and so for itself.",
    among=None,
    only=known("stands_in_for"),
)
def stand_in_cycle(t: Tables) -> Frame:
    """Find rows that stand in for themselves, directly or through up to two others."""
    links = (
        t["participation"]
        .filter(known("stands_in_for"))
        .select(nw.col("participation_id").alias("step_"), nw.col("stands_in_for").alias("next_"))
    )
    rows = t["participation"].filter(known("stands_in_for")).with_columns(nw.col("stands_in_for").alias("step_"))
    found = [rows.filter(nw.col("step_") == nw.col("participation_id")).select(ROW)]
    for _ in range(2):
        rows = rows.join(links, on="step_", how="inner").drop("step_").rename({"next_": "step_"})
        found.append(rows.filter(nw.col("step_") == nw.col("participation_id")).select(ROW))
    return t["participation"].join(nw.concat(found, how="vertical").unique(ROW), on=ROW, how="inner")


@row_rule(
    DECLINED_CAME,
    table="participation",
    column="outcome",
    inputs=("ceremony_id", "leader_id"),
    message="{leader_id} attended, but {invitation_} has the answer {answer_}.",
    lookups={"invitations": Lookup("invited_leader_id", ("ceremony_id", "response", "responded_on"), "leader_id")},
)
def declined_but_attended(t: Tables) -> Frame:
    """Find attendance after a refusal that no later acceptance follows."""
    answers = (
        t.dated("invitations")
        .filter(known("invited_leader_id", "ceremony_id"))
        .with_columns(nw.col("invited_leader_id").alias("leader_id"))
    )
    refused = answers.filter(nw.col("response").is_in(["declined", "withdrew"])).select(
        "ceremony_id",
        "leader_id",
        nw.col("invitation_id").alias("invitation_"),
        nw.col("response").alias("answer_"),
        nw.col("responded_on_earliest").alias("refused_"),
    )
    accepted = answers.filter(nw.col("response") == "accepted").select(
        "ceremony_id", "leader_id", nw.col("responded_on_latest").alias("accepted_")
    )
    came = (
        t["participation"]
        .filter(nw.col("outcome") == "attended")
        .join(refused, on=["ceremony_id", "leader_id"], how="inner")
    )
    mended = came.join(accepted, on=["ceremony_id", "leader_id"], how="inner").filter(
        nw.col("accepted_") >= nw.col("refused_")
    )
    return except_rows(came, mended)


@row_rule(
    WITNESSED,
    table="participation",
    column="outcome",
    inputs=("participation_id", "ceremony_id"),
    message="No source from {day} or after says that {who_} attended.",
    lookups={**_CEREMONY, "evidence": Lookup("record_id", ("record_table", "source_id", "stance"), "participation_id")},
)
def attendance_witnessed(t: Tables) -> Frame:
    """Find attendance without supporting evidence from the day or after."""
    came = t.at_ceremony("participation").filter(nw.col("outcome") == "attended")
    support = t["evidence"].filter((nw.col("record_table") == "participation") & (nw.col("stance") == "supports"))
    support = support.join(t.dated("sources").select("source_id", "published_latest"), on="source_id", how="inner")
    support = support.select(nw.col("record_id").alias("participation_id"), "published_latest")
    seen = came.join(support, on="participation_id", how="inner").filter(
        nw.col("published_latest") >= nw.col("day_earliest")
    )
    who = nw.when(known("leader_id")).then(nw.col("leader_id")).otherwise(party())
    return except_rows(came, seen).with_columns(who.alias("who_"))


def _leaders_coded(t: Tables) -> Frame:
    """Return ceremony_id and ``coded_``: how many states sent their head of state or government."""
    heads = t["participation"].filter(
        (nw.col("outcome") == "attended")
        & nw.col("rank").is_in(["head-of-state", "head-of-government", "party-leader"])
    )
    # The head of a constituent entity comes with his state; hosts do not count him beside it.
    entities = t["states"].filter(nw.col("kind") == "sub-state").select("state_id")
    parties = (
        heads.filter(known("state_id", "ceremony_id"))
        .join(entities, on="state_id", how="anti")
        .select("ceremony_id", "state_id")
        .unique(["ceremony_id", "state_id"])
    )
    return parties.group_by("ceremony_id").agg(nw.len().alias("coded_"))


@row_rule(
    COUNT,
    table="ceremonies",
    column="reported_leader_count",
    only=known("reported_leader_count"),
    inputs=("ceremony_id",),
    message="Leaders that the host reported: {reported_leader_count}; states coded with their head of state or government: {coded_}.",
    lookups={
        "participation": Lookup("ceremony_id", ("state_id", "rank", "outcome")),
        "states": Lookup("state_id", ("kind",), "ceremony_id"),
    },
)
def leader_count(t: Tables) -> Frame:
    """Find ceremonies where the coded leaders are not as many as the host reported."""
    rows = t["ceremonies"].filter(known("reported_leader_count")).join(_leaders_coded(t), on="ceremony_id", how="left")
    rows = rows.with_columns(nw.col("coded_").fill_null(0).cast(nw.Int64).alias("coded_"))
    return rows.filter(nw.col("reported_leader_count") != nw.col("coded_"))


@row_rule(
    HOST_AS_GUEST,
    table="participation",
    column="state_id",
    inputs=("ceremony_id",),
    message="{state_id} is the host of {ceremony_id}.",
    lookups={"ceremonies": Lookup("ceremony_id", ("host_state_id",))},
)
def host_as_guest(t: Tables) -> Frame:
    """Find participation of the host state."""
    return t.at_ceremony("participation").filter(nw.col("state_id") == nw.col("host_"))


@row_rule(
    EXPECTED,
    table="participation",
    column="outcome",
    inputs=("participation_id", "ceremony_id", "leader_id"),
    message="{who_} is coded absent, but nothing says that {who_} was expected.",
    lookups={
        "invitations": Lookup("ceremony_id", ("invited_leader_id", "response")),
        "evidence": Lookup("record_id", ("record_table", "stance"), "participation_id"),
    },
    among=None,
    only=nw.col("outcome") == "absent",
)
def absent_was_expected(t: Tables) -> Frame:
    """Find absences without an accepted or withdrawn invitation, an announcement, or a substitute."""
    absent = t["participation"].filter(nw.col("outcome") == "absent")
    yes = t["invitations"].filter(nw.col("response").is_in(["accepted", "withdrew"]) & known("invited_leader_id"))
    yes = yes.select("ceremony_id", nw.col("invited_leader_id").alias("leader_id"))
    told = (
        t["evidence"]
        .filter((nw.col("record_table") == "participation") & (nw.col("stance") == "announces"))
        .select(nw.col("record_id").alias("participation_id"))
    )
    replaced = (
        t["participation"].filter(known("stands_in_for")).select(nw.col("stands_in_for").alias("participation_id"))
    )
    fine = [
        absent.join(yes, on=["ceremony_id", "leader_id"], how="inner"),
        absent.join(told, on="participation_id", how="inner"),
        absent.join(replaced, on="participation_id", how="inner"),
    ]
    for rows in fine:
        absent = except_rows(absent, rows)
    return absent.with_columns(nw.when(known("leader_id")).then(nw.col("leader_id")).otherwise(party()).alias("who_"))


@row_rule(PERSON, table="participation", column="leader_id", inputs=("rank",), message="Rank {rank} without a leader.")
def person_named(t: Tables) -> Frame:
    """Find ranks of persons without a person."""
    return t["participation"].filter(
        nw.col("leader_id").is_null() & ~nw.col("rank").is_in(["delegation", "contingent"])
    )


@row_rule(
    FORMER,
    table="participation",
    column="rank",
    inputs=("leader_id", "state_id", "ceremony_id"),
    message="{leader_id} {why_} {day}.",
    lookups={**_CEREMONY, "tenures": Lookup("leader_id", ("state_id", "office", "start", "end"))},
)
def former_leader(t: Tables) -> Frame:
    """Find former leaders who never led, or who still do."""
    rows = (
        t.at_ceremony("participation")
        .filter((nw.col("rank") == "former-leader") & known("leader_id"))
        .with_columns(party().alias("party_"))
    )
    offices = t.dated("tenures").filter(nw.col("office").is_in(list(LEADING)))
    spells = offices.select(
        "leader_id", "end", nw.col("start_latest").alias("from_"), nw.col("end_earliest").alias("to_")
    )
    # Only who led on the day in every reading of the dates still led; a day of handover is the end.
    still = rows.join(spells, on="leader_id", how="inner").filter(
        (nw.col("from_") <= nw.col("day_earliest")) & (nw.col("end").is_null() | (nw.col("to_") > nw.col("day_latest")))
    )
    led = offices.with_columns(party().alias("led_")).select(
        "leader_id", "led_", nw.col("start_earliest").alias("led_from_")
    )
    before = rows.join(led, on="leader_id", how="inner").filter(nw.col("led_from_") < nw.col("day_latest"))
    never = except_rows(rows, before).with_columns(nw.lit("led no state or government before").alias("why_"))
    elsewhere = except_rows(
        rows.join(before.select(ROW).unique(ROW), on=ROW, how="inner"),
        before.filter(nw.col("led_") == nw.col("party_")),
    )
    elsewhere = elsewhere.with_columns(
        nw.concat_str(nw.lit("led others, but not "), nw.col("party_"), nw.lit(", before")).alias("why_")
    )
    still = rows.join(still.select(ROW).unique(ROW), on=ROW, how="inner").with_columns(
        nw.lit("still led a state or government on").alias("why_")
    )
    return nw.concat([never, elsewhere, still], how="vertical")
