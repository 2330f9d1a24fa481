"""Large tables, read block by block: a file is never in memory as a whole.

Its parts (``commdip.parts``) become blocks (``commdip.blocks``) in threads that run ahead of the rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from commdip import columns, parts
from commdip.blocks import Block, distinct_values, key_rises, parse, read_block, typed
from commdip.parts import Ahead, Part, weigh
from commdip.rules import files
from commdip.rules.base import ROW
from commdip.specs import TableSpec
from commdip.tables import BOM, Table, check_header, records_of

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Marks:
    """A set of row numbers of a large table: a bit a row, so that every row can be in it."""

    def __init__(self) -> None:
        self._bits: NDArray[np.bool_] = np.zeros(0, np.bool_)

    def update(self, rows: Iterable[int] | NDArray[Any]) -> None:
        """Add rows."""
        numbers = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), np.int64)
        if len(numbers):
            if (top := int(numbers.max()) + 1) > len(self._bits):
                grown = np.zeros(max(top, 2 * len(self._bits)), np.bool_)
                grown[: len(self._bits)] = self._bits
                self._bits = grown
            self._bits[numbers] = True

    def add(self, row: int) -> None:
        """Add a row."""
        self.update([row])

    def union(self, *others: Marks) -> Marks:
        """Return a set of all rows that are in this set or in others."""
        made = Marks()
        for part in (self, *others):
            made.update(np.flatnonzero(part._bits))
        return made

    def of(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each row whether it is in the set."""
        inside = rows < len(self._bits)
        found = np.zeros(len(rows), np.bool_)
        found[inside] = self._bits[rows[inside]]
        return found

    def within(self, rows: range) -> list[int]:
        """Return the rows of a range that are in the set."""
        found: list[int] = (np.flatnonzero(self._bits[rows.start : rows.stop]) + rows.start).tolist()
        return found

    def __contains__(self, row: object) -> bool:
        return isinstance(row, int | np.integer) and 0 <= int(row) < len(self._bits) and bool(self._bits[int(row)])

    def __len__(self) -> int:
        return int(np.count_nonzero(self._bits))

    def __iter__(self) -> Iterator[int]:
        return iter(np.flatnonzero(self._bits).tolist())


@dataclass
class Span:
    """Where a block stands in its file: its bytes from an offset, its first row and line.

    ``plain`` is that of the block.
    """

    offset: int
    size: int
    first: int
    line: int
    rows: int = 0
    plain: bool = False


class LargeTable(Table):
    """A table whose rows are not kept, but for those that findings are about.

    ``size`` is the number of its rows, known once all blocks were read.
    """

    large = True
    size: int = 0

    def __init__(self, spec: TableSpec, path: str, file: Path) -> None:
        super().__init__(spec, path)
        self.file = file
        self.columnar = path.endswith(".parquet")
        self.kept: dict[int, tuple[int | None, dict[str, str | None]]] = {}
        self.spans: list[Span] = []
        self.broken = cast("Any", {})
        self.free: list[str] = []
        self.repeating = [f.name for f in spec.fields if f.edtf or (f.name,) in {k.fields for k in spec.foreign_keys}]
        self.digest = ""
        self.cut = False
        self.lost: list[str] = []
        self.reading: Ahead | None = None
        self.following: LargeTable | None = None
        self.pending = True

    def count(self) -> int:
        """Return the number of rows."""
        return self.size

    def cell(self, row: int, column: str) -> str | None:
        """Return the text of a cell of a row that was kept."""
        return self.kept[row][1].get(column)

    def line(self, row: int, column: str | None = None) -> int | None:
        """Return the physical line of a row that was kept, or of one of its cells."""
        line, place = self.kept[row][0], self.places.get(column or "", 0)
        return None if line is None else line + sum(c.count("\n") for c in self.record(row)[:place])

    def record(self, row: int) -> list[str]:
        """Return the cells of a row that was kept."""
        return [self.kept[row][1].get(c) or "" for c in self.header]

    def row_at(self, line: int) -> int | None:
        """Return the row that was kept and has a finding on a line."""
        starts = self.starts
        at = bisect_right(starts, (line, self.size)) - 1
        return starts[at][1] if at >= 0 and line <= self.last_line(starts[at][1]) else None

    @cached_property
    def starts(self) -> list[tuple[int, int]]:
        """Line and number of the rows that were kept; asked for when all are."""
        return sorted((line, row) for row, (line, _) in self.kept.items() if line is not None)

    def last_line(self, row: int) -> int:
        """Return the line on which a row that was kept ends."""
        return (self.kept[row][0] or 0) + sum(c.count("\n") for c in self.record(row))

    def break_cells(self, row: int, columns: list[str]) -> None:
        """Mark cells as known to be wrong."""
        self.break_rows([row], columns)

    def break_rows(self, rows: Iterable[int] | NDArray[Any], columns: Sequence[str]) -> None:
        """Mark cells of many rows as known to be wrong."""
        numbers = np.asarray(rows if isinstance(rows, np.ndarray) else list(rows), np.int64)
        for column in columns if len(numbers) else ():
            cast("dict[str, Marks]", self.broken).setdefault(column, Marks()).update(numbers)

    def keep(self, block: Block, rows: Iterable[int]) -> None:
        """Keep rows of a block, so that findings can show them."""
        new = np.asarray(sorted({r for r in rows if r in block.rows and r not in self.kept}), np.int64)
        if len(new):
            places = new - block.first
            self._keep(new, block.text[places], None if block.lines is None else block.lines[places])

    def _keep(self, rows: NDArray[np.int64], text: pl.DataFrame, lines: NDArray[np.int64] | None) -> None:
        numbers = [None] * len(rows) if lines is None else lines.tolist()
        for row, line, record in zip(rows.tolist(), numbers, text.rows(named=True), strict=True):
            self.kept[row] = (line, record)

    def fetch(self, rows: Iterable[int] | NDArray[Any], keep: bool = True) -> pl.DataFrame:
        """Read rows again, and keep them for findings; returns them as rules see them."""
        wanted = np.unique(rows if isinstance(rows, np.ndarray) else np.fromiter(rows, np.int64))
        found = []
        with _Source(self) as source:
            for span in self._spans(wanted):
                here = wanted[(wanted >= span.first) & (wanted < span.first + span.rows)]
                text, lines = source.rows_of(span, here)
                if keep:
                    self._keep(here, text, lines)
                found.append(typed(self, text, 0).with_columns(pl.Series(ROW, here)))
        return pl.concat(found) if found else typed(self, pl.DataFrame(), 0)

    def _spans(self, rows: NDArray[np.int64]) -> list[Span]:
        """Return the spans in which rows stand."""
        firsts = np.asarray([s.first for s in self.spans])
        return [self.spans[n] for n in np.unique(np.searchsorted(firsts, rows, side="right") - 1).tolist()]

    def again(self, wanted: NDArray[np.int64]) -> Iterator[Block]:
        """Read again the blocks in which rows stand."""
        with _Source(self) as source:
            for part, span in Ahead((source.part(span), span) for span in self._spans(wanted)):
                yield source.block(part, span)

    def start(self) -> None:
        """Begin to read, in threads of their own."""
        self.source_ = _Source(self).__enter__()
        self.reading = Ahead(self._read())

    def _read(self) -> Generator[tuple[Block, Span]]:
        yield from self.source_.blocks()
        if self.following is not None:
            self.following.start()

    def stop(self) -> None:
        """End reading, wherever it is."""
        if self.reading is not None:
            self.reading.close()
            self.source_.__exit__()
        self.reading = None

    def blocks(self, told: Callable[[int], None] = lambda rows: None) -> Iterator[Block]:
        """Read the table, block by block, and check its header; ``told`` hears the rows read so far."""
        if self.reading is None:
            self.start()
        try:
            for block, span in cast("Ahead", self.reading):
                self.spans.append(span)
                self.size = block.first + len(block)
                told(self.size)
                yield block
            self.digest = self.source_.finish()
            self.pending = False
        finally:
            self.stop()


class _Source:
    """The file of a large table: its header, and its records in blocks."""

    def __init__(self, table: LargeTable) -> None:
        self.table = table
        self.rows = 0

    def __enter__(self) -> _Source:
        self.file = parts.Source(self.table.file, packed=self.table.path.endswith(".gz"))
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def finish(self) -> str:
        """Return the digest of the file's bytes."""
        return self.file.digest(read=not (self.table.columnar or self.table.cut))

    def blocks(self) -> Generator[tuple[Block, Span]]:
        """Yield the blocks of the file with the places where they stand; stops where it cannot be read on."""
        for part, span in Ahead(self._parts()):
            block = self.block(part, span)
            span.rows, span.plain = len(block), block.plain
            self.rows = block.first + len(block)
            yield block, span
            if self.table.cut:
                return

    def _parts(self) -> Generator[tuple[Part | None, Span]]:
        """Yield parts of the file with the places where they stand."""
        if self.table.columnar:
            yield from self._row_groups()
            return
        line = 1
        for offset, part in self.file.parts():
            yield part, Span(offset, len(part.source), -1, line)
            line += part.newlines
            del part

    def _row_groups(self) -> Iterator[tuple[None, Span]]:
        size = pl.scan_parquet(self.table.file).select(pl.len()).collect().item()
        per = max(parts.BLOCK // 100, 1)
        for first in range(0, max(size, 1), per):
            yield None, Span(first, min(per, size - first), -1, 0)

    def part(self, span: Span) -> Part | None:
        """Return a part again, by the place where it stands."""
        return None if self.table.columnar else weigh(self.file.bytes_at(span.offset, span.size))

    def rows_of(self, span: Span, rows: NDArray[np.int64]) -> tuple[pl.DataFrame, NDArray[np.int64] | None]:
        """Return the text of rows of a span, and their lines."""
        if not span.plain:
            block = self.block(self.part(span), span, judged=False)
            places = rows - block.first
            return block.text[places], None if block.lines is None else block.lines[places]
        # Lines are cut out and only they are parsed, which takes a fifth of parsing all.
        source = self.file.bytes_at(span.offset, span.size)
        ends = np.flatnonzero(np.frombuffer(source, np.uint8) == ord("\n")) + 1
        bounds = np.concatenate([np.zeros(1, np.int64), ends])
        at = rows - span.first + len(ends) - span.rows  # the lines of a header come first
        lines = [source[a:b] for a, b in zip(bounds[at].tolist(), bounds[at + 1].tolist(), strict=True)]
        text = parse(self.table.header, weigh(b"".join(lines)))
        assert text is not None
        return text, at + span.line

    def block(self, part: Part | None, span: Span, judged: bool = True) -> Block:
        """Return the records of a part; if they are not to be ``judged``, as text only."""
        table = self.table
        if part is None:
            block = self._columnar(span)
        else:
            line, skipped = span.line, 0
            if span.offset == 0:
                part, line, skipped = self._header(part)
            if span.first < 0:
                span.first = self.rows
            block = read_block(table, part, span.first, line, span.offset + skipped)
        if judged:
            block.distinct = distinct_values(table, block.text)
            block.frame = typed(table, block.text, block.first, block)
        return block

    def _columnar(self, span: Span) -> Block:
        read = pl.scan_parquet(self.table.file).slice(span.offset, span.size).collect()
        span.first = span.offset
        if not self.table.header:
            self.table.header = read.columns
            self.table.lost = check_header(self.table)
        text = read.select(pl.col(c).cast(pl.String).replace("", None) for c in read.columns)
        return Block(self.table, text, span.first, None, tidy=False, rises=key_rises(text, self.table.spec))

    def _header(self, part: Part) -> tuple[Part, int, int]:
        """Take the header from the first part; returns what is left, its first line, and the bytes taken."""
        source, new = part.source, not self.table.header
        if source.startswith(BOM):
            if new:
                self.table.at(files.BOM, "The file starts with a byte order mark.", 1)
            source = source[len(BOM) :]
        end = parts.first_record(source) or len(source)
        head = source[:end].decode("utf-8", "replace")
        if new:
            self.table.header = next(records_of(self.table, head), (1, []))[1]
            if not self.table.header and not self.table.findings:
                self.table.at(files.EMPTY, "The file is empty: it has no header.", 1)
            self.table.lost = check_header(self.table)
            known = self.table.spec.by_name
            self.table.free = [
                h for h in dict.fromkeys(self.table.header) if h not in known or not columns.closed(known[h])
            ]
        taken = weigh(part.source[: len(part.source) - len(source) + end])
        rest = Part(
            source[end:],
            part.newlines - taken.newlines,
            part.controls - taken.controls,
            part.quotes - taken.quotes,
            part.ascii,
        )
        return rest, 1 + head.count("\n"), len(taken.source)
