"""Blocks: the records of a part of a large table, as text and as rules see them.

Polars reads a part fast, but says nothing of records that are too short, and little of those it cannot
read; so each part is weighed: its bytes must be those of its cells, their separators and their quotes,
no more and no less. A part that does not weigh what it should is read by the csv module, record by
record, as a small file is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from commdip import edtf
from commdip.parts import STEP, Part
from commdip.rules import files
from commdip.rules.base import ROW
from commdip.specs import TableSpec
from commdip.tables import BOOLEANS, not_utf8, records_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from commdip.large import LargeTable

FEW = 4
"""A column repeats few values where there are this many times more rows."""
INTEGER = r"^[+-]?[0-9]{1,18}$"


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


def read_block(table: LargeTable, part: Part, first: int, line: int, position: int) -> Block:
    """Return the records of a part: by polars if they weigh what they should, or else by the csv module."""
    width = len(table.header)
    text = parse(table.header, part) if width and len(set(table.header)) == width else None
    if text is None:
        return _slow(table, part, first, line, position)
    lines = np.arange(line, line + text.height)
    if part.newlines > text.height:
        within = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True).fill_null(0))
        lines = lines + text.select(within.cum_sum().shift(1, fill_value=0)).to_series().to_numpy().astype(np.int64)
    tidy = _tidy(part, text, table.free)
    rises = key_rises(text, table.spec)
    plain = part.newlines == text.height and part.source.endswith(b"\n")
    source = b"" if tidy else part.source
    return Block(table, text, first, lines, plain=plain, tidy=tidy, source=source, rises=rises)


def parse(header: list[str], part: Part) -> pl.DataFrame | None:
    """Return the cells of a part, or None if the way polars reads it cannot be relied on."""
    source = part.source
    if not source:
        return pl.DataFrame(schema=dict.fromkeys(header, pl.String))
    try:
        text = pl.read_csv(source, has_header=False, schema=dict.fromkeys(header, pl.String))
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


def key_rises(text: pl.DataFrame, spec: TableSpec) -> bool:
    """Return whether the key is one column of text that is filled and grows from row to row."""
    key = spec.primary_key
    if len(key) != 1 or spec.by_name[key[0]].type != "string" or key[0] not in text.columns:
        return False
    cells = text[key[0]]
    return not cells.null_count() and bool((cells.slice(1) > cells.head(max(len(cells) - 1, 0))).all())


def distinct_values(table: LargeTable, text: pl.DataFrame) -> dict[str, list[str]]:
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
