"""Rules on large tables: block by block where a row is judged alone, over the whole table where not.

A rule says in ``among`` with which rows of its own table a row is compared. Rules that judge a row
alone run on each block as it is read, all of them together and first of all for the numbers of
the offending rows; only those rows are looked at in full. Rules that compare rows alike in some columns
get the rows whose digest of these columns is not unique. What is left, and what other tables look
up, is written to temporary Parquet files, the needed columns only, and run over them.
"""

from __future__ import annotations

import string
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import narwhals as nw
import numpy as np
import polars as pl

from commdip import columns
from commdip.blocks import Block
from commdip.large import LargeTable, Marks
from commdip.rules import files
from commdip.rules.base import ROW, RowRule, Rule
from commdip.rules.columns import REQUIRED, TYPE, VOCABULARY
from commdip.rules.tables import Tables, lazy
from commdip.specs import FieldSpec, TableSpec

ALIKE_SHOWN = 6
SEEN = 1_000_000
"""Distinct values that are told apart when alike rows are counted."""


@dataclass
class Group:
    """Offending rows that make one finding: the first, with what its message names, and further ones."""

    row: dict[str, Any]
    others: list[int] = field(default_factory=list)
    count: int = 1


class Tally:
    """Offending rows of one check: the first ones in full, all of them counted.

    ``total`` is the number of findings, of which ``groups`` are the first.
    """

    def __init__(self, limit: int, fold: Sequence[str] = ()) -> None:
        self.limit, self.fold = limit, tuple(fold)
        self.groups: dict[Any, Group] = {}
        self.seen: set[int] = set()
        self.total = 0

    @property
    def full(self) -> bool:
        """Whether further rows are only counted."""
        return not self.fold and len(self.groups) >= self.limit

    def add(self, rows: Iterable[dict[str, Any]]) -> list[int]:
        """Add offending rows in their order; returns the numbers of those that a finding will show."""
        shown = []
        for row in rows:
            alike = tuple(row[c] for c in self.fold) if self.fold else row[ROW]
            group = self.groups.get(alike)
            if group is not None:
                group.count += 1
                if len(group.others) < ALIKE_SHOWN:
                    group.others.append(row[ROW])
                    shown.append(row[ROW])
                continue
            if self.fold and len(self.groups) >= self.limit:
                if hash(alike) in self.seen or len(self.seen) >= SEEN:
                    continue
                self.seen.add(hash(alike))
            self.total += 1
            if len(self.groups) < self.limit:
                self.groups[alike] = Group(row)
                shown.append(row[ROW])
        return shown


def sure(spec: FieldSpec, vocabularies: columns.Terms) -> pl.Expr | None:
    """Return the condition of ``columns.sure``."""
    cell, certain = pl.col(spec.name), columns.sure(spec, vocabularies)
    if isinstance(certain, str):
        return cell.str.contains(f"^(?:{certain})$")
    return certain if certain is None else cell.is_in(list(certain)) if certain else pl.lit(False)


class Columns:
    """The column checks of one large table, with what was learnt of the values met so far."""

    def __init__(self, spec: TableSpec, vocabularies: columns.Terms, limit: int) -> None:
        self.spec, self.vocabularies, self.limit = spec, vocabularies, limit
        self.fields = [f for f in spec.fields if columns.judged(f)]
        self.known: dict[str, dict[str, Rule | None]] = {f.name: {} for f in self.fields}
        self.tallies: dict[tuple[str, str], Tally] = {}

    def judge(self, block: Block) -> None:
        """Judge the cells of a block; wrong ones are marked as broken and counted."""
        table = block.table
        for row, cells in block.short:
            self.tally(files.RAGGED.code, None).add([{ROW: row, "cells_": cells}])
            table.keep(block, [row])
            table.break_cells(row, table.spec.names)
        table.break_rows(np.arange(block.first, block.first + len(block)), table.lost)
        frame, text = block.frame, block.text
        self._empty(block, frame)
        self._untyped(block, frame, text)
        for spec, suspects in self._suspects(block, text):
            self._values(block, spec, suspects)

    def _suspects(self, block: Block, text: pl.DataFrame) -> Iterator[tuple[FieldSpec, pl.Series]]:
        """Yield the fields with values that are not surely right, and these values."""
        doubts = {}
        for spec in self.fields:
            if spec.name not in text.columns or spec.edtf:
                continue
            good = [v for v, rule in self.known[spec.name].items() if rule is None]
            certain = sure(spec, self.vocabularies)
            held = pl.col(spec.name).is_in(good) if good else pl.lit(False)
            doubts[spec.name] = ~(held if certain is None else certain | held) & pl.col(spec.name).is_not_null()
        # Columns without a filled cell need no look.
        doubts = {n: d for n, d in doubts.items() if text[n].null_count() < text.height}
        for name in doubts.keys() & block.distinct.keys():
            del doubts[name]
            if suspects := [v for v in block.distinct[name] if self.known[name].get(v, v) is not None]:
                yield self.spec.by_name[name], pl.Series(name, suspects)
        flags = self._flags(text, doubts)
        for spec in self.fields:
            if flags.get(spec.name):
                yield spec, text.filter(doubts[spec.name])[spec.name].unique()
        for name, wrong in block.no_dates.items():
            yield self.spec.by_name[name], pl.Series(name, wrong)

    @staticmethod
    def _flags(text: pl.DataFrame, doubts: Mapping[str, pl.Expr]) -> dict[str, bool]:
        try:
            return text.select(d.any().alias(n) for n, d in doubts.items()).row(0, named=True) if doubts else {}
        except pl.exceptions.PolarsError:
            # A pattern that only Python's engine knows: all distinct values are judged one by one.
            plain = {n: pl.col(n).is_not_null() for n in doubts}
            return dict.fromkeys(plain, True)

    def _values(self, block: Block, spec: FieldSpec, values: pl.Series) -> None:
        """Judge values one by one; report the rows that have a wrong one."""
        known = self.known[spec.name]
        for value in values.to_list():
            if value not in known:
                known[value] = columns.broken_rule(spec, value, self.vocabularies)
        wrong = [v for v in values.to_list() if known[v] is not None]
        if wrong:
            found = block.text.with_row_index(ROW, block.first).select(ROW, spec.name)
            found = found.filter(pl.col(spec.name).is_in(wrong))
            for rule in dict.fromkeys(known[v] for v in wrong):
                of_rule = [v for v in wrong if known[v] is rule]
                assert rule is not None
                self._report(block, rule, spec.name, found.filter(pl.col(spec.name).is_in(of_rule)))
        if len(known) > SEEN:
            known.clear()

    def _empty(self, block: Block, frame: pl.DataFrame) -> None:
        required = [f.name for f in self.spec.fields if f.required and f.name not in block.table.lost]
        # A cell that is filled, but not of its type, is not empty.
        for name in required:
            cells = block.text[name] if name in block.text.columns else frame[name]
            if cells.null_count():
                found = cells.to_frame().with_row_index(ROW, block.first).filter(pl.col(name).is_null())
                self._report(block, REQUIRED, name, found)

    def _untyped(self, block: Block, frame: pl.DataFrame, text: pl.DataFrame) -> None:
        for spec in self.spec.fields:
            if spec.type in ("integer", "boolean") and spec.name in text.columns:
                wrong = frame[spec.name].is_null() & text[spec.name].is_not_null()
                if wrong.any():
                    found = text.select(spec.name).with_row_index(ROW, block.first).filter(wrong)
                    self._report(block, TYPE, spec.name, found)

    def _report(self, block: Block, rule: Rule, column: str, found: pl.DataFrame) -> None:
        """Count the cells of a column that break a rule, but for those known to be wrong already."""
        table = block.table
        block.wrong.add(column)
        rows = found[ROW].to_numpy().astype(np.int64)
        marks = table.broken.get(column)
        if isinstance(marks, Marks):
            new = ~marks.of(rows)
            rows, found = rows[new], found.filter(new)
        tally = self.tally(rule.code, column, rule is VOCABULARY)
        if tally.full:
            tally.total += len(rows)
        else:
            table.keep(block, tally.add(dict(zip((ROW, "value_"), r, strict=True)) for r in found.rows()))
        table.break_rows(rows, [column])

    def tally(self, code: str, column: str | None, fold: bool = False) -> Tally:
        """Return the tally of a rule for a column."""
        key = (code, column or "")
        if key not in self.tallies:
            self.tallies[key] = Tally(self.limit, ("value_",) if fold else ())
        return self.tallies[key]


class Stored:
    """Columns of large tables in temporary Parquet files, one a block."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="commdip-")
        self.parts: dict[str, int] = {}

    def add(self, table: LargeTable, frame: pl.DataFrame, names: Iterable[str] | None) -> None:
        """Add a block's columns (None: all)."""
        number = self.parts.get(table.name, 0)
        file = Path(self.folder.name) / table.name / f"{number:06d}.parquet"
        file.parent.mkdir(exist_ok=True)
        there = frame if names is None else frame.select(ROW, *(n for n in frame.columns if n in set(names)))
        there.write_parquet(file, compression="lz4", statistics=False)
        self.parts[table.name] = number + 1

    def add_values(self, block: Block, names: Iterable[str]) -> None:
        """Add the values that columns of a block have, each once and without a row; in full where they are broken."""
        table, columns = block.table, sorted(names)
        broken = np.zeros(len(block), np.bool_)
        rows = np.arange(block.first, block.first + len(block))
        for name in columns:
            if name in table.broken:
                broken |= cast("Marks", table.broken[name]).of(rows)
        values = [
            pl.DataFrame(
                {name: block.distinct[name] if name in block.distinct else block.frame[name].unique().drop_nulls()},
                schema={name: block.frame.schema[name]},
            )
            for name in columns
        ]
        kept = block.frame.select(ROW, *columns).filter(pl.Series(broken))
        self.add(table, pl.concat([kept, *values], how="diagonal"), None)

    def drop(self, table: LargeTable) -> None:
        """Forget what was stored of a table."""
        for file in (Path(self.folder.name) / table.name).glob("*.parquet"):
            file.unlink()
        self.parts.pop(table.name, None)

    def scan(self, table: LargeTable) -> pl.LazyFrame | None:
        """Return what was stored of a table; None if nothing was."""
        if not self.parts.get(table.name):
            return None
        return pl.scan_parquet(Path(self.folder.name) / table.name / "*.parquet")

    def close(self) -> None:
        """Remove the files."""
        self.folder.cleanup()


def named_in(message: str) -> list[str]:
    """Return the columns that a message names."""
    return [name for _, name, _, _ in string.Formatter().parse(message) if name]


@dataclass
class Plan:
    """How the rules are run: those of each large table by how it judges, and the columns to be stored.

    ``stored`` are columns of which every row is needed, ``values`` those of which the values are.
    """

    alone: dict[str, list[RowRule]]
    alike: dict[str, list[RowRule]]
    whole: list[RowRule]
    stored: dict[str, set[str]]
    values: dict[str, set[str]]

    @classmethod
    def of(cls, rules: Iterable[RowRule], large: Mapping[str, LargeTable], idle: Callable[[RowRule], bool]) -> Plan:
        """Plan rules; ``idle`` tells of a rule about a small table whether it has no row to judge."""
        alone, alike = ({n: list[RowRule]() for n in large} for _ in range(2))
        stored, values = ({n: set[str]() for n in large} for _ in range(2))
        plan = cls(alone, alike, [], stored, values)
        for rule in rules:
            beyond = [n for n in rule.lookups if n in large]
            if rule.table in large and not beyond and not rule.any_table and rule.among is not None:
                (plan.alike if rule.among else plan.alone)[rule.table].append(rule)
            elif rule.table in large or ((beyond or rule.any_table) and not idle(rule)):
                plan.whole.append(rule)
                plan.store_for(rule, large)
        return plan

    def rules(self) -> list[RowRule]:
        """Return the rules about large tables."""
        within = [r for part in (self.alone, self.alike) for rules in part.values() for r in rules]
        return [*within, *(r for r in self.whole if r.table in self.stored)]

    def store_for(self, rule: RowRule, large: Mapping[str, LargeTable], own: bool | None = None) -> None:
        """Note the columns that a rule reads of large tables.

        ``own`` says whether also of its own; by default not for a rule about some rows only, of which
        there may be none.
        """
        own = rule.only is None if own is None else own
        if rule.table in large and own:
            spec = large[rule.table].spec
            links = [x.main_on or x.on for x in rule.lookups.values()]
            names = {*rule.reads, *named_in(rule.message), *rule.fold, *links, *spec.primary_key}
            self.stored[rule.table] |= with_bounds(spec, names)
        for name, lookup in rule.lookups.items():
            if name not in large or not (own or name != rule.table):
                continue
            if lookup.distinct:
                self.values[name].add(lookup.on)
            else:
                self.stored[name] |= with_bounds(large[name].spec, {lookup.on, *lookup.columns})
        if rule.any_table:
            for name, table in large.items():
                self.stored[name] |= with_bounds(table.spec, table.spec.primary_key)


def with_bounds(spec: TableSpec, names: Iterable[str]) -> set[str]:
    """Return the columns of a table among some names, with the bounds of dates."""
    there = {n for n in names if n in spec.by_name}
    return there | {f"{n}_{side}" for n in there if spec.by_name[n].edtf for side in ("earliest", "latest")}


class Alike:
    """Rows that agree in some columns with another row, found by digests of these columns."""

    def __init__(self, rule: RowRule) -> None:
        assert rule.among
        self.rule, self.columns = rule, list(rule.among)
        self.digests: list[Any] = []
        self.rows: list[Any] = []
        self.skipped: list[int] = []
        self.last: str | None = None
        self.rising = rule.code == "KEY01"

    def add(self, block: Block) -> None:
        """Add the rows of a block."""
        self.rising = self.rising and self._rises(block)
        if self.rising:
            self.skipped.append(block.first)
            return
        frame = block.frame
        if self.rule.only is not None:
            frame = lazy(frame).filter(self.rule.only).collect().to_native()
        self.digests.append(frame.select(pl.struct(self.columns).hash()).to_series().to_numpy())
        self.rows.append(frame[ROW].to_numpy())

    def _rises(self, block: Block) -> bool:
        """Return whether the key still grows from row to row: then no two are alike, and none need be kept."""
        if not len(block):
            return True
        first, last = (block.text[self.columns[0]][i] for i in (0, -1))
        grows = block.rises and (self.last is None or first > self.last)
        self.last = last
        return grows

    def candidates(self, table: LargeTable) -> Any:
        """Return the rows whose columns may be alike to another row's."""
        if self.rising:
            return np.zeros(0, np.int64)
        if self.skipped:
            again, self.skipped = np.asarray(self.skipped, np.int64), []
            for block in table.again(again):
                self.add(block)
        ordered = np.concatenate(self.digests)
        ordered.sort()
        twice = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        del ordered
        found = [r[np.isin(d, twice)] for d, r in zip(self.digests, self.rows, strict=True)] if len(twice) else []
        return np.concatenate([*found, np.zeros(0, np.int64)])


def run_alone(
    rules: Sequence[RowRule], block: Block, view: Callable[[pl.DataFrame], Tables]
) -> Iterator[tuple[RowRule, Any]]:
    """Run rules on a block; yield each that has offending rows, with their numbers."""
    seen = view(block.frame)
    for rule in rules:
        # A reference is looked up once for each value that there is.
        by_value = rule.code == "KEY03" and len(rule.reads) == 1 and rule.reads[0] in block.distinct
        if by_value and not _any_value(rule, block, view):
            continue
        # One by one: shared steps would be made with all columns that any rule wants, which costs more.
        found = rule.check(seen).select(ROW).to_native().collect()
        if found.height:
            yield rule, np.unique(found[ROW].to_numpy())


def _any_value(rule: RowRule, block: Block, view: Callable[[pl.DataFrame], Tables]) -> bool:
    """Return whether a rule that reads one column finds fault with any of its distinct values."""
    name = rule.reads[0]
    values = pl.DataFrame({name: block.distinct[name]}, schema={name: pl.String}).with_row_index(ROW)
    found: pl.LazyFrame = rule.check(view(values)).select(ROW).to_native()
    return not found.collect().is_empty()


def in_full(rule: RowRule, rows: Any, block: Block, view: Callable[[pl.DataFrame], Tables]) -> list[dict[str, Any]]:
    """Return offending rows of a block with what their message names."""
    return by_row(rule.check(view(block.frame[(rows - block.first).tolist()])))


def by_row(found: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """Return offending rows in their order, each once."""
    made: dict[int, dict[str, Any]] = {}
    for row in found.collect().iter_rows(named=True):
        made.setdefault(int(row[ROW]), row)
    return [made[number] for number in sorted(made)]


def without(rows: Any, marks: Iterable[Any]) -> Any:
    """Return the rows that are in none of some sets of rows."""
    for part in marks:
        rows = rows[~part.of(rows)]
    return rows
