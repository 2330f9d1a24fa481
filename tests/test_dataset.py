"""Loading, and the frames that are made of the tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

import commdip
from commdip import columns, dataset
from commdip.package import shipped_root
from commdip.specs import TableSpec

KEYS = ("complete", "near-complete")


@pytest.fixture(scope="module")
def ds():
    return commdip.load()


def derived(name):
    data = json.loads((shipped_root() / "schemas" / "derived" / f"{name}.json").read_text("utf-8"))
    return TableSpec.from_json(name, data)


FRAMES = {
    "roster": lambda ds: ds.roster(2025),
    "panel": lambda ds: ds.panel(blocs=(), codes=()),
    "dyads": lambda ds: ds.dyads(),
    "office_holders": lambda ds: ds.office_holders("2023-05-09"),
    "evidence_for": lambda ds: ds.evidence_for("P00001"),
    "find_leader": lambda ds: ds.find_leader("Berdymukhammedov"),
}


@pytest.mark.parametrize("name", FRAMES)
def test_derived_frames_have_the_columns_that_are_documented(ds, name):
    spec, frame = derived(name), FRAMES[name](ds)
    assert list(frame.columns) == spec.names
    assert len(frame) > 0
    columns.table_schema(spec, columns.shipped_terms()).validate(frame)


def test_every_derived_frame_is_documented():
    documented = {f.stem for f in (shipped_root() / "schemas" / "derived").glob("*.json")}
    assert documented == set(FRAMES)


def test_tables_are_attributes_items_and_completions(ds):
    for name in ds:
        assert getattr(ds, name) is ds[name]
        assert name in dir(ds)
    with pytest.raises(AttributeError, match="no table 'nothing'"):
        _ = ds.nothing


def test_the_stubs_know_every_table(ds):
    text = Path(dataset.__file__).read_text("utf-8")
    stubs = re.findall(r"^        (\w+): pd\.DataFrame$", text, re.MULTILINE)
    assert stubs == list(ds)


def test_dates_have_the_days_that_they_allow(ds):
    table = ds.tenures.dropna(subset=["start"])
    assert table["start_earliest"].notna().all()
    assert (table["start_earliest"] <= table["start_latest"]).all()
    month = table[table["start"].str.fullmatch(r"\d{4}-\d{2}")].iloc[0]
    assert month["start_earliest"].day == 1
    assert month["start_latest"] == month["start_earliest"] + pd.offsets.MonthEnd(0)
    assert ds.tenures.loc[ds.tenures["end"].isna(), "end_latest"].isna().all()


def test_roster_puts_the_highest_rank_first(ds):
    roster = ds.roster("moscow-victory-day-2023")
    assert roster["rank"].is_monotonic_increasing
    kyrgyz = roster[roster["state_id"] == "KGZ"].iloc[0]
    assert (kyrgyz["leader"], kyrgyz["title"]) == ("Sadyr Japarov", "President of Kyrgyzstan")
    assert kyrgyz["contradicted"]  # one text has a march where all others have the parade


@pytest.mark.parametrize("wrong", [1900, "moscow-victory-day-1900"])
def test_roster_of_no_ceremony_says_which_there_are(ds, wrong):
    with pytest.raises(KeyError, match="moscow-victory-day-2023"):
        ds.roster(wrong)


def test_panel_keeps_zero_and_missing_apart(ds):
    panel = ds.panel()
    nobody = panel[panel["attended"].isna()]
    no = panel[panel["attended"].eq(False).fillna(False)]
    assert len(nobody) and len(no)
    assert not nobody["attendance_coverage"].isin(KEYS).any()
    assert no["attendance_coverage"].isin(KEYS).all()
    assert (
        not panel.loc[panel["contingent"].eq(False).fillna(False), "contingents_coverage"]
        .isin(["partial", "none"])
        .any()
    )
    assert panel.loc[panel["attended"].fillna(False), "rank"].notna().all()


def test_panel_has_each_state_once_per_ceremony_and_not_the_host(ds):
    panel = ds.panel()
    assert not panel.duplicated(["ceremony_id", "state_id"]).any()
    assert "RUS" not in set(panel["state_id"])
    assert len(panel) < len(ds.ceremonies) * len(ds.states)


def test_panel_takes_codes_and_blocs_of_the_day(ds):
    panel = ds.panel(blocs=["eaeu"], codes=["cow", "gw"]).set_index(["year", "state_id"])
    assert panel.loc[(2023, "KGZ"), ["in_eaeu", "cow", "gw"]].tolist() == [True, "703", "703"]
    assert not panel.loc[(2005, "KGZ"), "in_eaeu"]
    assert (panel.loc[(2005, "SRB"), "gw"], panel.loc[(2023, "SRB"), "gw"]) == ("345", "340")
    with pytest.raises(KeyError, match="no codes of 'iso2'"):
        ds.panel(codes=["iso2"])


def test_dyads_count_each_contact_once_per_pair(ds):
    dyads = ds.dyads()
    modes = dyads.columns[4:]
    assert (dyads[modes].sum(axis=1) == dyads["contacts"]).all()
    assert (dyads["state_a"] < dyads["state_b"]).all()
    calls = ds.contacts[(ds.contacts["mode"] == "phone") & ds.contacts["start"].str.startswith("2023")]
    assert dyads.loc[dyads["period"] == "2023", "phone"].sum() == len(calls)
    assert set(ds.dyads(by="ceremony")["period"]) <= set(ds.ceremonies["ceremony_id"])


def test_office_holders_tell_the_certain_from_the_possible(ds):
    holders = ds.office_holders("2010-05-09", "head-of-state").set_index("leader_id")
    assert holders.loc["medvedev-dmitry", "certain"]
    assert not holders.loc["medvedev-dmitry", "effective"]
    assert "japarov-sadyr" not in holders.index
    with pytest.raises(KeyError, match="no office 'king'"):
        ds.office_holders("2010-05-09", "king")


@pytest.mark.parametrize(
    ("text", "leader"),
    [
        ("Berdymukhammedov Serdar", "berdimuhamedow-serdar"),
        ("Путин", "putin-vladimir"),
        ("VUCIC", "vucic-aleksandar"),
        ("Jinping Xi", "xi-jinping"),
    ],
)
def test_leaders_are_found_in_any_script_and_spelling(ds, text, leader):
    found = ds.find_leader(text)
    assert found["leader_id"].iloc[0] == leader
    assert found["score"].is_monotonic_decreasing


def test_nobody_is_found_for_a_text_without_letters(ds):
    assert ds.find_leader("123").empty


def test_citation_names_the_version(ds):
    assert ds.version in ds.cite()
    assert ds.cite().count("{") == ds.cite().count("}")


@pytest.mark.parametrize("backend", ["polars", "arrow"])
def test_other_backends_have_the_same_rows(ds, backend):
    pytest.importorskip({"arrow": "pyarrow"}.get(backend, backend))
    other = commdip.load(backend=backend)
    for name in ds:
        back = other[name].to_pandas()
        assert list(back.columns) == list(ds[name].columns)
        assert len(back) == len(ds[name])
    assert len(other.roster(2023)) == len(ds.roster(2023))


def test_unknown_backend_is_told():
    with pytest.raises(ValueError, match="there are pandas, polars and arrow"):
        commdip.load(backend="excel")


def test_shown_in_a_notebook(ds):
    assert "participation" in ds._repr_html_()
    assert f"{len(ds.evidence):,}" in repr(ds)
