"""Pandera on pandas, with merges by hand for what concerns more than one row or table.

Left out: as in duckdb_sql.py. Lists of segments are judged by their distinct values.
"""

import pandas as pd
import pandera.pandas as pa
from common import EDTF, LARGE, SMALL, TODAY, fields, path, references, terms

frames = {n: pd.read_csv(path(n), dtype="str") for n in (*SMALL, *LARGE)}
vocabularies = terms()


def day_exists(cells: pd.Series) -> pd.Series:
    """Return which dates are in the calendar, judged by distinct value."""
    values = cells.dropna().unique()
    days = pd.Series(values)[pd.Series(values).str.len() == 10]
    bad = set(days[pd.to_datetime(days, errors="coerce").isna()])
    return ~cells.isin(bad)


def checks(field: dict) -> list[pa.Check]:
    """Return the checks of a column."""
    made = []
    if field.get("edtf"):
        made += [pa.Check.str_matches(EDTF), pa.Check(day_exists)]
    elif pattern := field["constraints"].get("pattern"):
        made.append(pa.Check.str_matches(pattern))
    if vocabulary := field.get("vocabulary"):
        allowed = set(vocabularies[vocabulary])
        if field.get("delimiter"):
            made.append(pa.Check(lambda s: s.isin([v for v in s.dropna().unique() if set(v.split(";")) <= allowed])))
        else:
            made.append(pa.Check.isin(allowed))
    return made


for name in LARGE:
    columns = {
        f["name"]: pa.Column(str, checks(f), nullable=not f["constraints"].get("required"), unique=f["key"])
        for f in fields(name)
    }
    try:
        pa.DataFrameSchema(columns).validate(frames[name], lazy=True)
        print(name, "cells 0")
    except pa.errors.SchemaErrors as errors:
        print(name, "cells", len(errors.failure_cases))
    for column, parent, target in references(name):
        known = frames[name][column].dropna()
        print("KEY03", name, column, int((~known.isin(frames[parent][target])).sum()))
c, p, e = frames["contacts"], frames["participation"], frames["ceremonies"]
far = c.merge(e[["ceremony_id", "start", "end"]], on="ceremony_id", suffixes=("", "_of"))
year = far["start_of"].str[:4].astype(int)
print(
    "CON08",
    int(((far["start"] < (year - 1).astype(str) + "-10-01") | (far["start"] > far["end_of"].str[:4] + "-12-31")).sum()),
)
print(
    "CON04",
    int((c["mode"].isin(["phone", "video", "letter"]) & (c["city"].notna() | c["place_state_id"].notna())).sum()),
)
print("CON04 city", int((c["city"].notna() & c["place_state_id"].isna()).sum()))
print("TIM01", int((c["end"] < c["start"]).sum()))
print("TIM10", int((c["start"] > TODAY).sum()))
print("PAR01", int((p["state_id"].isna() == p["organization_id"].isna()).sum()))
print("PAR02", int(p.dropna(subset=["leader_id"]).duplicated(["ceremony_id", "leader_id"]).sum()))
print("PAR03", int(((p["rank"] == "contingent") != (p["capacity"] == "contingent")).sum()))
print("PAR05", int(((p["capacity"] == "substitute") == p["stands_in_for"].isna()).sum()))
print("PAR12", int((p["leader_id"].isna() & ~p["rank"].isin(["delegation", "contingent"])).sum()))
days = e[["ceremony_id", "start", "end", "host_state_id"]]
came = p.merge(days, on="ceremony_id")
print("PAR10", int((came["state_id"] == came["host_state_id"]).sum()))
came["party"] = came["state_id"].fillna(came["organization_id"])
came = came[came["leader_id"].notna() & ~came["rank"].isin(["contingent", "delegation", "former-leader"])]
spells = frames["tenures"].merge(frames["rank_offices"], on="office")
spells["party"] = spells["state_id"].fillna(spells["organization_id"])
held = came.merge(
    spells[["leader_id", "party", "rank", "start", "end"]], on=["leader_id", "party", "rank"], suffixes=("", "_of")
)
held = held[(held["start_of"].fillna("0000") <= held["end"]) & (held["end_of"].fillna("9999") >= held["start"])]
print("PAR04", int((~came["participation_id"].isin(held["participation_id"])).sum()))
