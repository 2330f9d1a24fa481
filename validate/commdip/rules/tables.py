"""The tables as rules see them: Narwhals lazy frames on any engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from commdip import edtf
from commdip.rules.base import ROW
from commdip.specs import TableSpec

Frame = nw.LazyFrame[Any]


@dataclass(frozen=True)
class Tables:
    """All tables of a package for the rules.

    ``today`` is the ISO day that counts as now.
    """

    frames: Mapping[str, Frame]
    specs: Mapping[str, TableSpec]
    today: str

    def __getitem__(self, name: str) -> Frame:
        """Return a table: the columns of its schema and ``row_``."""
        return self.frames[name]

    def dated(self, name: str, *columns: str) -> Frame:
        """Return a table with ``*_earliest`` and ``*_latest`` for date columns (all if none named)."""
        dates = columns or tuple(f.name for f in self.specs[name].fields if f.edtf)
        bounds = [e.alias(f"{c}_{side}") for c in dates for side, e in (("earliest", edtf.earliest(c)), ("latest", edtf.latest(c)))]
        return self[name].with_columns(*bounds)

    def keyed(self, name: str) -> Frame:
        """Return a table with its primary key as one text, in the column ``key_``."""
        key = self.specs[name].primary_key
        return self[name].with_columns(key_text(key).alias("key_"))


def key_text(columns: tuple[str, ...]) -> nw.Expr:
    """Return the expression of a key as text: its parts joined by slashes."""
    parts = [nw.col(c).cast(nw.String).fill_null("") for c in columns]
    return parts[0] if len(parts) == 1 else nw.concat_str(*parts, separator="/")


def lazy(frame: Any) -> Frame:
    """Return a native frame (pandas, polars, PySpark) as a Narwhals lazy frame."""
    return nw.from_native(frame).lazy()


def offending(frame: Frame, condition: nw.Expr | Callable[[], nw.Expr]) -> Frame:
    """Return the rows of a frame for which a condition holds."""
    return frame.filter(condition() if callable(condition) else condition)


__all__ = ["ROW", "Frame", "Tables", "key_text", "lazy", "offending"]
