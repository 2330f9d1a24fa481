"""The crosswalk of state codes agrees row by row with the facts that were given."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

with (Path(__file__).parent / "facts" / "state_codes.csv").open(encoding="utf-8", newline="") as file:
    FACTS = list(csv.DictReader(file))
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


def test_serbia_changed_its_gw_code_and_kept_its_cow_code(codes):
    gw = spans(codes, "SRB", "gw")
    assert gw["345"][1] == "2006-06-04"
    assert gw["340"] == ("2006-06-05", "")
    assert list(spans(codes, "SRB", "cow")) == ["345"]


def test_germany_has_another_code_in_each_list(codes):
    assert spans(codes, "DEU", "cow")["255"] == ("1990-10-03", "")
    assert spans(codes, "DEU", "gw")["260"][1] == ""


def test_vietnam_is_not_one_of_the_other_vietnams(codes):
    assert not {"815", "817"} & {r["code"] for r in codes if r["state_id"] == "VNM" and r["scheme"] in ("cow", "gw")}


def test_no_two_states_share_a_current_code(codes):
    current = [(r["scheme"], r["code"]) for r in codes if not r["valid_to"]]
    assert len(set(current)) == len(current)
