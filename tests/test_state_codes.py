"""The crosswalk of state codes agrees row by row with the facts that were given and with the lists.

``state_codes.csv`` are the facts that were given. ``state_lists.csv`` are the entries of the COW and GW
lists (GW with its microstates) that had not ended before 1990.
"""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import pytest

with (Path(__file__).parent / "facts" / "state_codes.csv").open(encoding="utf-8", newline="") as file:
    FACTS = list(csv.DictReader(file))
with (Path(__file__).parent / "facts" / "state_lists.csv").open(encoding="utf-8", newline="") as file:
    LISTS = list(csv.DictReader(file))
FIRST = "1990-01-01"
SCHEMES = {"cow": "cow_code", "cow-abbrev": "cow_abbrev", "gw": "gw_code", "gw-abbrev": "gw_abbrev", "vdem": "vdem_id"}


def rows(shipped: Path, table: str) -> list[dict[str, str]]:
    with (shipped / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def states(shipped: Path) -> dict[str, dict[str, str]]:
    return {r["state_id"]: r for r in rows(shipped, "states")}


@pytest.fixture(scope="module")
def codes(shipped: Path) -> list[dict[str, str]]:
    return rows(shipped, "state_codes")


@pytest.mark.parametrize("fact", FACTS, ids=lambda f: f["iso3"])
def test_state(fact: dict[str, str], states):
    state = states[fact["iso3"]]
    assert (state["name"], state["wikidata_id"]) == (fact["name"], fact["wikidata"])


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("fact", FACTS, ids=lambda f: f["iso3"])
def test_current_code(fact: dict[str, str], scheme: str, codes):
    current = [r["code"] for r in codes if (r["state_id"], r["scheme"], r["valid_to"]) == (fact["iso3"], scheme, "")]
    assert current == [c for c in [fact[SCHEMES[scheme]]] if c]


def spans(codes: list[dict[str, str]], state: str, scheme: str) -> dict[str, tuple[str, str]]:
    return {
        r["code"]: (r["valid_from"], r["valid_to"]) for r in codes if (r["state_id"], r["scheme"]) == (state, scheme)
    }


def on(codes: list[dict[str, str]], state: str, scheme: str, day: str) -> list[str]:
    return [c for c, (start, end) in spans(codes, state, scheme).items() if start <= day and (not end or day <= end)]


def owners(codes: list[dict[str, str]], scheme: str, code: str) -> set[str]:
    return {r["state_id"] for r in codes if (r["scheme"], r["code"]) == (scheme, code)}


@pytest.mark.parametrize("scheme", ["cow", "gw"])
def test_every_member_since_1990_is_there_with_its_dates_and_nothing_else(scheme: str, codes):
    listed = [e for e in LISTS if e["scheme"] == scheme]
    for of, column in ((scheme, "code"), (f"{scheme}-abbrev", "abbreviation")):
        there = sorted((r["code"], r["valid_from"], r["valid_to"]) for r in codes if r["scheme"] == of)
        assert there == sorted((e[column], max(e["start"], FIRST), e["end"]) for e in listed)


@pytest.mark.parametrize("scheme", ["cow", "gw"])
def test_number_and_abbreviation_of_an_entry_are_of_one_state(scheme: str, codes):
    for e in LISTS:
        if e["scheme"] == scheme:
            start = max(e["start"], FIRST)
            number, abbreviation = (
                [r["state_id"] for r in codes if (r["scheme"], r["code"], r["valid_from"]) == (s, e[c], start)]
                for s, c in ((scheme, "code"), (f"{scheme}-abbrev", "abbreviation"))
            )
            assert len(number) == 1
            assert number == abbreviation


def test_only_user_assigned_identifiers_have_no_code(states, codes):
    without = set(states) - {r["state_id"] for r in codes}
    assert {"XGZ", "XRS"} <= without
    assert all(s.startswith("X") for s in without)
    assert all("user-assigned" in states[s]["note"] for s in without)


def test_end_of_a_list_is_censoring(codes):
    last = {"cow": "2016-12-31", "gw": "2020-12-31"}
    ends = {(r["state_id"], r["scheme"], r["code"]) for r in codes if r["valid_to"] and r["scheme"] in last}
    assert ends == {
        ("CSK", "cow", "315"),
        ("CSK", "gw", "315"),
        ("DDR", "cow", "265"),
        ("DDR", "gw", "265"),
        ("DEU", "cow", "260"),
        ("SRB", "gw", "345"),
        ("YEM", "cow", "678"),
        ("YMD", "cow", "680"),
        ("YMD", "gw", "680"),
    }
    assert not [r for r in codes if r["valid_to"] and r["valid_to"] >= min(last.values())]


def test_former_states_have_ended_and_so_have_their_codes(states, codes):
    former = {s for s, row in states.items() if row["kind"] == "former"}
    assert {"CSK", "DDR", "SCG", "SUN", "YMD", "YUG"} <= former
    assert {s for s, row in states.items() if row["exists_to"]} == former
    assert not [r for r in codes if r["state_id"] in former and not r["valid_to"]]


def test_serbia_changed_its_gw_code_and_kept_its_cow_code(codes):
    gw = spans(codes, "SRB", "gw")
    assert gw["345"][1] == "2006-06-04"
    assert gw["340"] == ("2006-06-05", "")
    assert list(spans(codes, "SRB", "cow")) == ["345"]
    assert spans(codes, "SRB", "gw-abbrev") == {"YUG": (FIRST, "2006-06-04"), "SER": ("2006-06-05", "")}


def test_yugoslavia_and_what_followed_have_iso_codes_in_turn(codes):
    days = ("1992-04-26", "1992-04-27", "2003-07-22", "2003-07-23", "2006-09-25", "2006-09-26")
    found = {
        scheme: [[c for s in ("YUG", "SCG", "SRB") for c in on(codes, s, scheme, day)] for day in days]
        for scheme in ("iso3", "iso-numeric")
    }
    assert found == {
        "iso3": [["YUG"], ["YUG"], ["YUG"], ["SCG"], ["SCG"], ["SRB"]],
        "iso-numeric": [["890"], ["891"], ["891"], ["891"], ["891"], ["688"]],
    }
    assert not {r["scheme"] for r in codes if r["state_id"] in ("YUG", "SCG")} - {"iso3", "iso-numeric"}


def test_russia_has_one_code_in_the_lists_and_followed_the_soviet_union_in_iso(codes):
    assert spans(codes, "RUS", "cow") == spans(codes, "RUS", "gw") == {"365": (FIRST, "")}
    assert spans(codes, "SUN", "iso3") == {"SUN": (FIRST, "1992-08-29")}
    assert spans(codes, "RUS", "iso3") == {"RUS": ("1992-08-30", "")}


def test_germany_has_another_code_in_each_list(codes):
    assert spans(codes, "DEU", "cow") == {"260": (FIRST, "1990-10-02"), "255": ("1990-10-03", "")}
    assert spans(codes, "DEU", "cow-abbrev") == {"GFR": (FIRST, "1990-10-02"), "GMY": ("1990-10-03", "")}
    assert spans(codes, "DEU", "gw") == {"260": (FIRST, "")}
    assert spans(codes, "DDR", "cow") == spans(codes, "DDR", "gw") == {"265": (FIRST, "1990-10-02")}


def test_yemen_changed_its_cow_code_and_kept_its_gw_code(codes):
    assert spans(codes, "YEM", "cow") == {"678": (FIRST, "1990-05-21"), "679": ("1990-05-22", "")}
    assert spans(codes, "YEM", "gw") == {"678": (FIRST, "")}
    assert spans(codes, "YMD", "cow") == spans(codes, "YMD", "gw") == {"680": (FIRST, "1990-05-21")}


def test_vietnam_is_not_one_of_the_other_vietnams(codes):
    assert on(codes, "VNM", "cow", "2025-05-09") == on(codes, "VNM", "gw", "2025-05-09") == ["816"]
    assert not [r for r in codes if r["scheme"] in ("cow", "gw") and r["code"] in ("815", "817")]


def test_vatican_is_not_the_papal_states(codes):
    assert not owners(codes, "cow", "327") | owners(codes, "gw", "327")


def test_kosovo_has_codes_of_the_lists_and_none_of_iso(states, codes):
    assert spans(codes, "XKX", "cow") == {"347": ("2008-02-20", "")}
    assert spans(codes, "XKX", "gw") == {"347": ("2008-02-17", "")}
    assert spans(codes, "XKX", "vdem").keys() == {"43"}
    assert not {r["scheme"] for r in codes if r["state_id"] == "XKX"} & {"iso3", "iso-numeric"}
    assert states["XKX"]["kind"] == "partially-recognized"


def test_palestine_is_in_iso_and_vdem_and_in_no_list_of_members(codes):
    assert {r["scheme"]: r["code"] for r in codes if r["state_id"] == "PSE"} == {
        "iso3": "PSE",
        "iso-numeric": "275",
        "vdem": "138",
    }


@pytest.mark.parametrize("state", ["XAB", "XSO"])
def test_abkhazia_and_south_ossetia_are_among_microstates_of_gw_only(state: str, codes):
    rows_ = [r for r in codes if r["state_id"] == state]
    assert {r["scheme"] for r in rows_} == {"gw", "gw-abbrev"}
    assert {(r["scheme_version"], r["valid_from"]) for r in rows_} == {("2020 (microstates)", "2008-08-26")}


def test_abbreviations_and_numbers_are_of_other_states_elsewhere(codes):
    assert owners(codes, "cow-abbrev", "MNG") == owners(codes, "gw-abbrev", "MNG") == {"MNE"}
    assert owners(codes, "iso3", "MNG") == {"MNG"}
    assert (owners(codes, "cow", "970"), owners(codes, "gw", "970")) == ({"NRU"}, {"KIR"})
    assert (owners(codes, "cow-abbrev", "AUS"), owners(codes, "iso3", "AUS")) == ({"AUT"}, {"AUS"})


def test_codes_of_vdem_and_iso_begin_no_earlier_than_the_state(states, codes):
    born = {s: row["exists_from"] for s, row in states.items()}
    assert not [
        r for r in codes if r["scheme"] in ("iso3", "iso-numeric", "vdem") and r["valid_from"] < born[r["state_id"]]
    ]


@pytest.mark.parametrize("scheme", ["cow", "cow-abbrev", "gw", "gw-abbrev", "iso3", "iso-numeric", "vdem"])
def test_no_two_states_share_a_code_at_a_time(scheme: str, codes):
    found = sorted(
        (r["code"], r["valid_from"], r["valid_to"] or "9999", r["state_id"]) for r in codes if r["scheme"] == scheme
    )
    assert not [(a, b) for a, b in pairwise(found) if a[0] == b[0] and b[1] <= a[2]]


def test_no_two_states_share_a_current_code(codes):
    current = [(r["scheme"], r["code"]) for r in codes if not r["valid_to"]]
    assert len(set(current)) == len(current)
