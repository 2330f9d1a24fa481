"""The checks of the list in plain Python, row by row: what every peer must count.

    python benchmarks/peers/reference.py PACKAGE [--unbroken]

With --unbroken it counts as ours does: a rule is silent on a row where a cell that it reads is
broken, that is, wrong by itself or a reference to nothing. It is written for small packages and is
not timed.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from common import CALLS, FREE, LARGE, data, fields, is_day, keys, primary, report, rule_of

Row = dict[str, str]
READS = {
    "CON04 contacts.city": ("mode", "city", "place_state_id"),
    "CON04 contacts.place_state_id": ("city", "place_state_id"),
    "CON08 contacts.start": ("start", "ceremony_id"),
    "TIM01 contacts.end": ("start", "end"),
    "PAR01 participation.state_id": ("state_id", "organization_id"),
    "PAR02 participation.outcome": ("outcome", "ceremony_id", "leader_id"),
    "PAR04 participation.rank": ("rank", "leader_id", "state_id", "organization_id", "ceremony_id"),
}


def read(table: str) -> list[Row]:
    """Return the rows of a table."""
    with Path(data(table)).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def bounds(text: str) -> tuple[str, str]:
    """Return the first and last day of a date, open if there is none."""
    bare = text.rstrip("?~")
    if not bare:
        return "0000-01-01", "9999-12-31"
    return bare + "-01-01"[len(bare) - 4 :], bare + "-12-31"[len(bare) - 4 :]


class Judge:
    """Judges rows one at a time."""

    def __init__(self) -> None:
        self.days = {r["ceremony_id"]: (bounds(r["start"])[0], bounds(r["end"])[1]) for r in read("ceremonies")}
        ranks: dict[str, list[str]] = {}
        for row in read("rank_offices"):
            ranks.setdefault(row["office"], []).append(row["rank"])
        self.spells: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        for row in read("tenures"):
            for rank in ranks.get(row["office"], ()):
                key = row["leader_id"], row["state_id"] or row["organization_id"], rank
                self.spells.setdefault(key, []).append((bounds(row["start"])[0], bounds(row["end"])[1]))

    def contacts(self, row: Row) -> Iterator[str]:
        """Yield the checks that a contact breaks."""
        if row["mode"] in CALLS and (row["city"] or row["place_state_id"]):
            yield "CON04 contacts.city"
        if row["city"] and not row["place_state_id"]:
            yield "CON04 contacts.place_state_id"
        if bounds(row["end"])[1] < bounds(row["start"])[0]:
            yield "TIM01 contacts.end"
        if day := self.days.get(row["ceremony_id"]):
            opens, closes = f"{int(day[0][:4]) - 1:04d}-10-01", f"{day[1][:4]}-12-31"
            if bounds(row["start"])[1] < opens or bounds(row["start"])[0] > closes:
                yield "CON08 contacts.start"

    def participation(self, row: Row) -> Iterator[str]:
        """Yield the checks that a row of participation breaks by itself."""
        if bool(row["state_id"]) == bool(row["organization_id"]):
            yield "PAR01 participation.state_id"
        party, day = row["state_id"] or row["organization_id"], self.days.get(row["ceremony_id"])
        if row["leader_id"] and party and day and row["rank"] not in FREE:
            held = self.spells.get((row["leader_id"], party, row["rank"]), ())
            if not any(last < first or (first <= day[1] and last >= day[0]) for first, last in held):
                yield "PAR04 participation.rank"


def main() -> None:
    """Count what breaks each check."""
    unbroken, judge = "--unbroken" in sys.argv, Judge()
    counts: Counter[str] = Counter(dict.fromkeys(READS, 0))
    for table in LARGE:
        rows = read(table)
        specs, own = fields(table), primary(table)
        parents = {k.column: {r[k.target] for r in read(k.parent)} for k in keys(table)}
        counts.update({name: 0 for f in specs for name, there in names(table, f, parents).items() if there})
        counts[f"KEY01 {table}.{own}"] = len(rows) - len({r[own] for r in rows})
        seen = set()
        for row in rows:
            broken = set()
            for field in specs:
                cell, rule = row[field.name], rule_of(field)
                if not cell:
                    wrong = f"COL02 {table}.{field.name}" if field.required else None
                elif (
                    (field.pattern and not re.fullmatch(field.pattern, cell))
                    or (field.edtf and not is_day(cell))
                    or (field.terms and not field.pattern and cell not in field.terms)
                ):
                    wrong = f"{rule} {table}.{field.name}"
                elif field.name in parents and cell not in parents[field.name]:
                    wrong = f"KEY03 {table}.{field.name}"
                else:
                    continue
                if wrong:
                    counts[wrong] += 1
                    broken.add(field.name)
            found = list(getattr(judge, table)(row))
            if table == "participation" and row["leader_id"]:
                pair = row["ceremony_id"], row["leader_id"]
                found += ["PAR02 participation.outcome"] if pair in seen else []
                seen.add(pair)
            counts.update(name for name in found if not (unbroken and broken & set(READS[name])))
    report(counts)


def names(table: str, field, parents) -> dict[str, bool]:  # noqa: ANN001
    """Return the names of the checks of a column, and whether it has them."""
    return {
        f"COL02 {table}.{field.name}": field.required,
        f"{rule_of(field)} {table}.{field.name}": rule_of(field) is not None,
        f"KEY03 {table}.{field.name}": field.name in parents,
    }


if __name__ == "__main__":
    main()
