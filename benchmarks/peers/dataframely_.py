"""Dataframely: the columns and keys of both tables, and rules on one row by its schema classes.

Left out: foreign keys and rules between tables are joins by hand, as in pandera_polars.py, of which only
the references are done here; the calendar of dates; the rest as in duckdb_sql.py.
"""

import dataframely as dy
import polars as pl
from common import EDTF, LARGE, SMALL, fields, path, references, terms

vocabularies = terms()
ROWS = {
    "contacts": {
        "CON04": ~pl.col("mode").is_in(["phone", "video", "letter"])
        | (pl.col("city").is_null() & pl.col("place_state_id").is_null()),
        "TIM01": pl.col("end").is_null() | (pl.col("end") >= pl.col("start")),
    },
    "participation": {
        "PAR01": pl.col("state_id").is_null() != pl.col("organization_id").is_null(),
        "PAR03": (pl.col("rank") == "contingent") == (pl.col("capacity") == "contingent"),
        "PAR05": (pl.col("capacity") == "substitute") != pl.col("stands_in_for").is_null(),
    },
}


def column(field: dict) -> dy.Column:
    """Return the column of a field."""
    nullable = not field["constraints"].get("required")
    if field.get("vocabulary") and not field.get("delimiter"):
        allowed = vocabularies[field["vocabulary"]]
        return dy.String(nullable=nullable, check=lambda c: c.is_in(allowed))
    pattern = EDTF if field.get("edtf") else field["constraints"].get("pattern")
    return dy.String(nullable=nullable, regex=pattern, primary_key=field["key"])


frames = {n: pl.read_csv(path(n), infer_schema=False) for n in (*SMALL, *LARGE)}
for name in LARGE:
    body = {f["name"]: column(f) for f in fields(name)}
    body |= {rule: dy.rule()(lambda cls, good=good: good) for rule, good in ROWS[name].items()}
    schema = type(name.title(), (dy.Schema,), body)
    _, failures = schema.filter(frames[name])
    print(name, sum(failures.counts().values()), failures.counts())
    for field, parent, target in references(name):
        rows = frames[name].select(field).drop_nulls()
        print(
            "KEY03",
            name,
            field,
            rows.join(frames[parent].select(target), left_on=field, right_on=target, how="anti").height,
        )
