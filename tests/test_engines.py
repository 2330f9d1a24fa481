"""Every engine finds the same, in the same words."""

from __future__ import annotations

import re
import subprocess

import pytest

import commdip
from commdip import edtf, engines, spark
from commdip.cli import main


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


def test_spark_without_pyspark_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["validate", "--engine", "spark"]) == 2
    assert capsys.readouterr().err == "commdip: pyspark is not installed; pip install 'commdip[spark]'\n"


def test_spark_without_java_is_one_line(monkeypatch, tmp_path):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match="Spark needs Java 17 or newer: set JAVA_HOME"):
        spark.find_java()


def test_java_of_pip_is_asked_without_the_module_that_it_lacks(monkeypatch, tmp_path):
    monkeypatch.setenv("COMMDIP_CACHE", str(tmp_path))
    java = tmp_path / "home" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    java.chmod(0o755)
    wrapped = spark._wrapped(tmp_path / "home") / "bin" / "java"
    said = subprocess.run([wrapped, "-cp", "a b", spark.VECTOR, "Main"], capture_output=True, text=True, check=True)
    assert said.stdout == "-cp|a b|Main|"


def test_settings_of_spark_are_key_and_value(capsys):
    with pytest.raises(SystemExit):
        main(["validate", "--engine", "spark", "--spark-conf", "spark.executor.memory"])
    assert "'spark.executor.memory' is not of the form KEY=VALUE" in capsys.readouterr().err


def test_dates_of_the_calendar_are_one_expression():
    days = [f"{y:04}-{m:02}-{d:02}" for y in (0, 1900, 2000, 2023, 2024) for m in range(14) for d in range(33)]
    texts = [*days, *(d[:7] for d in days), "2023", "202", "2023-5", "2023-05-07T", "2023-05-07\n", ""]
    exact = re.compile(edtf.EXACT.replace(r"\z", r"\Z"))
    for text in (t + sign for t in texts for sign in ("", "?", "~", "?~")):
        assert bool(exact.match(text)) == edtf.is_valid(text), text
