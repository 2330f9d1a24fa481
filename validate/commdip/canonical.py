"""The canonical form of tables and descriptor: one way to write the same data, so that diffs speak.

UTF-8 without BOM, line feeds, minimal quoting, Unicode NFC, no white space around cells, columns
in the schema's order (extra ones after them), rows sorted by primary key.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from commdip.findings import Finding
from commdip.package import DESCRIPTOR, Package, open_package
from commdip.rules.form import COLUMNS, FORM, ROWS, SPACE, UNICODE, VALUES
from commdip.specs import TableSpec
from commdip.structure import digest, read_package
from commdip.tables import BOOLEANS, INTEGER, Table

if TYPE_CHECKING:
    import polars as pl

    from commdip.blocks import Block
    from commdip.large import LargeTable, Marks

FATAL = ("FIL03", "FIL05", "FIL06", "FIL07", "FIL10", "PKG02", "PKG03", "FIL01")
"""Rules whose findings make rewriting unsafe: cells could be lost or stand in wrong columns."""


class FormatError(Exception):
    """A package cannot be rewritten without loss; ``findings`` say why."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} finding(s) must be mended first")
        self.findings = findings


def clean(cell: str) -> str:
    """Return a cell's text in canonical form: NFC, no white space around it, no control characters."""
    text = "".join(c for c in cell if c in "\n\t" or unicodedata.category(c) != "Cc")
    return unicodedata.normalize("NFC", text).strip()


def write_csv(header: list[str], records: Iterable[Iterable[str]]) -> bytes:
    """Return the bytes of a CSV file in canonical quoting and line ends."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(header)
    writer.writerows(records)
    return text.getvalue().encode("utf-8")


def canonical_bytes(table: Table) -> bytes:
    """Return the file of a table in canonical form; optional columns that it lacks are added."""
    header, places = _header(table), table.places
    kinds = {f.name: f.type for f in table.spec.fields}
    columns = [(places.get(c), kinds.get(c, "string")) for c in header]
    records = [["" if p is None else _value(r[p], kind) for p, kind in columns] for r in table.records]
    key = [(header.index(k), kinds[k]) for k in table.spec.primary_key]
    records.sort(key=lambda r: [_sortable(r[i], kind) for i, kind in key])
    return write_csv(header, records)


def check(tables: Iterable[Table]) -> Iterator[Finding]:
    """Yield where tables differ from their canonical form; tables that cannot be read are left out."""
    for table in tables:
        if not any(f.rule in (*FATAL, "FIL11") for f in table.findings) and not is_canonical(table):
            yield from _differences(table)


def is_canonical(table: Table) -> bool:
    """Return whether a table's file is in canonical form.

    Nearly every file is, so the whole file is looked at first; cells are cleaned one by one only
    where that finds something that might not belong.
    """
    if _header(table) != table.header or _might_be_unclean(table):
        return canonical_bytes(table) == table.source
    keys = [[_sortable(cell, kind) for cell in column] for column, kind in _key_columns(table)]
    rows = list(zip(*keys, strict=True))
    return rows == sorted(rows) and write_csv(table.header, table.records) == table.source


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def _might_be_unclean(table: Table) -> bool:
    text = table.source.decode("utf-8", errors="replace")
    if _CONTROL.search(text) or not unicodedata.is_normalized("NFC", text):
        return True
    if any(cell != cell.strip() for record in table.records for cell in record):
        return True
    kinds = {f.name: f.type for f in table.spec.fields}
    typed = [(p, kinds[c]) for c, p in table.places.items() if kinds.get(c, "string") != "string"]
    return any(_typed(r[p], kind) != r[p] for p, kind in typed for r in table.records)


class BlockForm:
    """The canonical form of a large table, checked block by block."""

    def __init__(self, table: LargeTable) -> None:
        self.table, self.found = table, list[Finding]()
        self.last: pl.DataFrame | None = None
        self.other_line: tuple[int, bytes] | None = None

    def check(self, block: Block) -> None:
        """Find where a block differs from its canonical form."""
        before = len(self.found)
        if rows := self._unclean(block):
            self.found += _cells(_in_memory(self.table, block, rows))
        plain = block.tidy or self.table.columnar
        if not plain and len(self.found) == before and self.other_line is None and not block.short:
            self._form(block)
        self._order(block)

    def _unclean(self, block: Block) -> list[int]:
        """Return the places of rows of a block with a cell that may not be in canonical form."""
        if not block.tidy:
            return _unclean(block, block.text.columns)
        # What is right in its column is clean, but for spellings of numbers and of yes and no.
        kinds = {f.name: f.type for f in self.table.spec.fields}
        spelled = [c for c in block.text.columns if kinds.get(c) in ("integer", "boolean")]
        wrong = [c for c in block.text.columns if c in block.wrong]
        broken = {r - block.first for c in wrong for r in cast("Marks", self.table.broken[c]).within(block.rows)}
        found = _unclean(block, spelled) if spelled else []
        return sorted({*found, *(_unclean(block, wrong, sorted(broken)) if broken else ())})

    def _form(self, block: Block) -> None:
        """Find the first line of a block that canonical form would write otherwise."""
        due = write_csv(self.table.header, _in_memory(self.table, block).records).split(b"\n")[1:]
        lines = block.source.split(b"\n")
        at = next((i for i, (a, b) in enumerate(zip(lines, due, strict=False)) if a != b), None)
        if at is None and not block.source.endswith(b"\n"):
            at = len(lines) - 1
        if at is not None:
            first = int(block.lines[0]) if block.lines is not None and len(block.lines) else 2
            self.other_line = first + at, lines[at]

    def _order(self, block: Block) -> None:
        """Find rows that should stand before the one above them."""
        key = self.table.spec.primary_key
        if not key or not len(block):
            return
        import polars as pl

        names = [k for k in key if k in block.text.columns]
        if len(names) < len(key):
            return
        if block.rises and (self.last is None or block.text[names[0]][0] >= self.last[names[0]][0]):
            self.last = block.text.select(names).tail(1)
            return
        above = block.text.head(0) if self.last is None else self.last
        rows = pl.concat([above.select(names), block.text.select(names)])
        for at in _falls(rows, self.table.spec):
            row = block.first + at - above.height
            self.table.keep(block, [row])
            before = self.table.spec.key_text(rows.row(at - 1, named=True))
            self.found.append(self.table.finding(ROWS, f"{self.table.key(row)} stands after {before}.", row, key[0]))
        self.last = block.text.select(names).tail(1)

    def findings(self) -> list[Finding]:
        """Return what was found, unless something else about the file makes it void."""
        told = {f.rule for f in self.table.findings}
        if told & {*FATAL, "FIL11"}:
            return []
        self.found = [*_column_order(self.table), *self.found]
        if not self.found and self.other_line and "FIL04" not in told:
            self.found.append(_other_form(self.table, *self.other_line))
        return self.found


def _in_memory(table: LargeTable, block: Block, rows: list[int] | None = None) -> Table:
    """Return a block, or some rows of it by their places, as a table of its own."""
    places = range(len(block)) if rows is None else rows
    text = block.text if rows is None else block.text[rows]
    by_name = {n: text[n].to_list() for n in text.columns}
    records = [[by_name[h][i] or "" for h in table.header] for i in range(len(places))]
    lines = [] if block.lines is None else [int(block.lines[i]) for i in places]
    return Table(table.spec, table.path, header=table.header, records=records, lines=lines, columnar=table.columnar)


def _unclean(block: Block, columns: list[str], among: list[int] | None = None) -> list[int]:
    """Return the places of rows with a cell in these columns that may not be in canonical form, ``among`` some."""
    import polars as pl

    doubt = pl.lit(False)
    for name in columns:
        cell, spec = pl.col(name), block.table.spec.by_name.get(name)
        doubt = doubt | cell.str.contains(r"^\s|\s$|[\x00-\x08\x0b-\x1f\x7f-\x9f]|[^\x00-\x7f]")
        if spec is not None and spec.type in ("integer", "boolean"):
            doubt = doubt | ~cell.str.contains(r"^(0|-?[1-9][0-9]*|true|false)$")
    text = block.text if among is None else block.text[among]
    found = [int(i) for i in text.select(doubt.fill_null(False).arg_true()).to_series()]
    return found if among is None else [among[i] for i in found]


def _falls(rows: pl.DataFrame, spec: TableSpec) -> list[int]:
    """Return the places of rows whose key sorts before that of the row above."""
    import polars as pl

    less, same = pl.lit(False), pl.lit(True)
    for name in spec.primary_key:
        kind = spec.by_name[name].type
        cell = pl.col(name).fill_null("")
        whole = cell.str.contains(f"^{INTEGER.pattern}$") if kind == "integer" else pl.lit(False)
        number = (
            pl.when(whole).then(cell.str.strip_prefix("+").cast(pl.Int64, strict=False)).otherwise(pl.lit(-(2**63)))
        )
        text = pl.when(whole).then(pl.lit("")).otherwise(cell)
        # Cells that are no integers sort before those that are, so that broken data sort too.
        for part in (whole, number, text) if kind == "integer" else (cell,):
            less = less | (same & (part < part.shift(1)))
            same = same & (part == part.shift(1))
    return [int(i) for i in rows.select(less.fill_null(False).arg_true()).to_series()]


def _key_columns(table: Table) -> list[tuple[list[str], str]]:
    """Return the cells and the type of every column of the primary key."""
    kinds = {f.name: f.type for f in table.spec.fields}
    return [([r[table.places[k]] for r in table.records], kinds[k]) for k in table.spec.primary_key]


def _differences(table: Table) -> Iterator[Finding]:
    found = [*_column_order(table), *_cells(table), *_row_order(table)]
    yield from found
    if not found and not any(f.rule == "FIL04" for f in table.findings):
        line = _first_other_line(table)
        yield _other_form(table, line, table.source.split(b"\n")[line - 1])


def _other_form(table: Table, line: int, source: bytes) -> Finding:
    ends = "ends with CR LF" if source.endswith(b"\r") else "is quoted or ends otherwise than in canonical form"
    return FORM.finding(f"Line {line} {ends}.", table=table.name, path=table.path, line=line)


def _column_order(table: Table) -> Iterator[Finding]:
    for actual, wanted in zip(table.header, _header(table), strict=True):
        if actual != wanted:
            yield COLUMNS.finding(
                f"Column {actual!r} stands where {wanted!r} belongs.",
                table=table.name,
                path=table.path,
                line=1,
                column=actual,
            )
            return


def _cells(table: Table) -> Iterator[Finding]:
    kinds = {f.name: f.type for f in table.spec.fields}
    for row, record in enumerate(table.records):
        for column, cell in zip(table.header, record, strict=True):
            kind = kinds.get(column, "string")
            if not cell or _value(cell, kind) == cell:
                continue
            if kind != "string" and _typed(cell, kind) != cell:
                yield table.finding(
                    VALUES, f"{column} is written {cell!r} instead of {_typed(cell, kind)!r}.", row, column
                )
            elif unicodedata.normalize("NFC", cell) != cell:
                yield table.finding(UNICODE, f"{column} is not in normal form C: {cell!r}.", row, column)
            else:
                yield table.finding(
                    SPACE,
                    f"{column} has white space or control characters that do not belong to it: {cell!r}.",
                    row,
                    column,
                )


def _row_order(table: Table) -> Iterator[Finding]:
    kinds = {f.name: f.type for f in table.spec.fields}
    before: list[Any] = []
    for row in range(len(table.records)):
        key = [_sortable(_value(table.cell(row, k) or "", kinds[k]), kinds[k]) for k in table.spec.primary_key]
        if before and key < before:
            yield table.finding(
                ROWS, f"{table.key(row)} stands after {table.key(row - 1)}.", row, table.spec.primary_key[0]
            )
        before = key


def _first_other_line(table: Table) -> int:
    pairs = zip(table.source.split(b"\n"), canonical_bytes(table).split(b"\n"), strict=False)
    return next((i for i, (a, b) in enumerate(pairs, 1) if a != b), table.source.count(b"\n") + 1)


def _header(table: Table) -> list[str]:
    known = table.spec.names
    return known + [h for h in table.header if h not in known]


def _value(cell: str, kind: str) -> str:
    return clean(cell) if kind == "string" else _typed(cell.strip(), kind)


def _typed(cell: str, kind: str) -> str:
    if kind == "integer" and INTEGER.fullmatch(cell):
        return str(int(cell))
    if kind == "boolean" and cell in BOOLEANS:
        return "true" if BOOLEANS[cell] else "false"
    return cell


def _sortable(cell: str, kind: str) -> tuple[int, int, str]:
    # Cells that are no integers sort before those that are, so that broken data sort too.
    if kind == "integer" and INTEGER.fullmatch(cell):
        return (1, int(cell), "")
    return (0, 0, cell)


def plan(path: str | Path | None = None) -> tuple[Package, dict[str, bytes]]:
    """Return a package and the files of it that canonical form would change, with their new bytes.

    The descriptor is among them if bytes or hashes differ. Raises FormatError if a table is too
    broken to be rewritten without loss, PackageError if there is no package.
    """
    package = open_package(path)
    tables, findings = read_package(package)
    fatal = [f for f in [*findings, *(f for t in tables.values() for f in t.findings)] if f.rule in FATAL]
    if fatal:
        raise FormatError(fatal)
    contents = {t.path: canonical_bytes(t) for t in tables.values()}
    contents[DESCRIPTOR] = _descriptor(package, contents)
    return package, {p: new for p, new in contents.items() if package.file(p).read_bytes() != new}


def _descriptor(package: Package, contents: dict[str, bytes]) -> bytes:
    """Return the descriptor with bytes and hashes of the contents given."""
    for resource in package.resources:
        if resource.path in contents:
            resource.entry.update(digest(contents[resource.path]))
    return (json.dumps(package.descriptor, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def write(package: Package, contents: dict[str, bytes]) -> None:
    """Write files of a package, each atomically, the descriptor last.

    A crash leaves every file whole: either as it was or as it shall be. Raises OSError if a file
    cannot be written.
    """
    for path in sorted(contents, key=lambda p: p == DESCRIPTOR):
        write_atomic(package.file(path), contents[path])


def write_atomic(file: Path, content: bytes) -> None:
    """Replace a file by new content in one step; the file's mode is kept.

    A device or pipe is written to as it is; of a link, the file that it names is replaced. Raises
    OSError if the file cannot be written.
    """
    file = file.resolve()
    if file.exists() and not file.is_file():
        file.write_bytes(content)
        return
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        error.filename = str(file)
        raise
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        os.replace(name, file)  # noqa: PTH105
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
