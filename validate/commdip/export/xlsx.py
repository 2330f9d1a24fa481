"""Excel: one workbook, first a sheet that says what is inside, then one sheet a table."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commdip.export.errors import ExportError
from commdip.export.source import DAY, Column, Source

if TYPE_CHECKING:
    import xlsxwriter

SUFFIX = ".xlsx"
README = "README"
LONGEST_CELL = 32767
LONGEST_NAME = 31
FIRST_DAY = datetime.date(1900, 1, 1)
"""The first day that Excel knows; earlier ones are written as text."""
WIDTHS = {"string": 24, DAY: 12, "integer": 10, "number": 10, "boolean": 10}


def write(source: Source, target: Path) -> None:
    """Write the workbook."""
    import xlsxwriter

    # Text stays text: what begins with = is no formula, what begins with http no link.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(target), options)
    facts = source.about
    moment = source.moment.replace(tzinfo=None)
    book.set_properties({"title": facts.get("title", ""), "comments": facts["citation"], "created": moment})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
        "top": book.add_format({"valign": "top"}),
    }
    _readme(source, book, formats)
    for table in source.tables:
        _sheet(source, table, book, formats)
    book.close()


def _readme(source: Source, book: xlsxwriter.Workbook, formats: dict[str, Any]) -> None:
    """Write what the package is, which tables it has, and what every column says."""
    sheet = book.add_worksheet(README)
    sheet.set_column(0, 1, 24)
    sheet.set_column(2, 3, 12)
    sheet.set_column(4, 4, 90)
    row = 0
    for key, value in source.about.items():
        sheet.write_string(row, 0, key, formats["head"])
        sheet.write_string(row, 1, value)
        row += 1
    for column, head in enumerate(("table", "column", "type", "rows", "what it says")):
        sheet.write_string(row + 1, column, head, formats["head"])
    row += 2
    for table, spec in source.specs.items():
        sheet.write_url(row, 0, f"internal:'{table}'!A1", string=table)
        sheet.write_number(row, 3, len(source.data[table]), formats["top"])
        sheet.write_string(row, 4, spec.description, formats["wrap"])
        row += 1
        for item in source.columns(table):
            cells = (table, item.name, item.kind, "", item.description)
            for column, cell in enumerate(cells):
                sheet.write_string(row, column, cell, formats["wrap" if column == 4 else "top"])
            row += 1


def _sheet(source: Source, table: str, book: xlsxwriter.Workbook, formats: dict[str, Any]) -> None:
    if len(table) > LONGEST_NAME or table == README:
        raise ExportError(f"table {table}: Excel takes no sheet of this name")
    sheet, columns = book.add_worksheet(table), source.columns(table)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, formats["head"])
        sheet.set_column(place, place, WIDTHS.get(column.kind, 18))
    for number, row in enumerate(source.rows(table), 1):
        for place, (column, cell) in enumerate(zip(columns, row, strict=True)):
            if cell is not None:
                _write(sheet, (number, place), column, cell, formats)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(len(source.data[table]), 1), len(columns) - 1)


def _write(sheet: Any, place: tuple[int, int], column: Column, cell: Any, formats: dict[str, Any]) -> None:
    if column.kind == DAY and cell >= FIRST_DAY:
        sheet.write_datetime(*place, datetime.datetime(cell.year, cell.month, cell.day), formats["day"])
    elif column.kind == "boolean":
        sheet.write_boolean(*place, cell)
    elif column.kind in ("integer", "number"):
        sheet.write_number(*place, cell)
    elif len(str(cell)) > LONGEST_CELL:
        where = f"{sheet.name}, row {place[0] + 1}, {column.name}"
        raise ExportError(f"{where}: Excel takes {LONGEST_CELL} characters a cell")
    else:
        sheet.write_string(*place, str(cell))
