"""Pandera on polars, with hand-written joins: all checks of the list.

    python benchmarks/peers/pandera_polars.py PACKAGE

Frames are eager: on lazy frames pandera checks the schema only. Column checks and keys are
pandera's; references and what needs other tables are joined by hand on polars and added as columns
of booleans that a pandera check reads. Left out: everything about the small tables, encoding,
canonical form, physical lines, and the rules of ours that are not in the list.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl
from common import CALLS, FREE, LARGE, Field, data, fields, keys, primary, report, rule_of
from pandera_names import checks_of, name_of

SMALL = ("states", "organizations", "leaders", "tenures", "ceremonies", "rank_offices")


def main() -> None:
    """Validate both tables, one after the other."""
    small = {t: read(t) for t in SMALL}
    counts: dict[str, int] = {}
    for table, judged in zip(LARGE, (contacts, participation), strict=True):
        frame = judged(references(table, read(table), small), small)
        schema = schema_of(table, frame)
        counts |= dict.fromkeys(checks_of(table, schema), 0)
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            for error in errors.schema_errors:
                counts[name_of(table, error)] += len(error.failure_cases)
        del frame
    report(counts)


def read(table: str) -> pl.DataFrame:
    """Return a table with all columns as text."""
    return pl.read_csv(data(table), infer_schema=False)


def bare(column: str) -> pl.Expr:
    """Return an EDTF date without its qualifier."""
    return pl.col(column).str.strip_chars_end("?~")


def bound(column: str, last: bool) -> pl.Expr:
    """Return the first or last day of an EDTF date; null if there is none."""
    text = bare(column)
    year, month = ("-12-31", "-31") if last else ("-01-01", "-01")
    size = text.str.len_bytes()
    return pl.when(size == 4).then(text + year).when(size == 7).then(text + month).otherwise(text)


def days(small: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return the first and last day of every ceremony."""
    return small["ceremonies"].select(
        "ceremony_id",
        bound("start", False).fill_null("0000-01-01").alias("day_earliest"),
        bound("end", True).fill_null("9999-12-31").alias("day_latest"),
    )


def references(table: str, frame: pl.DataFrame, small: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Add for each reference whether it names a row."""
    for column, parent, target in keys(table):
        held = small.get(parent, frame).select(pl.col(target).alias(column))
        held = held.join(frame.select(column).unique(), on=column, how="semi")
        name = f"KEY03 {table}.{column}"
        frame = frame.join(
            held.unique().with_columns(pl.lit(True).alias(name)), on=column, how="left", maintain_order="left"
        ).with_columns(pl.col(name).fill_null(False) | pl.col(column).is_null())
    return frame


def contacts(frame: pl.DataFrame, small: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Add what the checks of rows of contacts read."""
    windows = days(small).select(
        "ceremony_id",
        ((pl.col("day_earliest").str.slice(0, 4).cast(pl.Int32) - 1).cast(pl.String) + "-10-01").alias("from_"),
        (pl.col("day_latest").str.slice(0, 4) + "-12-31").alias("to_"),
    )
    far = (bound("start", True) < pl.col("from_")) | (bound("start", False) > pl.col("to_"))
    return (
        frame.join(windows, on="ceremony_id", how="left", maintain_order="left")
        .with_columns((~far).fill_null(True).alias("CON08 contacts.start"))
        .drop("from_", "to_")
        .with_columns(
            (bound("end", True) >= bound("start", False)).fill_null(True).alias("TIM01 contacts.end"),
            (
                ~pl.col("mode").is_in(CALLS).fill_null(False)
                | (pl.col("city").is_null() & pl.col("place_state_id").is_null())
            ).alias("CON04 contacts.city"),
            (pl.col("city").is_null() | pl.col("place_state_id").is_not_null()).alias("CON04 contacts.place_state_id"),
        )
    )


def participation(frame: pl.DataFrame, small: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Add what the checks of rows of participation read."""
    pair = pl.struct("ceremony_id", "leader_id").is_first_distinct()
    known = pl.col("ceremony_id").is_not_null() & pl.col("leader_id").is_not_null()
    return frame.with_columns(
        pl.Series("PAR04 participation.rank", ~wrong_rank(frame, small)),
        (~known | pair).alias("PAR02 participation.outcome"),
        (pl.col("state_id").is_null() != pl.col("organization_id").is_null()).alias("PAR01 participation.state_id"),
    )


def wrong_rank(frame: pl.DataFrame, small: dict[str, pl.DataFrame]) -> pl.Series:
    """Return whether no office that the person held for the party on the day gives the rank."""
    party = pl.coalesce("state_id", "organization_id").alias("party_")
    spells = (
        small["tenures"]
        .join(small["rank_offices"], on="office")
        .select(
            "leader_id",
            party,
            "rank",
            bound("start", False).fill_null("0000-01-01").alias("from_"),
            bound("end", True).fill_null("9999-12-31").alias("to_"),
        )
    )
    on = ["leader_id", "party_", "rank"]
    rows = frame.select("leader_id", party, "rank", "ceremony_id").with_row_index("row_")
    rows = rows.filter(
        pl.col("leader_id").is_not_null() & pl.col("party_").is_not_null() & ~pl.col("rank").is_in(FREE)
    ).join(days(small), on="ceremony_id")
    swapped = pl.col("to_") < pl.col("from_")
    within = (pl.col("from_") <= pl.col("day_latest")) & (pl.col("to_") >= pl.col("day_earliest"))
    good = rows.join(spells, on=on).filter(swapped | within).select("row_").unique()
    wrong = rows.join(good, on="row_", how="anti")["row_"]
    return pl.zeros(len(frame), pl.Boolean, eager=True).scatter(wrong, True)


def schema_of(table: str, frame: pl.DataFrame) -> pa.DataFrameSchema:
    """Return the pandera schema of a table with the columns that were added to it."""
    columns = {}
    for field in fields(table):
        check = cell_check(field)
        columns[field.name] = pa.Column(
            pl.String, check, nullable=not field.required, unique=field.name == primary(table)
        )
    for name in frame.columns:
        if name not in columns:
            columns[name] = pa.Column(pl.Boolean, pa.Check.equal_to(True, name=name.split()[0]))
    return pa.DataFrameSchema(columns)


def cell_check(field: Field) -> pa.Check | None:
    """Return the check of filled cells of a column."""
    rule = rule_of(field)
    if field.edtf:
        pattern = field.pattern

        def dates(d: pa.PolarsData) -> pl.LazyFrame:
            text = bare(d.key)
            day = (text.str.len_bytes() < 10) | text.str.to_date("%Y-%m-%d", strict=False).is_not_null()
            return d.lazyframe.select(pl.col(d.key).str.contains(pattern) & day)

        return pa.Check(dates, name=rule)
    if field.pattern:
        return pa.Check.str_matches(field.pattern, name=rule)
    return pa.Check.isin(field.terms, name=rule) if field.terms else None


if __name__ == "__main__":
    main()
