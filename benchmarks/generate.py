"""Write a package of any size that keeps to every rule, or breaks some in a share of its rows.

    python benchmarks/generate.py FOLDER ROWS [--bad SHARE] [--seed N]

The package has ROWS contacts and ROWS rows of participation, and the tables that their rules look up:
leaders with their tenures, ceremonies, states, organizations, vocabularies. Contacts have no
participants and no row has evidence, so the rules that need those tables say that they are skipped.
With --bad, that share of the rows of both tables is broken, in equal parts in each of the ways of
``FAULTS``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from commdip import __version__
from commdip.package import shipped_root

VOCABULARIES = ("codes", "mode_roles", "rank_offices")
LEADERS, STATES, YEARS = 4000, 200, 120
FAULTS = {
    "contacts": ("unknown-mode", "impossible-date", "end-first", "unknown-state", "place-of-call", "far-away"),
    "participation": ("unknown-rank", "unknown-leader", "not-in-office", "both-parties", "empty-outcome", "twice"),
}


def main() -> None:
    """Write the package that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--bad", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1945)
    args = parser.parse_args()
    generate(args.folder, args.rows, args.bad, args.seed)


def generate(folder: Path, rows: int, bad: float = 0.0, seed: int = 1945) -> None:
    """Write a package of ``rows`` contacts and as many rows of participation to a folder."""
    random = np.random.default_rng(seed)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    shutil.copytree(shipped_root() / "schemas", folder / "schemas")
    (folder / "CHANGELOG.md").write_text(f"# Changelog\n\n## {__version__}\n", encoding="utf-8")
    tables = small_tables(rows)
    for name, frame in tables.items():
        write(folder, name, frame)
    write(folder, "contacts", spoil("contacts", contacts(rows, random, tables), bad, random))
    write(folder, "participation", spoil("participation", participation(rows, random, tables), bad, random))
    for name in VOCABULARIES:
        shutil.copy(shipped_root() / "data" / f"{name}.csv", folder / "data" / f"{name}.csv")
    names = sorted([*tables, "contacts", "participation", *VOCABULARIES])
    (folder / "datapackage.json").write_text(json.dumps(descriptor(folder, names), indent=2) + "\n", encoding="utf-8")


def descriptor(folder: Path, names: list[str]) -> dict[str, Any]:
    """Return the descriptor of a package with these tables, whose schemas are those of the toolkit."""
    ours = json.loads((shipped_root() / "datapackage.json").read_text(encoding="utf-8"))
    entries = [r for r in ours["resources"] if r["name"] in names]
    for entry in entries:
        with (folder / entry["path"]).open("rb") as stream:
            entry["hash"] = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
            entry["bytes"] = stream.tell()
    return {**ours, "name": "generated", "title": "Generated package", "resources": entries}


def write(folder: Path, name: str, frame: pl.DataFrame) -> None:
    """Write a table in the columns of its schema."""
    schema = json.loads((shipped_root() / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    columns = [f["name"] for f in schema["fields"]]
    lacking = [pl.lit(None, pl.String).alias(c) for c in columns if c not in frame.columns]
    frame.with_columns(lacking).select(columns).write_csv(folder / "data" / f"{name}.csv")


def code(prefix: str, numbers: Any, width: int) -> list[str]:
    """Return identifiers of a prefix and a number."""
    return [f"{prefix}{n:0{width}d}" for n in numbers]


def letters(number: int) -> str:
    """Return three capital letters for a number."""
    return chr(65 + number // 676 % 26) + chr(65 + number // 26 % 26) + chr(65 + number % 26)


def small_tables(rows: int) -> dict[str, pl.DataFrame]:
    """Return the tables that do not grow with the package, but for its ceremonies."""
    editions = max(rows // 2000, 30)
    per_year = -(-editions // YEARS)
    series = [f"series-{letters(i).lower()}" for i in range(per_year)]
    leaders = [f"family{letters(i // 2).lower()}-given{letters(i).lower()}" for i in range(LEADERS)]
    states = [letters(i) for i in range(STATES)]
    years = [1900 + i // per_year for i in range(editions)]
    names = [series[i % per_year] for i in range(editions)]
    dated = [f"{y}-05-09" for y in years]
    return {
        "states": pl.DataFrame({"state_id": states, "name": [f"State {s}" for s in states], "kind": "state"}),
        "organizations": pl.DataFrame(
            {"organization_id": ["org-a", "org-b"], "name": ["Organization A", "Organization B"]}
        ),
        "leaders": pl.DataFrame(
            {
                "leader_id": leaders,
                "name": [f"{x.split('-')[1].title()} {x.split('-')[0].title()}" for x in leaders],
                "family_name": [x.split("-")[0].title() for x in leaders],
                "given_name": [x.split("-")[1].title() for x in leaders],
            }
        ).sort("leader_id"),
        "tenures": pl.DataFrame(
            {
                "tenure_id": code("T", range(1, LEADERS + 1), 5),
                "leader_id": leaders,
                "state_id": [states[i % STATES] for i in range(LEADERS)],
                "office": "minister-other",
                "title": "Minister",
                "start": "1850-01-01",
                "effective": "true",
            }
        ),
        "series": pl.DataFrame(
            {
                "series": series,
                "name": [f"Series {i}" for i in range(per_year)],
                "day": "05-09",
                "host_state_id": states[-1],
                "commemorates": "A victory",
                "base_year": 1845,
            }
        ),
        "ceremonies": pl.DataFrame(
            {
                "ceremony_id": [f"{n}-{y}" for n, y in zip(names, years, strict=True)],
                "series": names,
                "year": years,
                "name": [f"Edition of {y}" for y in years],
                "anniversary": [y - 1845 for y in years],
                "host_state_id": states[-1],
                "city": "Capital",
                "start": dated,
                "end": dated,
            }
        ).sort("ceremony_id"),
    }


def contacts(rows: int, random: np.random.Generator, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return contacts that keep to the rules."""
    editions = tables["ceremonies"].select("ceremony_id", "start")
    place = random.integers(0, len(editions), rows)
    meeting = random.random(rows) < 0.5
    days = pl.Series([f"-04-{d:02d}" for d in range(1, 31)])
    states = tables["states"]["state_id"]
    made = pl.DataFrame(
        {
            "contact_id": pl.Series(np.arange(1, rows + 1)),
            "mode": pl.Series(np.where(meeting, "meeting", "phone")),
            "start": editions["start"].gather(place).str.slice(0, 4) + days.gather(random.integers(0, 30, rows)),
            "place_state_id": states.gather(random.integers(0, STATES, rows)),
            "initiator_state_id": states.gather(random.integers(0, STATES, rows)),
            "ceremony_id": editions["ceremony_id"].gather(place),
        }
    )
    there = pl.col("mode") == "meeting"
    return made.with_columns(
        pl.format("C{}", pl.col("contact_id").cast(pl.String).str.zfill(_width(rows))).alias("contact_id"),
        pl.when(there).then("place_state_id").alias("place_state_id"),
        pl.when(there).then(pl.lit("Capital")).alias("city"),
        pl.when(pl.col("contact_id") % 3 == 0).then("initiator_state_id").alias("initiator_state_id"),
        pl.format("Talk number {} on trade, memory and the coming ceremony.", "contact_id").alias("summary"),
    )


def participation(rows: int, random: np.random.Generator, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Return participation that keeps to the rules: every leader at most once at a ceremony."""
    editions = tables["ceremonies"]["ceremony_id"]
    spells = tables["tenures"].select("leader_id", "state_id").filter(pl.col("state_id") != letters(STATES - 1))
    number = np.arange(rows)
    leader = (number // len(editions) + number * 7) % len(spells)
    pairs = pl.DataFrame({"c": number % len(editions), "l": leader}).unique(maintain_order=True)
    while len(pairs) < rows:
        more = pl.DataFrame(
            {"c": random.integers(0, len(editions), rows), "l": random.integers(0, len(spells), rows)}
        ).cast(pairs.schema)
        pairs = pl.concat([pairs, more]).unique(maintain_order=True).head(rows)
    return pl.DataFrame(
        {
            "number": np.arange(1, rows + 1),
            "ceremony_id": editions.gather(pairs["c"]),
            "state_id": spells["state_id"].gather(pairs["l"]),
            "leader_id": spells["leader_id"].gather(pairs["l"]),
        }
    ).select(
        pl.format("P{}", pl.col("number").cast(pl.String).str.zfill(_width(rows))).alias("participation_id"),
        "ceremony_id",
        "state_id",
        "leader_id",
        pl.lit("minister").alias("rank"),
        pl.lit("principal").alias("capacity"),
        pl.lit("attended").alias("outcome"),
        pl.when(pl.col("number") % 2 == 0).then(pl.lit("parade;wreath-laying")).alias("segments"),
    )


def _width(rows: int) -> int:
    return max(5, len(str(rows)))


def spoil(table: str, frame: pl.DataFrame, share: float, random: np.random.Generator) -> pl.DataFrame:
    """Break a share of the rows, each in one of the ways of FAULTS."""
    kinds = FAULTS[table]
    bad = random.random(len(frame)) < share
    kind = np.where(bad, random.integers(0, len(kinds), len(frame)), -1)
    fault = pl.Series("fault_", [*kinds, None]).gather(np.where(kind < 0, len(kinds), kind))
    spoiled = SPOILED[table](frame.with_columns(fault))
    return spoiled.drop("fault_")


def _is(kind: str) -> pl.Expr:
    return pl.col("fault_").eq_missing(pl.lit(kind))


def _spoil_contacts(frame: pl.DataFrame) -> pl.DataFrame:
    call = pl.when(_is("place-of-call")).then(pl.lit("phone"))
    return frame.with_columns(
        call.when(_is("unknown-mode")).then(pl.lit("carrier-pigeon")).otherwise("mode").alias("mode"),
        pl.when(_is("impossible-date"))
        .then(pl.col("start").str.slice(0, 4) + "-02-30")
        .when(_is("far-away"))
        .then(pl.lit("1801-01-01"))
        .otherwise("start")
        .alias("start"),
        pl.when(_is("end-first")).then(pl.lit("1802-01-01")).alias("end"),
        pl.when(_is("unknown-state") | _is("place-of-call"))
        .then(pl.when(_is("unknown-state")).then(pl.lit("ZZZ")).otherwise(pl.lit("AAA")))
        .otherwise("place_state_id")
        .alias("place_state_id"),
    )


def _spoil_participation(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.when(_is("unknown-rank")).then(pl.lit("emperor")).otherwise("rank").alias("rank"),
        pl.when(_is("unknown-leader"))
        .then(pl.lit("nobody-at-all"))
        .when(_is("twice"))
        .then(pl.col("leader_id").shift(1))
        .otherwise("leader_id")
        .alias("leader_id"),
        pl.when(_is("twice")).then(pl.col("ceremony_id").shift(1)).otherwise("ceremony_id").alias("ceremony_id"),
        pl.when(_is("not-in-office")).then(pl.lit("AAA")).otherwise("state_id").alias("state_id"),
        pl.when(_is("both-parties")).then(pl.lit("org-a")).alias("organization_id"),
        pl.when(_is("empty-outcome")).then(None).otherwise("outcome").alias("outcome"),
    )


SPOILED = {"contacts": _spoil_contacts, "participation": _spoil_participation}


if __name__ == "__main__":
    main()
