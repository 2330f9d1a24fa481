"""The EDTF subset against a library that is not ours, and its expressions against its bounds."""

from __future__ import annotations

import calendar
import datetime
import itertools

import narwhals as nw
import pandas as pd
import pytest
from edtf import is_valid_edtf, parse_edtf
from hypothesis import given
from hypothesis import strategies as st

from commdip import edtf

YEARS = (1900, 1999, 2000, 2023, 2024)  # with and without leap days, at centuries too
QUALIFIERS = ("", "?", "~")
ENGINES = ["pandas", "polars"]


def qualified(texts: list[str]) -> list[str]:
    """Dates with each qualifier, and none, in turn."""
    return [text + qualifier for text, qualifier in zip(texts, itertools.cycle(QUALIFIERS), strict=False)]


def dates(year: int) -> list[str]:
    """A year, its months and its days."""
    days = [datetime.date(year, 1, 1) + datetime.timedelta(n) for n in range(365 + calendar.isleap(year))]
    return [f"{year:04}", *(f"{year:04}-{m:02}" for m in range(1, 13)), *map(str, days)]


def edges(year: int) -> list[str]:
    """A year, its months, and the first and the last day of each month (the library is slow)."""
    return [d for d in dates(year) if len(d) < 10 or d[8:] == "01" or int(d[8:]) >= 28]


@pytest.mark.parametrize("year", YEARS)
def test_bounds_are_those_of_the_edtf_library(year: int):
    for text in qualified(dates(year) if year == 2024 else edges(year)):
        theirs = parse_edtf(text)
        expected = [datetime.date(*side[:3]) for side in (theirs.lower_strict(), theirs.upper_strict())]
        assert list(edtf.bounds(text)) == expected, text


@pytest.mark.parametrize(
    "text",
    [
        "23", "202", "May 2023", "2023-5", "2023-05-7", "2023-13", "2023-00", "2023-05-32", "2023-05-00",
        "2023.05.07", "2023-05-", "2023-05-07!", "20230507", "2023-05-07??", "2023-05-07~?", "07-05-2023", "unknown",
    ],
)  # fmt: skip
def test_invalid_for_both(text: str):
    assert not is_valid_edtf(text)
    assert not edtf.is_valid(text)


@pytest.mark.parametrize("text", ["2023%", "-2023", "2023-XX", "2023-05/2023-06", "2023-21", "2023?-05", "../2023"])
def test_edtf_beyond_the_subset_is_not_valid(text: str):
    assert is_valid_edtf(text)
    assert not edtf.is_valid(text)


@pytest.mark.parametrize("text", ["", "2023-05-07\n", " 2023", "2023 ", "２０２３", "2023-٠٥"])
def test_white_space_and_other_digits_are_not_valid(text: str):
    assert not edtf.is_valid(text)


@given(st.text("0123456789-?~", max_size=12))
def test_what_is_valid_for_us_is_valid_edtf(text: str):
    assert not edtf.is_valid(text) or is_valid_edtf(text)


@given(st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32), st.sampled_from(QUALIFIERS))
def test_days_are_valid_if_the_calendar_has_them(year: int, month: int, day: int, qualifier: str):
    try:
        datetime.date(year, month, day)
        exists = True
    except ValueError:
        exists = False
    assert edtf.is_valid(f"{year:04}-{month:02}-{day:02}{qualifier}") == exists


def test_year_0_is_a_leap_year_without_python_dates():
    assert edtf.is_valid("0000-02-29")
    with pytest.raises(ValueError, match="year"):
        edtf.bounds("0000")


@pytest.mark.parametrize("text", ["2023-02-29", "2023-13", "", "2023-05/2023-06"])
def test_bounds_of_an_invalid_date_raise(text: str):
    with pytest.raises(ValueError, match="EDTF"):
        edtf.bounds(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("7 May 2023", "not of the form"),
        ("2023-13", "there is no month 13"),
        ("2023-13-01", "there is no month 13"),
        ("2023-02-30", "February 2023 has no day 30"),
        ("2023-05-00", "May 2023 has no day 00"),
    ],
)
def test_problem_says_what_is_wrong(text: str, said: str):
    assert said in edtf.problem(text)


def computed(engine: str, texts: list[str | None]) -> list[tuple[str, str]]:
    """Earliest and latest as the Narwhals expressions give them."""
    native = pytest.importorskip(engine).DataFrame(
        {"date": pd.Series(texts, dtype="str") if engine == "pandas" else texts}
    )
    frame = nw.from_native(native).lazy().select(a=edtf.earliest("date"), b=edtf.latest("date")).collect()
    return list(zip(frame["a"].to_list(), frame["b"].to_list(), strict=True))


@pytest.mark.parametrize("engine", ENGINES)
def test_expressions_order_dates_as_bounds_do(engine: str):
    texts = qualified([*dates(2023)[::4], *dates(2024)[::9], "2024-02-29"])
    ours = computed(engine, texts)
    pairs = list(zip([edtf.bounds(t) for t in texts], ours, strict=True))
    for ((low1, high1), (a1, b1)), ((low2, high2), (a2, b2)) in itertools.product(pairs, pairs):
        assert (low1 < low2) == (a1 < a2)
        assert (high1 < low2) == (b1 < a2)
        assert (low1 <= high2) == (a1 <= b2)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_missing_date_is_open_on_both_sides(engine: str):
    assert computed(engine, ["2023-05", None]) == [("2023-05-01", "2023-05-31"), (edtf.FIRST, edtf.LAST)]
