"""Loading, and the frames that are made of the tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from pandera.errors import SchemaError

import commdip
from commdip import dataset
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
    commdip.schema(name).validate(frame)
    assert all(f.description.endswith(".") for f in spec.fields)


@pytest.mark.parametrize("name", FRAMES)
def test_the_schema_of_a_derived_frame_refuses_repeated_rows_and_unknown_terms(ds, name):
    frame = FRAMES[name](ds)
    with pytest.raises(SchemaError, match="unique"):
        commdip.schema(name).validate(pd.concat([frame, frame.head(1)], ignore_index=True))
    for field in derived(name).fields:
        if field.vocabulary and not field.delimiter:
            with pytest.raises(SchemaError):
                commdip.schema(name).validate(frame.assign(**{field.name: "no-term"}))


def test_every_derived_frame_is_documented():
    documented = {f.stem for f in (shipped_root() / "schemas" / "derived").glob("*.json")}
    assert documented == set(FRAMES)


def test_tables_are_attributes_items_and_completions(ds):
    for name in ds:
        assert getattr(ds, name) is ds[name]
        assert name in dir(ds)
        assert name in ds._ipython_key_completions_()
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


def test_the_same_roster_is_no_or_unknown_as_the_coverage_says(copy):
    """Nothing changes but the declared completeness: False turns into missing, and back."""
    found = {}
    for completeness in ("complete", "partial"):
        rows = copy.rows("coverage")
        copy.put("coverage", [rows[0], *([r[0], r[1], completeness, *r[3:]] for r in rows[1:])])
        panel = commdip.load(copy.root).panel()
        found[completeness] = panel[["attended", "absent", "substitute", "contingent", "invited"]]
    for flag in found["complete"]:
        full, part = found["complete"][flag], found["partial"][flag]
        assert full.notna().all()
        assert full.eq(False).any()
        assert (part.isna() == (full.eq(False) & (part.isna() | (flag != "invited")))).all()
        assert part[full].all()


def test_a_mode_without_a_contact_is_zero_only_where_the_search_was_closed(ds):
    dyads = ds.dyads()
    closed = dyads["contacts_coverage"].isin(KEYS)
    modes = list(dyads.columns[4:-1])
    assert closed.any()
    assert (~closed).any()
    assert dyads.loc[closed, modes].notna().all(axis=None)
    assert not dyads.loc[~closed, modes].eq(0).any(axis=None)
    assert dyads["contacts"].ge(1).all()


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
    modes = dyads.columns[4:-1]
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


def test_citation_follows_the_descriptor(ds, copy):
    descriptor = copy.descriptor(
        lambda d: d.update(
            title="Lanterns & Guests",
            version="3.1.4",
            created="2031-05-06T00:00:00Z",
            contributors=[{"title": "A. B."}],
        )
    )
    cited = commdip.load(copy.root).cite()
    assert cited.startswith(
        f"A. B. (2031). Lanterns & Guests, version 3.1.4. Data set, {descriptor['licenses'][0]['name']}."
    )
    assert "title = {{Lanterns \\& Guests}}," in cited
    assert cited.count("{") == cited.count("}")
    assert ds.version in ds.cite()


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
