"""Parquet: one file a table, typed, with terms as ordered dictionaries and days as dates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commdip.export.source import DAY, TERM, Column, Source

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

SUFFIX = ""


def write(source: Source, folder: Path) -> None:
    """Write the files."""
    import pyarrow.parquet as pq

    for name in source.tables:
        pq.write_table(table(source, name), folder / file_name(name), compression="zstd")


def file_name(table: str) -> str:
    """Return the name of a table's file."""
    return f"{table}.parquet"


def table(source: Source, name: str) -> pa.Table:
    """Return a table for Arrow; its schema says what every column and the package is."""
    import pyarrow as pa

    spec, columns = source.specs[name], source.columns(name)
    about = source.about | {"table": name, "title": spec.title, "description": spec.description}
    schema = pa.schema(
        [pa.field(c.name, _type(c), not c.required, {"title": c.title, "description": c.description}) for c in columns],
        {"commdip": json.dumps(about, ensure_ascii=False)},
    )
    return pa.Table.from_arrays([_array(c, source.data[name][c.name]) for c in columns], schema=schema)


def _type(column: Column) -> Any:
    import pyarrow as pa

    if column.kind == TERM:
        return pa.dictionary(pa.int16(), pa.string(), ordered=True)
    return {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), DAY: pa.date32()}.get(
        column.kind, pa.string()
    )


def _array(column: Column, series: pd.Series[Any]) -> Any:
    import pyarrow as pa

    if column.kind == TERM:
        places = pa.array(series.cat.codes.astype("int16"), mask=series.isna().to_numpy())
        return pa.DictionaryArray.from_arrays(places, pa.array(column.terms, pa.string()), ordered=True)
    return pa.array(series, _type(column), from_pandas=True)
