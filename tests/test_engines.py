"""Every engine finds the same, in the same words."""

from __future__ import annotations

import pytest

import commdip
from commdip import engines


@pytest.fixture(scope="module")
def reports(tmp_path_factory, request):
    pytest.importorskip("polars")
    return {e: commdip.validate(ignore=["WIT"], engine=e).to_dict() for e in ("pandas", "polars")}


def test_shipped_package_gives_the_same_report(reports):
    assert reports["pandas"]["findings"]
    assert reports["pandas"] == reports["polars"]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("contacts", "start", "2033-05-07"),
        ("participation", "leader_id", "nobody-at-all"),
        ("tenures", "end", "1999"),
        ("evidence", "record_id", "P99999"),
        ("ceremonies", "year", "2O23"),
    ],
)
def test_broken_packages_give_the_same_report(copy, table, column, value):
    pytest.importorskip("polars")
    copy.edit(table, 0, column, value)
    found = {e: commdip.validate(copy.root, ignore=["WIT"], engine=e).to_dict() for e in ("pandas", "polars")}
    assert not found["pandas"]["valid"]
    assert found["pandas"] == found["polars"]


def test_auto_takes_what_is_installed(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert engines.chosen("auto") == "pandas"
    with pytest.raises(ValueError, match="polars is not installed"):
        engines.chosen("polars")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    assert engines.chosen("auto") == "polars"


def test_unknown_engine_is_told():
    with pytest.raises(ValueError, match="no engine 'abacus'"):
        commdip.validate(engine="abacus")
