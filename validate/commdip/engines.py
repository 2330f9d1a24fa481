"""Engines: on what the rules about rows run. The rules are the same; only the frames differ.

Pandas is always there. Polars takes about two thirds of its time (benchmarks/README.md), so
it is taken where it is installed. Spark is for what one machine cannot hold; tables that one can
are judged here meanwhile.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commdip.rules.base import ROW
from commdip.rules.tables import Frame, lazy

if TYPE_CHECKING:
    from commdip.specs import TableSpec
    from commdip.tables import Table

ENGINES = ("auto", "pandas", "polars", "spark")
LARGE = 4 << 20
"""Bytes of a file from which on polars reads it block by block, and Spark by itself."""


def chosen(engine: str) -> str:
    """Return the engine that a choice stands for; raises ValueError if it is none or not installed."""
    if engine not in ENGINES:
        raise ValueError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    installed = importlib.util.find_spec("polars") is not None
    if engine == "polars" and not installed:
        raise ValueError("polars is not installed; pip install 'commdip[polars]', or take --engine pandas")
    if engine == "auto":
        return "polars" if installed else "pandas"
    return engine


def large_from(engine: str) -> int | None:
    """Return from how many bytes on a table is read block by block; None if the engine reads all at once."""
    return LARGE if engine in ("polars", "spark") else None


def opener(engine: str, spark: Mapping[str, str]) -> Callable[[TableSpec, str, Path], Table] | None:
    """Return what opens a large table; ``spark`` are the settings of Spark. Raises ValueError if Spark cannot start."""
    if engine == "spark":
        from commdip import spark as on_spark

        return on_spark.opener(spark)
    if engine == "polars":
        from commdip.large import LargeTable

        return LargeTable
    return None


def frames(tables: Iterable[Table], engine: str) -> dict[str, Frame]:
    """Return the tables as frames of an engine, by name; with Spark, of the one that runs here beside it."""
    made = _polars if chosen("auto" if engine == "spark" else engine) == "polars" else _pandas
    return {t.name: lazy(made(t)) for t in tables}


def _pandas(table: Table) -> Any:
    return table.frame


def _polars(table: Table) -> Any:
    import polars as pl

    kinds = {"integer": pl.Int64, "boolean": pl.Boolean}
    rows = pl.Series(ROW, range(len(table.records)), dtype=pl.Int64)
    columns = [pl.Series(name, cells, dtype=kinds.get(kind, pl.String)) for name, kind, cells in table.typed()]
    return pl.DataFrame([rows, *columns]).lazy()
