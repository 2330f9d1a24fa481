"""Pandera on polars for the columns, and joins by hand for what concerns more than one row or table.

Left out: as in duckdb_sql.py.
"""

import pandera.polars as pa
import polars as pl
from common import EDTF, LARGE, SMALL, TODAY, fields, path, references, terms

frames = {n: pl.read_csv(path(n), infer_schema=False) for n in (*SMALL, *LARGE)}
vocabularies = terms()


def day_exists(data: pa.PolarsData) -> pl.LazyFrame:
    """Return which dates are in the calendar."""
    cell = pl.col(data.key)
    return data.lazyframe.select(
        (cell.str.len_bytes() != 10) | cell.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    )


def checks(field: dict) -> list[pa.Check]:
    """Return the checks of a column."""
    made = []
    if field.get("edtf"):
        made += [pa.Check.str_matches(EDTF), pa.Check(day_exists)]
    elif pattern := field["constraints"].get("pattern"):
        made.append(pa.Check.str_matches(pattern))
    if vocabulary := field.get("vocabulary"):
        allowed = vocabularies[vocabulary]
        if field.get("delimiter"):
            made.append(
                pa.Check(
                    lambda d: d.lazyframe.select(
                        pl.col(d.key).str.split(";").list.eval(pl.element().is_in(allowed)).list.all()
                    )
                )
            )
        else:
            made.append(pa.Check.isin(allowed))
    return made


for name in LARGE:
    columns = {
        f["name"]: pa.Column(pl.String, checks(f), nullable=not f["constraints"].get("required"), unique=f["key"])
        for f in fields(name)
    }
    try:
        pa.DataFrameSchema(columns).validate(frames[name], lazy=True)
        print(name, "cells 0")
    except pa.errors.SchemaErrors as errors:
        print(name, "cells", len(errors.failure_cases))
    for column, parent, target in references(name):
        rows = frames[name].select(column).drop_nulls()
        print(
            "KEY03",
            name,
            column,
            rows.join(frames[parent].select(target), left_on=column, right_on=target, how="anti").height,
        )
c, p, e = (frames[n].lazy() for n in ("contacts", "participation", "ceremonies"))
days = e.select("ceremony_id", pl.col("start").alias("from"), pl.col("end").alias("to"), "host_state_id")
year = pl.col("from").str.slice(0, 4).cast(pl.Int64)
windows = days.select("ceremony_id", (year - 1).cast(pl.String) + "-10-01", pl.col("to").str.slice(0, 4) + "-12-31")
party = pl.coalesce("state_id", "organization_id").alias("party")
came = p.join(days, on="ceremony_id").with_columns(party)
led = came.filter(
    pl.col("leader_id").is_not_null() & ~pl.col("rank").is_in(["contingent", "delegation", "former-leader"])
)
spells = frames["tenures"].lazy().join(frames["rank_offices"].lazy(), on="office").with_columns(party)
spells = spells.select("leader_id", "party", "rank", pl.col("start").fill_null("0000"), pl.col("end").fill_null("9999"))
held = led.select("participation_id", "leader_id", "party", "rank", "from", "to").join(
    spells, on=["leader_id", "party", "rank"]
)
held = held.filter((pl.col("start") <= pl.col("to")) & (pl.col("end") >= pl.col("from")))
rules = {
    "CON08": c.join(windows, on="ceremony_id").filter(
        (pl.col("start") < pl.col("from")) | (pl.col("start") > pl.col("to"))
    ),
    "CON04": c.filter(
        pl.col("mode").is_in(["phone", "video", "letter"])
        & (pl.col("city").is_not_null() | pl.col("place_state_id").is_not_null())
    ),
    "CON04 city": c.filter(pl.col("city").is_not_null() & pl.col("place_state_id").is_null()),
    "TIM01": c.filter(pl.col("end") < pl.col("start")),
    "TIM10": c.filter(pl.col("start") > TODAY),
    "PAR01": p.filter(pl.col("state_id").is_null() == pl.col("organization_id").is_null()),
    "PAR03": p.filter((pl.col("rank") == "contingent") != (pl.col("capacity") == "contingent")),
    "PAR05": p.filter((pl.col("capacity") == "substitute") == pl.col("stands_in_for").is_null()),
    "PAR12": p.filter(pl.col("leader_id").is_null() & ~pl.col("rank").is_in(["delegation", "contingent"])),
    "PAR10": came.filter(pl.col("state_id") == pl.col("host_state_id")),
    "PAR04": led.join(held.select("participation_id"), on="participation_id", how="anti"),
}
for name, rows in rules.items():
    print(name, rows.select(pl.len()).collect().item())
alike = p.filter(pl.col("leader_id").is_not_null()).group_by("ceremony_id", "leader_id").len()
print("PAR02", alike.select((pl.col("len") - 1).sum()).collect().item())
