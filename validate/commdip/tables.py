"""Reading a CSV file into records and typed columns, with the physical line of every row kept."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from commdip import edtf
from commdip.findings import Finding
from commdip.package import PackageError
from commdip.rules import files
from commdip.rules.base import ROW, Rule
from commdip.specs import TableSpec

if TYPE_CHECKING:
    import pandas as pd

BOM = b"\xef\xbb\xbf"
INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
BOOLEANS = {
    v: b for b, vs in {True: ("true", "True", "TRUE", "1"), False: ("false", "False", "FALSE", "0")}.items() for v in vs
}
csv.field_size_limit(2**31 - 1)


@dataclass
class Table:
    """One table as read.

    ``records`` are the cells as text, one list a row, each as long as ``header``; ``lines`` the
    physical line on which each row starts.
    ``columnar`` says that the file has no lines, being Parquet. ``untyped`` are cells that are not of their column's type, as (row, column); ``broken`` are
    all cells known to be wrong, as column -> row numbers: rules that read such a cell are skipped
    for that row.
    """

    large: ClassVar[bool] = False
    """Whether its rows stay where they are, so that records and frame are not there."""
    spec: TableSpec
    path: str
    header: list[str] = field(default_factory=list)
    records: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    untyped: list[tuple[int, str]] = field(default_factory=list)
    broken: dict[str, set[int]] = field(default_factory=dict)
    source: bytes = b""
    columnar: bool = False
    pending: bool = False
    """Whether it is yet to be read, so that what was found in it so far is not all."""

    @property
    def name(self) -> str:
        """Name of the table."""
        return self.spec.name

    @cached_property
    def frame(self) -> pd.DataFrame:
        """What ``typed`` gives as a pandas frame: columns of the types str, Int64 and boolean."""
        import pandas as pd

        dtypes = {"integer": "Int64", "boolean": "boolean"}
        columns = {name: pd.Series(cells, dtype=dtypes.get(kind, "str")) for name, kind, cells in self.typed()}
        return pd.DataFrame({ROW: range(len(self.records)), **columns})

    def typed(self) -> Iterator[tuple[str, str, list[Any]]]:
        """Yield the columns of the schema as name, type and cells, None where a cell is empty or not of the type.

        After a column of dates follow their bounds as text, ``X_earliest`` and ``X_latest``.
        """
        places = self.places
        for spec in self.spec.fields:
            place = places.get(spec.name)
            cells = [""] * len(self.records) if place is None else [r[place] for r in self.records]
            yield spec.name, spec.type, [value_of(c, spec.type) for c in cells]
            if spec.edtf:
                known = {c: edtf.text_bounds(c) for c in set(cells)}
                for i, side in enumerate(("earliest", "latest")):
                    yield f"{spec.name}_{side}", "string", [known[c][i] for c in cells]

    def start(self) -> None:
        """Begin to read it, if that can go on beside other work."""

    def stop(self) -> None:
        """End what goes on in reading it."""

    def cell(self, row: int, column: str) -> str | None:
        """Return a cell's text; None if it is empty or the file lacks the column."""
        place = self.places.get(column)
        return None if place is None else self.records[row][place] or None

    @property
    def places(self) -> dict[str, int]:
        """Position of each column in the file."""
        return {name: i for i, name in reversed(list(enumerate(self.header)))}

    def key(self, row: int) -> str:
        """Return the primary key of a row as text."""
        return self.spec.key_text({k: self.cell(row, k) for k in self.spec.primary_key})

    def count(self) -> int:
        """Return the number of rows."""
        return len(self.records)

    def record(self, row: int) -> list[str]:
        """Return the cells of a row as text."""
        return self.records[row]

    def row_at(self, line: int) -> int | None:
        """Return the row that a line is of; None if it is of none."""
        row = bisect_right(self.lines, line) - 1
        # A line after the end of the last row is of a record that could not be read.
        return row if row >= 0 and line <= self.lines[row] + sum(c.count("\n") for c in self.records[row]) else None

    def line(self, row: int, column: str | None = None) -> int | None:
        """Return the physical line of a row, or of one of its cells if the row spans several."""
        if self.columnar:
            return None
        place = self.places.get(column or "", 0)
        return self.lines[row] + sum(c.count("\n") for c in self.records[row][:place])

    def finding(self, rule: Rule, message: str, row: int, column: str | None = None) -> Finding:
        """Return a finding at a row, or at one of its cells."""
        return rule.finding(
            message,
            table=self.name,
            path=self.path,
            line=self.line(row, column),
            column=column,
            key=self.key(row),
            value=self.cell(row, column) if column else None,
        )

    def break_cells(self, row: int, columns: list[str]) -> None:
        """Mark cells as known to be wrong."""
        for column in columns:
            self.broken.setdefault(column, set()).add(row)

    def at(
        self, rule: Rule, message: str, line: int | None, column: str | None = None, value: str | None = None
    ) -> None:
        """Record a finding about the file."""
        self.findings.append(
            rule.finding(message, table=self.name, path=self.path, line=line, column=column, value=value)
        )


def union(sets: Sequence[Any]) -> Any:
    """Return all rows that are in one of some sets of rows, of the kind that tables keep."""
    return sets[0].union(*sets[1:]) if sets else set()


def not_utf8(table: Table, error: UnicodeDecodeError, before: int, line: int) -> None:
    """Record that a file is not UTF-8; takes the bytes before those that were decoded, and the line."""
    shown = error.object[error.start : error.start + 1].hex()
    table.at(files.ENCODING, f"Byte 0x{shown} at position {before + error.start} is not UTF-8 ({error.reason}).", line)


def read_file(spec: TableSpec, path: str, source: bytes) -> Table:
    """Read a file as ``read_table`` does: CSV, or by the end of its name gzipped CSV or Parquet.

    Raises PackageError if a packed file cannot be unpacked, or Parquet cannot be read here.
    """
    try:
        if path.endswith(".gz"):
            return read_table(spec, path, gzip.decompress(source))
        if path.endswith(".parquet"):
            table = read_table(spec, path, _csv_of_parquet(source))
            table.columnar = True
            return table
    except Exception as error:
        raise PackageError(f"{path}: cannot be unpacked ({error})") from error
    return read_table(spec, path, source)


def _csv_of_parquet(source: bytes) -> bytes:
    try:
        import polars as pl
    except ImportError as error:
        raise PackageError("polars is not installed, which Parquet needs; pip install 'commdip[polars]'") from error
    return pl.read_parquet(io.BytesIO(source)).write_csv().encode("utf-8")


def read_table(spec: TableSpec, path: str, source: bytes) -> Table:
    """Read a CSV file.

    Takes the table's schema, the file's package-relative path and its bytes. Whatever is wrong
    with the file is a finding in the table that is returned; nothing is raised. Rows that are too
    short or too long are kept, with all their cells marked as broken, so that rows of other
    tables still find the key they point at.
    """
    table = Table(spec, path, source=source)
    _read_records(table, _decode(table, source))
    for name in check_header(table):
        table.broken[name] = set(range(len(table.records)))
    _mark_untyped(table)
    return table


def _decode(table: Table, source: bytes) -> str:
    if source.startswith(BOM):
        table.at(files.BOM, "The file starts with a byte order mark.", 1)
        source = source[len(BOM) :]
    try:
        return source.decode("utf-8")
    except UnicodeDecodeError as error:
        not_utf8(table, error, 0, source.count(b"\n", 0, error.start) + 1)
        return source.decode("utf-8", errors="replace")


def records_of(table: Table, text: str, first: int = 1) -> Iterator[tuple[int, list[str]]]:
    """Yield the physical line and the cells of every record; ``first`` is the line on which the text starts."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = first
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            table.at(
                files.CSV, f"The record that starts here cannot be read: {error}. What follows was not checked.", line
            )
            return
        yield line, record
        line = first + reader.line_num


def _read_records(table: Table, text: str) -> None:
    rows = records_of(table, text)
    table.header = next(rows, (1, []))[1]
    width = len(table.header)
    if not width:
        if not any(f.rule == files.CSV.code for f in table.findings):
            table.at(files.EMPTY, "The file is empty: it has no header.", 1)
        return
    ragged = []
    for line, record in rows:
        if len(record) != width:
            ragged.append((len(table.records), len(record)))
        table.records.append((record + [""] * width)[:width])
        table.lines.append(line)
    for row, cells in ragged:
        table.findings.append(table.finding(files.RAGGED, wrong_width(table, cells), row))
        table.break_cells(row, table.spec.names)


def wrong_width(table: Table, cells: int) -> str:
    """Return the message of a row with too few or too many cells."""
    what = "is blank" if cells == 0 else f"has {cells} cells"
    return f"This row {what}; the header has {len(table.header)}."


def check_header(table: Table) -> list[str]:
    """Record what is wrong with the header; returns the columns that are lost by it."""
    gone: list[str] = []
    if not table.header:
        return gone
    names = table.spec.names
    for name in dict.fromkeys(table.header):
        if table.header.count(name) > 1:
            table.at(
                files.HEADER, f"Column {name!r} stands {table.header.count(name)} times in the header.", 1, name, name
            )
    for name in names:
        if name not in table.header:
            near = difflib.get_close_matches(name, [h for h in table.header if h not in names], 1, 0.6)
            maybe = f"; is {near[0]!r} meant for it?" if near else "."
            # A column that may be meant for it, or has to be filled, is lost; another is merely empty.
            lost = bool(near) or table.spec.by_name[name].required or name in table.spec.primary_key
            rule = files.HEADER if lost else files.OPTIONAL_COLUMN
            table.at(rule, f"Column {name!r} is missing from the header{maybe}", 1, name)
            gone += [name] if lost else []
    for name in dict.fromkeys(table.header):
        if name not in names:
            shown = repr(name) if name else "without a name"
            table.at(
                files.EXTRA_COLUMN,
                f"The schema has no column {shown}; it is not checked.",
                1,
                name or None,
                name or None,
            )
    return gone


def value_of(cell: str, kind: str) -> Any:
    """Return the value of a cell of a column of a type; None if it is empty, or not of the type."""
    if kind == "integer":
        return int(cell) if INTEGER.fullmatch(cell) else None
    if kind == "boolean":
        return BOOLEANS.get(cell)
    return cell or None


def _mark_untyped(table: Table) -> None:
    """Mark the cells that are not of their column's type as broken."""
    for spec in table.spec.fields:
        place = table.places.get(spec.name)
        if spec.type not in ("integer", "boolean") or place is None:
            continue
        known = table.broken.get(spec.name, ())
        for row, cell in enumerate(r[place] for r in table.records):
            if cell and row not in known and value_of(cell, spec.type) is None:
                table.untyped.append((row, spec.name))
                table.break_cells(row, [spec.name])
