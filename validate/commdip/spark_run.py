"""One validation's tables that Spark reads: what is wrong with their cells, and the rules that concern them.

Everything is counted first, many rules in one job. Only where a count is not zero are rows located,
the first of them alone. Rows known to be broken stay with the cluster, as frames that offending
rows are compared with; the driver gets nothing but counts, and rows that findings show.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commdip import structure
from commdip.findings import PLACES, Finding, also
from commdip.package import Resource
from commdip.rules import REGISTER, files
from commdip.rules.base import ROW, Lookup, RowRule
from commdip.rules.tables import Frame, Tables, lazy
from commdip.spark import SparkTable
from commdip.spark_cells import Broken, Cells, Wrong
from commdip.spark_form import Form
from commdip.tables import Table, wrong_width

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from commdip.validation import Rows, _Run

TOGETHER = 12
"""Rules that are counted in one job."""


class Frames(Mapping[str, Frame]):
    """All tables as Spark frames, made when a rule asks for them."""

    def __init__(self, small: Mapping[str, Frame], run: SparkRun) -> None:
        self.small, self.run = small, run
        self.made: dict[str, Frame] = {}

    def __getitem__(self, name: str) -> Frame:
        if name not in self.made:
            large = self.run.large.get(name)
            self.made[name] = lazy(large.rules_see() if large else self._sent(name))
        return self.made[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self.small, **self.run.large})

    def __len__(self) -> int:
        return len({*self.small, *self.run.large})

    def _sent(self, name: str) -> DataFrame:
        """Return a small table as a frame whose size Spark knows, so that it is sent to all machines in joins."""
        import pyarrow as pa

        frame = self.small[name].collect("pyarrow").to_native()
        kinds = {f.name: f.type for f in self.run.run_.view.specs[name].fields} | {ROW: "integer"}
        types = {"integer": pa.int64(), "boolean": pa.bool_()}
        schema = pa.schema([(c, types.get(kinds.get(c, ""), pa.string())) for c in frame.column_names])
        sent: DataFrame = self.run.spark.createDataFrame(frame.cast(schema))
        return sent


@dataclass
class Shown:
    """An offending row that a finding will show, and how many are like it."""

    rule: RowRule
    row: dict[str, Any]
    alike: int


class SparkRun:
    """Runs the rules that concern the tables of a validation that Spark reads."""

    def __init__(self, run: _Run) -> None:
        self.run_, self.large = run, run.large
        self.spark = next(iter(self.large.values())).spark
        self.broken: dict[str, Broken] = {}
        self.wrong: list[Wrong] = []
        self.forms: list[Form] = []
        self.shown: list[Shown] = []
        self.digests: dict[str, Future[str]] = {}
        self.keys: list[RowRule] = []
        self.breadths: dict[tuple[str, frozenset[str]], int] = {}
        self.where: dict[tuple[str, tuple[str, ...]], str] = {}

    @functools.cached_property
    def view(self) -> Tables:
        """Return all tables as Spark frames."""
        base = self.run_.view
        return Tables(Frames(base.frames, self), base.specs, base.today, base.present)

    # files and cells

    def read(self) -> None:
        """Read every table once, and judge its cells."""
        pool = ThreadPoolExecutor(1)
        for table in self.large.values():
            self._step(f"{table.name}: form")
            if files.DIGEST.code in self.run_.wanted and self._entry(table).entry.get("hash"):
                self.digests[table.name] = pool.submit(_digest, table)
            table.open()
            self._step(f"{table.name}: cells")
            cells = Cells(table, self.run_.vocabularies)
            cells.count()
            self.run_.progress(f"{table.name}: {table.size:,} rows")
            self.broken[table.name] = cells.broken()
            self.wrong += cells.wrong(self.run_.max_findings)
            if any(c.startswith("CAN") for c in self.run_.wanted):
                self.forms.append(Form(table, self.run_.max_findings))
                self.forms[-1].check(bool(cells.ragged), self.broken[table.name].columns)
        pool.shutdown(wait=False)

    def _step(self, step: str, rules: Sequence[RowRule] = ()) -> None:
        """Tell progress, on the terminal and in Spark's own pages."""
        self.run_.progress(step)
        named = ", ".join(f"{r.code} {r.table}" for r in rules)
        self.spark.sparkContext.setJobDescription(f"commdip {step} {named}".rstrip())

    def _entry(self, table: Table) -> Resource:
        return next(r for r in self.run_.package.resources if r.name == table.name)

    # rules

    def take(self, keys: Iterable[RowRule]) -> list[RowRule]:
        """Take the rules about keys that concern these tables; return the others."""
        rules = list(keys)
        self.keys = [r for r in rules if self._concerns(r)]
        return [r for r in rules if not self._concerns(r)]

    def run(self, rules: Sequence[RowRule]) -> list[RowRule]:
        """Run the rules that concern these tables; return the others."""
        try:
            self._judge(self.keys)
            mine = [r for r in rules if self._concerns(r)]
            self._weigh(mine)
            self._judge(mine)
            self._tell()
        finally:
            for table in self.large.values():
                table.forget()
            for broken in self.broken.values():
                broken.forget()
        return [r for r in rules if not self._concerns(r)]

    def _concerns(self, rule: RowRule) -> bool:
        return rule.table in self.large or rule.any_table or bool(self.large.keys() & rule.lookups.keys())

    def _judge(self, rules: Sequence[RowRule]) -> None:
        """Count what rules find, and locate it where it is not nothing."""
        busy: list[RowRule] = [r for r in rules if r.table in self.large or len(self.run_.tables[r.table].records)]
        counts = self._counts(busy)
        for rule in rules:
            number = counts.get(id(rule), 0)
            if rule.table in self.large:
                self._locate(rule, number)
            else:
                rows = self.run_.report_rows(rule, self._rows(self._found(rule)) if number else [])
                self.run_.break_references(rule, rows)

    def _found(self, rule: RowRule) -> DataFrame:
        native: DataFrame = rule.check(self.view).to_native()
        return native

    def _counts(self, rules: Sequence[RowRule]) -> dict[int, int]:
        """Return how many rows rules find, by their ids; those that find none are left out."""
        from pyspark.sql import functions as F

        counts: dict[int, int] = {}
        for first in range(0, len(rules), TOGETHER):
            group = rules[first : first + TOGETHER]
            self._step(f"rules: {first + len(group)} of {len(rules)}", group)
            parts = [self._found(r).select(F.lit(i).alias("rule_"), ROW) for i, r in enumerate(group)]
            every = functools.reduce(lambda a, b: a.unionAll(b), parts).groupBy("rule_").count()
            counts |= {id(group[row[0]]): row[1] for row in every.collect()}
        return counts

    def _locate(self, rule: RowRule, number: int) -> None:
        """Find the first offending rows of a rule, but for those that hang on broken cells."""
        table, reasons = self.large[rule.table], self._own_reason(rule)
        if number:
            self._step("where", [rule])
        found = self._found(rule) if number else None
        rows = found.select(ROW).distinct() if found is not None else None
        own = self.broken[table.name].of(rule.reads)
        if rows is not None and own is not None and not rule.code.startswith("KEY"):
            rows = rows.join(own, ROW, "left_anti")
        for name, lookup in rule.lookups.items():
            left, reason = self._unlinked(table, name, lookup, rows)
            rows = left if rows is not None else None
            reasons += [reason] if reason else []
        if reasons:
            self.run_.skip(rule.code, f"not judged where its inputs are broken already: {'; '.join(reasons)}")
        if found is not None and rows is not None:
            self._take_first(rule, found, rows.persist())

    def _take_first(self, rule: RowRule, found: DataFrame, rows: DataFrame) -> None:
        """Count findings, and keep the first of them; a reference to nothing breaks its cells."""
        from pyspark.sql import functions as F

        limit = self.run_.max_findings
        if rule.fold:
            once = found.select(ROW, *rule.fold).dropDuplicates([ROW]).join(rows, ROW, "left_semi")
            groups = once.groupBy(*rule.fold).agg(F.min(ROW).alias(ROW), F.count("*").alias("n_"))
        else:
            groups = rows.withColumn("n_", F.lit(1))
        first = groups.select(ROW, "n_").orderBy(ROW).limit(limit + 1).collect()
        total = groups.count() if len(first) > limit else len(first)
        alike = {row[0]: row[1] for row in first[:limit]}
        details = self._rows(found.filter(F.col(ROW).isin(list(alike)))) if alike else []
        self.shown += [Shown(rule, row, alike[row[ROW]]) for row in details]
        self.run_.unlisted[rule.code] += total - len(alike)
        if rule.code == "KEY03" and first:
            self.broken[rule.table].add(rule.inputs, rows)
        else:
            rows.unpersist()

    @staticmethod
    def _rows(found: DataFrame) -> Rows:
        """Return offending rows in their order, each once."""
        rows = [row.asDict() for row in found.collect()]
        made: Rows = []
        for row in sorted(rows, key=lambda r: (r[ROW], r.get("other_") or 0)):
            if not made or made[-1][ROW] != row[ROW]:
                made.append(row)
        return made

    # what hangs on broken cells

    def _weigh(self, rules: Sequence[RowRule]) -> None:
        """Count, in one job a table, the rows that rules cannot judge for their own cells."""
        for name, broken in self.broken.items():
            sets = {frozenset(broken.columns & set(r.reads)) for r in rules if r.table == name} - {frozenset()}
            self.breadths |= {(name, s): n for s, n in broken.breadths(sets).items()}

    def _own_reason(self, rule: RowRule) -> list[str]:
        own = frozenset(self.broken[rule.table].columns & set(rule.reads))
        if not own or rule.code.startswith("KEY"):
            return []
        number = self.breadths[rule.table, own]
        return [f"{number} {'row' if number == 1 else 'rows'} of {rule.table} ({', '.join(sorted(own))})"]

    def _unlinked(
        self, table: SparkTable, name: str, lookup: Lookup, rows: DataFrame | None
    ) -> tuple[DataFrame | None, str]:
        """Return offending rows but for those that hang on broken rows of a lookup table, and a reason."""
        from pyspark.sql import functions as F

        other = self.run_.tables.get(name)
        where = self._where(other, lookup) if other else ""
        if other is None or not where:
            return rows, ""
        main_on = lookup.main_on or lookup.on
        if main_on != "key_" and main_on not in table.spec.by_name:
            return (rows.limit(0) if rows is not None else None), f"what hangs on {name}"
        if rows is None:
            return None, where
        link = F.concat_ws("/", *(F.coalesce(c, F.lit("")) for c in table.spec.primary_key))
        value = link if main_on == "key_" else F.col(main_on)
        values = table.texts().join(rows, ROW, "left_semi").select(ROW, value.alias("value_"))
        tainted, strays = self._tainted(other, lookup)
        same = F.col("value_").eqNullSafe(F.col("link_"))
        # A broken link that links to nothing may have been meant for any row.
        if not strays.join(values, same, "left_anti").isEmpty():
            return rows.limit(0), where
        return values.join(tainted, same, "left_anti").select(ROW), where

    def _tainted(self, other: Table, lookup: Lookup) -> tuple[DataFrame, DataFrame]:
        """Return, as ``link_``, what links to broken rows of a table, and the links that are broken themselves."""
        from pyspark.sql import functions as F

        columns, on = (lookup.on, *lookup.columns), lookup.on
        if isinstance(other, SparkTable):
            links = other.texts().select(ROW, F.col(on).alias("link_"))
            found = [self.broken[other.name].of(c) for c in (columns, (on,))]
            every, own = [
                (links.limit(0) if rows is None else links.join(rows, ROW, "left_semi")).select("link_").distinct()
                for rows in found
            ]
            return every, own
        every_, own_ = ({other.cell(r, on) for r in _broken(other, c)} for c in (columns, (on,)))
        every, own = (self.spark.createDataFrame([(v,) for v in vs], "link_ string") for vs in (every_, own_))
        return every, own

    def _where(self, other: Table, lookup: Lookup) -> str:
        """Return in words where a table is broken in what a lookup reads; empty if it is not."""
        from commdip.validation import places

        columns = (lookup.on, *lookup.columns)
        key = (other.name, columns)
        # What a key breaks comes later than what was asked for before it.
        if key not in self.where or not self.where[key]:
            if isinstance(other, SparkTable):
                broken = self.broken[other.name].of(columns)
                rows = [r[0] for r in broken.orderBy(ROW).limit(PLACES).collect()] if broken is not None else []
                other.fetch(set(rows))
            else:
                rows = sorted(_broken(other, columns))[:PLACES]
            self.where[key] = f"what hangs on {places(other, rows)} of {other.name}" if rows else ""
        return self.where[key]

    def linked(self, table: Table, name: str, lookup: Lookup, rows: Rows) -> tuple[set[int], str]:
        """Return the offending rows of a table in memory that hang on a broken row of a table of Spark's."""
        from pyspark.sql import functions as F

        where, main_on = self._where(self.large[name], lookup), lookup.main_on or lookup.on
        numbers = [row[ROW] for row in rows]
        if not where:
            return set(), ""
        if main_on != "key_" and main_on not in table.spec.by_name:
            return set(numbers), f"what hangs on {name}"
        if not rows:
            return set(), where
        values = {r: table.key(r) if main_on == "key_" else table.cell(r, main_on) for r in numbers}
        tainted, strays = self._tainted(self.large[name], lookup)
        known = F.col("link_").isin([v for v in values.values() if v is not None])
        missing = F.lit(None in values.values())
        if not strays.filter(~F.when(F.col("link_").isNull(), missing).otherwise(known)).isEmpty():
            return set(numbers), where
        hit = {row[0] for row in tainted.filter(known | F.col("link_").isNull()).collect()}
        return {r for r, v in values.items() if v in hit}, where

    # telling

    def _tell(self) -> None:
        """Turn what was found into findings."""
        from commdip.validation import finding_of

        for table in self.large.values():
            shown = [s for s in self.shown if s.rule.table == table.name]
            wrong = [w for w in self.wrong if w.table is table]
            others = {s.row["other_"] for s in shown if s.row.get("other_") is not None}
            table.fetch({s.row[ROW] for s in shown} | {w.row for w in wrong} | others)
            self.run_.findings += structure.check_digest(self._entry(table), self._actual(table))
            self.run_.findings += table.findings
            self.run_.findings += [self._cell_finding(w) for w in wrong]
            self.run_.findings += [finding_of(s.rule, table, s.row, (), s.alike - 1) for s in shown]
        for found in self.wrong:
            self.run_.unlisted[found.code] += found.more
        for form in self.forms:
            self.run_.findings += form.found
            self.run_.unlisted += form.more

    def _actual(self, table: SparkTable) -> dict[str, int | str]:
        actual: dict[str, int | str] = {"bytes": table.file.stat().st_size}
        if table.name in self.digests:
            actual["hash"] = self.digests[table.name].result()
        return actual

    def _cell_finding(self, found: Wrong) -> Finding:
        from commdip import columns

        table, rule, column = found.table, REGISTER[found.code], found.column
        if rule is files.RAGGED:
            return table.finding(rule, wrong_width(table, found.cells), found.row)
        cell, spec = table.cell(found.row, column) or "", table.spec.by_name[column]
        message = columns.wrong_cell(rule, spec, cell, self.run_.vocabularies) + also([], found.alike - 1)
        return table.finding(rule, message, found.row, column)


def _broken(table: Table, columns: Iterable[str]) -> set[int]:
    """Return the rows of a table in memory that are broken in some columns."""
    return {r for c in columns for r in table.broken.get(c, ())}


def _digest(table: SparkTable) -> str:
    with table.file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
