"""Single corruptions of the shipped package, and how many of them validation finds.

Each mutation is one mistake of a kind that coders, editors and programs make; it says what it
did, which rules of which at least one must report it, and where. What a mistake breaks is judged
here in plain Python over the CSV files, so that the rules are not tested by themselves.

    python tests/mutations.py            the score by kind
    python tests/mutations.py -v KIND    every mutation whose kind begins so, with what was found
"""

# ruff: noqa: PLR0917

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
import math
import os
import random
import shutil
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

from commdip import canonical, columns, engines, structure, validation
from commdip.findings import Finding, Report
from commdip.package import DESCRIPTOR, shipped_root
from commdip.rules.base import RowRule
from commdip.rules.tables import Frame, Tables
from commdip.specs import TableSpec
from commdip.tables import Table

SEED = 20230509
FLOOD = 25
"""A single mistake gives fewer findings than this."""
Row = dict[str, str]
FREE_RANKS = ("contingent", "delegation", "former-leader")
NEW_IDS = {
    "participation": "P99999",
    "contacts": "C99999",
    "invitations": "I99999",
    "tenures": "T99999",
    "evidence": "E99999",
    "sources": "S99999",
    "statements": "V99999",
}


# The data ------------------------------------------------------------------------------------


@dataclass
class Data:
    """The package as plain rows, and its schemas and descriptor as JSON."""

    root: Path
    descriptor: dict
    schemas: dict[str, dict]
    headers: dict[str, list[str]]
    tables: dict[str, list[Row]]

    @classmethod
    def read(cls, root: Path) -> Data:
        descriptor = json.loads((root / DESCRIPTOR).read_text(encoding="utf-8"))
        schemas, headers, tables = {}, {}, {}
        for resource in descriptor["resources"]:
            name = resource["name"]
            schemas[name] = json.loads((root / resource["schema"]).read_text(encoding="utf-8"))
            with (root / resource["path"]).open(encoding="utf-8", newline="") as stream:
                header, *records = csv.reader(stream)
            headers[name] = header
            tables[name] = [dict(zip(header, r, strict=True)) for r in records]
        return cls(root, descriptor, schemas, headers, tables)

    def __getitem__(self, table: str) -> list[Row]:
        return self.tables[table]

    def primary(self, table: str) -> list[str]:
        key = self.schemas[table]["primaryKey"]
        return [key] if isinstance(key, str) else key

    def key(self, table: str, row: Row) -> str:
        return "/".join(row[k] for k in self.primary(table))

    def fields(self, table: str) -> list[dict]:
        return self.schemas[table]["fields"]

    def by(self, table: str, column: str) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self[table]:
            found.setdefault(row[column], []).append(row)
        return found

    def one(self, table: str, column: str, value: str) -> Row:
        return self.by(table, column)[value][0]

    def bytes_of(self, table: str, rows: Iterable[Row], header: list[str] | None = None) -> bytes:
        header = header or self.headers[table]
        kinds = {f["name"]: f["type"] for f in self.fields(table)}

        def place(row: Row) -> list:
            return [
                (1, int(row[k]), "") if kinds[k] == "integer" and row[k].isdigit() else (0, 0, row[k])
                for k in self.primary(table)
            ]

        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([r.get(h, "") for h in header] for r in sorted(rows, key=place))
        return text.getvalue().encode("utf-8")

    def path(self, table: str) -> str:
        return next(r["path"] for r in self.descriptor["resources"] if r["name"] == table)

    def source(self, table: str) -> bytes:
        return (self.root / self.path(table)).read_bytes()


def low(date: str) -> str:
    """Return the first day that a date allows; an unknown date allows every day."""
    bare = date.rstrip("?~")
    return (bare + "-01-01"[len(bare) - 4 :] if len(bare) < 10 else bare) if bare else "0000-01-01"


def high(date: str) -> str:
    """Return the last day that a date allows, as text for comparison."""
    bare = date.rstrip("?~")
    return (bare + "-12-31"[len(bare) - 4 :] if len(bare) < 10 else bare) if bare else "9999-12-31"


def shift(date: str, years: int) -> str:
    """Return a date moved by years; 29 February becomes the 28th."""
    moved = f"{int(date[:4]) + years:04d}{date[4:]}"
    return moved.replace("-02-29", "-02-28")


def before(date: str) -> str:
    """Return the day before the first day of a date."""
    return (datetime.date.fromisoformat(low(date)) - datetime.timedelta(days=1)).isoformat()


def after(date: str, days: int = 1) -> str:
    """Return a day after a full date."""
    return (datetime.date.fromisoformat(date.rstrip("?~")) + datetime.timedelta(days=days)).isoformat()


def party(row: Row, prefix: str = "") -> str:
    return row[f"{prefix}state_id"] or row[f"{prefix}organization_id"]


@dataclass
class Facts:
    """What hangs together in the data, worked out once, independently of the rules."""

    d: Data
    spells: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    offices: dict[str, set[str]] = field(default_factory=dict)
    ceremonies: dict[str, Row] = field(default_factory=dict)
    contacts: dict[str, Row] = field(default_factory=dict)
    sources: dict[str, Row] = field(default_factory=dict)
    claims: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    parties: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for t in self.d["tenures"]:
            self.spells.setdefault((t["leader_id"], party(t)), []).append(t)
        for r in self.d["rank_offices"]:
            self.offices.setdefault(r["rank"], set()).add(r["office"])
        self.ceremonies = {c["ceremony_id"]: c for c in self.d["ceremonies"]}
        self.contacts = {c["contact_id"]: c for c in self.d["contacts"]}
        self.sources = {s["source_id"]: s for s in self.d["sources"]}
        for e in self.d["evidence"]:
            self.claims.setdefault((e["record_table"], e["record_id"]), []).append(e)
        self.parties = self.d.by("contact_participants", "contact_id")

    def in_office(
        self,
        leader: str,
        of: str,
        first: str,
        last: str,
        rank: str = "",
        but: Row | None = None,
        instead: Row | None = None,
    ) -> bool:
        """Return whether a leader can have held an office (that gives the rank) of a party in the days."""
        spells = [t for t in self.spells.get((leader, of), []) if t is not but]
        if instead and (instead["leader_id"], party(instead)) == (leader, of):
            spells.append(instead)
        return any(
            low(t["start"]) <= last
            and high(t["end"]) >= first
            and (not rank or t["office"] in self.offices.get(rank, ()))
            for t in spells
        )

    def ceremony_days(self, ceremony: str) -> tuple[str, str]:
        row = self.ceremonies[ceremony]
        return low(row["start"]), high(row["end"])

    def contact_days(self, contact: str) -> tuple[str, str]:
        row = self.contacts[contact]
        return low(row["start"]), high(row["end"] or row["start"])

    def depend_on(self, tenure: Row, instead: Row | None = None) -> list[tuple[str, str]]:
        """Return table and key of the rows that a change of a tenure leaves without an office."""
        found = []
        for p in self.d["participation"]:
            if p["leader_id"] == tenure["leader_id"] and party(p) == party(tenure) and p["rank"] not in FREE_RANKS:
                days = self.ceremony_days(p["ceremony_id"])
                if self.in_office(p["leader_id"], party(p), *days, p["rank"]) and not self.in_office(
                    p["leader_id"], party(p), *days, p["rank"], tenure, instead
                ):
                    found.append(("participation", p["participation_id"]))
        for c in self.d["contact_participants"]:
            if c["leader_id"] == tenure["leader_id"] and party(c) == party(tenure):
                days = self.contact_days(c["contact_id"])
                if self.in_office(c["leader_id"], party(c), *days) and not self.in_office(
                    c["leader_id"], party(c), *days, "", tenure, instead
                ):
                    found.append(("contact_participants", self.d.key("contact_participants", c)))
        return found

    def witnesses(self, p: Row) -> list[Row]:
        """Return the evidence that supports an attendance from the day or after."""
        first, _ = self.ceremony_days(p["ceremony_id"])
        claims = self.claims.get(("participation", p["participation_id"]), [])
        return [
            e for e in claims if e["stance"] == "supports" and high(self.sources[e["source_id"]]["published"]) >= first
        ]

    def fact_day(self, e: Row) -> str:
        """Return the first day of what a piece of evidence is about, or an empty text."""
        table, key = e["record_table"], e["record_id"]
        if table == "participation":
            p = self.d.one("participation", "participation_id", key)
            return self.ceremony_days(p["ceremony_id"])[0] if p["outcome"] == "attended" else ""
        if table == "contacts":
            return self.contact_days(key)[0]
        if table == "tenures":
            t = self.d.one("tenures", "tenure_id", key)
            return low(t["start"]) if t["start"] else ""
        if table == "invitations":
            i = self.d.one("invitations", "invitation_id", key)
            return low(i["invited_on"]) if i["invited_on"] else ""
        return ""


# Mutations -----------------------------------------------------------------------------------


class Edit:
    """A changed copy of the data: what a mutation writes."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.changed: dict[str, list[Row]] = {}
        self.headers: dict[str, list[str]] = {}
        self.raw: dict[str, Callable[[bytes], bytes]] = {}
        self.extra: dict[str, bytes] = {}
        self.gone: list[str] = []
        self.patches: list[Callable[[dict], None]] = []

    def rows(self, table: str) -> list[Row]:
        if table not in self.changed:
            self.changed[table] = [dict(r) for r in self.data[table]]
        return self.changed[table]

    def row(self, table: str, key: str) -> Row:
        return next(r for r in self.rows(table) if self.data.key(table, r) == key)

    def set(self, table: str, key: str, **cells: str) -> None:
        self.row(table, key).update(cells)

    def drop(self, table: str, *keys: str) -> None:
        self.changed[table] = [r for r in self.rows(table) if self.data.key(table, r) not in keys]

    def add(self, table: str, row: Row) -> None:
        self.rows(table).append(dict(row))

    def copy(self, table: str, key: str, **cells: str) -> None:
        """Add a copy of a row with other cells, and of the evidence for it if its identifier is another."""
        d, original = self.data, next(r for r in self.data[table] if self.data.key(table, r) == key)
        made = {**original, **cells}
        self.add(table, made)
        if d.key(table, made) != key:
            claims = [e for e in d["evidence"] if (e["record_table"], e["record_id"]) == (table, key)]
            for i, e in enumerate(claims):
                self.add("evidence", {**e, "evidence_id": f"E{90000 + i}", "record_id": d.key(table, made)})

    def files(self) -> dict[str, bytes | None]:
        """Return the files that differ, descriptor included, with their new bytes; None for a lost one."""
        d, found = self.data, {}
        for table, rows in self.changed.items():
            found[d.path(table)] = d.bytes_of(table, rows, self.headers.get(table))
        for path, change in self.raw.items():
            found[path] = change(found.get(path) or (d.root / path).read_bytes())
        descriptor = json.loads(json.dumps(d.descriptor))
        for resource in descriptor["resources"]:
            content = found.get(resource["path"])
            if content is not None:
                resource.update(bytes=len(content), hash=f"sha256:{hashlib.sha256(content).hexdigest()}")
        for patch in self.patches:
            patch(descriptor)
        found = {**found, **self.extra, **dict.fromkeys(self.gone)}
        if descriptor != d.descriptor and DESCRIPTOR not in found:
            found[DESCRIPTOR] = (json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n").encode("utf-8")
        return found


Place = tuple[str, str | int | None]
"""A table (or path) and a key, a line, or None for anywhere in it."""


@dataclass(frozen=True)
class Mutation:
    """One corruption: what it did, who must report it, and where."""

    kind: str
    table: str
    key: str
    column: str
    old: str
    new: str
    codes: tuple[str, ...]
    where: tuple[Place, ...]
    change: Callable[[Edit], None] = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.kind}: {self.table} {self.key} {self.column}: {self.old[:40]!r} -> {self.new[:60]!r}"

    def is_met_by(self, finding: Finding) -> bool:
        """Return whether a finding reports this corruption, at its place."""
        places: set[Place] = {
            (str(finding.table), finding.key),
            (str(finding.table), None),
            (finding.path, finding.line),
            (finding.path, None),
        }
        return finding.rule in self.codes and not places.isdisjoint(self.where)


Maker = Callable[[Facts, random.Random], Iterator[Mutation]]
MAKERS: dict[str, tuple[Maker, int]] = {}


def kind(name: str, most: int = 4) -> Callable[[Maker], Maker]:
    """Register a generator of mutations of one kind, and how many of them are taken."""

    def register(make: Maker) -> Maker:
        assert name not in MAKERS, name
        MAKERS[name] = (make, most)
        return make

    return register


def mutations(data: Data, seed: int = SEED, only: str = "", share: float = 1) -> list[Mutation]:
    """Return mutations of the data, the same for the same seed.

    They are a share of those of each kind, one at least, and one more of each table that would have none.
    """
    facts, found, left = Facts(data), [], []
    for name, (make, most) in MAKERS.items():
        if not name.startswith(only):
            continue
        # Each kind has its own generator, so that a new kind changes no other.
        made = make(facts, random.Random(f"{seed} {name}"))
        taken = min(most, max(1, math.ceil(most * share)))
        found += islice(made, taken)
        left.append(islice(made, most - taken))
    tables = {m.table for m in found}
    for mutation in chain.from_iterable(left):
        if mutation.table not in tables:
            tables.add(mutation.table)
            found.append(mutation)
    return found


def shuffled(rng: random.Random, rows: Iterable) -> list:
    rows = list(rows)
    rng.shuffle(rows)
    return rows


def cell(
    d: Data, name: str, codes: str, table: str, row: Row, column: str, new: str, where: Iterable[Place] = ()
) -> Mutation:
    """Return the mutation of one cell; unless told, its finding stands at the row."""
    key = d.key(table, row)
    changed = d.key(table, {**row, column: new})
    places = tuple(where) or ((table, changed),)
    return Mutation(
        name,
        table,
        key,
        column,
        row[column],
        new,
        tuple(codes.split()),
        places,
        lambda e: e.set(table, key, **{column: new}),
    )


def change(
    name: str,
    codes: str,
    table: str,
    key: str,
    column: str,
    old: str,
    new: str,
    where: Iterable[Place],
    do: Callable[[Edit], None],
) -> Mutation:
    return Mutation(name, table, key, column, old, new, tuple(codes.split()), tuple(where), do)


# Participation


@kind("participation: wrong state", 8)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    states = [s["state_id"] for s in f.d["states"]]
    for p in shuffled(rng, f.d["participation"]):
        other = rng.choice(states)
        days = f.ceremony_days(p["ceremony_id"])
        if (
            p["leader_id"]
            and p["state_id"]
            and p["rank"] not in FREE_RANKS
            and not f.in_office(p["leader_id"], other, *days, p["rank"])
        ):
            yield cell(f.d, "participation: wrong state", "PAR04 PAR10", "participation", p, "state_id", other)


@kind("participation: former leader of another state", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["rank"] == "former-leader":
            yield cell(
                f.d,
                "participation: former leader of another state",
                "PAR13",
                "participation",
                p,
                "state_id",
                rng.choice(["ARM", "FRA", "CHN"]),
            )


@kind("participation: wrong leader", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = [p for p in f.d["participation"] if p["leader_id"] and p["rank"] not in FREE_RANKS]
    for p in shuffled(rng, rows):
        q = rng.choice(rows)
        days = f.ceremony_days(p["ceremony_id"])
        if party(q) != party(p) and not f.in_office(q["leader_id"], party(p), *days, p["rank"]):
            yield cell(
                f.d, "participation: wrong leader", "PAR04 PAR02 TIM03", "participation", p, "leader_id", q["leader_id"]
            )


@kind("participation: leaders of two rows swapped")
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = [p for p in f.d["participation"] if p["leader_id"] and p["rank"] not in FREE_RANKS]
    for p in shuffled(rng, rows):
        q = rng.choice([r for r in rows if r["ceremony_id"] == p["ceremony_id"]])
        days = f.ceremony_days(p["ceremony_id"])
        if party(p) != party(q) and not f.in_office(q["leader_id"], party(p), *days, p["rank"]):
            key, other = p["participation_id"], q["participation_id"]

            def do(
                e: Edit, key: str = key, other: str = other, a: str = p["leader_id"], b: str = q["leader_id"]
            ) -> None:
                e.set("participation", key, leader_id=b)
                e.set("participation", other, leader_id=a)

            yield change(
                "participation: leaders of two rows swapped",
                "PAR04",
                "participation",
                key,
                "leader_id",
                p["leader_id"],
                q["leader_id"],
                [("participation", key)],
                do,
            )


@kind("participation: identifiers of two rows swapped")
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    def last(p: Row) -> str:
        return max(
            (high(f.sources[e["source_id"]]["published"]) for e in f.claims[("participation", p["participation_id"])]),
            default="9999",
        )

    rows = [p for p in f.d["participation"] if p["outcome"] == "attended" and not p["stands_in_for"]]
    for p in shuffled(rng, rows):
        later = [q for q in rows if f.ceremony_days(q["ceremony_id"])[0] > last(p)]
        if later:
            q = rng.choice(later)
            a, b = p["participation_id"], q["participation_id"]

            def do(e: Edit, a: str = a, b: str = b) -> None:
                one, two = e.row("participation", a), e.row("participation", b)
                one["participation_id"], two["participation_id"] = b, a

            yield change(
                "participation: identifiers of two rows swapped",
                "PAR08",
                "participation",
                a,
                "participation_id",
                a,
                b,
                [("participation", a)],
                do,
            )


@kind("participation: wrong rank", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    ranks = [c["code"] for c in f.d["codes"] if c["vocabulary"] == "rank" and c["code"] not in ("delegation",)]
    for p in shuffled(rng, f.d["participation"]):
        rank = rng.choice(ranks)
        days = f.ceremony_days(p["ceremony_id"])
        if (
            p["leader_id"]
            and rank != p["rank"]
            and p["rank"] not in FREE_RANKS
            and not f.in_office(p["leader_id"], party(p), *days, rank)
        ):
            yield cell(f.d, "participation: wrong rank", "PAR04 PAR03 PAR13", "participation", p, "rank", rank)


@kind("participation: a head coded as delegation", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        first, last = f.ceremony_days(p["ceremony_id"])
        spells = [
            t
            for t in f.spells.get((p["leader_id"], party(p)), [])
            if t["start"] and high(t["start"]) < first and (not t["end"] or low(t["end"]) > last)
        ]
        if p["rank"] in ("head-of-state", "head-of-government") and any(
            t["office"] in f.offices[p["rank"]] for t in spells
        ):
            yield cell(
                f.d, "participation: a head coded as delegation", "PAR04", "participation", p, "rank", "delegation"
            )


@kind("participation: both state and organization", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        column, new = ("organization_id", "cis") if p["state_id"] else ("state_id", "KAZ")
        yield cell(f.d, "participation: both state and organization", "PAR01", "participation", p, column, new)


@kind("participation: neither state nor organization", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        yield cell(
            f.d,
            "participation: neither state nor organization",
            "PAR01",
            "participation",
            p,
            "state_id" if p["state_id"] else "organization_id",
            "",
        )


@kind("participation: contingent with a leader", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        leaders = [t["leader_id"] for t in f.d["tenures"] if t["state_id"] == p["state_id"]]
        if p["rank"] == "contingent" and leaders:
            yield cell(
                f.d,
                "participation: contingent with a leader",
                "PAR03",
                "participation",
                p,
                "leader_id",
                rng.choice(leaders),
            )


@kind("participation: contingent by capacity alone", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        new = "principal" if p["capacity"] == "contingent" else "contingent"
        yield cell(f.d, "participation: contingent by capacity alone", "PAR03", "participation", p, "capacity", new)


@kind("participation: duplicate under another id", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        key = p["participation_id"]
        yield change(
            "participation: duplicate under another id",
            "PAR02",
            "participation",
            key,
            "participation_id",
            key,
            "P99999",
            [("participation", "P99999"), ("participation", key)],
            lambda e, key=key: e.copy("participation", key, participation_id="P99999"),
        )


@kind("participation: unnamed row twice", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if not p["leader_id"] and p["rank"] != "contingent":
            key = p["participation_id"]
            yield change(
                "participation: unnamed row twice",
                "PAR02",
                "participation",
                key,
                "participation_id",
                key,
                "P99999",
                [("participation", "P99999"), ("participation", key)],
                lambda e, key=key: e.copy("participation", key, participation_id="P99999"),
            )


@kind("participation: came and stayed away", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["leader_id"] and p["outcome"] == "attended":
            key = p["participation_id"]
            yield change(
                "participation: came and stayed away",
                "PAR02",
                "participation",
                key,
                "outcome",
                "attended",
                "absent",
                [("participation", "P99999"), ("participation", key)],
                lambda e, key=key: e.copy("participation", key, participation_id="P99999", outcome="absent"),
            )


@kind("participation: substitute without stand-in", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            yield cell(
                f.d, "participation: substitute without stand-in", "PAR05", "participation", p, "stands_in_for", ""
            )


@kind("participation: principal made a substitute", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["capacity"] == "principal":
            yield cell(
                f.d, "participation: principal made a substitute", "PAR05", "participation", p, "capacity", "substitute"
            )


@kind("participation: principal that stands in", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            yield cell(
                f.d, "participation: principal that stands in", "PAR05", "participation", p, "capacity", "principal"
            )


@kind("participation: stands in for one who came", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            other = rng.choice(
                [
                    q
                    for q in f.d["participation"]
                    if q["outcome"] == "attended" and q["ceremony_id"] == p["ceremony_id"] and q is not p
                ]
            )
            yield cell(
                f.d,
                "participation: stands in for one who came",
                "PAR05 PAR06",
                "participation",
                p,
                "stands_in_for",
                other["participation_id"],
            )


@kind("participation: the replaced one came", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            absent = f.d.one("participation", "participation_id", p["stands_in_for"])
            yield cell(
                f.d,
                "participation: the replaced one came",
                "PAR05",
                "participation",
                absent,
                "outcome",
                "attended",
                [("participation", p["participation_id"])],
            )


@kind("participation: stands in across ceremonies", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            other = rng.choice(
                [
                    q
                    for q in f.d["participation"]
                    if q["outcome"] == "absent" and (q["ceremony_id"] != p["ceremony_id"] or party(q) != party(p))
                ]
            )
            yield cell(
                f.d,
                "participation: stands in across ceremonies",
                "PAR05",
                "participation",
                p,
                "stands_in_for",
                other["participation_id"],
            )


@kind("participation: stands in for himself", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            yield cell(
                f.d,
                "participation: stands in for himself",
                "PAR06",
                "participation",
                p,
                "stands_in_for",
                p["participation_id"],
            )


@kind("participation: stand-in cycle", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["stands_in_for"]:
            absent = f.d.one("participation", "participation_id", p["stands_in_for"])
            yield cell(
                f.d,
                "participation: stand-in cycle",
                "PAR06",
                "participation",
                absent,
                "stands_in_for",
                p["participation_id"],
            )


@kind("participation: absent coded as attended", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["outcome"] == "absent" and not f.witnesses(p):
            yield cell(
                f.d, "participation: absent coded as attended", "PAR08", "participation", p, "outcome", "attended"
            )


@kind("participation: host as guest", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["state_id"]:
            yield cell(f.d, "participation: host as guest", "PAR10", "participation", p, "state_id", "RUS")


@kind("participation: moved to a later ceremony", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        seen = [high(f.sources[e["source_id"]]["published"]) for e in f.witnesses(p)]
        later = [c for c in f.ceremonies if seen and f.ceremony_days(c)[0] > max(seen)]
        if later and p["outcome"] == "attended":
            yield cell(
                f.d,
                "participation: moved to a later ceremony",
                "PAR08 PAR04",
                "participation",
                p,
                "ceremony_id",
                rng.choice(later),
            )


@kind("participation: moved out of his time in office", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        c = rng.choice(sorted(f.ceremonies))
        if (
            p["leader_id"]
            and p["rank"] not in FREE_RANKS
            and not f.in_office(p["leader_id"], party(p), *f.ceremony_days(c), p["rank"])
        ):
            yield cell(
                f.d, "participation: moved out of his time in office", "PAR04", "participation", p, "ceremony_id", c
            )


@kind("participation: person without a name", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["leader_id"] and p["rank"] not in ("delegation", "contingent"):
            yield cell(f.d, "participation: person without a name", "PAR12", "participation", p, "leader_id", "")


@kind("participation: in office, ranked as former leader", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        spells = f.spells.get((p["leader_id"], party(p)), [])
        # Of a spell without a start nobody knows that it lasted on the day.
        if p["rank"] == "head-of-state" and any(
            t["office"] == "head-of-state" and t["start"] and not t["end"] for t in spells
        ):
            yield cell(
                f.d,
                "participation: in office, ranked as former leader",
                "PAR13",
                "participation",
                p,
                "rank",
                "former-leader",
            )


@kind("participation: ended office, ranked as former leader on the day", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        first, last = f.ceremony_days(p["ceremony_id"])
        spells = f.spells.get((p["leader_id"], party(p)), [])
        if p["rank"] in ("head-of-state", "head-of-government") and any(
            t["office"] == p["rank"] and t["start"] and t["end"] and high(t["start"]) < first and low(t["end"]) > last
            for t in spells
        ):
            yield cell(
                f.d,
                "participation: ended office, ranked as former leader on the day",
                "PAR13",
                "participation",
                p,
                "rank",
                "former-leader",
            )


@kind("participation: absence that nothing announced", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    stood_for = {p["stands_in_for"] for p in f.d["participation"]}
    yes = {
        (i["ceremony_id"], i["invited_leader_id"])
        for i in f.d["invitations"]
        if i["response"] in ("accepted", "withdrew")
    }
    for p in shuffled(rng, f.d["participation"]):
        key = p["participation_id"]
        told = [e for e in f.claims[("participation", key)] if e["stance"] == "announces"]
        if (
            p["outcome"] == "attended"
            and not told
            and key not in stood_for
            and p["leader_id"]
            and (p["ceremony_id"], p["leader_id"]) not in yes
        ):
            yield cell(
                f.d, "participation: absence that nothing announced", "PAR11", "participation", p, "outcome", "absent"
            )


# Attendance and its evidence


@kind("attendance: evidence of the day removed", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if p["outcome"] == "attended":
            seen = [e["evidence_id"] for e in f.witnesses(p)]
            yield change(
                "attendance: evidence of the day removed",
                "PAR08",
                "evidence",
                ",".join(seen),
                "",
                "",
                "removed",
                [("participation", p["participation_id"])],
                lambda e, seen=seen: e.drop("evidence", *seen),
            )


@kind("attendance: its sources redated to the eve", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        seen = f.witnesses(p)
        if p["outcome"] == "attended" and len(seen) == 1:
            eve = before(f.ceremonies[p["ceremony_id"]]["start"])
            source = f.sources[seen[0]["source_id"]]
            if f.claims:
                yield cell(
                    f.d,
                    "attendance: its sources redated to the eve",
                    "PAR08",
                    "sources",
                    source,
                    "published",
                    eve,
                    [("participation", p["participation_id"])],
                )


@kind("attendance: support turned into announcement", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        seen = f.witnesses(p)
        if p["outcome"] == "attended" and len(seen) == 1:
            yield cell(
                f.d,
                "attendance: support turned into announcement",
                "PAR08",
                "evidence",
                seen[0],
                "stance",
                "announces",
                [("participation", p["participation_id"])],
            )


@kind("attendance: rests on one origin", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        claims = [
            e for e in f.claims[("participation", p["participation_id"])] if e["stance"] in ("supports", "announces")
        ]
        publishers = {f.sources[e["source_id"]]["publisher"] for e in claims}
        if p["rank"] == "head-of-state" and len(claims) == len(publishers) == 2 and p["outcome"] == "attended":
            yield change(
                "attendance: rests on one origin",
                "EVI05 PAR08",
                "evidence",
                claims[0]["evidence_id"],
                "",
                "",
                "removed",
                [("participation", p["participation_id"])],
                lambda e, key=claims[0]["evidence_id"]: e.drop("evidence", key),
            )


@kind("attendance: declined in the invitation", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    came = {
        (p["ceremony_id"], p["leader_id"]): p
        for p in f.d["participation"]
        if p["outcome"] == "attended" and p["leader_id"]
    }
    rows = f.d["invitations"]
    count = Counter((i["ceremony_id"], i["invited_leader_id"]) for i in rows)
    for i in shuffled(rng, rows):
        who = (i["ceremony_id"], i["invited_leader_id"])
        if who in came and i["response"] == "accepted" and count[who] == 1:
            yield cell(
                f.d,
                "attendance: declined in the invitation",
                "PAR07",
                "invitations",
                i,
                "response",
                rng.choice(["declined", "withdrew"]),
                [("participation", came[who]["participation_id"])],
            )


@kind("attendance: accepted, but no row of participation", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    covered = {
        c["ceremony_id"]
        for c in f.d["coverage"]
        if c["topic"] == "attendance" and c["completeness"] in ("complete", "near-complete")
    }
    rows = f.d["invitations"]
    came = {(p["ceremony_id"], p["leader_id"]): p["participation_id"] for p in f.d["participation"]}
    stood_for = {p["stands_in_for"] for p in f.d["participation"]}
    for i in shuffled(rng, rows):
        who = (i["ceremony_id"], i["invited_leader_id"])
        answers = {r["response"] for r in rows if (r["ceremony_id"], r["invited_leader_id"]) == who}
        if who in came and answers == {"accepted"} and i["ceremony_id"] in covered and came[who] not in stood_for:
            key = came[who]
            claims = [e["evidence_id"] for e in f.claims[("participation", key)]]

            def do(e: Edit, key: str = key, claims: list[str] = claims) -> None:
                e.drop("participation", key)
                e.drop("evidence", *claims)

            yield change(
                "attendance: accepted, but no row of participation",
                "INV08",
                "participation",
                key,
                "",
                "",
                "removed",
                [("invitations", i["invitation_id"])],
                do,
            )


# Tenures


@kind("tenure: wrong state", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    states = [s["state_id"] for s in f.d["states"]]
    for t in shuffled(rng, f.d["tenures"]):
        other = rng.choice(states)
        hit = f.depend_on(t, {**t, "state_id": other})
        if t["state_id"] and other != t["state_id"] and hit:
            yield cell(f.d, "tenure: wrong state", "PAR04 TIM04", "tenures", t, "state_id", other, hit)


@kind("tenure: wrong leader", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    leaders = [x["leader_id"] for x in f.d["leaders"]]
    for t in shuffled(rng, f.d["tenures"]):
        hit = f.depend_on(t)
        if hit and len(hit) < 15:
            yield cell(
                f.d,
                "tenure: wrong leader",
                "PAR04 TIM04",
                "tenures",
                t,
                "leader_id",
                rng.choice([x for x in leaders if x != t["leader_id"]]),
                hit,
            )


@kind("tenure: wrong office", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        hit = [h for h in f.depend_on(t, {**t, "office": "other"}) if h[0] == "participation"]
        if hit:
            yield cell(f.d, "tenure: wrong office", "PAR04", "tenures", t, "office", "other", hit)


@kind("tenure: ends before an appearance", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        first, _ = f.ceremony_days(p["ceremony_id"])
        for t in f.spells.get((p["leader_id"], party(p)), []):
            end = before(first)
            if ("participation", p["participation_id"]) in f.depend_on(t, {**t, "end": end}) and low(t["start"]) <= end:
                hit = f.depend_on(t, {**t, "end": end})
                if len(hit) < 15:
                    yield cell(f.d, "tenure: ends before an appearance", "PAR04 TIM04", "tenures", t, "end", end, hit)


@kind("tenure: starts after an appearance", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        _, last = f.ceremony_days(p["ceremony_id"])
        for t in f.spells.get((p["leader_id"], party(p)), []):
            start = after(last, 30)
            hit = f.depend_on(t, {**t, "start": start})
            if ("participation", p["participation_id"]) in hit and start < high(t["end"]) and len(hit) < 15:
                yield cell(f.d, "tenure: starts after an appearance", "PAR04 TIM04", "tenures", t, "start", start, hit)


@kind("tenure: year of its start mistyped", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        new = shift(t["start"], 100) if t["start"] else ""
        if new:
            yield cell(f.d, "tenure: year of its start mistyped", "TIM10 TIM01", "tenures", t, "start", new)


@kind("tenure: start after end", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        if t["start"] and t["end"] and low(t["end"]) > high(t["start"]):
            key = t["tenure_id"]

            def do(e: Edit, key: str = key, a: str = t["start"], b: str = t["end"]) -> None:
                e.set("tenures", key, start=b, end=a)

            yield change(
                "tenure: start after end",
                "TIM01",
                "tenures",
                key,
                "start",
                t["start"],
                t["end"],
                [("tenures", key)],
                do,
            )


def _neighbours(f: Facts) -> list[tuple[Row, Row]]:
    """Return pairs of spells of one post, by different leaders, of which the second follows the first."""
    posts = {
        "head-of-state": "head",
        "monarch": "head",
        "head-of-government": "government",
        "organization-head": "organization",
    }
    spells = [t for t in f.d["tenures"] if t["office"] in posts and t["start"]]
    pairs = []
    for one in spells:
        for two in spells:
            same = (
                posts[one["office"]] == posts[two["office"]]
                and party(one) == party(two)
                and one["leader_id"] != two["leader_id"]
            )
            if (
                same
                and one["end"]
                and high(one["end"]) <= low(two["start"])
                and len(two["start"]) >= 10
                and len(one["end"]) >= 10
            ):
                pairs.append((one, two))
    return pairs


@kind("tenure: overlaps the next holder's", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for one, two in shuffled(rng, _neighbours(f)):
        end = after(two["start"], 40)
        if end < high(two["end"]) and end < "2026-01-01":
            yield cell(
                f.d,
                "tenure: overlaps the next holder's",
                "TIM05",
                "tenures",
                one,
                "end",
                end,
                [("tenures", two["tenure_id"]), ("tenures", one["tenure_id"])],
            )


@kind("tenure: starts within the predecessor's", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for one, two in shuffled(rng, _neighbours(f)):
        start = before(before(one["end"]))
        if start > high(one["start"]):
            yield cell(
                f.d,
                "tenure: starts within the predecessor's",
                "TIM05",
                "tenures",
                two,
                "start",
                start,
                [("tenures", two["tenure_id"]), ("tenures", one["tenure_id"])],
            )


@kind("tenure: end of an earlier holder lost", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for one, _two in shuffled(rng, _neighbours(f)):
        yield cell(f.d, "tenure: end of an earlier holder lost", "TIM12", "tenures", one, "end", "")


@kind("tenure: duplicate under another id", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = shuffled(rng, f.d["tenures"])
    dated, undated = [t for t in rows if t["start"]], [t for t in rows if not t["start"]]
    for t in [*dated[:3], *undated]:
        key = t["tenure_id"]
        yield change(
            "tenure: duplicate under another id",
            "TEN02",
            "tenures",
            key,
            "tenure_id",
            key,
            "T99999",
            [("tenures", "T99999"), ("tenures", key)],
            lambda e, key=key: e.copy("tenures", key, tenure_id="T99999"),
        )


@kind("tenure: both state and organization", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        if t["state_id"]:
            yield cell(f.d, "tenure: both state and organization", "TEN01", "tenures", t, "organization_id", "cis")


@kind("tenure: neither state nor organization", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        if len(f.depend_on(t)) < 10:
            yield cell(
                f.d,
                "tenure: neither state nor organization",
                "TEN01",
                "tenures",
                t,
                "state_id" if t["state_id"] else "organization_id",
                "",
            )


@kind("tenure: office of the wrong sort of party", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        if len(f.depend_on(t)) < 10:
            yield cell(
                f.d,
                "tenure: office of the wrong sort of party",
                "TEN03",
                "tenures",
                t,
                "office",
                "organization-head" if t["state_id"] else "head-of-state",
            )


@kind("tenure: after the holder's death", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    dead = {x["leader_id"]: x["death_date"] for x in f.d["leaders"] if x["death_date"]}
    for t in shuffled(rng, f.d["tenures"]):
        if t["leader_id"] in dead and t["start"] and t["end"]:
            yield cell(
                f.d, "tenure: after the holder's death", "TIM03", "tenures", t, "end", shift(dead[t["leader_id"]], 2)
            )


@kind("tenure: before the state existed", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    young = {s["state_id"]: s["exists_from"] for s in f.d["states"] if s["exists_from"]}
    for t in shuffled(rng, f.d["tenures"]):
        if t["state_id"] in young and t["start"] and t["end"]:
            key = t["tenure_id"]

            def do(e: Edit, key: str = key) -> None:
                e.set("tenures", key, start="1985-03-01", end="1988-05-01")

            yield change(
                "tenure: before the state existed",
                "TIM02",
                "tenures",
                key,
                "start",
                t["start"],
                "1985-03-01",
                [("tenures", key)],
                do,
            )


@kind("tenure: in the future", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        if t["end"]:
            yield cell(f.d, "tenure: in the future", "TIM10", "tenures", t, "end", "2035-01-01")


@kind("tenure: dropped", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for t in shuffled(rng, f.d["tenures"]):
        hit = f.depend_on(t)
        key = t["tenure_id"]
        claims = [e["evidence_id"] for e in f.claims.get(("tenures", key), [])]
        if hit and len(hit) < 15:

            def do(e: Edit, key: str = key, claims: list[str] = claims) -> None:
                e.drop("tenures", key)
                e.drop("evidence", *claims)

            yield change("tenure: dropped", "PAR04 TIM04", "tenures", key, "", "", "removed", hit, do)


# Contacts


@kind("contact: party of a wrong state", 8)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    states = [s["state_id"] for s in f.d["states"]]
    for c in shuffled(rng, f.d["contact_participants"]):
        other = rng.choice(states)
        if (
            c["leader_id"]
            and c["state_id"]
            and not f.in_office(c["leader_id"], other, *f.contact_days(c["contact_id"]))
        ):
            yield cell(f.d, "contact: party of a wrong state", "TIM04", "contact_participants", c, "state_id", other)


@kind("contact: wrong leader", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    leaders = [x["leader_id"] for x in f.d["leaders"]]
    for c in shuffled(rng, f.d["contact_participants"]):
        other = rng.choice(leaders)
        if c["leader_id"] and not f.in_office(other, party(c), *f.contact_days(c["contact_id"])):
            yield cell(f.d, "contact: wrong leader", "TIM04 TIM03", "contact_participants", c, "leader_id", other)


@kind("contact: leaders of the two parties swapped", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, (one, two, *_rest) in shuffled(rng, f.parties.items()):
        a, b = one["leader_id"], two["leader_id"]
        if a and b and party(one) != party(two) and not f.in_office(b, party(one), *f.contact_days(contact)):
            key, other = f.d.key("contact_participants", one), f.d.key("contact_participants", two)

            def do(e: Edit, key: str = key, other: str = other, a: str = a, b: str = b) -> None:
                e.set("contact_participants", key, leader_id=b)
                e.set("contact_participants", other, leader_id=a)

            yield change(
                "contact: leaders of the two parties swapped",
                "TIM04",
                "contact_participants",
                key,
                "leader_id",
                a,
                b,
                [("contact_participants", key)],
                do,
            )


@kind("contact: moved to another year", 8)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        if c["ceremony_id"]:
            years, key = rng.choice([-3, -2, 1, 2]), c["contact_id"]
            if f.ceremonies[c["ceremony_id"]]["start"] > "2024" and years > 0:
                years = -2

            def do(e: Edit, key: str = key, years: int = years, c: Row = c) -> None:
                e.set("contacts", key, start=shift(c["start"], years), end=shift(c["end"], years) if c["end"] else "")

            yield change(
                "contact: moved to another year",
                "CON08",
                "contacts",
                key,
                "start",
                c["start"],
                shift(c["start"], years),
                [("contacts", key)],
                do,
            )


@kind("contact: of another ceremony", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        if c["ceremony_id"]:
            other = rng.choice([x for x in f.ceremonies if x != c["ceremony_id"]])
            yield cell(f.d, "contact: of another ceremony", "CON08", "contacts", c, "ceremony_id", other)


@kind("contact: before a party's birth", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    count = Counter(c["leader_id"] for c in f.d["contact_participants"])
    born = {x["leader_id"]: x for x in f.d["leaders"] if x["birth_date"]}
    for c in shuffled(rng, f.d["contact_participants"]):
        if c["leader_id"] in born and count[c["leader_id"]] < 6:
            _, last = f.contact_days(c["contact_id"])
            yield cell(
                f.d,
                "contact: before a party's birth",
                "TIM03",
                "leaders",
                born[c["leader_id"]],
                "birth_date",
                after(last),
                [("contact_participants", f.d.key("contact_participants", c))],
            )


@kind("contact: after a party's death", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    count = Counter(c["leader_id"] for c in f.d["contact_participants"])
    born = {x["leader_id"]: x for x in f.d["leaders"] if x["birth_date"]}
    for c in shuffled(rng, f.d["contact_participants"]):
        if c["leader_id"] in born and count[c["leader_id"]] < 6:
            first, _ = f.contact_days(c["contact_id"])
            yield cell(
                f.d,
                "contact: after a party's death",
                "TIM03",
                "leaders",
                born[c["leader_id"]],
                "death_date",
                before(first),
                [("contact_participants", f.d.key("contact_participants", c))],
            )


@kind("contact: with a dead leader", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    dead = {x["leader_id"]: x["death_date"] for x in f.d["leaders"] if x["death_date"]}
    for c in shuffled(rng, f.d["contact_participants"]):
        first, _ = f.contact_days(c["contact_id"])
        gone = [x for x, died in dead.items() if high(died) < first]
        if gone and c["leader_id"]:
            yield cell(
                f.d,
                "contact: with a dead leader",
                "TIM03 TIM04",
                "contact_participants",
                c,
                "leader_id",
                rng.choice(gone),
            )


@kind("contact: end before start", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        if c["end"]:
            yield cell(f.d, "contact: end before start", "TIM01", "contacts", c, "end", before(c["start"]))


@kind("contact: in the future", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        if len(c["start"]) >= 10:
            yield cell(f.d, "contact: in the future", "TIM10", "contacts", c, "start", "2052" + c["start"][4:])


@kind("contact: place on a call", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        if c["mode"] in ("phone", "video", "letter"):
            column, new = rng.choice([("city", "Moscow"), ("place_state_id", "RUS")])
            yield cell(f.d, "contact: place on a call", "CON04", "contacts", c, column, new)


@kind("contact: city without state", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        if c["city"]:
            yield cell(f.d, "contact: city without state", "CON04", "contacts", c, "place_state_id", "")


@kind("contact: single party", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, rows in shuffled(rng, f.parties.items()):
        keys = [f.d.key("contact_participants", r) for r in rows[1:]]
        yield change(
            "contact: single party",
            "CON01",
            "contact_participants",
            ",".join(keys),
            "",
            "",
            "removed",
            [("contacts", contact)],
            lambda e, keys=keys: e.drop("contact_participants", *keys),
        )


@kind("contact: no party", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, rows in shuffled(rng, f.parties.items()):
        keys = [f.d.key("contact_participants", r) for r in rows]
        yield change(
            "contact: no party",
            "CON01",
            "contact_participants",
            ",".join(keys),
            "",
            "",
            "removed",
            [("contacts", contact)],
            lambda e, keys=keys: e.drop("contact_participants", *keys),
        )


@kind("contact: both parties of one state", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, rows in shuffled(rng, f.parties.items()):
        if len(rows) == 2 and rows[0]["state_id"] and rows[1]["state_id"]:
            yield cell(
                f.d,
                "contact: both parties of one state",
                "CON01",
                "contact_participants",
                rows[1],
                "state_id",
                rows[0]["state_id"],
                [("contacts", contact)],
            )


@kind("contact: same party twice", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, rows in shuffled(rng, f.parties.items()):
        r = rng.choice(rows)
        if r["leader_id"]:
            new = str(max(int(x["party"]) for x in rows) + 1)
            yield change(
                "contact: same party twice",
                "CON06",
                "contact_participants",
                f.d.key("contact_participants", r),
                "party",
                r["party"],
                new,
                [("contact_participants", f"{contact}/{new}")],
                lambda e, r=r, new=new: e.add("contact_participants", {**r, "party": new}),
            )


@kind("contact: role that the mode lacks", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    fits = {(m["mode"], m["role"]) for m in f.d["mode_roles"]}
    roles = sorted({r for _, r in fits})
    for c in shuffled(rng, f.d["contact_participants"]):
        role = rng.choice(roles)
        if (f.contacts[c["contact_id"]]["mode"], role) not in fits:
            yield cell(f.d, "contact: role that the mode lacks", "CON03", "contact_participants", c, "role", role)


@kind("contact: second sender, host or caller", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, rows in shuffled(rng, f.parties.items()):
        only = {"letter": "sender", "visit": "host", "phone": "caller", "meeting": "host"}.get(
            f.contacts[contact]["mode"]
        )
        others = [r for r in rows if r["role"] != only]
        if only and others and any(r["role"] == only for r in rows):
            yield cell(
                f.d,
                "contact: second sender, host or caller",
                "CON03",
                "contact_participants",
                rng.choice(others),
                "role",
                only,
                [("contacts", contact)],
            )


@kind("contact: letter without sender, visit without host", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for contact, rows in shuffled(rng, f.parties.items()):
        due = {"letter": ("sender", "recipient"), "visit": ("host", "guest")}.get(f.contacts[contact]["mode"])
        for r in rows:
            if due and r["role"] == due[0]:
                yield cell(
                    f.d,
                    "contact: letter without sender, visit without host",
                    "CON03",
                    "contact_participants",
                    r,
                    "role",
                    due[1],
                    [("contacts", contact)],
                )


@kind("contact: wrong mode", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        new = {"letter": "phone", "phone": "letter", "visit": "phone", "meeting": "letter"}.get(c["mode"])
        if new:
            keys = [("contact_participants", f.d.key("contact_participants", r)) for r in f.parties[c["contact_id"]]]
            yield cell(
                f.d, "contact: wrong mode", "CON03", "contacts", c, "mode", new, [*keys, ("contacts", c["contact_id"])]
            )


@kind("contact: party of both or neither", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contact_participants"]):
        column, new = rng.choice([("state_id", ""), ("organization_id", "cis")])
        if c["state_id"]:
            yield cell(f.d, "contact: party of both or neither", "CON02", "contact_participants", c, column, new)


def _second_contact(e: Edit, key: str, start: str) -> None:
    e.copy("contacts", key, contact_id="C99999", start=start)
    for r in e.data["contact_participants"]:
        if r["contact_id"] == key:
            e.add("contact_participants", {**r, "contact_id": "C99999"})


@kind("contact: duplicate under another id", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        key = c["contact_id"]
        yield change(
            "contact: duplicate under another id",
            "CON05",
            "contacts",
            key,
            "contact_id",
            key,
            "C99999",
            [("contacts", "C99999"), ("contacts", key)],
            lambda e, key=key, start=c["start"]: _second_contact(e, key, start),
        )


@kind("contact: duplicate dated a day later", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        key = c["contact_id"]
        if len(c["start"].rstrip("?~")) == 10 and (not c["end"] or c["end"] > c["start"]):
            yield change(
                "contact: duplicate dated a day later",
                "CON05",
                "contacts",
                key,
                "start",
                c["start"],
                after(c["start"]),
                [("contacts", "C99999"), ("contacts", key)],
                lambda e, key=key, c=c: _second_contact(e, key, after(c["start"])),
            )


@kind("contact: initiator who is no party", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        states = {r["state_id"] for r in f.parties[c["contact_id"]]}
        yield cell(
            f.d,
            "contact: initiator who is no party",
            "CON07",
            "contacts",
            c,
            "initiator_state_id",
            rng.choice([s["state_id"] for s in f.d["states"] if s["state_id"] not in states]),
        )


@kind("contact: initiator is the callee or recipient", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["contacts"]):
        rows = f.parties[c["contact_id"]]
        active = {r["state_id"] for r in rows if r["role"] in ("caller", "sender")}
        passive = [r["state_id"] for r in rows if r["role"] in ("callee", "recipient") and r["state_id"]]
        if active and passive:
            yield cell(
                f.d,
                "contact: initiator is the callee or recipient",
                "CON07",
                "contacts",
                c,
                "initiator_state_id",
                rng.choice(passive),
            )


@kind("contact: identifiers of two contacts swapped", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = f.d["contacts"]
    fits = {(m["mode"], m["role"]) for m in f.d["mode_roles"]}
    for c in shuffled(rng, rows):
        other = rng.choice(rows)
        a, b = c["contact_id"], other["contact_id"]
        hit = [
            ("contact_participants", f.d.key("contact_participants", r))
            for r in f.parties[b]
            if (c["mode"], r["role"]) not in fits
        ]
        if hit:

            def do(e: Edit, a: str = a, b: str = b) -> None:
                one, two = e.row("contacts", a), e.row("contacts", b)
                one["contact_id"], two["contact_id"] = b, a

            yield change(
                "contact: identifiers of two contacts swapped", "CON03", "contacts", a, "contact_id", a, b, hit, do
            )


@kind("contact: parties of two contacts swapped", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    said = f.d.by("statements", "contact_id")
    for s in shuffled(rng, f.d["statements"]):
        a = s["contact_id"]
        if not a:
            continue
        b = rng.choice(sorted(f.parties))
        if s["leader_id"] in {r["leader_id"] for r in f.parties[b]} or len(said.get(b, [])) > 5:
            continue

        def do(e: Edit, a: str = a, b: str = b) -> None:
            for r in e.rows("contact_participants"):
                r["contact_id"] = {a: b, b: a}.get(r["contact_id"], r["contact_id"])

        yield change(
            "contact: parties of two contacts swapped",
            "STM02",
            "contact_participants",
            a,
            "contact_id",
            a,
            b,
            [("statements", s["statement_id"])],
            do,
        )


# Statements


@kind("statement: speaker who is no party", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["statements"]):
        if s["contact_id"]:
            there = {r["leader_id"] for r in f.parties[s["contact_id"]]}
            other = rng.choice([x["leader_id"] for x in f.d["leaders"] if x["leader_id"] not in there])
            yield cell(f.d, "statement: speaker who is no party", "STM02", "statements", s, "leader_id", other)


@kind("statement: speaker who was not at the ceremony", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["statements"]):
        if s["ceremony_id"]:
            came = {
                p["leader_id"]
                for p in f.d["participation"]
                if p["ceremony_id"] == s["ceremony_id"] and p["outcome"] == "attended"
            }
            hosts = {t["leader_id"] for t in f.d["tenures"] if t["state_id"] == "RUS"}
            other = rng.choice([x["leader_id"] for x in f.d["leaders"] if x["leader_id"] not in came | hosts])
            yield cell(
                f.d, "statement: speaker who was not at the ceremony", "STM02", "statements", s, "leader_id", other
            )


@kind("statement: host's speaker out of office", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["statements"]):
        if s["ceremony_id"]:
            days = f.ceremony_days(s["ceremony_id"])
            hosts = {t["leader_id"] for t in f.d["tenures"] if t["state_id"] == "RUS"}
            gone = sorted(x for x in hosts if not f.in_office(x, "RUS", *days))
            if gone:
                yield cell(
                    f.d,
                    "statement: host's speaker out of office",
                    "STM02 TIM03",
                    "statements",
                    s,
                    "leader_id",
                    rng.choice(gone),
                )


@kind("statement: both or neither of contact and ceremony", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["statements"]):
        if s["contact_id"]:
            column, new = rng.choice([("contact_id", ""), ("ceremony_id", "moscow-victory-day-2023")])
            yield cell(f.d, "statement: both or neither of contact and ceremony", "STM01", "statements", s, column, new)


@kind("statement: duplicate under another id", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["statements"]):
        key = s["statement_id"]
        yield change(
            "statement: duplicate under another id",
            "STM03",
            "statements",
            key,
            "statement_id",
            key,
            "V99999",
            [("statements", "V99999"), ("statements", key)],
            lambda e, key=key: e.copy("statements", key, statement_id="V99999"),
        )


# Invitations


@kind("invitation: after the ceremony", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["invited_on"]:
            yield cell(
                f.d,
                "invitation: after the ceremony",
                "TIM06",
                "invitations",
                i,
                "invited_on",
                after(f.ceremonies[i["ceremony_id"]]["end"], rng.randint(1, 90)),
            )


@kind("invitation: answered after the ceremony", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["responded_on"]:
            yield cell(
                f.d,
                "invitation: answered after the ceremony",
                "TIM06",
                "invitations",
                i,
                "responded_on",
                after(f.ceremonies[i["ceremony_id"]]["end"], rng.randint(1, 90)),
            )


@kind("invitation: answered before it was made", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["invited_on"] and i["responded_on"]:
            yield cell(
                f.d,
                "invitation: answered before it was made",
                "TIM07",
                "invitations",
                i,
                "responded_on",
                before(i["invited_on"]),
            )


@kind("invitation: of a wrong state", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        other = rng.choice(f.d["states"])["state_id"]
        _, last = f.ceremony_days(i["ceremony_id"])
        if (
            i["invited_leader_id"]
            and i["invited_state_id"]
            and not f.in_office(i["invited_leader_id"], other, "0001-01-01", last)
        ):
            yield cell(f.d, "invitation: of a wrong state", "INV06", "invitations", i, "invited_state_id", other)


@kind("invitation: of a wrong leader", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        other = rng.choice(f.d["leaders"])["leader_id"]
        _, last = f.ceremony_days(i["ceremony_id"])
        if i["invited_leader_id"] and not f.in_office(other, party(i, "invited_"), "0001-01-01", last):
            yield cell(f.d, "invitation: of a wrong leader", "INV06", "invitations", i, "invited_leader_id", other)


@kind("invitation: of both or neither", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        column, new = rng.choice([("invited_state_id", ""), ("invited_organization_id", "un")])
        if i["invited_state_id"]:
            yield cell(f.d, "invitation: of both or neither", "INV01", "invitations", i, column, new)


@kind("invitation: not extended, yet answered", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["response"] == "accepted":
            yield cell(
                f.d, "invitation: not extended, yet answered", "INV02", "invitations", i, "status", "not-extended"
            )


@kind("invitation: date of an answer that is not there", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["responded_on"]:
            yield cell(
                f.d,
                "invitation: date of an answer that is not there",
                "INV02",
                "invitations",
                i,
                "response",
                rng.choice(["", "none-reported"]),
            )


@kind("invitation: reason for coming", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["response"] == "accepted":
            yield cell(f.d, "invitation: reason for coming", "INV03", "invitations", i, "reason", "health")


@kind("invitation: conveyed by a contact of others", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        contact = rng.choice(sorted(f.parties))
        if i["contact_id"] and party(i, "invited_") not in {party(r) for r in f.parties[contact]}:
            yield cell(
                f.d, "invitation: conveyed by a contact of others", "INV04", "invitations", i, "contact_id", contact
            )


@kind("invitation: conveyed on another day", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["contact_id"] and i["invited_on"]:
            first, _ = f.contact_days(i["contact_id"])
            yield cell(
                f.d,
                "invitation: conveyed on another day",
                "INV04",
                "invitations",
                i,
                "invited_on",
                before(before(first)),
            )


@kind("invitation: to another ceremony than its contact's", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        others = [c for c in f.ceremonies if f.ceremony_days(c)[0] > f.ceremony_days(i["ceremony_id"])[1]]
        if i["contact_id"] and others and f.contacts[i["contact_id"]]["ceremony_id"]:
            yield cell(
                f.d,
                "invitation: to another ceremony than its contact's",
                "INV04 TIM06",
                "invitations",
                i,
                "ceremony_id",
                rng.choice(others),
            )


@kind("invitation: moved to an earlier ceremony", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        date = i["invited_on"] or i["responded_on"]
        others = [c for c in f.ceremonies if date and f.ceremony_days(c)[1] < low(date)]
        if others:
            yield cell(
                f.d,
                "invitation: moved to an earlier ceremony",
                "TIM06",
                "invitations",
                i,
                "ceremony_id",
                rng.choice(others),
            )


@kind("invitation: duplicate under another id", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        key = i["invitation_id"]
        yield change(
            "invitation: duplicate under another id",
            "INV05",
            "invitations",
            key,
            "invitation_id",
            key,
            "I99999",
            [("invitations", "I99999"), ("invitations", key)],
            lambda e, key=key: e.copy("invitations", key, invitation_id="I99999"),
        )


@kind("invitation: by a state that is not the host", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["inviting_state_id"]:
            yield cell(
                f.d,
                "invitation: by a state that is not the host",
                "INV07",
                "invitations",
                i,
                "inviting_state_id",
                rng.choice(["CHN", "KAZ", "BLR"]),
            )


@kind("invitation: inviter out of office", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        first, last = f.ceremony_days(i["ceremony_id"])
        other = rng.choice(["yeltsin-boris", "tokayev-kassym-jomart", "xi-jinping"])
        if i["inviting_leader_id"] and not f.in_office(other, "RUS", shift(first, -1)[:4] + "-01-01", last):
            yield cell(f.d, "invitation: inviter out of office", "INV07", "invitations", i, "inviting_leader_id", other)


@kind("invitation: inviter and guest swapped", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for i in shuffled(rng, f.d["invitations"]):
        if i["inviting_leader_id"] and i["invited_leader_id"]:
            key = i["invitation_id"]

            def do(e: Edit, key: str = key, i: Row = i) -> None:
                e.set(
                    "invitations",
                    key,
                    inviting_leader_id=i["invited_leader_id"],
                    invited_leader_id=i["inviting_leader_id"],
                )

            yield change(
                "invitation: inviter and guest swapped",
                "INV06 INV07",
                "invitations",
                key,
                "invited_leader_id",
                i["invited_leader_id"],
                i["inviting_leader_id"],
                [("invitations", key)],
                do,
            )


# Evidence and sources


@kind("evidence: of a row that does not exist", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for e in shuffled(rng, f.d["evidence"]):
        yield cell(
            f.d, "evidence: of a row that does not exist", "EVI01", "evidence", e, "record_id", e["record_id"] + "9"
        )


@kind("evidence: of another table", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    tables = ["participation", "contacts", "tenures", "invitations"]
    for e in shuffled(rng, f.d["evidence"]):
        yield cell(
            f.d,
            "evidence: of another table",
            "EVI01",
            "evidence",
            e,
            "record_table",
            rng.choice([t for t in tables if t != e["record_table"]]),
        )


@kind("evidence: records of two claims swapped", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = f.d["evidence"]
    for e in shuffled(rng, rows):
        other = rng.choice(rows)
        if e["record_table"] != other["record_table"]:
            a, b = e["evidence_id"], other["evidence_id"]

            def do(x: Edit, a: str = a, b: str = b, e: Row = e, other: Row = other) -> None:
                x.set("evidence", a, record_id=other["record_id"])
                x.set("evidence", b, record_id=e["record_id"])

            yield change(
                "evidence: records of two claims swapped",
                "EVI01",
                "evidence",
                a,
                "record_id",
                e["record_id"],
                other["record_id"],
                [("evidence", a)],
                do,
            )


@kind("evidence: removed altogether", 14)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    keys = shuffled(rng, f.claims)
    for table in ("ceremonies", "invitations", "participation", "contacts", "statements", "tenures", "memberships"):
        for _, record in [k for k in keys if k[0] == table][:2]:
            ids = [e["evidence_id"] for e in f.claims[(table, record)]]
            yield change(
                "evidence: removed altogether",
                "EVI02",
                "evidence",
                ",".join(ids),
                "",
                "",
                "removed",
                [(table, record)],
                lambda e, ids=ids: e.drop("evidence", *ids),
            )


@kind("evidence: of a life removed", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    # A name needs no evidence; what is said of a life does.
    said = ("birth_date", "death_date", "wikidata_id")
    lives = {r["leader_id"] for r in f.d["leaders"] if any(r[c] for c in said)}
    for table, record in shuffled(rng, f.claims):
        if table == "leaders" and record in lives:
            ids = [e["evidence_id"] for e in f.claims[(table, record)]]
            yield change(
                "evidence: of a life removed",
                "EVI02",
                "evidence",
                ",".join(ids),
                "",
                "",
                "removed",
                [("leaders", record)],
                lambda e, ids=ids: e.drop("evidence", *ids),
            )


@kind("evidence: only contradictions left", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for (table, record), claims in shuffled(rng, f.claims.items()):
        if table == "contacts" and len(claims) == 1:
            yield cell(
                f.d,
                "evidence: only contradictions left",
                "EVI02",
                "evidence",
                claims[0],
                "stance",
                "contradicts",
                [(table, record)],
            )


@kind("evidence: supports by a source from before", 6)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for e in shuffled(rng, f.d["evidence"]):
        published = f.sources[e["source_id"]]["published"]
        if e["stance"] == "announces" and published:
            day = f.fact_day(e)
            if day and high(published) < day:
                yield cell(
                    f.d, "evidence: supports by a source from before", "TIM09", "evidence", e, "stance", "supports"
                )


@kind("evidence: its source redated before the fact", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    uses = Counter(e["source_id"] for e in f.d["evidence"])
    for e in shuffled(rng, f.d["evidence"]):
        day = f.fact_day(e) if e["stance"] == "supports" else ""
        if day and uses[e["source_id"]] < 10:
            yield cell(
                f.d,
                "evidence: its source redated before the fact",
                "TIM09",
                "sources",
                f.sources[e["source_id"]],
                "published",
                shift(day, -1),
                [("evidence", e["evidence_id"])],
            )


@kind("evidence: sources of two claims swapped", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = [e for e in f.d["evidence"] if e["stance"] == "supports"]
    for e in shuffled(rng, rows):
        day, other = f.fact_day(e), rng.choice(rows)
        published = f.sources[other["source_id"]]["published"]
        if day and published and high(published) < day:
            a, b = e["evidence_id"], other["evidence_id"]

            def do(x: Edit, a: str = a, b: str = b, e: Row = e, other: Row = other) -> None:
                x.set("evidence", a, source_id=other["source_id"])
                x.set("evidence", b, source_id=e["source_id"])

            yield change(
                "evidence: sources of two claims swapped",
                "TIM09",
                "evidence",
                a,
                "source_id",
                e["source_id"],
                other["source_id"],
                [("evidence", a)],
                do,
            )


@kind("evidence: duplicate under another id", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for e in shuffled(rng, f.d["evidence"]):
        key = e["evidence_id"]
        yield change(
            "evidence: duplicate under another id",
            "EVI08",
            "evidence",
            key,
            "evidence_id",
            key,
            "E99999",
            [("evidence", "E99999"), ("evidence", key)],
            lambda x, e=e: x.add("evidence", {**e, "evidence_id": "E99999"}),
        )


@kind("evidence: about a column that is not there", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for e in shuffled(rng, f.d["evidence"]):
        yield cell(f.d, "evidence: about a column that is not there", "EVI07", "evidence", e, "field", "attendance")


@kind("evidence: contradiction without a note", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    noted = {("ceremonies", c["ceremony_id"]) for c in f.d["ceremonies"]}
    for table in ("participation", "invitations", "leaders"):
        noted |= {(table, f.d.key(table, r)) for r in f.d[table] if r["note"]}
    for e in shuffled(rng, f.d["evidence"]):
        if e["stance"] == "contradicts" and e["note"] and (e["record_table"], e["record_id"]) not in noted:
            yield cell(f.d, "evidence: contradiction without a note", "EVI04", "evidence", e, "note", "")


@kind("evidence: contradiction without a value", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for e in shuffled(rng, f.d["evidence"]):
        if e["stance"] == "contradicts" and e["field"] and e["reported_value"]:
            yield cell(f.d, "evidence: contradiction without a value", "EVI09", "evidence", e, "reported_value", "")


@kind("source: only machine-rewritten text left", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for (table, record), claims in shuffled(rng, f.claims.items()):
        human = f.sources[claims[0]["source_id"]]["publisher_kind"] != "machine-rewritten"
        if (
            human
            and table in ("contacts", "invitations", "statements")
            and len({e["source_id"] for e in claims}) == 1
            and claims[0]["stance"] == "supports"
        ):
            yield cell(
                f.d,
                "source: only machine-rewritten text left",
                "EVI06",
                "sources",
                f.sources[claims[0]["source_id"]],
                "publisher_kind",
                "machine-rewritten",
                [(table, record)],
            )


@kind("source: unused", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["sources"]):
        yield change(
            "source: unused",
            "EVI03",
            "sources",
            "S99999",
            "",
            "",
            "added",
            [("sources", "S99999")],
            lambda e, s=s: e.add("sources", {**s, "source_id": "S99999", "url": s["url"] + "?page=2"}),
        )


@kind("source: lost its evidence", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    uses = f.d.by("evidence", "source_id")
    others = {s["origin_source_id"] for s in f.d["sources"]} | {c["source_id"] for c in f.d["state_codes"]}
    for s, claims in shuffled(rng, uses.items()):
        if len(claims) == 1 and s not in others:
            key = claims[0]["evidence_id"]
            yield change(
                "source: lost its evidence",
                "EVI03",
                "evidence",
                key,
                "",
                "",
                "removed",
                [("sources", s)],
                lambda e, key=key: e.drop("evidence", key),
            )


@kind("source: same url under another id", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["sources"]):
        yield change(
            "source: same url under another id",
            "KEY02",
            "sources",
            s["source_id"],
            "source_id",
            s["source_id"],
            "S99999",
            [("sources", "S99999"), ("sources", s["source_id"])],
            lambda e, s=s: e.add("sources", {**s, "source_id": "S99999"}),
        )


@kind("source: origin cycle", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["sources"]):
        if s["origin_source_id"]:
            root = f.sources[s["origin_source_id"]]
            yield cell(
                f.d,
                "source: origin cycle",
                "EVI10",
                "sources",
                root,
                "origin_source_id",
                s["source_id"],
                [("sources", s["source_id"]), ("sources", root["source_id"])],
            )


@kind("source: origin of itself", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["sources"]):
        yield cell(f.d, "source: origin of itself", "EVI10", "sources", s, "origin_source_id", s["source_id"])


@kind("source: read before published", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["sources"]):
        if s["published"]:
            yield cell(
                f.d, "source: read before published", "TIM11", "sources", s, "accessed", shift(low(s["published"]), -1)
            )


@kind("source: published in the future", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["sources"]):
        yield cell(f.d, "source: published in the future", "TIM10 TIM11", "sources", s, "published", "2033-05-09")


# Leaders and their names


@kind("leader: duplicate under another id", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for x in shuffled(rng, f.d["leaders"]):
        key, new = x["leader_id"], x["leader_id"] + "-2"
        yield change(
            "leader: duplicate under another id",
            "LEA03",
            "leaders",
            key,
            "leader_id",
            key,
            new,
            [("leaders", new), ("leaders", key)],
            lambda e, x=x, new=new: e.add("leaders", {**x, "leader_id": new}),
        )


@kind("leader: unused", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for name in ("Jane Placeholder", "John Nobody"):
        given, family = name.split()
        key = f"{family}-{given}".lower()

        def do(e: Edit, name: str = name, key: str = key, family: str = family, given: str = given) -> None:
            e.add("leaders", {"leader_id": key, "name": name, "family_name": family, "given_name": given})
            e.add("leader_names", {"leader_id": key, "name": name, "language": "en", "script": "Latn"})

        yield change("leader: unused", "LEA01", "leaders", key, "", "", "added", [("leaders", key)], do)


@kind("leader: canonical name not listed", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for x in shuffled(rng, f.d["leaders"]):
        yield cell(f.d, "leader: canonical name not listed", "LEA02", "leaders", x, "name", x["name"] + "ov")


@kind("leader: spelling of another", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for n in shuffled(rng, f.d["leader_names"]):
        other = rng.choice([x["leader_id"] for x in f.d["leaders"] if x["leader_id"] != n["leader_id"]])
        keys = [f"{a}/{n['name']}/{n['language']}" for a in (n["leader_id"], other)]
        yield change(
            "leader: spelling of another",
            "LEA04",
            "leader_names",
            keys[1],
            "",
            "",
            "added",
            [("leader_names", k) for k in keys],
            lambda e, n=n, other=other: e.add("leader_names", {**n, "leader_id": other}),
        )


@kind("leader: identifier of another name", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for x in shuffled(rng, f.d["leaders"]):
        if x["family_name"] and x["given_name"] and (x["family_name"] + x["given_name"]).isascii():
            yield cell(
                f.d, "leader: identifier of another name", "LEA05", "leaders", x, "family_name", x["family_name"] + "ov"
            )


@kind("leader: identifiers of two leaders swapped", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = [
        x
        for x in f.d["leaders"]
        if x["family_name"] and x["given_name"] and (x["family_name"] + x["given_name"]).isascii()
    ]
    for x in shuffled(rng, rows):
        a, b = x["leader_id"], rng.choice([y["leader_id"] for y in rows if y is not x])

        def do(e: Edit, a: str = a, b: str = b) -> None:
            one, two = e.row("leaders", a), e.row("leaders", b)
            one["leader_id"], two["leader_id"] = b, a

        yield change(
            "leader: identifiers of two leaders swapped",
            "LEA05 LEA02",
            "leaders",
            a,
            "leader_id",
            a,
            b,
            [("leaders", a), ("leaders", b)],
            do,
        )


@kind("leader: birth after death", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for x in shuffled(rng, f.d["leaders"]):
        if x["birth_date"] and x["death_date"]:
            key = x["leader_id"]

            def do(e: Edit, key: str = key, x: Row = x) -> None:
                e.set("leaders", key, birth_date=x["death_date"], death_date=x["birth_date"])

            yield change(
                "leader: birth after death",
                "TIM01",
                "leaders",
                key,
                "birth_date",
                x["birth_date"],
                x["death_date"],
                [("leaders", key)],
                do,
            )


@kind("leader: dies before taking part", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    leaders = {x["leader_id"]: x for x in f.d["leaders"] if x["birth_date"]}
    for p in shuffled(rng, f.d["participation"]):
        if p["leader_id"] in leaders and sum(c["leader_id"] == p["leader_id"] for c in f.d["contact_participants"]) < 5:
            yield cell(
                f.d,
                "leader: dies before taking part",
                "TIM03",
                "leaders",
                leaders[p["leader_id"]],
                "death_date",
                before(f.ceremony_days(p["ceremony_id"])[0]),
                [("participation", p["participation_id"])],
            )


# States, codes, memberships


@kind("state code: ISO code of another state", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = [c for c in f.d["state_codes"] if c["scheme"] == "iso3"]
    for c in shuffled(rng, rows):
        other = rng.choice([r["code"] for r in rows if r["code"] != c["code"]])
        yield cell(f.d, "state code: ISO code of another state", "STA02", "state_codes", c, "code", other)


@kind("state code: ambiguous", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    rows = f.d["state_codes"]
    for c in shuffled(rng, rows):
        others = [
            r
            for r in rows
            if r["scheme"] == c["scheme"]
            and r["state_id"] != c["state_id"]
            and low(r["valid_from"]) <= high(c["valid_to"])
            and low(c["valid_from"]) < high(r["valid_to"])
        ]
        if c["scheme"] in ("cow", "cow-abbrev", "gw", "iso-numeric", "vdem") and others:
            other = rng.choice(others)
            hit = [
                ("state_codes", f.d.key("state_codes", other)),
                ("state_codes", f.d.key("state_codes", {**c, "code": other["code"]})),
            ]
            yield cell(f.d, "state code: ambiguous", "STA01", "state_codes", c, "code", other["code"], hit)


@kind("state code: second code of a state", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["state_codes"]):
        if c["scheme"] in ("cow", "gw", "iso-numeric"):
            made = {**c, "code": "998"}
            yield change(
                "state code: second code of a state",
                "STA01",
                "state_codes",
                f.d.key("state_codes", made),
                "",
                "",
                "added",
                [("state_codes", f.d.key("state_codes", made)), ("state_codes", f.d.key("state_codes", c))],
                lambda e, made=made: e.add("state_codes", made),
            )


@kind("state code: same code for overlapping periods", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["state_codes"]):
        made = {**c, "valid_from": after(low(c["valid_from"]), 400)}
        if low(made["valid_from"]) < low(c["valid_to"] or "9999"):
            yield change(
                "state code: same code for overlapping periods",
                "STA01",
                "state_codes",
                f.d.key("state_codes", made),
                "",
                "",
                "added",
                [("state_codes", f.d.key("state_codes", made)), ("state_codes", f.d.key("state_codes", c))],
                lambda e, made=made: e.add("state_codes", made),
            )


@kind("state code: period ends before it starts", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["state_codes"]):
        yield cell(
            f.d,
            "state code: period ends before it starts",
            "TIM01",
            "state_codes",
            c,
            "valid_to",
            shift(low(c["valid_from"]), -1),
        )


@kind("state: founded after it took part", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if (
            p["state_id"]
            and p["ceremony_id"].endswith(("1995", "2005"))
            and sum(c["state_id"] == p["state_id"] for c in f.d["contact_participants"]) < 6
        ):
            state = f.d.one("states", "state_id", p["state_id"])
            yield cell(
                f.d,
                "state: founded after it took part",
                "TIM02",
                "states",
                state,
                "exists_from",
                f.ceremonies[p["ceremony_id"]]["year"] + "-09",
                [("participation", p["participation_id"])],
            )


@kind("state: gone before it took part", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        if (
            p["state_id"]
            and p["ceremony_id"].endswith(("2024", "2025"))
            and sum(c["state_id"] == p["state_id"] for c in f.d["contact_participants"]) < 6
        ):
            state = f.d.one("states", "state_id", p["state_id"])
            yield cell(
                f.d,
                "state: gone before it took part",
                "TIM02",
                "states",
                state,
                "exists_to",
                f.ceremonies[p["ceremony_id"]]["year"] + "-02",
                [("participation", p["participation_id"])],
            )


@kind("state: same name under another id", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["states"]):
        yield change(
            "state: same name under another id",
            "KEY02",
            "states",
            s["state_id"],
            "state_id",
            s["state_id"],
            "XZZ",
            [("states", "XZZ"), ("states", s["state_id"])],
            lambda e, s=s: e.add("states", {**s, "state_id": "XZZ"}),
        )


@kind("organization: same name under another id", 1)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for s in shuffled(rng, f.d["organizations"]):
        key = s["organization_id"]
        yield change(
            "organization: same name under another id",
            "KEY02",
            "organizations",
            key,
            "organization_id",
            key,
            "zzz",
            [("organizations", "zzz"), ("organizations", key)],
            lambda e, s=s: e.add("organizations", {**s, "organization_id": "zzz"}),
        )


@kind("membership: overlap", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for m in shuffled(rng, f.d["memberships"]):
        key = f.d.key("memberships", m)
        made = {**m, "start": after(low(m["start"]), 200), "status": rng.choice([m["status"], "observer"])}
        if low(made["start"]) < low(m["end"] or "2026"):

            def do(e: Edit, key: str = key, made: Row = made) -> None:
                e.copy("memberships", key, start=made["start"], status=made["status"])

            yield change(
                "membership: overlap",
                "STA03",
                "memberships",
                key,
                "start",
                m["start"],
                made["start"],
                [("memberships", key), ("memberships", f.d.key("memberships", made))],
                do,
            )


@kind("membership: ends before it starts", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for m in shuffled(rng, f.d["memberships"]):
        yield cell(f.d, "membership: ends before it starts", "TIM01", "memberships", m, "end", before(m["start"]))


@kind("membership: before the state existed", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    young = {s["state_id"] for s in f.d["states"] if s["exists_from"]}
    for m in shuffled(rng, f.d["memberships"]):
        if m["state_id"] in young:
            key, new = f.d.key("memberships", m), f"{m['state_id']}/{m['organization_id']}/1975-01-01"

            def do(e: Edit, key: str = key) -> None:
                e.set("memberships", key, start="1975-01-01", end="1980-01-01")

            yield change(
                "membership: before the state existed",
                "TIM02",
                "memberships",
                key,
                "start",
                m["start"],
                "1975-01-01",
                [("memberships", new)],
                do,
            )


# Ceremonies and coverage


@kind("ceremony: year, day or identifier differ", 5)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"])[:3]:
        yield cell(
            f.d, "ceremony: year, day or identifier differ", "CER01", "ceremonies", c, "year", str(int(c["year"]) - 4)
        )
    for c in shuffled(rng, f.d["ceremonies"])[:2]:
        key = c["ceremony_id"]

        def do(e: Edit, key: str = key, c: Row = c) -> None:
            e.set("ceremonies", key, start=shift(c["start"], 1), end=shift(c["end"], 1))

        yield change(
            "ceremony: year, day or identifier differ",
            "CER01",
            "ceremonies",
            key,
            "start",
            c["start"],
            shift(c["start"], 1),
            [("ceremonies", key)],
            do,
        )


@kind("ceremony: wrong anniversary", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"]):
        yield cell(
            f.d,
            "ceremony: wrong anniversary",
            "CER02",
            "ceremonies",
            c,
            "anniversary",
            str(int(c["anniversary"]) + rng.choice([-1, 1, 5])),
        )


@kind("ceremony: not on the day of its series", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"]):
        if c["start"].endswith("05-09"):
            key, day = c["ceremony_id"], c["start"][:8] + "08"

            def do(e: Edit, key: str = key, day: str = day) -> None:
                e.set("ceremonies", key, start=day, end=day)

            yield change(
                "ceremony: not on the day of its series",
                "TIM08",
                "ceremonies",
                key,
                "start",
                c["start"],
                day,
                [("ceremonies", key)],
                do,
            )


@kind("ceremony: wrong host", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"]):
        if c["year"] in ("1995", "2005", "2024"):
            yield cell(f.d, "ceremony: wrong host", "CER03", "ceremonies", c, "host_state_id", "JPN")


@kind("ceremony: end before start", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"]):
        yield cell(f.d, "ceremony: end before start", "TIM01", "ceremonies", c, "end", before(c["start"]))


@kind("ceremony: edition twice", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"]):
        key = c["ceremony_id"]
        yield change(
            "ceremony: edition twice",
            "KEY02",
            "ceremonies",
            key,
            "ceremony_id",
            key,
            "moscow-parade",
            [("ceremonies", "moscow-parade"), ("ceremonies", key)],
            lambda e, key=key: e.copy("ceremonies", key, ceremony_id="moscow-parade"),
        )


@kind("ceremony: count of the host not matched", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["ceremonies"]):
        if c["year"] in ("2023", "2024", "2025") and c["reported_leader_count"]:
            yield cell(
                f.d,
                "ceremony: count of the host not matched",
                "PAR09",
                "ceremonies",
                c,
                "reported_leader_count",
                str(int(c["reported_leader_count"]) + 3),
            )


@kind("ceremony: invitations despite the policy none", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    invited = {i["ceremony_id"] for i in f.d["invitations"] if i["status"] == "extended"}
    for c in shuffled(rng, f.d["ceremonies"]):
        if c["ceremony_id"] in invited and c["invitation_policy"] != "none":
            yield cell(
                f.d,
                "ceremony: invitations despite the policy none",
                "COV04",
                "ceremonies",
                c,
                "invitation_policy",
                "none",
            )


@kind("series: another day, base year or host", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    every = [("ceremonies", c) for c in f.ceremonies]
    for column, new, code in (
        ("day", "06-24", "TIM08"),
        ("base_year", "1944", "CER02"),
        ("host_state_id", "BLR", "CER03"),
    ):
        yield cell(f.d, "series: another day, base year or host", code, "series", f.d["series"][0], column, new, every)


@kind("coverage: row dropped", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["coverage"]):
        key = f.d.key("coverage", c)
        yield change(
            "coverage: row dropped",
            "COV01",
            "coverage",
            key,
            "",
            "",
            "removed",
            [("ceremonies", c["ceremony_id"])],
            lambda e, key=key: e.drop("coverage", key),
        )


@kind("coverage: none, but rows are coded", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    tables = {"attendance": "participation", "invitations": "invitations", "contacts": "contacts"}
    coded = {
        (topic, r["ceremony_id"])
        for topic, table in tables.items()
        for r in f.d[table]
        if r.get("rank") != "contingent"
    }
    for c in shuffled(rng, f.d["coverage"]):
        if (c["topic"], c["ceremony_id"]) in coded and c["completeness"] != "none":
            yield cell(f.d, "coverage: none, but rows are coded", "COV03", "coverage", c, "completeness", "none")


@kind("coverage: zero without source", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    # A new edition that nobody came to, as somebody would add it who did not look.
    for year in ("1997", "2013"):
        key = f"moscow-victory-day-{year}"

        def do(e: Edit, key: str = key, year: str = year) -> None:
            c = e.data["ceremonies"][-1]
            e.add(
                "ceremonies",
                {
                    **c,
                    "ceremony_id": key,
                    "year": year,
                    "anniversary": str(int(year) - 1945),
                    "start": f"{year}-05-09",
                    "end": f"{year}-05-09",
                    "reported_leader_count": "0",
                    "announced_leader_count": "",
                },
            )
            e.add(
                "evidence",
                {
                    "evidence_id": "E99999",
                    "record_table": "ceremonies",
                    "record_id": key,
                    "source_id": "S00003",
                    "stance": "supports",
                },
            )
            for topic in ("attendance", "contacts", "contingents", "invitations"):
                e.add(
                    "coverage",
                    {
                        "ceremony_id": key,
                        "topic": topic,
                        "completeness": "complete" if topic == "attendance" else "none",
                        "basis": "None.",
                    },
                )

        yield change(
            "coverage: zero without source",
            "COV02",
            "coverage",
            f"{key}/attendance",
            "",
            "",
            "added",
            [("coverage", f"{key}/attendance")],
            do,
        )


# Parents that are gone


def _children(f: Facts, parent: str, value: str) -> list[Place]:
    """Return the tables with a reference to a value of a parent table."""
    found: list[Place] = []
    for table, schema in f.d.schemas.items():
        for key in schema.get("foreignKeys", []):
            if (key["reference"].get("resource") or table) == parent and any(
                r[key["fields"][0]] == value for r in f.d[table]
            ):
                found.append((table, None))
    return found


def _dropped_parent(parent: str, most: int) -> None:
    name = f"parent dropped: {parent}"

    @kind(name, most)
    def make(f: Facts, rng: random.Random) -> Iterator[Mutation]:
        column = f.d.primary(parent)[0]
        for r in shuffled(rng, f.d[parent]):
            key = r[column]
            hit = _children(f, parent, key)
            if hit:
                yield change(name, "KEY03", parent, key, "", "", "removed", hit, lambda e, key=key: e.drop(parent, key))


for _parent, _most in (
    ("leaders", 5),
    ("states", 4),
    ("organizations", 3),
    ("ceremonies", 3),
    ("contacts", 4),
    ("sources", 4),
    ("participation", 2),
    ("series", 1),
):
    _dropped_parent(_parent, _most)


@kind("parent dropped: the busiest", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, key in (
        ("leaders", "putin-vladimir"),
        ("states", "RUS"),
        ("ceremonies", "moscow-victory-day-2025"),
        ("sources", Counter(e["source_id"] for e in f.d["evidence"]).most_common(1)[0][0]),
    ):
        yield change(
            "parent dropped: the busiest",
            "KEY03",
            table,
            key,
            "",
            "",
            "removed",
            _children(f, table, key),
            lambda e, table=table, key=key: e.drop(table, key),
        )


@kind("term dropped from a vocabulary", 8)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["codes"]):
        hit = []
        for table in f.d.tables:
            for x in f.d.fields(table):
                if x.get("vocabulary") == c["vocabulary"]:
                    parts = x.get("delimiter")
                    hit += [
                        (table, None)
                        for r in f.d[table]
                        if c["code"] in (r[x["name"]].split(parts) if parts else [r[x["name"]]])
                    ]
        if hit:
            key = f.d.key("codes", c)
            yield change(
                "term dropped from a vocabulary",
                "COL04",
                "codes",
                key,
                "",
                "",
                "removed",
                sorted(set(hit)),
                lambda e, key=key: e.drop("codes", key),
            )


@kind("waiver dropped", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for w in f.d["waivers"]:
        key = f.d.key("waivers", w)
        yield change(
            "waiver dropped",
            w["rule"],
            "waivers",
            key,
            "",
            "",
            "removed",
            [(w["record_table"], w["record_id"])],
            lambda e, key=key: e.drop("waivers", key),
        )


@kind("waiver of nothing", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for rule, code in (("TIM08", "WAI01"), ("ZZZ99", "WAI02"), ("KEY03", "WAI02")):
        key = f"{rule}/ceremonies/moscow-victory-day-2005"
        yield change(
            "waiver of nothing",
            code,
            "waivers",
            key,
            "",
            "",
            "added",
            [("waivers", key)],
            lambda e, rule=rule: e.add(
                "waivers",
                {"rule": rule, "record_table": "ceremonies", "record_id": "moscow-victory-day-2005", "reason": "None."},
            ),
        )


@kind("retired id in use", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table in ("contacts", "leaders", "participation"):
        key = f.d.key(table, rng.choice(f.d[table]))
        yield change(
            "retired id in use",
            "REL01",
            "retired_ids",
            f"{table}/{key}",
            "",
            "",
            "added",
            [("retired_ids", f"{table}/{key}")],
            lambda e, table=table, key=key: e.add(
                "retired_ids", {"record_table": table, "record_id": key, "retired_in": "0.1.0", "reason": "Twice."}
            ),
        )


@kind("retired id replaced by nothing", 1)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    yield change(
        "retired id replaced by nothing",
        "REL02",
        "retired_ids",
        "contacts/C88888",
        "",
        "",
        "added",
        [("retired_ids", "contacts/C88888")],
        lambda e: e.add(
            "retired_ids",
            {
                "record_table": "contacts",
                "record_id": "C88888",
                "retired_in": "0.1.0",
                "reason": "Twice.",
                "replaced_by": "C77777",
            },
        ),
    )


# Cells of every column


def _columns(f: Facts, wanted: Callable[[dict], bool]) -> list[tuple[str, dict]]:
    return [(t, x) for t in f.d.tables if f.d[t] for x in f.d.fields(t) if wanted(x)]


@kind("cell: unknown term", 40)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, x in _columns(f, lambda x: "vocabulary" in x):
        name = x["name"]
        rows = [r for r in f.d[table] if r[name]]
        if rows:
            r = rng.choice(rows)
            bad = r[name].split(x.get("delimiter") or "\n")
            bad[rng.randrange(len(bad))] = rng.choice(["unknown", "n/a", bad[0].upper(), bad[0] + "s"])
            yield cell(f.d, "cell: unknown term", "COL04", table, r, name, (x.get("delimiter") or "").join(bad))


@kind("cell: list out of order or with a term twice", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for p in shuffled(rng, f.d["participation"]):
        parts = p["segments"].split(";")
        if len(parts) > 1:
            yield cell(
                f.d,
                "cell: list out of order or with a term twice",
                "COL04",
                "participation",
                p,
                "segments",
                ";".join(rng.choice([parts[::-1], [*parts, parts[-1]]])),
            )


def _date_column(kind_name: str, forms: Callable[[str], list[str]]) -> None:
    @kind(kind_name, 40)
    def make(f: Facts, rng: random.Random) -> Iterator[Mutation]:
        for table, x in _columns(f, lambda x: x.get("edtf")):
            rows = [r for r in f.d[table] if r[x["name"]]]
            if rows:
                r = rng.choice(rows)
                yield cell(f.d, kind_name, "COL05", table, r, x["name"], rng.choice(forms(r[x["name"]])))


_date_column(
    "cell: malformed date",
    lambda v: [
        f"9.5.{v[:4]}",
        v[:4] + "/05/09",
        f"{v[:4]}-5-9",
        "May " + v[:4],
        v[2:],
        f"{v[:4]}-05-09T10:00",
        v[:4] + "-05-09?~",
    ],
)
_date_column(
    "cell: impossible date",
    lambda v: [v[:4] + "-02-30", v[:4] + "-13", v[:4] + "-04-31", v[:4] + "-00-10", "2023-02-29"],
)


@kind("cell: required but empty", 70)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, x in _columns(f, lambda x: x.get("constraints", {}).get("required")):
        if x["name"] in f.d.primary(table) and table in (
            "codes",
            "ceremonies",
            "series",
            "mode_roles",
            "rank_offices",
            "contacts",
        ):
            continue
        r = rng.choice(f.d[table])
        places = [(table, f.d.key(table, {**r, x["name"]: ""}))]
        if x["name"] not in f.d.primary(table) or rng.random() < 0.5:
            yield cell(f.d, "cell: required but empty", "COL02", table, r, x["name"], "", places)


@kind("cell: pattern broken", 30)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, x in shuffled(rng, _columns(f, lambda x: "pattern" in x.get("constraints", {}) and not x.get("edtf"))):
        name = x["name"]
        rows = [r for r in f.d[table] if r[name]]
        if rows and name not in f.d.primary(table):
            r = rng.choice(rows)
            bad = {"url": "www.example.org/a b", "language": "Russian", "script": "Cyrillic"}.get(name) or rng.choice(
                [r[name] + " 2", "!" + r[name], r[name].swapcase() + "_"]
            )
            yield cell(f.d, "cell: pattern broken", "COL03", table, r, name, bad)


@kind("cell: wrong type", 15)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, x in _columns(f, lambda x: x["type"] in ("integer", "boolean")):
        rows = [r for r in f.d[table] if r[x["name"]]]
        if rows:
            bad = rng.choice(["7.0", "seven", "1,000"]) if x["type"] == "integer" else rng.choice(["yes", "ja", "2"])
            yield cell(f.d, "cell: wrong type", "COL01", table, rng.choice(rows), x["name"], bad)


@kind("cell: out of its limits", 8)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, x in _columns(
        f, lambda x: "maximum" in x.get("constraints", {}) or "minimum" in x.get("constraints", {})
    ):
        rows = [r for r in f.d[table] if r[x["name"]]]
        if rows:
            yield cell(
                f.d,
                "cell: out of its limits",
                "COL03",
                table,
                rng.choice(rows),
                x["name"],
                str(x["constraints"].get("maximum", 10**6) + 1),
            )


@kind("cell: reference to nothing", 40)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table, schema in f.d.schemas.items():
        for key in schema.get("foreignKeys", []):
            name = key["fields"][0]
            rows = [r for r in f.d[table] if r[name]]
            if rows:
                r = rng.choice(rows)
                bad = (
                    "QQQ"
                    if r[name].isupper() and len(r[name]) == 3
                    else r[name][0] + "98765"
                    if r[name][1:].isdigit()
                    else r[name] + "x"
                )
                yield cell(f.d, "cell: reference to nothing", "KEY03", table, r, name, bad)


@kind("key: row twice", 22)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table in f.d.tables:
        if f.d[table]:
            r = rng.choice(f.d[table])
            yield change(
                "key: row twice",
                "KEY01",
                table,
                f.d.key(table, r),
                "",
                "",
                "added",
                [(table, f.d.key(table, r))],
                lambda e, table=table, r=r: e.add(table, r),
            )


@kind("key: position of a term taken", 1)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for c in shuffled(rng, f.d["codes"]):
        if c["position"] == "2":
            first = next(x for x in f.d["codes"] if x["vocabulary"] == c["vocabulary"] and x["position"] == "1")
            yield cell(
                f.d,
                "key: position of a term taken",
                "KEY02",
                "codes",
                c,
                "position",
                "1",
                [("codes", f.d.key("codes", c)), ("codes", f.d.key("codes", first))],
            )


# Files


def _in_file(
    name: str,
    most: int,
    codes: str,
    edit: Callable[[bytes], bytes],
    line: Callable[[bytes, bytes], int | None],
    tables: tuple[str, ...] = (),
) -> None:
    """Register a corruption of the bytes of a file."""

    @kind(name, most)
    def make(f: Facts, rng: random.Random) -> Iterator[Mutation]:
        for table in tables or shuffled(rng, [t for t in f.d.tables if len(f.d[t]) > 4]):
            path, source = f.d.path(table), f.d.source(table)
            if edit(source) == source:
                continue

            def do(e: Edit, path: str = path) -> None:
                e.raw[path] = edit

            yield change(name, codes, table, "", "", "", name, [(path, line(source, edit(source)))], do)


def _line_of_change(old: bytes, new: bytes) -> int:
    pairs = enumerate(zip(old.split(b"\n"), new.split(b"\n"), strict=False), 1)
    return next((i for i, (a, b) in pairs if a != b), old.count(b"\n"))


def _line3(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def edit(source: bytes) -> bytes:
        lines = source.split(b"\n")
        # A record that spans lines would need care; the plain ones do.
        place = next((i for i in range(2, len(lines)) if b'"' not in lines[i - 1] + lines[i] and lines[i]), 0)
        if place:
            lines[place] = change(lines[place])
        return b"\n".join(lines)

    return edit


def _swap_lines(source: bytes) -> bytes:
    lines = source.split(b"\n")
    place = next((i for i in range(2, len(lines) - 1) if not any(b'"' in x for x in lines[i - 1 : i + 2])), 0)
    if place:
        lines[place - 1], lines[place] = lines[place], lines[place - 1]
    return b"\n".join(lines)


def _quote_first(row: bytes) -> bytes:
    head, comma, rest = row.partition(b",")
    return b'"' + head + b'"' + comma + rest


def _swap_columns(source: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(source.decode("utf-8"), newline="")))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*r[:-2], r[-1], r[-2]] for r in rows)
    return text.getvalue().encode("utf-8")


def _drop_column(source: bytes) -> bytes:
    rows = list(csv.reader(io.StringIO(source.decode("utf-8"), newline="")))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(r[:-1] for r in rows)
    return text.getvalue().encode("utf-8")


def _first_line(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    def edit(source: bytes) -> bytes:
        head, _, rest = source.partition(b"\n")
        return change(head) + b"\n" + rest

    return edit


def _nfd(source: bytes) -> bytes:
    text = source.decode("utf-8")
    place = next((i for i, c in enumerate(text) if unicodedata.normalize("NFD", c) != c), None)
    return (
        source
        if place is None
        else (text[:place] + unicodedata.normalize("NFD", text[place]) + text[place + 1 :]).encode("utf-8")
    )


_in_file("file: CR LF", 2, "CAN06 FIL05", lambda s: s.replace(b"\n", b"\r\n"), lambda a, b: 1)
_in_file("file: one line ends with CR LF", 1, "CAN06 FIL05", _line3(lambda r: r + b"\r"), _line_of_change)
_in_file("file: byte order mark", 3, "FIL04", lambda s: b"\xef\xbb\xbf" + s, lambda a, b: 1)
_in_file(
    "file: bytes that are not UTF-8",
    3,
    "FIL03",
    lambda s: s.replace(b"e", b"\xe9", 20).replace(b"\xe9", b"e", 19),
    _line_of_change,
    ("sources", "leaders", "tenures"),
)
_in_file("file: cell too many", 3, "FIL06", _line3(lambda r: r + b",x"), _line_of_change)
_in_file("file: cell too few", 3, "FIL06", _line3(lambda r: r.rpartition(b",")[0]), _line_of_change)
_in_file("file: blank line", 1, "FIL06", _line3(lambda r: b"\n" + r), _line_of_change)
_in_file("file: column missing", 2, "FIL07 FIL11", _drop_column, lambda a, b: 1)
_in_file("file: column renamed", 3, "FIL07 FIL11", _first_line(lambda h: h + b"s"), lambda a, b: 1)
_in_file(
    "file: column twice",
    2,
    "FIL07",
    _first_line(lambda h: b",".join([*h.split(b",")[:-1], h.split(b",")[0]])),
    lambda a, b: 1,
)
_in_file("file: rows out of order", 3, "CAN02", _swap_lines, lambda a, b: _line_of_change(a, b) + 1)
_in_file(
    "file: columns out of order", 2, "CAN01", _swap_columns, lambda a, b: 1, ("contact_participants", "state_codes")
)
_in_file(
    "file: space at the end of a cell",
    3,
    "CAN03",
    _line3(lambda r: r + b" "),
    _line_of_change,
    ("leader_names", "coverage", "statements"),
)
_in_file("file: text in NFD", 2, "CAN04", _nfd, _line_of_change, ("leaders", "leader_names", "statements"))
_in_file(
    "file: boolean in capitals",
    1,
    "CAN05",
    lambda s: s.replace(b",true\n", b",True\n", 1),
    _line_of_change,
    ("tenures",),
)
_in_file(
    "file: integer with leading zero",
    1,
    "CAN05",
    lambda s: s.replace(b"C00001,1,", b"C00001,01,", 1),
    _line_of_change,
    ("contact_participants",),
)
_in_file("file: needless quotes", 2, "CAN06", _line3(_quote_first), _line_of_change)
_in_file("file: no line end at the end", 1, "CAN06", lambda s: s.rstrip(b"\n"), lambda a, b: None)
_in_file("file: stray quote", 2, "FIL05", _line3(lambda r: b'"' + r), _line_of_change, ("contacts", "sources"))
_in_file("file: empty", 2, "FIL10", lambda s: b"", lambda a, b: 1, ("waivers", "memberships"))
_in_file(
    "file: semicolons for commas", 1, "FIL07 FIL11", lambda s: s.replace(b",", b";"), lambda a, b: 1, ("leader_names",)
)


@kind("file: missing", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table in shuffled(rng, f.d.tables):
        path = f.d.path(table)
        yield change(
            "file: missing", "FIL01", table, "", "", path, "", [(path, None)], lambda e, path=path: e.gone.append(path)
        )


@kind("file: extra", 1)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    yield change(
        "file: extra",
        "FIL02",
        "",
        "",
        "",
        "",
        "data/notes.csv",
        [("data/notes.csv", None)],
        lambda e: e.extra.update({"data/notes.csv": b"a,b\n1,2\n"}),
    )


@kind("file: extra column", 2)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table in shuffled(rng, f.d.tables):
        path = f.d.path(table)

        def do(e: Edit, table: str = table) -> None:
            e.headers[table] = [*e.data.headers[table], "remark"]
            e.rows(table)

        yield change("file: extra column", "FIL08", table, "", "remark", "", "added", [(path, 1)], do)


def _resource(d: dict, name: str) -> dict:
    return next(r for r in d["resources"] if r["name"] == name)


@kind("descriptor: wrong hash or size", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table in shuffled(rng, f.d.tables):
        prop, new = rng.choice([("hash", "sha256:" + "0" * 64), ("bytes", 1)])
        yield change(
            "descriptor: wrong hash or size",
            "FIL09",
            table,
            "",
            prop,
            "",
            str(new),
            [(f.d.path(table), None)],
            lambda e, table=table, prop=prop, new=new: e.patches.append(
                lambda d: _resource(d, table).update({prop: new})
            ),
        )


@kind("descriptor: property lost", 8)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for name in ("licenses", "version", "contributors", "sources", "title", "keywords", "name", "$schema"):
        yield change(
            "descriptor: property lost",
            "PKG01",
            "",
            "",
            name,
            "",
            "removed",
            [(DESCRIPTOR, None)],
            lambda e, name=name: e.patches.append(lambda d: d.pop(name)),
        )


@kind("descriptor: wrong value", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for name, bad in (("version", "1"), ("licenses", []), ("contributors", "me"), ("resources", {})):
        yield change(
            "descriptor: wrong value",
            "PKG01",
            "",
            "",
            name,
            "",
            str(bad),
            [(DESCRIPTOR, None)],
            lambda e, name=name, bad=bad: e.patches.append(lambda d: d.update({name: bad})),
        )


@kind("descriptor: resource wrong", 4)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for prop, bad, codes in (
        ("path", "../leaders.csv", "PKG02"),
        ("name", "states", "PKG02"),
        ("path", "https://example.org/leaders.csv", "PKG02"),
        ("bytes", -1, "PKG01 FIL09"),
    ):
        yield change(
            "descriptor: resource wrong",
            codes,
            "leaders",
            "",
            prop,
            "",
            str(bad),
            [(DESCRIPTOR, None)],
            lambda e, prop=prop, bad=bad: e.patches.append(lambda d: _resource(d, "leaders").update({prop: bad})),
        )


@kind("schema: wrong", 3)
def _(f: Facts, rng: random.Random) -> Iterator[Mutation]:
    for table in ("series", "memberships", "retired_ids"):
        path = f"schemas/{table}.json"
        schema = {**f.d.schemas[table], "primaryKey": ["no_such_column"]}
        yield change(
            "schema: wrong",
            "PKG03",
            table,
            "",
            "primaryKey",
            "",
            "no_such_column",
            [(path, None)],
            lambda e, path=path, schema=schema: e.extra.update({path: json.dumps(schema).encode()}),
        )


# Applying and judging ------------------------------------------------------------------------


class Reader:
    """Validation that does again only what another content of the files can change.

    The stages of ``commdip.validate`` run as they are, but what was learnt from the package as it
    ships is remembered: files read, columns checked, canonical form, and the outcome of every
    rule whose tables are unchanged. ``test_mutations`` proves on a sample that the findings are
    those of ``commdip.validate``.
    """

    def __init__(self) -> None:
        self.learning = True
        self.read: dict[tuple[str, bytes], Table] = {}
        self.terms: dict[int, columns.Terms] = {}
        self.checked: dict[tuple[int, int], tuple[list[Finding], dict[str, set[int]]]] = {}
        self.formed: dict[int, list[Finding]] = {}
        self.needs: dict[tuple, set[str]] = {}
        self.caught: dict[tuple, validation.Rows] = {}
        self.made: dict[str, tuple[set[str], Frame]] = {}
        self.frames: dict[int, Frame] = {}

    def learn(self, root: Path) -> Report:
        """Validate a package and remember every step of it."""
        report = self.validate(root)
        self.learning = False
        return report

    def validate(self, root: Path) -> Report:
        """Validate a package, without the witness, which is slow and not ours."""
        with self.remembering():
            return validation.validate(root, ignore=["WIT"])

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Put what is remembered in the place of what would be done again."""
        read_table, check_columns, terms, check, frames = (
            structure.read_file,
            columns.check_columns,
            columns.terms,
            canonical.check,
            engines.frames,
        )

        def read(spec: TableSpec, path: str, source: bytes) -> Table:
            known = self.read.get((repr(spec), source)) or read_table(spec, path, source)
            if self.learning:
                self.read[repr(spec), source] = known
            broken = {c: set(rows) for c, rows in known.broken.items()}
            made = Table(
                known.spec,
                path,
                known.header,
                known.records,
                known.lines,
                [*known.findings],
                [*known.untyped],
                broken,
                source,
            )
            made.frame = known.frame
            return made

        def vocabularies(codes: Table) -> columns.Terms:
            known = self.terms.get(id(codes.frame)) or terms(codes)
            if self.learning:
                self.terms[id(codes.frame)] = known
            return known

        def columns_of(table: Table, allowed: columns.Terms) -> None:
            key = (id(table.frame), id(allowed))
            if key in self.checked:
                table.findings += self.checked[key][0]
                table.broken = {c: set(r) for c, r in self.checked[key][1].items()}
                return
            before = len(table.findings)
            check_columns(table, allowed)
            if self.learning:
                self.checked[key] = (table.findings[before:], {c: set(r) for c, r in table.broken.items()})

        def form(tables: Iterable[Table]) -> Iterator[Finding]:
            for table in tables:
                found = self.formed[id(table.frame)] if id(table.frame) in self.formed else list(check([table]))
                if self.learning:
                    self.formed[id(table.frame)] = found
                yield from found

        def frames_of(tables: Iterable[Table], engine: str) -> dict[str, Frame]:
            found = {}
            for table in tables:
                found[table.name] = self.frames.get(id(table.frame)) or frames([table], engine)[table.name]
                if self.learning:
                    self.frames[id(table.frame)] = found[table.name]
            return found

        with (
            mock.patch.object(structure, "read_file", read),
            mock.patch.object(columns, "check_columns", columns_of),
            mock.patch.object(columns, "terms", vocabularies),
            mock.patch.object(canonical, "check", form),
            mock.patch.object(engines, "frames", frames_of),
            mock.patch.object(validation, "run_as_pandera", self.run),
        ):
            yield

    def run(self, frame: object, rules: Iterable[RowRule], view: Tables) -> dict[int, validation.Rows]:
        """Do what ``run_as_pandera`` does, without pandera and without repetition."""
        known = set(map(id, self.frames.values())) if not self.learning else set()
        same = {n for n, x in view.frames.items() if id(x) in known}
        # The rules on evidence are about all tables: where one is gone, nothing is as it was.
        whole = len(view.frames) == len(self.frames)
        if whole:
            view._made.update(
                {n: made for n, (needs, made) in self.made.items() if needs <= same and n not in view._made}
            )
        caught = {}
        for rule in rules:
            # Rules on keys are made anew in each run; what they say tells them apart.
            name = (rule.code, rule.table, rule.message) if rule.code.startswith("KEY") else (rule.check,)
            if whole and self.needs.get(name, {""}) <= same:
                rows = self.caught[name]
            else:
                watched = Watching(view, self.made) if self.learning else view
                rows = validation.offending_rows(rule, watched)
            if self.learning:
                assert name not in self.needs, name
                self.needs[name], self.caught[name] = watched.seen, rows
            if rows:
                caught[id(rule)] = [dict(row) for row in rows]
        return caught


class Watching(Tables):
    """Tables that note which of them a rule reads, and which a frame made for several rules needs."""

    def __init__(self, view: Tables, made: dict[str, tuple[set[str], Frame]]) -> None:
        super().__init__(view.frames, view.specs, view.today, view.present)
        object.__setattr__(self, "seen", set())
        object.__setattr__(self, "kept", made)

    def __getitem__(self, name: str) -> Frame:
        self.seen.add(name)
        return super().__getitem__(name)

    def made(self, name: str, make: Callable[[], Frame]) -> Frame:
        # Made anew for each rule, so that each is seen to read what it needs. What the rule has
        # read before may be part of the frame too.
        if name not in self._made:
            self._made[name] = make()
            if name not in self.kept or len(self.seen) < len(self.kept[name][0]):
                self.kept[name] = (set(self.seen), self._made[name])
        return self._made[name]


@dataclass
class Result:
    """What a mutation came to: new findings, those that report it, and an error if validation broke."""

    mutation: Mutation
    new: list[Finding]
    met: list[Finding]
    error: str = ""

    @property
    def found(self) -> bool:
        return bool(self.met) and not self.error


class Bench:
    """A copy of the package on which mutations are tried, one after the other."""

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        self.root = self.copy(folder / "package", root or shipped_root())
        self.data = Data.read(self.root)
        self.reader = Reader()
        self.before = Counter(map(_what, self.reader.learn(self.root).findings))

    @staticmethod
    def copy(target: Path, source: Path) -> Path:
        """Copy a package, its schemas included, into a new folder."""
        target.mkdir(parents=True)
        shutil.copy(source / DESCRIPTOR, target)
        for name in ("data", "schemas"):
            shutil.copytree(source / name, target / name)
        return target

    def apply(self, mutation: Mutation) -> dict[str, bytes | None]:
        edit = Edit(self.data)
        mutation.change(edit)
        return edit.files()

    @contextmanager
    def changed(self, files: dict[str, bytes | None]) -> Iterator[Path]:
        """Write files into the copy, and put back what was there at the end."""
        saved = {p: (self.root / p).read_bytes() if (self.root / p).is_file() else None for p in files}
        try:
            self.put(files)
            yield self.root
        finally:
            self.put(saved)

    def put(self, files: dict[str, bytes | None]) -> None:
        for path, content in files.items():
            if content is None:
                (self.root / path).unlink(missing_ok=True)
            else:
                (self.root / path).write_bytes(content)

    def try_out(self, mutation: Mutation) -> Result:
        with self.changed(self.apply(mutation)) as root:
            try:
                report = self.reader.validate(root)
            except Exception as error:  # a traceback is what the test looks for
                return Result(mutation, [], [], f"{type(error).__name__}: {error}")
        new = self.new(report.findings)
        return Result(mutation, new, [f for f in new if mutation.is_met_by(f)])

    def new(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return the findings that the package does not have without the mutation."""
        left = Counter(self.before)
        found = []
        for f in findings:
            if left[_what(f)] > 0:
                left[_what(f)] -= 1
            else:
                found.append(f)
        return found


def _what(f: Finding) -> tuple:
    # Lines move when a row is added or removed; rule, row and column do not.
    return (f.rule, f.path, f.key, f.column)


def _part(
    root: Path, seed: int, only: str, share: float, first: int, step: int
) -> list[tuple[int, list[Finding], list[bool], str]]:
    """Try out every ``step``-th mutation; what changes a copy cannot be sent between processes."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), root)
        every = list(enumerate(mutations(bench.data, seed, only, share)))
        results = [(i, bench.try_out(m)) for i, m in every[first::step]]
    return [(i, r.new, [f in r.met for f in r.new], r.error) for i, r in results]


def try_all(root: Path | None = None, seed: int = SEED, only: str = "", share: float = 1) -> list[Result]:
    """Try out the mutations of a package, on all processors; returns the results in their order."""
    with tempfile.TemporaryDirectory() as folder:
        # The copy stays as it is even if somebody edits the package meanwhile.
        frozen = Bench.copy(Path(folder) / "frozen", root or shipped_root())
        workers = min(os.cpu_count() or 1, 8)
        # Spawned, since the threads of polars do not live through a fork.
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            parts = [pool.submit(_part, frozen, seed, only, share, i, workers) for i in range(workers)]
            made = mutations(Data.read(frozen), seed, only, share)
            found = sorted((r for p in parts for r in p.result()), key=lambda r: r[0])
    return [
        Result(made[i], new, [f for f, m in zip(new, met, strict=True) if m], error) for i, new, met, error in found
    ]


def score(results: Iterable[Result]) -> str:
    """Return a table: kind, found of applied, most findings of one mutation."""
    by_kind: dict[str, list[Result]] = {}
    for r in results:
        by_kind.setdefault(r.mutation.kind, []).append(r)
    every = [r for group in by_kind.values() for r in group]
    rows = [*by_kind.items(), (f"all {len(by_kind)} kinds", every)]
    width = max(len(name) for name, _ in rows)
    lines = [f"{'kind':{width}}  found/applied  most findings"]
    for name, group in rows:
        lines.append(
            f"{name:{width}}  {sum(r.found for r in group):5d}/{len(group):<7d}  {max((len(r.new) for r in group), default=0):13d}"
        )
    return "\n".join(lines)


def explained(result: Result) -> str:
    """Return what a mutation did and what was found, as text."""
    m = result.mutation
    lines = [
        f"{'found' if result.found else 'MISSED'} {m}; wanted {' or '.join(m.codes)} at {', '.join(f'{t} {k}' for t, k in m.where[:4])} {result.error}".rstrip()
    ]
    for (rule, table), n in Counter((f.rule, f.table) for f in result.new).most_common():
        lines.append(
            f"    {n} x {rule} {table}: {next(f.message for f in result.new if (f.rule, f.table) == (rule, table))[:150]}"
        )
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the score; with -v what each mutation gave."""
    only, began = " ".join(a for a in arguments if a != "-v"), time.monotonic()
    results = try_all(only=only)
    for result in results:
        if "-v" in arguments or not result.found or len(result.new) >= FLOOD:
            print(explained(result))
    print(score(results))
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if all(r.found for r in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
