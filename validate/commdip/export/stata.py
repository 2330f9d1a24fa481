"""Stata: one .dta file a table (of Stata 14 and later), with labels of variables and values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from commdip.export.errors import ExportError
from commdip.export.source import DAY, TERM, Column, Source

SUFFIX = ""
LONGEST_NAME = 32
LONGEST_LABEL = 80
LONGEST_TEXT = 2045
"""Bytes of a text beyond which Stata keeps it as strL."""
RESERVED = frozenset(
    [
        "aggregate",
        "array",
        "boolean",
        "break",
        "byte",
        "case",
        "catch",
        "class",
        "colvector",
        "complex",
        "const",
        "continue",
        "default",
        "delegate",
        "delete",
        "do",
        "double",
        "else",
        "eltypedef",
        "end",
        "enum",
        "explicit",
        "export",
        "external",
        "float",
        "for",
        "friend",
        "function",
        "global",
        "goto",
        "if",
        "in",
        "inline",
        "int",
        "local",
        "long",
        "pragma",
        "protected",
        "quad",
        "rowvector",
        "short",
        "typedef",
        "typename",
        "using",
        "virtual",
        "with",
    ]
)
"""Words of Stata and of its Mata that pandas lets name no variable; a line is put behind them."""
NO_YES: dict[float, str] = {0: "no", 1: "yes"}


def write(source: Source, folder: Path) -> None:
    """Write the files."""
    for table in source.tables:
        _write(source, table, folder / f"{table}.dta")


def _write(source: Source, table: str, target: Path) -> None:
    columns, frame = source.columns(table), source.data[table]
    long = [c.name for c in columns if len(name(c)) > LONGEST_NAME]
    if long:
        raise ExportError(f"{table}.{long[0]}: Stata takes names of {LONGEST_NAME} characters")
    made = pd.DataFrame({name(c): _variable(c, frame[c.name]) for c in columns})
    texts = [name(c) for c in columns if c.kind == "string"]
    made.to_stata(
        target,
        write_index=False,
        version=118,
        time_stamp=source.moment.replace(tzinfo=None),
        data_label=f"{source.label}: {source.specs[table].title}"[:LONGEST_LABEL],
        variable_labels={name(c): label(c) for c in columns},
        value_labels={name(c): values for c in columns if (values := value_labels(c))},
        convert_dates={name(c): "td" for c in columns if c.kind == DAY},
        convert_strl=[n for n in texts if _longest(made[n]) > LONGEST_TEXT],
    )


def _longest(texts: pd.Series[Any]) -> int:
    return max((len(text.encode("utf-8")) for text in texts), default=0)


def _variable(column: Column, series: pd.Series[Any]) -> pd.Series[Any]:
    """Return a column in a type that Stata has: numbers for terms, missing text as empty."""
    if column.kind == TERM:
        return (series.cat.codes.astype("Int16") + 1).where(series.notna())
    if column.kind == "boolean":
        return series.astype("Int8")
    if column.kind == "string":
        return series.astype(object).where(series.notna(), "")
    return series


def name(column: Column) -> str:
    """Return the name of a column's variable."""
    return f"{column.name}_" if column.name in RESERVED else column.name


def label(column: Column) -> str:
    """Return the label of a variable: what the column says, or its title if that is too long."""
    words = column.description.strip().rstrip(".")
    return words if 0 < len(words) <= LONGEST_LABEL else column.title[:LONGEST_LABEL]


def value_labels(column: Column) -> dict[float, str]:
    """Return the labels of a variable's values: for terms their codes, counted from 1."""
    if column.kind == "boolean":
        return NO_YES
    return dict(enumerate(column.terms, 1)) if column.kind == TERM else {}
