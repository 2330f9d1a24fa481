"""Large tables, read block by block: a file is never in memory as a whole.

A block is some megabytes of whole records. Polars reads it fast, but says nothing of records that
are too short, and little of those it cannot read; so each block is weighed: its bytes must be those
of its cells, their separators and their quotes, no more and no less. A block that does not weigh
what it should is read by the csv module, record by record, as a small file is.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import queue
import re
import threading
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from commdip import columns, edtf
from commdip.rules import files
from commdip.rules.base import ROW
from commdip.specs import TableSpec
from commdip.tables import BOM, BOOLEANS, Table, check_header, not_utf8, records_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 48 << 20
"""Bytes of a block: a larger one costs memory, a smaller one time."""
STEP = 1 << 18
BUFFERS = 4
"""Parts that are there at once: one is read, one waits, one is parsed, and one may be judged."""
DELETE = b"\x7f"
QUOTE = b'"'
TAIL = 1 << 16
"""Bytes at the end of a block in which a line end is looked for, so that the block need not be cut."""
FEW = 4
"""A column repeats few values where there are this many times more rows."""
INTEGER = r"^[+-]?[0-9]{1,18}$"


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
class Block:
    """Some records of a large table, one after the other.

    ``text`` has the cells as text, a column per column of the file (missing where a cell is
    empty); ``frame`` is what rules see: the columns of the schema, typed, with ``row_`` and the
    bounds of dates. ``first`` is the number of the first row; ``lines`` the physical line of every row,
    None where a file has no lines. ``short`` are rows with too few or too many cells, as (row, cells).
    ``distinct`` are the values of columns that repeat few, ``rises`` says that the key, being one column of
    text, grows from row to row. ``no_dates`` are the values of date columns that are no dates, ``wrong`` the
    columns with wrong cells. ``plain`` says that every line is a row, and that polars reads it as it should be
    read; ``tidy`` says that its bytes surely are in canonical form; if not, ``source`` has
    them, where the file has lines.
    """

    table: LargeTable
    text: pl.DataFrame
    first: int
    lines: NDArray[np.int64] | None
    short: list[tuple[int, int]] = field(default_factory=list)
    plain: bool = False
    tidy: bool = True
    source: bytes = b""
    distinct: dict[str, list[str]] = field(default_factory=dict)
    rises: bool = False
    no_dates: dict[str, list[str]] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)

    def __len__(self) -> int:
        return self.text.height

    @property
    def rows(self) -> range:
        """Numbers of the rows of the block."""
        return range(self.first, self.first + len(self))


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
        for column in columns:
            cast("dict[str, Marks]", self.broken).setdefault(column, Marks()).update(rows)

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


class Ahead:
    """What an iterator gives; it works one step ahead in a thread of its own, from now on."""

    def __init__(self, parts: Generator[Any]) -> None:
        self._parts = parts
        self._waiting: queue.Queue[Any] = queue.Queue(1)
        self._stop = threading.Event()
        self._end = object()
        self._worker = threading.Thread(target=self._work, name="commdip reader", daemon=True)
        self._worker.start()

    def _hand(self, thing: Any) -> None:
        while not self._stop.is_set():
            try:
                return self._waiting.put(thing, timeout=0.1)
            except queue.Full:
                continue

    def _work(self) -> None:
        try:
            for part in self._parts:
                self._hand(part)
                del part
                if self._stop.is_set():
                    break
            self._hand(self._end)
        except BaseException as error:
            self._hand(error)
        finally:
            self._parts.close()

    def __iter__(self) -> Iterator[Any]:
        try:
            while (part := self._waiting.get()) is not self._end:
                if isinstance(part, BaseException):
                    raise part
                yield part
        finally:
            self.close()

    def close(self) -> None:
        """Stop, and wait until the thread has ended."""
        self._stop.set()
        self._worker.join()


@dataclass
class Part:
    """Bytes of whole records, and what was counted in them."""

    source: bytes
    newlines: int
    controls: int
    quotes: int
    ascii: bool
    escaped: bool = False


def weigh(source: bytes) -> Part:
    """Count in bytes what tells whether they were read right."""
    codes = np.frombuffer(source, np.uint8)
    newlines = controls = quotes = 0
    # In steps that stay in the processor's cache; bytes.count takes six times as long.
    for at in range(0, len(codes), STEP):
        step = codes[at : at + STEP]
        newlines += int(np.count_nonzero(step == ord("\n")))
        controls += int(np.count_nonzero(step < ord(" ")))
        quotes += int(np.count_nonzero(step == ord(QUOTE)))
    controls += source.count(DELETE) if DELETE in source else 0
    return Part(source, newlines, controls, quotes, source.isascii())


class _Buffers:
    """Memory for parts, taken again and again: pages that the system must give anew cost more than reading into them.

    A part that somebody still holds keeps its bytes: ``BytesIO`` takes new memory then.
    """

    def __init__(self) -> None:
        self._buffers: list[io.BytesIO] = []

    def read(self, stream: IO[bytes], size: int) -> bytes:
        """Return the next bytes of a stream, fewer than ``size`` at its end only."""
        if len(self._buffers) < BUFFERS:
            source = stream.read(size)
            self._buffers.append(io.BytesIO(source))
            return source
        buffer = self._buffers.pop(0)
        self._buffers.append(buffer)
        if buffer.getbuffer().nbytes < size:
            buffer.seek(size - 1)
            buffer.write(b"\0")
        got = 0
        with buffer.getbuffer() as view:
            while got < size and (more := cast("io.BufferedReader", stream).readinto(view[got:size])):
                got += more
        buffer.truncate(got)
        return buffer.getvalue()


class _Source:
    """The file of a large table: its header, and its records in parts."""

    def __init__(self, table: LargeTable) -> None:
        self.table = table
        self.hash = hashlib.sha256()
        self.buffers = _Buffers()
        self.rows = 0

    def __enter__(self) -> _Source:
        self.raw: IO[bytes] = self.table.file.open("rb")
        self.stream: IO[bytes] = cast("IO[bytes]", gzip.open(self.raw)) if self.table.path.endswith(".gz") else self.raw
        return self

    def __exit__(self, *error: object) -> None:
        self.stream.close()
        self.raw.close()

    def finish(self) -> str:
        """Return the digest of the file's bytes."""
        if self.stream is not self.raw or self.table.columnar or self.table.cut:
            self.raw.seek(0)
            return hashlib.file_digest(cast("Any", self.raw), "sha256").hexdigest()
        return self.hash.hexdigest()

    def blocks(self) -> Generator[tuple[Block, Span]]:
        """Yield the blocks of the file with the places where they stand; stops where it cannot be read on."""
        for part, span in Ahead(self.parts()):
            block = self.block(part, span)
            span.rows, span.plain = len(block), block.plain
            self.rows = block.first + len(block)
            yield block, span
            if self.table.cut:
                return

    def parts(self) -> Generator[tuple[Part | None, Span]]:
        """Yield parts of the file with the places where they stand."""
        if self.table.columnar:
            yield from self._row_groups()
            return
        offset, line, kept = 0, 1, b""
        while source := self._more(kept):
            part = weigh(source)
            if not self.ended and (part.quotes % 2 or not source.endswith(b"\n")):
                cut = _whole_records(source)
                if not cut:
                    kept = source
                    continue
                part = weigh(source[:cut])
            size = len(part.source)
            kept = source[size:]
            del source
            yield part, Span(offset, size, -1, line)
            offset += size
            line += part.newlines
            del part

    def _more(self, kept: bytes) -> bytes:
        asked = self._up_to_line_end()
        new = self.buffers.read(self.stream, asked)
        self.ended = len(new) < asked
        if self.stream is self.raw:
            self.hash.update(new)
        return kept + new if kept else new

    def _up_to_line_end(self) -> int:
        """Return how many bytes to read: a block, less what follows its last line end."""
        if self.stream is not self.raw:
            return BLOCK
        before = max(BLOCK - TAIL, 0)
        at = self.raw.tell()
        self.raw.seek(at + before)
        end = self.raw.read(BLOCK - before).rfind(b"\n") + 1
        self.raw.seek(at)
        return before + end if end else BLOCK

    def _row_groups(self) -> Iterator[tuple[None, Span]]:
        size = pl.scan_parquet(self.table.file).select(pl.len()).collect().item()
        per = max(BLOCK // 100, 1)
        for first in range(0, max(size, 1), per):
            yield None, Span(first, min(per, size - first), -1, 0)

    def part(self, span: Span) -> Part | None:
        """Return a part again, by the place where it stands."""
        return None if self.table.columnar else weigh(self._bytes(span))

    def _bytes(self, span: Span) -> bytes:
        self.stream.seek(span.offset)
        return self.buffers.read(self.stream, span.size)

    def rows_of(self, span: Span, rows: NDArray[np.int64]) -> tuple[pl.DataFrame, NDArray[np.int64] | None]:
        """Return the text of rows of a span, and their lines."""
        if not span.plain:
            block = self.block(self.part(span), span, judged=False)
            places = rows - block.first
            return block.text[places], None if block.lines is None else block.lines[places]
        # Lines are cut out and only they are parsed, which takes a fifth of parsing all.
        source = self._bytes(span)
        ends = np.flatnonzero(np.frombuffer(source, np.uint8) == ord("\n")) + 1
        header = len(ends) - span.rows
        bounds = np.concatenate([np.zeros(1, np.int64), ends])
        at = rows - span.first + header
        lines = [source[a:b] for a, b in zip(bounds[at].tolist(), bounds[at + 1].tolist(), strict=True)]
        text = _fast(self.table.header, weigh(b"".join(lines)))
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
            block = _read(table, part, span.first, line, span.offset + skipped)
        if judged:
            block.distinct = _distinct(table, block.text)
            block.frame = typed(table, block.text, block.first, block)
        return block

    def _columnar(self, span: Span) -> Block:
        read = pl.scan_parquet(self.table.file).slice(span.offset, span.size).collect()
        span.first = span.offset
        if not self.table.header:
            self.table.header = read.columns
            self.table.lost = check_header(self.table)
        text = read.select(pl.col(c).cast(pl.String).replace("", None) for c in read.columns)
        return Block(self.table, text, span.first, None, tidy=False, rises=_rises(text, self.table.spec))

    def _header(self, part: Part) -> tuple[Part, int, int]:
        """Take the header from the first part; returns what is left, its first line, and the bytes taken."""
        source, new = part.source, not self.table.header
        if source.startswith(BOM):
            if new:
                self.table.at(files.BOM, "The file starts with a byte order mark.", 1)
            source = source[len(BOM) :]
        end = _first_record(source) or len(source)
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


def _first_record(source: bytes) -> int:
    """Return how many bytes are the first record: up to the first line end outside quotes; 0 if there is none."""
    end = 0
    while (end := source.find(b"\n", end) + 1) and source.count(QUOTE, 0, end) % 2:
        pass
    return end


def _whole_records(source: bytes) -> int:
    """Return how many bytes are whole records, up to the last line end outside quotes; 0 if there are none."""
    end = source.rfind(b"\n") + 1
    quotes = source.count(QUOTE, 0, end)
    while end and quotes % 2:
        before = source.rfind(b"\n", 0, end - 1) + 1
        quotes -= source.count(QUOTE, before, end)
        end = before
    return end


def _read(table: LargeTable, part: Part, first: int, line: int, position: int) -> Block:
    """Return the records of a part: by polars if they weigh what they should, or else by the csv module."""
    width = len(table.header)
    text = _fast(table.header, part) if width and len(set(table.header)) == width else None
    if text is None:
        return _slow(table, part, first, line, position)
    lines = np.arange(line, line + text.height)
    if part.newlines > text.height:
        within = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))
        lines = lines + text.select(within.cum_sum().shift(1, fill_value=0)).to_series().to_numpy().astype(np.int64)
    tidy = _tidy(part, text, table.free)
    rises = _rises(text, table.spec)
    plain = part.newlines == text.height and part.source.endswith(b"\n")
    source = b"" if tidy else part.source
    return Block(table, text, first, lines, plain=plain, tidy=tidy, source=source, rises=rises)


def _fast(header: list[str], part: Part) -> pl.DataFrame | None:
    """Return the cells of a part, or None if the way polars reads it cannot be relied on."""
    source = part.source
    if not source:
        return pl.DataFrame(schema=dict.fromkeys(header, pl.String))
    try:
        text = pl.read_csv(source, has_header=False, new_columns=header, infer_schema=False)
    except pl.exceptions.PolarsError:
        return None
    if text.width != len(header):
        return None
    ended = source.endswith(b"\n")
    cells = int(text.select(pl.sum_horizontal(pl.all().str.len_bytes().sum())).item() or 0)
    separators = text.height * text.width - (not ended)
    if part.controls == 2 * part.newlines and source.count(b"\r\n") == part.newlines:
        separators += part.newlines
    extra = len(source) - cells - separators
    inside = 0
    if part.quotes != extra:
        part.escaped = True
        inside = int(text.select(pl.sum_horizontal(pl.all().str.count_matches('"', literal=True).sum())).item())
    enclosing = part.quotes - 2 * inside
    return text if extra == enclosing + inside and enclosing >= 0 and enclosing % 2 == 0 else None


def _tidy(part: Part, text: pl.DataFrame, free: Sequence[str]) -> bool:
    """Return whether a part surely is in canonical form, but for the order of its rows.

    ``free`` are the columns whose values may begin or end with white space or hold separators.
    """
    if part.controls != part.newlines or not part.source.endswith(b"\n"):
        return False
    plain = part.ascii and part.newlines == text.height
    if not part.ascii and not _plain_text(part.source.decode("utf-8")):
        return False
    filled = [n for n in free if text[n].null_count() < text.height]
    looks: list[pl.Expr] = []
    for name in filled:
        cells = pl.col(name)
        space = cells.str.starts_with(" ") | cells.str.ends_with(" ") if plain else cells.str.strip_chars() != cells
        looks.append(space.any().cast(pl.Int64).alias(f"{name} space"))
        if part.quotes:
            looks.append(cells.str.contains('[,"\n]').sum().cast(pl.Int64).alias(f"{name} quoted"))
        if part.escaped:
            looks.append(cells.str.count_matches('"', literal=True).sum().cast(pl.Int64).alias(f"{name} inside"))
    # All in one, so that columns are looked at side by side.
    found = text.select(looks).row(0, named=True) if looks else {}
    spaces, quoted, inside = (
        sum(n or 0 for look, n in found.items() if look.endswith(kind)) for kind in (" space", " quoted", " inside")
    )
    return not spaces and part.quotes == 2 * quoted + 2 * inside


def _rises(text: pl.DataFrame, spec: TableSpec) -> bool:
    """Return whether the key is one column of text that is filled and grows from row to row."""
    key = spec.primary_key
    if len(key) != 1 or spec.by_name[key[0]].type != "string" or key[0] not in text.columns:
        return False
    cells = text[key[0]]
    return not cells.null_count() and bool((cells.slice(1) > cells.head(max(len(cells) - 1, 0))).all())


def _distinct(table: LargeTable, text: pl.DataFrame) -> dict[str, list[str]]:
    """Return the values of the columns that repeat few, and note those that do not."""
    wanted = [n for n in table.repeating if n in text.columns]
    filled = [n for n in wanted if text[n].null_count() < text.height]
    found = text.select(pl.col(n).unique().implode() for n in filled).row(0, named=True) if filled else {}
    made = {n: [v for v in found.get(n, ()) if v is not None] for n in wanted}
    many = {n for n, values in made.items() if FEW * len(values) > text.height > STEP // FEW}
    table.repeating = [n for n in table.repeating if n not in many]
    return made


def _plain_text(text: str) -> bool:
    return unicodedata.is_normalized("NFC", text) and not re.search("[\x80-\x9f]", text)


def _slow(table: LargeTable, part: Part, first: int, at: int, position: int) -> Block:
    """Read a part by the csv module; what is wrong with its form becomes findings of the table."""
    text = _decoded(table, part.source, at, position)
    width = len(table.header)
    records: list[list[str]] = []
    lines: list[int] = []
    short = []
    before = len(table.findings)
    for line, record in records_of(table, text, at) if width else ():
        if len(record) != width:
            short.append((first + len(records), len(record)))
        records.append((record + [""] * width)[:width])
        lines.append(line)
    table.cut = table.cut or any(f.rule == files.CSV.code for f in table.findings[before:])
    # A column that stands twice in the header is read once, as places in the file tell.
    names = list(dict.fromkeys(table.header))
    columns = {n: [r[table.header.index(n)] or None for r in records] for n in names}
    cells = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    return Block(table, cells, first, np.asarray(lines, np.int64), short, tidy=False, source=part.source)


def _decoded(table: LargeTable, source: bytes, line: int, position: int) -> str:
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        if not any(f.rule == files.ENCODING.code for f in table.findings):
            not_utf8(table, error, position, line + source.count(b"\n", 0, error.start))
        return source.decode("utf-8", errors="replace")


def typed(table: LargeTable, text: pl.DataFrame, first: int, block: Block | None = None) -> pl.DataFrame:
    """Return cells as rules see them: the columns of the schema, typed, ``row_``, and the bounds of dates.

    Values of date columns that are no dates are noted in ``block``.
    """
    columns: list[Any] = [pl.int_range(first, first + text.height, dtype=pl.Int64, eager=True).alias(ROW)]
    for spec in table.spec.fields:
        there = spec.name in text.columns
        cells = text[spec.name] if there else pl.Series(spec.name, [None] * text.height, pl.String)
        columns.append(_cells(cells, spec.type))
        if spec.edtf:
            columns += _bounds(cells, block)
    return pl.DataFrame(columns)


def _cells(cells: pl.Series, kind: str) -> pl.Series:
    if kind == "integer":
        whole = cells.to_frame().select(pl.when(pl.first().str.contains(INTEGER)).then(pl.first()).alias(cells.name))
        return whole.to_series().str.strip_prefix("+").cast(pl.Int64, strict=False)
    if kind == "boolean":
        return cells.replace_strict(list(BOOLEANS), list(BOOLEANS.values()), default=None, return_dtype=pl.Boolean)
    return cells


def _bounds(cells: pl.Series, block: Block | None) -> list[pl.Series]:
    """Return the earliest and the latest day of dates; values that are no dates are noted in the block."""
    sides = (("earliest", edtf.FIRST), ("latest", edtf.LAST))
    if cells.null_count() == len(cells):
        return [
            pl.repeat(open_, len(cells), dtype=pl.String, eager=True).alias(f"{cells.name}_{s}") for s, open_ in sides
        ]
    known = block.distinct.get(cells.name) if block else None
    values = cells.unique().drop_nulls().to_list() if known is None else known
    wrong = [v for v in values if not edtf.is_valid(v)]
    if wrong and block:
        block.no_dates[cells.name] = wrong
    # Days are their own bounds; of the others each distinct value is looked at once.
    others = [v for v in values if len(v) != len("YYYY-MM-DD")] + [v for v in wrong if len(v) == len("YYYY-MM-DD")]
    made = [edtf.text_bounds(v) for v in others]
    return [
        (cells.replace(others, [b[i] for b in made]) if others else cells)
        .fill_null(open_)
        .alias(f"{cells.name}_{side}")
        for i, (side, open_) in enumerate(sides)
    ]
