"""Hand-written SQL on DuckDB: all checks of the list.

    python benchmarks/peers/duckdb_sql.py PACKAGE

Both files are read once into tables of text columns; the checks of rows of a table are one pass,
each key and each join a query of its own. Counts only: no offending row is named, no line known.
Left out: everything about the small tables, encoding, canonical form, and the rules of ours that
are not in the list (rows that go with no other table but these two have more of them).
"""

from __future__ import annotations

import duckdb
from common import CALLS, FREE, LARGE, Field, data, fields, keys, names, primary, report, rule_of

SMALL = ("states", "organizations", "leaders", "tenures", "ceremonies", "rank_offices")
MACROS = """
create macro bare(d) as rtrim(d, '?~');
create macro earliest(d) as case length(bare(d)) when 4 then bare(d) || '-01-01' when 7 then bare(d) || '-01'
    else bare(d) end;
create macro latest(d) as case length(bare(d)) when 4 then bare(d) || '-12-31' when 7 then bare(d) || '-31'
    else bare(d) end;
create macro is_day(d, p) as regexp_matches(d, p) and
    (length(bare(d)) < 10 or try_cast(bare(d) as date) is not null);
"""
ROWS = {
    "contacts": {
        "CON04 contacts.city": f"mode in {CALLS} and (city is not null or place_state_id is not null)",
        "CON04 contacts.place_state_id": "city is not null and place_state_id is null",
        "TIM01 contacts.end": 'latest("end") < earliest(start)',
    },
    "participation": {"PAR01 participation.state_id": "(state_id is null) = (organization_id is null)"},
}
DAYS = """
create table days as select ceremony_id, coalesce(earliest(start), '0000-01-01') as day_earliest,
    coalesce(latest("end"), '9999-12-31') as day_latest from ceremonies;
create table windows as select ceremony_id,
    printf('%04d-10-01', cast(day_earliest[1:4] as integer) - 1) as from_, day_latest[1:4] || '-12-31' as to_ from days;
create table spells as select leader_id, coalesce(state_id, organization_id) as party, rank,
    coalesce(earliest(start), '0000-01-01') as from_, coalesce(latest("end"), '9999-12-31') as to_
    from tenures join rank_offices using (office);
"""
FAR = """
select count(*) from contacts join windows using (ceremony_id)
where latest(start) < from_ or earliest(start) > to_
"""
RANK = f"""
select coalesce(sum(n), 0) from (
    select leader_id, coalesce(state_id, organization_id) as party, rank, day_earliest, day_latest, count(*) as n
    from participation join days using (ceremony_id)
    where leader_id is not null and coalesce(state_id, organization_id) is not null and rank not in {FREE}
    group by all
) p where not exists (
    from spells s where s.leader_id = p.leader_id and s.party = p.party and s.rank = p.rank
    and (s.to_ < s.from_ or (s.from_ <= p.day_latest and s.to_ >= p.day_earliest))
)
"""
TWICE = """
select coalesce(sum(n - 1), 0) from (
    select count(*) as n from participation
    where leader_id is not null and ceremony_id is not null group by ceremony_id, leader_id having n > 1
)
"""


def main() -> None:
    """Run all checks."""
    db = duckdb.connect()
    db.execute("set preserve_insertion_order = false")
    db.execute(MACROS)
    for table in (*LARGE, *SMALL):
        types = "{" + ", ".join(f"'{c}': 'varchar'" for c in names(table)) + "}"
        db.execute(f"create table {table} as from read_csv('{data(table)}', header=true, columns={types}, nullstr='')")
    db.execute(DAYS)
    counts = {}
    for table in LARGE:
        wrong = {k: v for f in fields(table) for k, v in cells(table, f).items()} | ROWS[table]
        row = one(db, f"select {', '.join(f'count(*) filter ({w})' for w in wrong.values())} from {table}")
        counts |= dict(zip(wrong, row, strict=True))
        key = primary(table)
        counts[f"KEY01 {table}.{key}"] = one(
            db, f"select coalesce(sum(n - 1), 0) from (select count(*) as n from {table} group by {key} having n > 1)"
        )[0]
        for column, parent, target in keys(table):
            query = f"select count(*) from {table} c anti join {parent} p on c.{column} = p.{target}"
            counts[f"KEY03 {table}.{column}"] = one(db, f"{query} where c.{column} is not null")[0]
    counts["CON08 contacts.start"] = one(db, FAR)[0]
    counts["PAR04 participation.rank"] = one(db, RANK)[0]
    counts["PAR02 participation.outcome"] = one(db, TWICE)[0]
    report(counts)


def one(db: duckdb.DuckDBPyConnection, query: str) -> tuple[int, ...]:
    """Return the only row of a query."""
    row = db.execute(query).fetchone()
    assert row is not None
    return row


def cells(table: str, field: Field) -> dict[str, str]:
    """Return the conditions of wrong cells of a column."""
    made, column = {}, f'"{field.name}"'
    if field.required:
        made[f"COL02 {table}.{field.name}"] = f"{column} is null"
    if field.edtf:
        made[f"COL05 {table}.{field.name}"] = f"not is_day({column}, '{field.pattern}')"
    elif field.pattern:
        made[f"{rule_of(field)} {table}.{field.name}"] = f"not regexp_matches({column}, '{field.pattern}')"
    elif field.terms:
        made[f"COL04 {table}.{field.name}"] = f"{column} not in {tuple(field.terms)}"
    return made


if __name__ == "__main__":
    main()
