"""The tables as rules see them: Narwhals lazy frames on any engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw

from commdip import edtf
from commdip.rules.base import ROW
from commdip.specs import TableSpec

Frame = nw.LazyFrame[Any]


@dataclass(frozen=True)
class Tables:
    """All tables of a package for the rules.

    ``today`` is the ISO day that counts as now; ``present`` are the tables that the package has
    itself, without those that stand in for missing ones.
    """

    frames: Mapping[str, Frame]
    specs: Mapping[str, TableSpec]
    today: str
    present: frozenset[str] = frozenset()
    _made: dict[str, Frame] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Frame:
        """Return a table: the columns of its schema and ``row_``."""
        return self.frames[name]

    def made(self, name: str, make: Callable[[], Frame]) -> Frame:
        """Return a frame that several rules need, made on first use."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def dated(self, name: str) -> Frame:
        """Return a table with ``X_earliest`` and ``X_latest`` for every date column X.

        A reader that goes through the cells anyway has them already.
        """
        frame = self[name]
        there = frame.collect_schema().names()
        dates = [f.name for f in self.specs[name].fields if f.edtf and f"{f.name}_earliest" not in there]
        return self.made(f"dated {name}", lambda: frame.with_columns(*bounds(*dates))) if dates else frame

    def keyed(self, name: str) -> Frame:
        """Return a dated table with its primary key as one text in the column ``key_``."""
        key = self.specs[name].primary_key
        return self.made(f"keyed {name}", lambda: self.dated(name).with_columns(key_text(key).alias("key_")))

    def ceremony_days(self) -> Frame:
        """Return ceremony_id, ``day_earliest``, ``day_latest`` and the host's state of every ceremony."""
        return self.made("ceremony days", self._ceremony_days)

    def _ceremony_days(self) -> Frame:
        return self.dated("ceremonies").select(
            "ceremony_id",
            nw.col("start_earliest").alias("day_earliest"),
            nw.col("end_latest").alias("day_latest"),
            nw.col("start").alias("day"),
            nw.col("host_state_id").alias("host_"),
        )

    def at_ceremony(self, name: str) -> Frame:
        """Return the rows of a table that name a ceremony, with its days and host."""
        rows = self.dated(name).filter(~nw.col("ceremony_id").is_null())
        return self.made(f"at ceremony {name}", lambda: rows.join(self.ceremony_days(), on="ceremony_id", how="inner"))

    def contact_days(self) -> Frame:
        """Return contact_id, mode, ``day_earliest`` and ``day_latest`` of every contact."""
        return self.made("contact days", self._contact_days)

    def _contact_days(self) -> Frame:
        # A contact without an end is over on the day on which it began.
        last = nw.when(nw.col("end").is_null()).then(nw.col("start_latest")).otherwise(nw.col("end_latest"))
        return self.dated("contacts").select(
            "contact_id",
            "mode",
            nw.col("start_earliest").alias("day_earliest"),
            last.alias("day_latest"),
            nw.col("start").alias("day"),
        )

    def parties(self) -> Frame:
        """Return the parties of all contacts, with mode and days of the contact."""
        rows = self["contact_participants"]
        return self.made("parties", lambda: rows.join(self.contact_days(), on="contact_id", how="inner"))


def bounds(*dates: str) -> list[nw.Expr]:
    """Return the expressions of ``X_earliest`` and ``X_latest`` for date columns X."""
    made = []
    for name in dates:
        made += [edtf.earliest(name).alias(f"{name}_earliest"), edtf.latest(name).alias(f"{name}_latest")]
    return made


def key_text(columns: tuple[str, ...]) -> nw.Expr:
    """Return the expression of a key as text: its parts joined by slashes."""
    parts = [nw.col(c).cast(nw.String).fill_null("") for c in columns]
    return parts[0] if len(parts) == 1 else nw.concat_str(*parts, separator="/")


def lazy(frame: Any) -> Frame:
    """Return a native frame (pandas, polars, PySpark) as a Narwhals lazy frame."""
    made: Frame = nw.from_native(frame).lazy()
    return made


def known(*columns: str) -> nw.Expr:
    """Return the condition that none of the columns is empty."""
    condition = ~nw.col(columns[0]).is_null()
    for name in columns[1:]:
        condition = condition & ~nw.col(name).is_null()
    return condition


def as_text(column: str) -> nw.Expr:
    """Return a column as text in which an empty cell is empty text, so that joins can match it."""
    return nw.col(column).fill_null("")


def except_rows(rows: Frame, good: Frame) -> Frame:
    """Return the rows whose ``row_`` is not among those of ``good``."""
    return rows.join(good.select(ROW), on=ROW, how="anti")


def party() -> nw.Expr:
    """Return what a row stands for: its state or its organization."""
    return nw.when(nw.col("state_id").is_null()).then(nw.col("organization_id")).otherwise(nw.col("state_id"))


def not_exactly_one(left: str, right: str) -> nw.Expr:
    """Return the condition that both or neither of two columns are filled."""
    return nw.col(left).is_null() == nw.col(right).is_null()


def repeated(rows: Frame, *columns: str) -> Frame:
    """Return rows after the first of those alike in the columns; ``other_`` is the first."""
    first = rows.group_by(*columns).agg(nw.col(ROW).min().alias("other_"))
    return rows.join(first, on=list(columns), how="inner").filter(nw.col(ROW) > nw.col("other_"))


__all__ = [
    "ROW",
    "Frame",
    "Tables",
    "as_text",
    "bounds",
    "except_rows",
    "key_text",
    "known",
    "lazy",
    "not_exactly_one",
    "party",
    "repeated",
]
