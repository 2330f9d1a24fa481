"""Rules about ceremonies and their series."""

from __future__ import annotations

import narwhals as nw

from commdip.findings import ERROR
from commdip.rules.base import Lookup, Rule, declare, row_rule
from commdip.rules.tables import Frame, Tables, known

YEAR = declare(
    Rule(
        "CER01",
        "year-fits",
        ERROR,
        "Year, identifier and first day of an edition agree.",
        "Editions are joined by their identifier and plotted by their year.",
        "Correct the one that is wrong; an identifier is series, hyphen, year.",
    )
)
ANNIVERSARY = declare(
    Rule(
        "CER02",
        "anniversary-fits",
        ERROR,
        "The anniversary is the year less the base year of the series.",
        "Round anniversaries are what analyses compare.",
        "Correct the anniversary, or the base year in series.csv.",
    )
)
HOST = declare(
    Rule(
        "CER03",
        "host-fits",
        ERROR,
        "An edition is hosted by the state of its series.",
        "Guests and inviters are told from the host by it.",
        "Correct the host, or waive the rule if the edition was staged elsewhere.",
    )
)
_SERIES = {"series": Lookup("series", ("base_year", "host_state_id"))}


@row_rule(
    YEAR,
    table="ceremonies",
    column="year",
    inputs=("start",),
    message="Year {year}, but the edition starts on {start}.",
)
def year_of_start(t: Tables) -> Frame:
    """Find editions whose first day lies in another year."""
    rows = t.dated("ceremonies").filter(known("year", "start"))
    return rows.filter(nw.col("start_earliest").str.slice(0, 4).cast(nw.Int64) != nw.col("year"))


@row_rule(
    YEAR,
    table="ceremonies",
    column="ceremony_id",
    inputs=("year", "series"),
    message="By its series and year, {ceremony_id} should be {due_}.",
)
def identifier_of_year(t: Tables) -> Frame:
    """Find editions whose identifier is not series and year."""
    due = nw.concat_str(nw.col("series"), nw.lit("-"), nw.col("year").cast(nw.String))
    return (
        t["ceremonies"]
        .filter(known("series", "year"))
        .with_columns(due.alias("due_"))
        .filter(nw.col("due_") != nw.col("ceremony_id"))
    )


def _with_series(t: Tables) -> Frame:
    series = t["series"].select("series", "base_year", nw.col("host_state_id").alias("series_host_"))
    return t["ceremonies"].join(series, on="series", how="inner")


@row_rule(
    ANNIVERSARY,
    table="ceremonies",
    column="anniversary",
    inputs=("year", "series"),
    message="Anniversary {anniversary}, but {year} less {base_year} is {due_}.",
    lookups=_SERIES,
)
def anniversary_fits(t: Tables) -> Frame:
    """Find editions with another anniversary than their year gives."""
    rows = (
        _with_series(t)
        .filter(known("anniversary", "year"))
        .with_columns((nw.col("year") - nw.col("base_year")).alias("due_"))
    )
    return rows.filter(nw.col("due_") != nw.col("anniversary"))


@row_rule(
    HOST,
    table="ceremonies",
    column="host_state_id",
    inputs=("series",),
    message="Hosted by {host_state_id}, but the series is {series_host_}'s.",
    lookups=_SERIES,
)
def host_fits(t: Tables) -> Frame:
    """Find editions hosted by another state than their series."""
    return _with_series(t).filter(nw.col("host_state_id") != nw.col("series_host_"))
