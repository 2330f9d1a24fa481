"""The cells of a table that Spark reads: suspects are counted in one pass, and judged by their values."""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from commdip import columns, edtf
from commdip.rules import files
from commdip.rules.base import ROW, Rule
from commdip.rules.columns import CONSTRAINT, DATE, REQUIRED, TYPE, VOCABULARY
from commdip.spark import CELLS, SparkTable, text_of
from commdip.specs import FieldSpec

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

BY_ROW = "row "


@dataclass
class Wrong:
    """A wrong cell that a finding will show (or a row with too many or too few): the first of those alike.

    ``more`` is how many others of the rule there are that none will show.
    """

    table: SparkTable
    code: str
    column: str
    row: int
    alike: int
    cells: int = 0
    more: int = 0


class Broken:
    """Which cells of a table are known to be wrong: by conditions on its rows, or as frames of their numbers."""

    def __init__(self, data: DataFrame, conditions: dict[str, Column]) -> None:
        self.data, self.conditions = data, conditions
        self.frames: list[tuple[tuple[str, ...], DataFrame]] = []

    @property
    def columns(self) -> set[str]:
        """Columns with wrong cells."""
        return {*self.conditions, *(c for names, _ in self.frames for c in names)}

    def add(self, names: Iterable[str], rows: DataFrame) -> None:
        """Add the cells of some columns in some rows."""
        self.frames.append((tuple(names), rows))

    def of(self, names: Iterable[str]) -> DataFrame | None:
        """Return the numbers of the rows with a wrong cell in some columns; None if there surely are none."""
        wanted = set(names)
        found = [rows.select(ROW) for of, rows in self.frames if wanted & set(of)]
        if hit := [c for n, c in self.conditions.items() if n in wanted]:
            found.append(self.data.filter(functools.reduce(operator.or_, hit)).select(ROW))
        return functools.reduce(lambda a, b: a.unionAll(b), found).distinct() if found else None

    def breadths(self, sets: Collection[frozenset[str]]) -> dict[frozenset[str], int]:
        """Return for sets of columns how many rows have a wrong cell in one of them."""
        from pyspark.sql import functions as F

        if not sets:
            return {}
        none = F.lit(None).cast("string")
        names = F.array(none, *(F.when(c, F.lit(n)) for n, c in self.conditions.items()))
        parts = [self.data.select(ROW, F.array_compact(names).alias("names_")).filter(F.size("names_") > 0)]
        parts += [rows.select(ROW, F.array(*map(F.lit, of)).alias("names_")) for of, rows in self.frames]
        pairs = functools.reduce(lambda a, b: a.unionAll(b), parts)
        grouped = pairs.groupBy(ROW).agg(F.flatten(F.collect_list("names_")).alias("names_"))
        ordered = list(sets)
        hits = [F.count_if(F.arrays_overlap("names_", F.array(*map(F.lit, sorted(s))))) for s in ordered]
        row = grouped.agg(*(h.alias(f"n{i}") for i, h in enumerate(hits))).first()
        return dict(zip(ordered, row or [0] * len(ordered), strict=True))

    def forget(self) -> None:
        """Let the cluster forget the frames."""
        for _, rows in self.frames:
            rows.unpersist()


class Cells:
    """The checks of a table's cells."""

    def __init__(self, table: SparkTable, vocabularies: columns.Terms) -> None:
        from pyspark.sql import functions as F

        self.table, self.vocabularies = table, vocabularies
        self.ragged = 0
        self.conditions: dict[tuple[Rule, str], Column] = {}
        self.doubts: dict[str, Column] = {}
        for spec in table.spec.fields:
            text = F.col(text_of(spec))
            if spec.required and spec.name not in table.lost:
                self.conditions[REQUIRED, spec.name] = text.isNull()
            if spec.name in table.header:
                self._of_filled(spec, text)

    def _of_filled(self, spec: FieldSpec, text: Column) -> None:
        from pyspark.sql import functions as F

        cell = F.col(spec.name)
        if text_of(spec) != spec.name:
            self.conditions[TYPE, spec.name] = text.isNotNull() & cell.isNull()
        if not columns.judged(spec):
            return
        if spec.edtf and not spec.vocabulary:
            self.conditions[DATE, spec.name] = ~text.rlike(edtf.EXACT)
        elif spec.type == "integer" and not (spec.vocabulary or spec.pattern):
            low, high = (F.lit(x).cast("bigint") for x in (spec.minimum, spec.maximum))
            self.conditions[CONSTRAINT, spec.name] = F.coalesce((cell < low) | (cell > high), F.lit(False))
        elif spec.vocabulary and not (spec.delimiter or spec.pattern):
            self.conditions[VOCABULARY, spec.name] = self._doubt(spec, text)
        else:
            self.doubts[spec.name] = self._doubt(spec, text)

    def _doubt(self, spec: FieldSpec, text: Column) -> Column:
        """Return the condition that a filled cell is not surely right."""
        from pyspark.sql import functions as F

        certain = columns.sure(spec, self.vocabularies)
        if not isinstance(certain, str):
            return text.isNotNull() & ~text.isin(list(certain)) if certain else text.isNotNull()
        # Classes of characters are those of Unicode, as in Python.
        flags = "(?U)" if re.search(r"\\[wWdDsSbB]", certain) else ""
        pattern = rf"{flags}^(?:{certain})\z"
        return text.isNotNull() & ~text.rlike(pattern) if self._known(pattern) else F.col(spec.name).isNotNull()

    def _known(self, pattern: str) -> bool:
        """Return whether Java can read an expression of Python's."""
        from py4j.protocol import Py4JJavaError

        jvm: Any = self.table.spark._jvm
        try:
            jvm.java.util.regex.Pattern.compile(pattern)
        except Py4JJavaError:
            return False
        return True

    def count(self) -> None:
        """Count rows and suspects in one pass, in which the cluster keeps the table; judge the suspects by value."""
        from pyspark.sql import functions as F

        table = self.table
        table.keep()
        suspects = [*self.conditions.values(), *self.doubts.values()]
        counts = [F.count_if(c).alias(f"n{i}") for i, c in enumerate(suspects)]
        found = table.data.agg(F.count("*").alias("rows"), F.count(CELLS).alias("ragged"), *counts).first()
        assert found is not None
        table.size, self.ragged = found["rows"] + table.blank, found["ragged"]
        kept = dict(zip([*self.conditions, *self.doubts], found[2:], strict=True))
        self.conditions = {k: c for k, c in self.conditions.items() if kept[k]}
        self.doubts = {k: c for k, c in self.doubts.items() if kept[k]}
        self._judge()

    def _judge(self) -> None:
        """Judge suspect values one by one; conditions are left that hold for the wrong ones alone."""
        from pyspark.sql import functions as F

        if not self.doubts:
            return
        spec = self.table.spec.by_name
        pairs = [
            F.when(c, F.struct(F.lit(n).alias("n"), F.col(text_of(spec[n])).alias("v"))) for n, c in self.doubts.items()
        ]
        values = self.table.data.select(F.explode(F.array_compact(F.array(*pairs))).alias("p")).select("p.*").distinct()
        good: dict[str, list[str]] = {n: [] for n in self.doubts}
        bad: dict[str, dict[Rule, list[str]]] = {n: {} for n in self.doubts}
        for name, value in values.toLocalIterator():
            rule = columns.broken_rule(spec[name], value, self.vocabularies)
            (bad[name].setdefault(rule, []) if rule else good[name]).append(value)
        for name, by_rule in bad.items():
            text = F.col(text_of(spec[name]))
            for rule, wrong in by_rule.items():
                # Values of one rule are told by the few right ones, since the wrong ones may be many.
                told = text.isin(wrong) if len(by_rule) > 1 else ~text.isin(good[name])
                self.conditions[rule, name] = self.doubts[name] & told

    def broken(self) -> Broken:
        """Return which cells are wrong."""
        from pyspark.sql import functions as F

        by_column: dict[str, Column] = {}
        for (_, name), condition in self.conditions.items():
            by_column[name] = by_column[name] | condition if name in by_column else condition
        if self.ragged:
            short = F.col(CELLS).isNotNull()
            by_column = {n: by_column[n] | short if n in by_column else short for n in self.table.spec.names}
        by_column |= dict.fromkeys(self.table.lost, F.lit(True))
        # What is not known to be wrong is not.
        return Broken(self.table.data, {n: F.coalesce(c, F.lit(False)) for n, c in by_column.items()})

    def wrong(self, limit: int) -> list[Wrong]:
        """Return the first wrong cells of each check."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        marks = [
            self._mark(rule, name, c) for (rule, name), c in self.conditions.items() if name not in self.table.lost
        ]
        if self.ragged:
            marks.append(F.when(F.col(CELLS).isNotNull(), _mark(files.RAGGED.code, "", None)))
        if not marks:
            return []
        cells = self.table.data.select(ROW, CELLS, F.explode(F.array_compact(F.array(*marks))).alias("m"))
        alike = cells.groupBy("m.code", "m.column", F.coalesce("m.value", F.concat(F.lit(BY_ROW), ROW)).alias("v"))
        groups = alike.agg(F.min(ROW).alias(ROW), F.count("*").alias("n"), F.first(CELLS).alias(CELLS))
        check = Window.partitionBy("code", "column")
        placed = groups.select(
            "*", F.row_number().over(check.orderBy(ROW)).alias("place"), F.count("*").over(check).alias("total")
        )
        found: list[Wrong] = []
        for row in placed.filter(F.col("place") <= limit).orderBy("code", "column", ROW).collect():
            more = max(row["total"] - limit, 0) if row["place"] == 1 else 0
            found.append(Wrong(self.table, row["code"], row["column"], row[ROW], row["n"], row[CELLS] or 0, more))
        return found

    def _mark(self, rule: Rule, name: str, condition: Column) -> Column:
        from pyspark.sql import functions as F

        whole = condition & F.col(CELLS).isNull() if self.ragged else condition
        text = F.col(text_of(self.table.spec.by_name[name])) if rule is VOCABULARY else None
        return F.when(whole, _mark(rule.code, name, text))


def _mark(code: str, column: str, value: Any) -> Column:
    from pyspark.sql import functions as F

    shown = F.lit(None).cast("string") if value is None else value
    return F.struct(F.lit(code).alias("code"), F.lit(column).alias("column"), shown.alias("value"))
