"""The canonical form of a table that Spark reads: what surely fits is counted out there, the rest is judged here."""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from commdip import canonical, columns
from commdip.findings import Finding
from commdip.rules import files
from commdip.rules.base import ROW
from commdip.rules.form import FORM, ROWS
from commdip.spark import FORM as FORM_OF_LINE
from commdip.spark import SparkTable, text_of
from commdip.tables import INTEGER, Table

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

CONTROL = r"^\s|\s\z|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
TYPED = r"^(?:0|-?[1-9][0-9]*|true|false)\z"
VOID = {*canonical.FATAL, "FIL11"}


class Form:
    """The canonical form of one table: findings, the first of each rule, and how many more there are."""

    def __init__(self, table: SparkTable, limit: int) -> None:
        self.table, self.limit = table, limit
        self.found: list[Finding] = []
        self.more: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()

    def check(self, ragged: bool, wrong: Collection[str]) -> None:
        """Find where the file differs from its canonical form, unless something else about it makes that void.

        ``wrong`` are the columns with wrong cells.
        """
        table = self.table
        told = {f.rule for f in table.findings} | ({files.RAGGED.code} if ragged else set())
        if told & VOID or table.parquet or not table.header:
            return
        self._add(canonical._column_order(table))
        self._add(self._cells(wrong))
        self._add(self._order())
        if not self.found and "FIL04" not in told:
            self._add(self._other_form())

    def _add(self, found: Iterator[Finding]) -> None:
        for finding in found:
            self._seen[finding.rule] += 1
            if self._seen[finding.rule] <= self.limit:
                self.found.append(finding)
            else:
                self.more[finding.rule] += 1

    def _cells(self, wrong: Collection[str]) -> Iterator[Finding]:
        """Yield cells that are not in canonical form; those that may not be are judged one by one."""
        from pyspark.sql import functions as F

        texts, doubt = self.table.texts(), F.lit(False)
        for name in dict.fromkeys(self.table.header):
            doubt = doubt | self._doubt(name, texts[name], name in wrong)
        for row in texts.filter(doubt).orderBy(ROW).toLocalIterator():
            cells = row.asDict()
            yield from canonical._cells(self._alone(cells))

    def _doubt(self, name: str, cell: Column, wrong: bool) -> Column:
        """Return the condition that a cell may not be in canonical form."""
        from pyspark.sql import functions as F

        spec = self.table.spec.by_name.get(name)
        if spec and spec.type in ("integer", "boolean"):
            return F.coalesce(~cell.rlike(TYPED), F.lit(False))
        if spec and columns.closed(spec) and not wrong:
            return F.lit(False)
        # Characters of one byte need no look at the many that others may be composed of.
        foreign = F.octet_length(cell) > F.length(cell)
        unclean = F.when(foreign, cell.rlike(f"(?U){CONTROL}") | cell.rlike(composed())).otherwise(cell.rlike(CONTROL))
        return F.coalesce(unclean, F.lit(False))

    def _alone(self, cells: dict[str, Any]) -> Table:
        """Return a row as a table of its own."""
        record = [cells[h] or "" for h in self.table.header]
        return Table(self.table.spec, self.table.path, header=self.table.header, records=[record], columnar=True)

    def _order(self) -> Iterator[Finding]:
        """Yield rows that should stand before the one above them: within each part of the file, and where two meet."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        spec = self.table.spec
        if not spec.primary_key or set(spec.primary_key) - set(self.table.header):
            return
        shown = F.concat_ws("/", *(F.coalesce(text_of(spec.by_name[k]), F.lit("")) for k in spec.primary_key))
        part = F.shiftright(ROW, 33).alias("part_")
        keys = self.table.data.select(ROW, part, shown.alias("key_"), self._sort_key().alias("sort_"))
        above = Window.partitionBy("part_").orderBy(ROW)
        pairs = keys.select(
            ROW, "key_", F.lag("key_").over(above).alias("above_"), "sort_", F.lag("sort_").over(above).alias("low_")
        )
        falls = [tuple(r) for r in pairs.filter("sort_ < low_").select(ROW, "key_", "above_").toLocalIterator()]
        for number, key, before in sorted([*falls, *self._meetings(keys)]):
            yield ROWS.finding(
                f"{key} stands after {before}.",
                table=spec.name,
                path=self.table.path,
                column=spec.primary_key[0],
                key=key,
                value=self._first_cell(number),
            )

    def _first_cell(self, row: int) -> str | None:
        if self._seen[ROWS.code] < self.limit:
            self.table.fetch({row})
            return self.table.cell(row, self.table.spec.primary_key[0])
        return None

    def _sort_key(self) -> Column:
        """Return what rows are sorted by: cells that are no integers before those that are."""
        from pyspark.sql import functions as F

        parts = []
        for name in self.table.spec.primary_key:
            field = self.table.spec.by_name[name]
            text = F.coalesce(text_of(field), F.lit(""))
            whole = text.rlike(rf"^{INTEGER.pattern}\z") if field.type == "integer" else F.lit(False)
            number = F.when(whole, text.try_cast("bigint")).otherwise(F.lit(-(2**63)))
            parts += [whole, number, F.when(whole, "").otherwise(text)]
        return F.struct(*(p.alias(f"s{i}") for i, p in enumerate(parts)))

    @staticmethod
    def _meetings(keys: DataFrame) -> Iterator[tuple[int, str, str]]:
        """Yield the first rows of parts of the file that should stand before the last row of the part before."""
        from pyspark.sql import functions as F

        first, last = (f(F.struct(ROW, "key_", "sort_"), ROW) for f in (F.min_by, F.max_by))
        before = None
        for _, low, high in keys.groupBy("part_").agg(first, last).orderBy("part_").collect():
            if before is not None and tuple(low["sort_"]) < tuple(before["sort_"]):
                yield low[ROW], low["key_"], before["key_"]
            before = high

    def _other_form(self) -> Iterator[Finding]:
        """Yield that a line, or else the header or the file's end, is not in canonical form."""
        table = self.table
        if table.lines_ is None:
            forms = [2] if table.reads_otherwise else []
        else:
            forms = [
                row[0] for row in table.data.filter(f"{FORM_OF_LINE} > 0").orderBy(ROW).select(FORM_OF_LINE).head(1)
            ]
            forms = forms or self._of_ends()
        for form in forms:
            how = "ends with CR LF" if form == 1 else "is quoted or ends otherwise than in canonical form"
            yield FORM.finding(f"A line {how}.", table=table.name, path=table.path)

    def _of_ends(self) -> list[int]:
        """Return what is not in canonical form of the header and of the file's end."""
        header = canonical.write_csv(self.table.header, [])
        with self.table.stream() as stream:
            first = stream.read(len(header))
        return [] if first == header and self.table.ends_with_line_feed() else [2]


@functools.cache
def composed() -> str:
    """Return an expression of the characters without which a text surely is in normal form C."""
    doubtful = [False] * (sys.maxunicode + 1)
    for number in range(0x80, sys.maxunicode + 1):
        char = chr(number)
        if unicodedata.combining(char) or not unicodedata.is_normalized("NFC", char):
            doubtful[number] = True
        parts = unicodedata.decomposition(char).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            doubtful[int(parts[1], 16)] = True
    # Vowels and finals of Hangul join what stands before them.
    for low, high in ((0x1161, 0x1175), (0x11A8, 0x11C2)):
        doubtful[low : high + 1] = [True] * (high + 1 - low)
    text = "".join(map("01".__getitem__, doubtful))
    spans = [(m.start(), m.end() - 1) for m in re.finditer("1+", text)]
    # The first condition is soon told, and spares most characters the many others.
    return r"[\x{80}-\x{10ffff}&&[" + "".join(rf"\x{{{a:x}}}-\x{{{b:x}}}" for a, b in spans) + "]]"
