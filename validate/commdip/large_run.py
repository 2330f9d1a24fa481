"""One validation's large tables: reads each block by block, and runs on it what the plan says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from commdip import columns, structure
from commdip.blocks import Block, typed
from commdip.canonical import BlockForm
from commdip.large import LargeTable
from commdip.rules import REGISTER, files
from commdip.rules.base import ROW, RowRule
from commdip.rules.tables import Tables, lazy
from commdip.streaming import Alike, Columns, Plan, Stored, Tally, by_row, in_full, run_alone, without

if TYPE_CHECKING:
    from commdip.validation import _Run

View = Callable[[pl.DataFrame], Tables]


class LargeRun:
    """Runs the rules that concern large tables of a validation."""

    def __init__(self, run: _Run) -> None:
        self.run_, self.large = run, run.large
        self.keys: list[RowRule] = []
        self.tallies: dict[int, Tally] = {}
        self.stored = Stored()
        self.stored_whole = False
        self.candidates: dict[int, int] = {}
        self.kept: set[int] = set()

    def read(self) -> None:
        """Do nothing yet: tables are judged when all is known that has to be done with them."""

    def take(self, keys: Iterable[RowRule]) -> list[RowRule]:
        """Take the rules about keys that concern large tables; return the others."""
        rules = list(keys)
        self.keys = [r for r in rules if self._concerns(r)]
        return [r for r in rules if not self._concerns(r)]

    def run(self, rules: Sequence[RowRule]) -> list[RowRule]:
        """Read the large tables and run the rules that concern them; return the others."""
        beside = ThreadPoolExecutor(1)
        waiting: list[Callable[[], None]] = []
        try:
            plan = Plan.of([*self.keys, *(r for r in rules if self._concerns(r))], self.large, self._idle)
            tables = list(self.large.values())
            for table, following in zip(tables, [*tables[1:], None], strict=True):
                # It begins to be read while the last blocks of this one are judged.
                table.following = following
                waiting.append(self._read(table, plan, beside))
            for finish in waiting:
                finish()
            for rule in sorted(plan.whole, key=lambda r: not r.code.startswith("KEY")):
                self._whole(rule)
            for rule in plan.rules():
                if not self.run_.unread(rule):
                    self._tell(rule, self._tally(rule))
        finally:
            beside.shutdown(cancel_futures=True)
            self.stored.close()
        return [r for r in rules if not self._concerns(r)]

    def _concerns(self, rule: RowRule) -> bool:
        return rule.table in self.large or rule.any_table or bool(self.large.keys() & rule.lookups.keys())

    def _idle(self, rule: RowRule) -> bool:
        """Return whether a rule about a small table has no row to judge."""
        rows = self.run_.view[rule.table]
        return (
            rows.filter(rule.only).head(1).collect().is_empty()
            if rule.only is not None
            else not len(self.run_.tables[rule.table].records)
        )

    # reading

    def _read(self, table: LargeTable, plan: Plan, beside: ThreadPoolExecutor) -> Callable[[], None]:
        """Read a table block by block, judging as it comes; returns what is left to be done.

        Rows that may be alike are looked for ``beside`` the reading of the next table.
        """
        run, limit = self.run_, self.run_.max_findings
        cells = Columns(table.spec, run.vocabularies, limit)
        form, alike = BlockForm(table), [Alike(r) for r in plan.alike[table.name]]
        alone = [r for r in plan.alone[table.name] if not run.unread(r)]
        waiting = [r for r in plan.whole if r.table == table.name and r.only is not None]
        view = self._view(table.name)
        for block in table.blocks(_Rate(run.progress, table.name)):
            cells.judge(block)
            form.check(block)
            for group in (True, False):
                of_keys = [r for r in alone if r.code.startswith("KEY") is group]
                for rule, rows in run_alone(of_keys, block, view) if len(block) else ():
                    self._catch(rule, rows, block, view)
            for part in alike:
                part.add(block)
            for rule in waiting:
                self._look_for_candidates(rule, block, plan)
            if plan.stored[table.name]:
                self.stored.add(table, block.frame, plan.stored[table.name] | plan.values[table.name])
            elif plan.values[table.name]:
                self.stored.add_values(block, plan.values[table.name])
        wanted = {id(p): beside.submit(p.candidates, table) for p in alike if not self.run_.unread(p.rule)}

        def finish() -> None:
            self._alike(table, alike, {i: found.result() for i, found in wanted.items()}, view)
            self._told(table, cells, form)

        return finish

    def _look_for_candidates(self, rule: RowRule, block: Block, plan: Plan) -> None:
        """Count the rows that a rule is about; where the first block has some, what it reads is stored at once."""
        assert rule.only is not None
        number = int(lazy(block.frame).filter(rule.only).select(ROW).collect().shape[0])
        if number and block.first == 0:
            plan.store_for(rule, {rule.table: block.table}, own=True)
            self.kept.add(id(rule))
        self.candidates[id(rule)] = self.candidates.get(id(rule), 0) + number

    def _view(self, name: str) -> View:
        """Return what makes the tables as rules see them from a frame of the table of this name."""
        base = self.run_.view

        def view(frame: pl.DataFrame) -> Tables:
            return Tables({**base.frames, name: lazy(frame)}, base.specs, base.today, base.present)

        return view

    def _catch(self, rule: RowRule, rows: Any, block: Block, view: View) -> None:
        """Count the offending rows of a block, and keep the first of them."""
        table, tally = block.table, self._tally(rule)
        rows = self._unbroken(rule, table, rows)
        if tally.full:
            tally.total += len(rows)
        elif len(rows):
            table.keep(block, tally.add(in_full(rule, rows, block, view)))

    def _unbroken(self, rule: RowRule, table: LargeTable, rows: Any) -> Any:
        """Return offending rows but for those with broken cells; a reference to nothing breaks its own."""
        if rule.code == "KEY03":
            table.break_rows(rows, rule.inputs)
        if rule.code.startswith("KEY"):
            return rows
        return without(rows, [table.broken[c] for c in rule.reads if c in table.broken])

    def _alike(self, table: LargeTable, parts: Sequence[Alike], wanted: Mapping[int, Any], view: View) -> None:
        """Run rules that compare rows on those ``wanted``, which may be alike; they are read again, once for all."""
        rows = np.unique(np.concatenate([*wanted.values(), np.zeros(0, np.int64)]))
        if not len(rows):
            return
        read = table.fetch(rows, keep=False)
        for part in parts:
            mine = wanted.get(id(part), ())
            if len(mine):
                found = part.rule.check(view(read.filter(pl.col(ROW).is_in(mine))))
                self._add(part.rule, table, by_row(found))

    def _add(self, rule: RowRule, table: LargeTable, found: list[dict[str, Any]]) -> None:
        """Count offending rows of the whole table, and fetch those that findings show."""
        numbers = np.asarray([row[ROW] for row in found], np.int64)
        left = set(self._unbroken(rule, table, numbers).tolist())
        found = [row for row in found if row[ROW] in left]
        shown = set(self._tally(rule).add(found))
        others = {int(row["other_"]) for row in found if row[ROW] in shown and "other_" in row}
        if shown:
            table.fetch(sorted(shown | others))

    def _tally(self, rule: RowRule) -> Tally:
        return self.tallies.setdefault(id(rule), Tally(self.run_.max_findings, rule.fold))

    # over whole tables

    def _whole(self, rule: RowRule) -> None:
        """Run a rule that needs large tables as a whole, if there is a row for it to judge."""
        if self.run_.unread(rule) or self.candidates.get(id(rule)) == 0:
            return
        if id(rule) in self.candidates and id(rule) not in self.kept:
            self._store_all()
        try:
            self._over(rule)
        except (pl.exceptions.ColumnNotFoundError, nw.exceptions.ColumnNotFoundError):
            # The rule reads more than it says: everything is stored then.
            self._store_all()
            self._over(rule)

    def _over(self, rule: RowRule) -> None:
        found = rule.check(self._stored_view())
        if rule.table not in self.large:
            self.run_.break_references(rule, self.run_.report_rows(rule, by_row(found)))
            return
        numbers = np.unique(found.select(ROW).to_native().collect(engine="streaming")[ROW].to_numpy())
        if rule.fold or len(numbers) <= self.run_.max_findings:
            self._add(rule, self.large[rule.table], by_row(found) if len(numbers) else [])
        else:
            tally = self._tally(rule)
            left = self._unbroken(rule, self.large[rule.table], numbers)
            first = left[: self.run_.max_findings]
            self._add(rule, self.large[rule.table], by_row(_only(found, first)))
            tally.total += len(left) - len(first)

    def _stored_view(self) -> Tables:
        base = self.run_.view
        scans = {}
        for name, table in self.large.items():
            scan = self.stored.scan(table)
            scans[name] = lazy(_empty(table) if scan is None else scan)
        return Tables({**base.frames, **scans}, base.specs, base.today, base.present)

    def _store_all(self) -> None:
        """Store all columns of all large tables, which are read again for it."""
        if not self.stored_whole:
            for table in self.large.values():
                self.stored.drop(table)
                for block in table.again(np.asarray([s.first for s in table.spans if s.rows], np.int64)):
                    self.stored.add(table, block.frame, None)
        self.stored_whole = True

    def show(self, table: LargeTable, rows: Iterable[int]) -> None:
        """Keep rows of a table, so that reasons can say where they stand."""
        table.fetch({r for r in rows if r not in table.kept})

    def links(self, table: LargeTable, column: str, rows: set[int]) -> dict[int, str | None]:
        """Return what rows of a table have in a column that a lookup reads."""
        scan = self.stored.scan(table)
        found: dict[int, str | None] = {}
        if scan is not None and column in scan.collect_schema().names():
            wanted = pl.Series(ROW, sorted(rows), dtype=pl.Int64)
            found = dict(scan.select(ROW, column).filter(pl.col(ROW).is_in(wanted.implode())).collect().rows())
        lacking = rows - found.keys()
        table.fetch(lacking)
        return found | {r: table.cell(r, column) for r in lacking}

    # telling

    def _told(self, table: LargeTable, cells: Columns, form: BlockForm) -> None:
        """Turn what was found of form and cells into findings."""
        run = self.run_
        entry = next(r for r in run.package.resources if r.name == table.name)
        actual: dict[str, int | str] = {"bytes": table.file.stat().st_size, "hash": f"sha256:{table.digest}"}
        run.findings += structure.check_digest(entry, actual)
        for (code, column), tally in cells.tallies.items():
            run.unlisted[code] += tally.total - len(tally.groups)
            for group in tally.groups.values():
                table.findings.append(_cell_finding(table, code, column, group, run.vocabularies))
        run.findings += table.findings
        run.findings += form.findings()

    def _tell(self, rule: RowRule, tally: Tally) -> None:
        """Turn the offending rows of a rule into findings, but for those that hang on broken rows.

        Where there are none, the report still says what was not judged.
        """
        from commdip.validation import finding_of

        table = self.large[rule.table]
        rows = [g.row for g in tally.groups.values()]
        left = {row[ROW] for row in self.run_.withhold(rule, rows)}
        self.run_.unlisted[rule.code] += tally.total - len(rows)
        for group in tally.groups.values():
            if group.row[ROW] in left:
                self.run_.findings.append(finding_of(rule, table, group.row, group.others, group.count - 1))


def _cell_finding(table: LargeTable, code: str, column: str, group: Any, vocabularies: columns.Terms) -> Any:
    from commdip.findings import also
    from commdip.tables import wrong_width

    rule, row = REGISTER[code], group.row[ROW]
    if rule is files.RAGGED:
        return table.finding(rule, wrong_width(table, group.row["cells_"]), row)
    message = columns.wrong_cell(rule, table.spec.by_name[column], table.cell(row, column) or "", vocabularies)
    return table.finding(
        rule, message + also([table.line(r, column) for r in group.others], group.count - 1), row, column
    )


def _only(found: Any, rows: Any) -> Any:
    import narwhals as nw

    return found.filter(nw.col(ROW).is_in(rows.tolist()))


def _empty(table: LargeTable) -> pl.LazyFrame:
    return typed(table, pl.DataFrame(), 0).lazy()


class _Rate:
    """Tells progress: the table, the rows read, and how many a second."""

    def __init__(self, progress: Callable[[str], None], table: str) -> None:
        self.progress, self.table, self.started = progress, table, time.monotonic()

    def __call__(self, rows: int) -> None:
        rate = rows / max(time.monotonic() - self.started, 1e-3)
        self.progress(f"{self.table}: {rows:,} rows, {rate:,.0f} a second")
