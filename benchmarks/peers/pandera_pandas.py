"""Pandera on pandas, with hand-written merges: all checks of the list.

    python benchmarks/peers/pandera_pandas.py PACKAGE

Column checks, keys and references are pandera's; references are looked up in the set of the
parent's keys. What needs other tables (rank and office, the ceremony's window) is merged by hand
and added as a column of booleans that a pandera check reads. Dates are judged once per distinct
value. Left out: everything about the small tables, encoding, canonical form, physical lines, and
the rules of ours that are not in the list.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pandera.pandas as pa
from common import CALLS, FREE, LARGE, Field, data, fields, is_day, keys, primary, report, rule_of
from pandera_names import checks_of, name_of

SMALL = ("states", "organizations", "leaders", "tenures", "ceremonies", "rank_offices")
UNKNOWN = ("0000-01-01", "9999-12-31")


def main() -> None:
    """Validate both tables, one after the other."""
    small = {t: read(t) for t in SMALL}
    counts: Counter[str] = Counter()
    for table, made in zip(LARGE, (contacts, participation), strict=True):
        frame = read(table)
        schema = made(frame, small)
        counts.update(dict.fromkeys(checks_of(table, schema), 0))
        try:
            schema.validate(frame, lazy=True, inplace=True)
        except pa.errors.SchemaErrors as errors:
            for error in errors.schema_errors:
                counts[name_of(table, error)] += error.failure_cases["index"].nunique()
        del frame
    report(counts)


def read(table: str) -> pd.DataFrame:
    """Return a table with all columns as text."""
    return pd.read_csv(data(table), dtype="str", keep_default_na=False, na_values=[""])


def bound(dates: pd.Series, last: bool) -> pd.Series:
    """Return the first or last day of EDTF dates, each distinct one made once."""
    ends = "-12-31" if last else "-01-01"

    def made(text: str) -> str:
        bare = text.rstrip("?~")
        return bare + ("-31" if last and len(bare) == 7 else ends[len(bare) - 4 :])

    return dates.map({t: made(t) for t in dates.dropna().unique()}).astype("str")


def days(small: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the first and last day of every ceremony."""
    rows = small["ceremonies"]
    return pd.DataFrame(
        {
            "ceremony_id": rows["ceremony_id"],
            "day_earliest": bound(rows["start"], False).fillna(UNKNOWN[0]),
            "day_latest": bound(rows["end"], True).fillna(UNKNOWN[1]),
        }
    )


def contacts(frame: pd.DataFrame, small: dict[str, pd.DataFrame]) -> pa.DataFrameSchema:
    """Return the schema of contacts; adds the columns that its checks of rows read."""
    windows = days(small)
    windows["from_"] = (windows["day_earliest"].str[:4].astype(int) - 1).astype(str) + "-10-01"
    windows["to_"] = windows["day_latest"].str[:4] + "-12-31"
    first, last = bound(frame["start"], False), bound(frame["start"], True)
    merged = frame[["ceremony_id"]].merge(windows[["ceremony_id", "from_", "to_"]], on="ceremony_id", how="left")
    frame["CON08 contacts.start"] = ~((last < merged["from_"]) | (first > merged["to_"]))
    frame["TIM01 contacts.end"] = ~(bound(frame["end"], True) < first)
    place, city = frame["place_state_id"].notna(), frame["city"].notna()
    frame["CON04 contacts.city"] = ~(frame["mode"].isin(CALLS) & (city | place))
    frame["CON04 contacts.place_state_id"] = ~(city & ~place)
    return schema_of("contacts", frame, small)


def participation(frame: pd.DataFrame, small: dict[str, pd.DataFrame]) -> pa.DataFrameSchema:
    """Return the schema of participation; adds the columns that its checks of rows read."""
    state, organization = frame["state_id"], frame["organization_id"]
    frame["PAR01 participation.state_id"] = state.notna() != organization.notna()
    again = frame.duplicated(["ceremony_id", "leader_id"]) & frame["leader_id"].notna() & frame["ceremony_id"].notna()
    frame["PAR02 participation.outcome"] = ~again
    frame["PAR04 participation.rank"] = ~wrong_rank(frame, small)
    return schema_of("participation", frame, small)


def wrong_rank(frame: pd.DataFrame, small: dict[str, pd.DataFrame]) -> pd.Series:
    """Return whether no office that the person held for the party on the day gives the rank."""
    spells = small["tenures"].merge(small["rank_offices"], on="office")
    spells["party_"] = spells["state_id"].fillna(spells["organization_id"])
    spells["from_"] = bound(spells["start"], False).fillna(UNKNOWN[0])
    spells["to_"] = bound(spells["end"], True).fillna(UNKNOWN[1])
    rows = frame[["leader_id", "rank", "ceremony_id"]].assign(
        party_=frame["state_id"].fillna(frame["organization_id"]), row_=frame.index
    )
    rows = rows[rows["leader_id"].notna() & rows["party_"].notna() & ~rows["rank"].isin(FREE)]
    rows = rows.merge(days(small), on="ceremony_id")
    on = ["leader_id", "party_", "rank"]
    held = rows.merge(spells[[*on, "from_", "to_"]], on=on)
    within = (held["from_"] <= held["day_latest"]) & (held["to_"] >= held["day_earliest"])
    good = held.loc[within | (held["to_"] < held["from_"]), "row_"]
    wrong = rows.loc[~rows["row_"].isin(good), "row_"]
    made = pd.Series(False, index=frame.index)
    made.loc[wrong] = True
    return made


def schema_of(table: str, frame: pd.DataFrame, small: dict[str, pd.DataFrame]) -> pa.DataFrameSchema:
    """Return the pandera schema of a table with the columns that were added to it."""
    parents = {k.column: k for k in keys(table)}
    columns = {}
    for field in fields(table):
        checks = [c for c in [cell_check(field)] if c]
        if key := parents.get(field.name):
            held = small.get(key.parent, frame)
            used = held[key.target].isin(frame[field.name].dropna().unique())
            checks.append(pa.Check.isin(set(held.loc[used, key.target]), name="KEY03"))
        unique = field.name == primary(table)
        columns[field.name] = pa.Column(
            "str", checks, nullable=not field.required, unique=unique, report_duplicates="exclude_first"
        )
    for name in frame.columns.difference(list(columns)):
        columns[name] = pa.Column(bool, pa.Check(lambda s: s, name=name.split()[0]))
    return pa.DataFrameSchema(columns)


def cell_check(field: Field) -> pa.Check | None:
    """Return the check of filled cells of a column."""
    rule = rule_of(field)
    if field.edtf:
        pattern = field.pattern

        def dates(series: pd.Series) -> pd.Series:
            values = pd.Series(series.dropna().unique(), dtype="str")
            good = values[values.str.match(pattern)]
            return series.isin([v for v in good if is_day(v)])

        return pa.Check(dates, name=rule)
    if field.pattern:
        return pa.Check.str_matches(field.pattern, name=rule)
    return pa.Check.isin(field.terms, name=rule) if field.terms else None


if __name__ == "__main__":
    main()
