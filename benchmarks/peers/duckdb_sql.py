"""Hand-written SQL on DuckDB: the checks of cells, keys and rows that apply to the two large tables.

Left out: canonical form, hashes, the form of the file beyond what its reader refuses, the rules that find
nothing to judge in this package (substitutes, former leaders, delegations), messages and line numbers.
"""

import sys

import duckdb

EDTF = "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?[?~]?$"
ID, STATE, SLUG = "^{}[0-9]{{5,}}$", "^[A-Z]{{3}}$", "^[a-z0-9]+(-[a-z0-9]+)*$"


def read(name: str) -> str:
    """Return the table function that reads a table as text."""
    return f"read_csv('{sys.argv[1]}/data/{name}.csv', header=true, all_varchar=true)"


SMALL = ("states", "organizations", "leaders", "tenures", "ceremonies", "codes", "rank_offices")
VOCABULARY = "select code from codes where vocabulary = '{}'"
TODAY = "2026-11-25"


def cells(table: str, required: list[str], patterns: dict[str, str], terms: dict[str, str], dates: list[str]) -> str:
    """Return one query that counts the wrong cells of a table, all in one pass."""
    counts = [f"count(*) filter ({c} is null) as {c}_required" for c in required]
    counts += [f"count(*) filter (not regexp_matches({c}, '{p}')) as {c}_pattern" for c, p in patterns.items()]
    counts += [f"count(*) filter ({c} not in ({VOCABULARY.format(v)})) as {c}_term" for c, v in terms.items()]
    counts += [
        f"""count(*) filter (not regexp_matches("{d}", '{EDTF}') or (length("{d}") = 10
            and try_cast("{d}" as date) is null)) as {d}_date"""
        for d in dates
    ]
    return f"select {', '.join(counts)} from {table}"


def missing(table: str, column: str, parent: str, key: str) -> str:
    """Return the query that counts references to nothing."""
    return f"select count(*) from {table} x where x.{column} is not null and not exists (select 1 from {parent} p where p.{key} = x.{column})"


def main() -> None:
    """Run all checks and print their counts."""
    con = duckdb.connect()
    for name in SMALL:
        con.execute(f"create table {name} as select * from {read(name)}")
    for name in ("contacts", "participation"):
        con.execute(f"create table {name} as select * from {read(name)}")
    contact = {
        "contact_id": ID.format("C"),
        "initiator_state_id": "^[A-Z]{3}$",
        "place_state_id": "^[A-Z]{3}$",
        "ceremony_id": SLUG,
    }
    part = {
        "participation_id": ID.format("P"),
        "state_id": "^[A-Z]{3}$",
        "organization_id": SLUG,
        "leader_id": SLUG,
        "ceremony_id": SLUG,
    }
    checks = {
        "contacts cells": cells(
            "contacts", ["contact_id", "mode", "start", "summary"], contact, {"mode": "mode"}, ["start", "end"]
        ),
        "participation cells": cells(
            "participation",
            ["participation_id", "ceremony_id", "rank", "capacity", "outcome"],
            part,
            {"rank": "rank", "capacity": "capacity", "outcome": "outcome"},
            [],
        ),
        "segments": f"select count(*) from (select distinct segments from participation where segments is not null) s where exists (select 1 from unnest(string_split(segments, ';')) t(x) where x not in ({VOCABULARY.format('segment')}))",
        "KEY01 contacts": "select count(*) - count(distinct contact_id) from contacts",
        "KEY01 participation": "select count(*) - count(distinct participation_id) from participation",
        "KEY03 initiator": missing("contacts", "initiator_state_id", "states", "state_id"),
        "KEY03 place": missing("contacts", "place_state_id", "states", "state_id"),
        "KEY03 contact ceremony": missing("contacts", "ceremony_id", "ceremonies", "ceremony_id"),
        "KEY03 ceremony": missing("participation", "ceremony_id", "ceremonies", "ceremony_id"),
        "KEY03 state": missing("participation", "state_id", "states", "state_id"),
        "KEY03 organization": missing("participation", "organization_id", "organizations", "organization_id"),
        "KEY03 leader": missing("participation", "leader_id", "leaders", "leader_id"),
        "CON04": "select count(*) from contacts where mode in ('phone', 'video', 'letter') and (city is not null or place_state_id is not null)",
        "CON04 city": "select count(*) from contacts where city is not null and place_state_id is null",
        "TIM01": 'select count(*) from contacts where "end" < start',
        "TIM10": f"select count(*) from contacts where start > '{TODAY}'",
        "CON08": """select count(*) from contacts c join ceremonies e using (ceremony_id)
            where c.start < (cast(substr(e.start, 1, 4) as int) - 1) || '-10-01' or c.start > substr(e."end", 1, 4) || '-12-31'""",
        "PAR01": "select count(*) from participation where (state_id is null) = (organization_id is null)",
        "PAR02": """select coalesce(sum(n - 1), 0) from (select count(*) n from participation
            where leader_id is not null group by ceremony_id, leader_id having count(*) > 1)""",
        "PAR03": "select count(*) from participation where (rank = 'contingent') != (capacity = 'contingent')",
        "PAR05": "select count(*) from participation where (capacity = 'substitute') = (stands_in_for is null)",
        "PAR12": "select count(*) from participation where leader_id is null and rank not in ('delegation', 'contingent')",
        "PAR10": "select count(*) from participation p join ceremonies e using (ceremony_id) where p.state_id = e.host_state_id",
        "PAR04": """select count(*) from participation p join ceremonies e using (ceremony_id)
            where p.leader_id is not null and p.rank not in ('contingent', 'delegation', 'former-leader')
            and not exists (select 1 from tenures t join rank_offices r on r.office = t.office
                where t.leader_id = p.leader_id and r.rank = p.rank
                and coalesce(t.state_id, t.organization_id) = coalesce(p.state_id, p.organization_id)
                and coalesce(t.start, '0000') <= e."end" and coalesce(t."end", '9999') >= e.start)""",
    }
    for name, query in checks.items():
        print(name, *con.execute(query).fetchone())


if __name__ == "__main__":
    main()
