"""Merge a coded batch into data/: assign identifiers, reuse what is there, write canonical tables.

    python scripts/merge.py BATCH.json [BATCH.json ...]

A batch is one JSON object with a list per table, as CONTRIBUTING.md describes it: rows carry local
keys instead of identifiers, and their evidence, participants and statements inside them. Sources
are recognized by their address, leaders by their id, tenures, invitations, participation and
contacts by what they say; a row that is there already gets the new evidence and keeps its own
values, and every value that differs is printed. Parties that a standing contact lacks are rows of
``contact_participants`` with its ``contact_id``. What a batch is to change in a row that stands it says
in ``corrections``: table, record_id, field, ``was`` and ``value``; a correction of a value that is not
there any more stops the merge. Nothing is written if anything is wrong.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

from commdip import canonical, edtf
from commdip.package import open_package, shipped_spec

ROOT = Path(__file__).parents[1]
PREFIX = {
    "tenures": "T",
    "invitations": "I",
    "participation": "P",
    "contacts": "C",
    "statements": "V",
    "sources": "S",
    "evidence": "E",
}
NATURAL = {
    "invitations": (
        "ceremony_id",
        "invited_state_id",
        "invited_organization_id",
        "invited_leader_id",
        "status",
        "response",
    ),
    "participation": ("ceremony_id", "state_id", "organization_id", "leader_id", "rank"),
    "statements": ("contact_id", "ceremony_id", "leader_id", "theme", "summary"),
    "sources": ("url",),
    "evidence": ("record_table", "record_id", "source_id", "stance", "field"),
}
Row = dict[str, Any]


class Store:
    """The tables of the package as lists of rows of text."""

    def __init__(self) -> None:
        self.fields = {r.name: shipped_spec(r.name) for r in open_package(ROOT).resources}
        self.rows: dict[str, list[Row]] = {}
        self.index: dict[str, dict[tuple[str, ...], Row]] = {}
        self.problems: list[str] = []
        self.last: dict[str, int] = {}
        for name in self.fields:
            with (ROOT / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
                self.rows[name] = list(csv.DictReader(stream))
            self.index[name] = {self.natural(name, r): r for r in self.rows[name]}
            prefix = PREFIX.get(name)
            retired = [r["record_id"] for r in self.rows.get("retired_ids", []) if r["record_table"] == name]
            if prefix:
                used = [r[f"{_single(name)}_id"] for r in self.rows[name]] + retired
                self.last[name] = max((int(u[1:]) for u in used), default=0)

    def natural(self, name: str, row: Row) -> tuple[str, ...]:
        """Return what makes a row the same fact as another."""
        return tuple(str(row.get(c) or "") for c in NATURAL.get(name, self.fields[name].primary_key))

    def put(self, name: str, row: Row, quiet: bool = False) -> Row:
        """Add a row, or find the one that says the same; return the row that stands."""
        clean = {f: canonical.clean(_text(row.get(f))) for f in self.fields[name].names}
        key = self.natural(name, clean)
        old = self.same_spell(clean, row.get("day", "")) if name == "tenures" else self.index[name].get(key)
        if old:
            return self.reconcile(name, old, clean, quiet)
        if name in PREFIX:
            self.last[name] += 1
            clean[f"{_single(name)}_id"] = f"{PREFIX[name]}{self.last[name]:05d}"
        self.rows[name].append(clean)
        if any(key):
            self.index[name][key] = clean
        return clean

    def same_spell(self, row: Row, day: str) -> Row | None:
        """Return the spell that a new one repeats: same person, party and office, and a time in common.

        ``day`` is a day on which the office was held, for spells whose start no source gives.
        """
        same = ("leader_id", "state_id", "organization_id", "office")
        found = [r for r in self.rows["tenures"] if all(r[c] == row[c] for c in same) and _overlap(r, row, day)]
        return next((r for r in found if r["start"] == row["start"]), found[0] if found else None)

    def reconcile(self, name: str, old: Row, new: Row, quiet: bool) -> Row:
        """Fill what the old row lacks; tell where the two differ."""
        for field, value in new.items():
            if value and (not old[field] or _refines(value, old[field])):
                old[field] = value
            elif value and value != old[field] and not quiet and field not in ("summary", "note", "title", "accessed"):
                print(f"differs: {name} {self.natural(name, old)} {field}: kept {old[field]!r}, not {value!r}")
        return old

    def write(self) -> None:
        """Write all tables, then bring package and descriptor into canonical form."""
        for name, rows in self.rows.items():
            header = self.fields[name].names
            content = canonical.write_csv(header, ([r[f] for f in header] for r in rows))
            canonical.write_atomic(ROOT / "data" / f"{name}.csv", content)
        package, changes = canonical.plan(ROOT)
        canonical.write(package, changes)


def _single(table: str) -> str:
    return {
        "tenures": "tenure",
        "invitations": "invitation",
        "contacts": "contact",
        "statements": "statement",
        "sources": "source",
    }.get(table, table)


def _overlap(one: Row, other: Row, day: str) -> bool:
    """Return whether two spells share more than a day of handover, as far as their dates tell."""
    if one["start"] and other["start"]:
        first, second = sorted((one, other), key=lambda r: r["start"])
        return not first["end"] or second["start"] < first["end"]
    dated = one if one["start"] or one["end"] else other
    return not day or (dated["start"] <= day and (not dated["end"] or day <= dated["end"]))


def _refines(new: str, old: str) -> bool:
    """Return whether a date says what an earlier one says, to a finer unit."""
    return edtf.is_valid(new) and edtf.is_valid(old) and len(new) > len(old) and new.startswith(old)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, list) else str(value)


class Batch:
    """One batch on its way into the store: local keys on one side, identifiers on the other."""

    def __init__(self, store: Store, data: dict[str, list[Row]]) -> None:
        self.store, self.data = store, data
        self.source: dict[str, str] = {}
        self.contact: dict[str, str] = {}
        self.participant: dict[str, str] = {}

    def merge(self) -> None:
        """Merge all tables in the order of their references."""
        self.sources()
        for row in self.data.get("corrections", []):
            self.correct(row)
        for name in ("states", "organizations", "leaders", "memberships", "tenures", "ceremonies"):
            for row in self.data.get(name, []):
                self.plain(name, row)
        for row in self.data.get("contacts", []):
            self.add_contact(row)
        for row in self.data.get("contact_participants", []):
            self.add_party(row)
        for row in self.data.get("invitations", []):
            self.plain("invitations", {**row, "contact_id": self.contact.get(row.get("contact") or "", "")})
        self.participation()
        for row in self.data.get("statements", []):
            self.plain("statements", row)
        for row in self.data.get("coverage", []):
            self.plain("coverage", row)

    def sources(self) -> None:
        """Merge sources; origins follow once all have identifiers."""
        for row in self.data.get("sources", []):
            stood = self.store.put("sources", {**row}, quiet=True)
            self.source[row["key"]] = stood["source_id"]
        for row in self.data.get("sources", []):
            if row.get("origin"):
                stood = next(r for r in self.store.rows["sources"] if r["source_id"] == self.source[row["key"]])
                origin = self.source[row["origin"]]
                stood["origin_source_id"] = "" if origin == stood["source_id"] else origin

    def correct(self, row: Row) -> None:
        """Replace a value of a row that stands, if it is still the value that the batch saw."""
        name, record, field = row["table"], row["record_id"], row["field"]
        key_text = self.store.fields[name].key_text
        found = [r for r in self.store.rows[name] if key_text(r) == record]
        was, value = canonical.clean(_text(row.get("was"))), canonical.clean(_text(row.get("value")))
        if not found or found[0][field] not in (was, value):
            there = repr(found[0][field]) if found else "no such row"
            raise SystemExit(
                f"correction of {name} {record} {field}: expected {was!r}, found {there}; nothing was written"
            )
        found[0][field] = value
        self.claims(name, record, row)

    def claims(self, name: str, record: str, row: Row) -> None:
        """Merge the evidence that stands inside a row."""
        for claim in row.get("evidence", []):
            self.store.put(
                "evidence",
                {**claim, "record_table": name, "record_id": record, "source_id": self.source[claim["source"]]},
                quiet=True,
            )

    def plain(self, name: str, row: Row) -> Row:
        """Merge a row with its names and its evidence; returns the row that stands."""
        stood = self.store.put(name, row)
        for spelling in row.get("names", []):
            self.store.put("leader_names", {"leader_id": row["leader_id"], **spelling}, quiet=True)
        self.claims(name, self.store.fields[name].key_text(stood), row)
        return stood

    def add_contact(self, row: Row) -> None:
        """Merge a contact with its parties and statements."""
        parties = row.get("participants", [])
        old = self.same_contact(row, parties)
        if old:
            row = {**row, "contact_id": old["contact_id"]}
        stood = self.plain("contacts", row) if not old else self.again(old, row)
        self.contact[row["key"]] = stood["contact_id"]
        if not old:
            for number, party in enumerate(parties, 1):
                self.store.put("contact_participants", {**party, "contact_id": stood["contact_id"], "party": number})
        for statement in row.get("statements", []):
            self.plain("statements", {**statement, "contact_id": stood["contact_id"]})

    def add_party(self, row: Row) -> None:
        """Add a party to a contact that stands, unless it is there already."""
        there = [p for p in self.store.rows["contact_participants"] if p["contact_id"] == row["contact_id"]]
        if not there:
            raise SystemExit(f"a party is added to {row['contact_id']}, which is no contact; nothing was written")
        party = ("leader_id", "state_id", "organization_id")
        if not any(all(p[c] == _text(row.get(c)) for c in party) for p in there):
            self.store.put("contact_participants", {**row, "party": max(int(p["party"]) for p in there) + 1})

    def again(self, old: Row, row: Row) -> Row:
        """Add the evidence of a contact that is there already."""
        self.claims("contacts", old["contact_id"], row)
        return self.store.reconcile(
            "contacts", old, {f: _text(row.get(f)) for f in self.store.fields["contacts"].names}, quiet=False
        )

    def same_contact(self, row: Row, parties: list[Row]) -> Row | None:
        """Return the contact of the same mode, day and parties, if it is in the store."""
        wanted = {
            (_text(p.get("leader_id")), _text(p.get("state_id")), _text(p.get("organization_id"))) for p in parties
        }
        for old in self.store.rows["contacts"]:
            if old["mode"] == row.get("mode") and old["start"] == row.get("start"):
                there = {
                    (p["leader_id"], p["state_id"], p["organization_id"])
                    for p in self.store.rows["contact_participants"]
                    if p["contact_id"] == old["contact_id"]
                }
                if there == wanted:
                    return old
        return None

    def participation(self) -> None:
        """Merge participation; stand-ins follow once all have identifiers."""
        pairs = []
        for row in self.data.get("participation", []):
            order = [
                c["code"]
                for c in sorted(
                    (c for c in self.store.rows["codes"] if c["vocabulary"] == "segment"),
                    key=lambda c: int(c["position"]),
                )
            ]
            segments = sorted(row.get("segments") or [], key=order.index)
            stood = self.plain("participation", {**row, "segments": segments, "stands_in_for": ""})
            self.participant[row["key"]] = stood["participation_id"]
            pairs.append((stood, row.get("stands_in_for")))
        for stood, replaced in pairs:
            if replaced:
                stood["stands_in_for"] = self.participant[replaced]


def main(paths: list[str]) -> int:
    """Merge the batches in the order given."""
    store = Store()
    for path in paths:
        Batch(store, json.loads(Path(path).read_text(encoding="utf-8"))).merge()
    store.write()
    print({name: len(rows) for name, rows in store.rows.items()})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
