"""Bad examples of the rules: packages that differ from base/ by one small change.

A folder CODE-name holds change.json (cases: a title and steps that break the rule), expected.json
(the findings of that rule, case by case) and good.json (neighbouring changes that must stay silent).
A case may have `also` (codes of other rules that cannot but find something too), `form`
("canonical": formatted after the change; "digests": only sizes and hashes renewed; "as-is"),
`against` (compare with base/ as the earlier release) and `witness` (schemas copied, frictionless asked).
"""

from __future__ import annotations

import csv
import datetime
import functools
import io
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import narwhals as nw

from commdip import canonical, catalogue, columns, validation
from commdip.findings import Finding, Report
from commdip.package import DESCRIPTOR, shipped_root
from commdip.rules import REGISTER, ROW_RULES
from commdip.rules.base import RowRule
from commdip.rules.tables import Tables
from commdip.structure import digest
from commdip.tables import Table

HERE = Path(__file__).parent
BASE = HERE / "base"
TODAY = datetime.date(2024, 1, 1)
SHOWN = ("rule", "table", "path", "line", "column", "key", "value", "message")
FOLDERS = sorted(p.name for p in HERE.iterdir() if p.is_dir() and (p / "change.json").is_file())
RULES = {
    f"{rule.code}-{rule.name}": rule.code for rule in map(REGISTER.get, (e.code for e in catalogue.entries())) if rule
}
Case = dict[str, Any]


def cases(folder: str, file: str) -> list[Case]:
    """Return the cases of change.json or good.json of a folder."""
    return json.loads((HERE / folder / file).read_text("utf-8"))


def plain(finding: Finding) -> dict[str, Any]:
    """Return a finding as expected.json has it."""
    return {name: getattr(finding, name) for name in SHOWN}


# Changing a package


def make(case: Case, folder: Path) -> Path:
    """Copy the base into a new folder, change it as a case says, and return the folder."""
    shutil.copytree(BASE, folder)
    if case.get("witness"):
        name_schemas(folder)
    for step in case["steps"]:
        STEPS[step["do"]](folder, step)
    form = case.get("form", "canonical")
    if form == "canonical":
        canonical.write(*canonical.plan(folder))
    elif form == "digests":
        refresh(folder)
    return folder


def name_schemas(folder: Path) -> None:
    """Ship the schemas with a package, since frictionless does not know where ours are."""
    shutil.copytree(shipped_root() / "schemas", folder / "schemas")
    descriptor = json.loads((folder / DESCRIPTOR).read_text("utf-8"))
    for entry in descriptor["resources"]:
        entry["schema"] = f"schemas/{entry['name']}.json"
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor), "utf-8")


def refresh(folder: Path) -> None:
    """Write sizes and hashes anew and leave the tables as they are."""
    descriptor = json.loads((folder / DESCRIPTOR).read_text("utf-8"))
    for entry in descriptor["resources"]:
        if (folder / entry["path"]).is_file():
            entry.update(digest((folder / entry["path"]).read_bytes()))
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor), "utf-8")


def _rows(folder: Path, table: str) -> tuple[Path, list[str], list[dict[str, str]]]:
    file = folder / "data" / f"{table}.csv"
    reader = csv.DictReader(io.StringIO(file.read_text("utf-8"), newline=""))
    return file, list(reader.fieldnames or ()), list(reader)


def _write(file: Path, header: list[str], rows: list[dict[str, str]]) -> None:
    file.write_bytes(canonical.write_csv(header, ([row.get(c, "") for c in header] for row in rows)))


def _place(header: list[str], rows: list[dict[str, str]], key: str) -> int:
    """Return the place of the one row whose first cells, joined by slashes, are the key."""
    width = key.count("/") + 1
    found = [i for i, row in enumerate(rows) if "/".join(row[c] for c in header[:width]) == key]
    assert len(found) == 1, f"{len(found)} rows have the key {key}"
    return found[0]


def _set(folder: Path, step: Case) -> None:
    file, header, rows = _rows(folder, step["table"])
    assert step["column"] in header, step["column"]
    rows[_place(header, rows, step["key"])][step["column"]] = step["value"]
    _write(file, header, rows)


def _remove(folder: Path, step: Case) -> None:
    file, header, rows = _rows(folder, step["table"])
    del rows[_place(header, rows, step["key"])]
    _write(file, header, rows)


def _add(folder: Path, step: Case) -> None:
    file, header, rows = _rows(folder, step["table"])
    assert set(step["row"]) <= set(header), step["row"]
    _write(file, header, [*rows, step["row"]])


def _replace(folder: Path, step: Case) -> None:
    file, old = folder / step["file"], step["find"].encode()
    new = bytes.fromhex(step["replace_hex"]) if "replace_hex" in step else step["replace"].encode()
    assert old in file.read_bytes(), step["find"]
    file.write_bytes(file.read_bytes().replace(old, new, step.get("times", 1)))


def _prepend(folder: Path, step: Case) -> None:
    file = folder / step["file"]
    file.write_bytes(bytes.fromhex(step["prepend_hex"]) + file.read_bytes())


def _create(folder: Path, step: Case) -> None:
    (folder / step["file"]).parent.mkdir(exist_ok=True)
    (folder / step["file"]).write_bytes(step["text"].encode())


def _delete(folder: Path, step: Case) -> None:
    (folder / step["file"]).unlink()


def _descriptor(folder: Path, step: Case) -> None:
    """Set, or without a value remove, a property; entries of lists go by name or place, "-" is a new one."""
    descriptor = json.loads((folder / DESCRIPTOR).read_text("utf-8"))
    *way, last = step["path"].split("/")
    at: Any = descriptor
    for part in way:
        at = next((e for e in at if e["name"] == part), None) or at[int(part)] if isinstance(at, list) else at[part]
    if last == "-":
        at.append(step["value"])
    elif "value" in step:
        at[last] = step["value"]
    elif isinstance(at, list):
        at[:] = [e for e in at if e["name"] != last]
    else:
        del at[last]
    (folder / DESCRIPTOR).write_text(json.dumps(descriptor), "utf-8")


STEPS = {
    "set": _set,
    "remove": _remove,
    "add": _add,
    "replace": _replace,
    "prepend": _prepend,
    "create": _create,
    "delete": _delete,
    "descriptor": _descriptor,
}


# Validating it


def validate(folder: Path, case: Case, select: tuple[str, ...] = ()) -> Report:
    """Validate a changed package as its case demands."""
    ignore = [] if case.get("witness") else ["WIT"]
    return validation.validate(
        folder, select=select, ignore=ignore, today=TODAY, against=BASE if case.get("against") else None
    )


NUMBERS = {id(rule): number for number, rule in enumerate(ROW_RULES)}


def name(rule: RowRule) -> tuple[str, ...]:
    """Return what tells a check from all others; checks of keys are made anew in every run."""
    return (rule.code, rule.table, rule.column, rule.message, str(NUMBERS.get(id(rule), "")))


class Shortcut:
    """Run only what a change can have touched: a check whose tables are as in the base finds what it found there.

    A validation takes seconds, and most of its checks read none of the few tables that a case
    changes. Which tables a check reads is not taken from its declaration but watched on the base.
    ``fired`` gathers the checks that found something.
    """

    def __init__(self) -> None:
        self.check_columns, self.run = columns.check_columns, validation.run_as_pandera
        self.base: dict[str, Table] = {}
        self.view = Tables({}, {}, "")
        self.last: tuple[Tables, set[str]] = self.view, set()
        self.reads: dict[tuple[str, ...], set[str]] = {}
        self.found: dict[tuple[str, ...], Any] = {}
        self.fired: set[tuple[str, ...]] = set()
        self.at_work = False
        with self:
            validate(BASE, {})
        self.at_work = True

    def __enter__(self) -> Shortcut:
        self.patches = [
            # The base has no codes.csv of its own, and ours does not change meanwhile.
            mock.patch.object(columns, "shipped_terms", functools.cache(columns.shipped_terms)),
            mock.patch.object(columns, "check_columns", self.columns),
            mock.patch.object(validation, "run_as_pandera", self.rows),
        ]
        for patch in self.patches:
            patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        for patch in self.patches:
            patch.stop()

    def columns(self, table: Table, terms: columns.Terms) -> None:
        """Check the cells of a table, unless it is the base's."""
        same = self.base.get(table.name)
        if self.at_work and same is not None and (table.source, table.spec) == (same.source, same.spec):
            return
        self.check_columns(table, terms)
        if not self.at_work:
            self.base[table.name] = table

    def rows(self, frame: Any, rules: list[RowRule], view: Tables) -> dict[int, Any]:
        """Run the checks that read a changed table; take what the others found from the base."""
        if not self.at_work:
            self.watch(rules, view)
        changed = self.changed(view)
        again = [r for r in rules if self.reads.get(name(r), changed) & changed]
        caught = self.run(frame, again, view) if again else {}
        caught |= {id(r): self.found[name(r)] for r in rules if r not in again and name(r) in self.found}
        if self.at_work:
            self.fired |= {name(r) for r in again if id(r) in caught}
        else:
            self.found |= {name(r): caught[id(r)] for r in rules if id(r) in caught}
        return caught

    def watch(self, rules: list[RowRule], view: Tables) -> None:
        """Note which tables each check reads, each on a view of its own."""
        self.view = view
        for rule in rules:
            frames = Watched(view.frames)
            rule.check(Tables(frames, view.specs, view.today, view.present)).collect()
            self.reads[name(rule)] = frames.read

    def changed(self, view: Tables) -> set[str]:
        """Return the tables that differ from the base's; all of them if others are there."""
        if not self.at_work or view.frames.keys() != self.view.frames.keys():
            return set(view.frames)
        if self.last[0] is not view:
            self.last = view, {n for n in view.frames if not self.same(n, view)}
        return self.last[1]

    def same(self, table: str, view: Tables) -> bool:
        """Return whether a table is the base's."""
        new, old = (v.frames[table].collect().to_native() for v in (view, self.view))
        return view.specs[table] == self.view.specs[table] and new.equals(old)


class Watched(dict[str, "nw.LazyFrame[Any]"]):
    """Frames by table; ``read`` says which were asked for."""

    def __init__(self, frames: Any) -> None:
        super().__init__(frames)
        self.read: set[str] = set()

    def __getitem__(self, table: str) -> nw.LazyFrame[Any]:
        self.read.add(table)
        return super().__getitem__(table)


@functools.cache
def shortcut() -> Shortcut:
    """Return the shortcut of this process."""
    return Shortcut()


# Running the cases


@dataclass
class Outcome:
    """What the cases of a folder gave: reports by title, and the checks of its rule that the bad ones set off."""

    bad: dict[str, Report] = field(default_factory=dict)
    good: dict[str, Report] = field(default_factory=dict)
    fired: set[tuple[str, ...]] = field(default_factory=set)


def run(folder: str) -> Outcome:
    """Run the cases of a folder; of the good ones, only the folder's rule, save for waivers, which need others."""
    outcome, code = Outcome(), RULES[folder]
    select = () if code.startswith("WAI") else (code,)
    with tempfile.TemporaryDirectory() as temporary, shortcut() as short:
        place = Path(temporary)
        short.fired = set()
        for number, case in enumerate(cases(folder, "change.json")):
            outcome.bad[case["title"]] = validate(make(case, place / f"bad{number}"), case)
        outcome.fired = {fired for fired in short.fired if fired[0] == code}
        for number, case in enumerate(cases(folder, "good.json")):
            outcome.good[case["title"]] = validate(make(case, place / f"good{number}"), case, select)
    return outcome


def expected(folder: str, outcome: Outcome) -> list[dict[str, Any]]:
    """Return what expected.json must hold: the findings of the folder's rule, each with the title of its case."""
    code = RULES[folder]
    return [
        {"case": title, **plain(f)} for title, report in outcome.bad.items() for f in report.findings if f.rule == code
    ]
