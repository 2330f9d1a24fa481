"""Dates of the EDTF subset (ISO 8601-2), compared by the days that they allow.

A date is YYYY, YYYY-MM or YYYY-MM-DD, with an optional ? (uncertain) or ~ (approximate). Its
bounds are ISO days as text, which sort as dates do, so that every engine can compare them without
a date type. Qualifiers say how sure the source is; they do not widen the bounds. A date that is
not known is open on both sides: it never makes a rule fail.
"""

from __future__ import annotations

import calendar
import datetime
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import narwhals as nw

PATTERN = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?[?~]?", re.ASCII)
_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
EXACT = (
    r"^(?:[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?"
    r"|[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)[?~]?\z"
)
"""What ``is_valid`` says, as one expression for engines that have no calendar (not of Python's dialect: see its end)."""
FIRST = "0000-01-01"
LAST = "9999-12-31"


def is_valid(text: str) -> bool:
    """Return whether a text is a date of the subset that the calendar has."""
    match = PATTERN.fullmatch(text)
    if not match:
        return False
    year, month, day = (int(part or 1) for part in match.groups())
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def problem(text: str) -> str:
    """Return what is wrong with a text that is not a valid date of the subset."""
    match = PATTERN.fullmatch(text)
    if not match:
        return "not of the form YYYY, YYYY-MM or YYYY-MM-DD with an optional ? or ~"
    year, month, day = match.groups()
    if not 1 <= int(month or 1) <= 12:
        return f"there is no month {month}"
    return f"{calendar.month_name[int(month or 1)]} {year} has no day {day}"


def bounds(text: str) -> tuple[datetime.date, datetime.date]:
    """Return the earliest and the latest day that a date allows.

    Raises ValueError if the text is not a date of the subset or its year is 0000.
    """
    match = PATTERN.fullmatch(text)
    if not match or not is_valid(text):
        raise ValueError(f"{text!r} is not a date of the EDTF subset")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    last_month = month or 12
    last_day = day or calendar.monthrange(year, last_month)[1]
    return datetime.date(year, month or 1, day or 1), datetime.date(year, last_month, last_day)


def text_bounds(text: str) -> tuple[str, str]:
    """Return the bounds of one cell as ``earliest`` and ``latest`` give them: open if it is no date."""
    bare = text.rstrip("?~")
    if not is_valid(text):
        return FIRST, LAST
    return bare + "-01-01"[len(bare) - 4 :], bare + "-12-31"[len(bare) - 4 :]


def earliest(column: str) -> nw.Expr:
    """Return the expression of the earliest day of a column of dates, open if missing.

    The result is ISO text; a year or month stands for its first day.
    """
    return _bound(column, "-01-01", "-01", FIRST)


def latest(column: str) -> nw.Expr:
    """Return the expression of the latest day of a column of dates, open if missing.

    The result is ISO text meant for comparison only: a month ends on its 31st whatever its
    length, which sorts after each of its days and before the next month.
    """
    return _bound(column, "-12-31", "-31", LAST)


def _bound(column: str, after_year: str, after_month: str, unknown: str) -> nw.Expr:
    import narwhals as nw

    bare = nw.col(column).str.replace_all(r"[?~]", "")
    length = bare.str.len_chars()
    month = nw.when(length == 7).then(nw.concat_str(bare, nw.lit(after_month))).otherwise(bare)
    year = nw.when(length == 4).then(nw.concat_str(bare, nw.lit(after_year))).otherwise(month)
    return nw.when(nw.col(column).is_null()).then(nw.lit(unknown)).otherwise(year)
