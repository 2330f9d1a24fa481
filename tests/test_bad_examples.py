"""Every rule against its bad examples in tests/bad (see tests/bad/cases.py for what the folders hold).

`python tests/bad/regenerate.py [FOLDER ...]` writes the expected findings anew; read the difference.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "bad"))
import cases

from commdip import validate
from commdip.rules import REGISTER, ROW_RULES


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[cases.Outcome]]]:
    """Run the folders that are asked for on all processors; tests wait for theirs."""
    here = [item for item in request.session.items if item.path == Path(__file__)]
    folders = dict.fromkeys(item.callspec.params["folder"] for item in here if hasattr(item, "callspec"))
    if any(item.name == test_every_check_has_a_case.__name__ for item in here):
        folders = dict.fromkeys(cases.FOLDERS)
    # Spawned, since the threads of polars do not live through a fork.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        yield {folder: pool.submit(cases.run, folder) for folder in folders}


@pytest.mark.parametrize("folder", cases.FOLDERS)
def test_bad_examples_are_found(folder: str, outcomes: dict[str, Future[cases.Outcome]]) -> None:
    outcome = outcomes[folder].result()
    expected = json.loads((cases.HERE / folder / "expected.json").read_text("utf-8"))
    assert cases.expected(folder, outcome) == expected
    assert {e["case"] for e in expected} == set(outcome.bad), "a case finds nothing"
    for finding in expected:
        assert not any(word in finding["message"] for word in ("None", "nan", "<NA>", "  ")), finding["message"]


@pytest.mark.parametrize("folder", cases.FOLDERS)
def test_bad_examples_set_off_nothing_else(folder: str, outcomes: dict[str, Future[cases.Outcome]]) -> None:
    outcome = outcomes[folder].result()
    for case in cases.cases(folder, "change.json"):
        others = {f.rule for f in outcome.bad[case["title"]].findings} - {cases.RULES[folder]}
        assert others == set(case.get("also", ())), case["title"]


@pytest.mark.parametrize("folder", cases.FOLDERS)
def test_good_neighbours_stay_silent(folder: str, outcomes: dict[str, Future[cases.Outcome]]) -> None:
    outcome, code = outcomes[folder].result(), cases.RULES[folder]
    assert outcome.good
    for title, report in outcome.good.items():
        assert [f.message for f in report.findings if f.rule == code] == [], title
        assert code in report.rules_run, title


def test_every_rule_has_a_folder_named_after_it() -> None:
    assert sorted(f"{rule.code}-{rule.name}" for rule in REGISTER.values()) == cases.FOLDERS


def test_every_check_has_a_case(outcomes: dict[str, Future[cases.Outcome]]) -> None:
    fired = set().union(*(outcome.result().fired for outcome in outcomes.values()))
    assert [cases.name(rule) for rule in ROW_RULES if cases.name(rule) not in fired] == []


def test_the_base_has_no_finding(tmp_path: Path) -> None:
    folder = cases.make({"steps": [], "witness": True}, tmp_path / "base")
    report = validate(folder, today=cases.TODAY)
    assert report.findings == []
    assert {s.rule for s in report.rules_skipped} == {"REL03", "REL04"}


def test_a_leader_who_is_gone_does_not_drown_the_rest(tmp_path: Path) -> None:
    steps = [{"do": "remove", "table": "leaders", "key": "sample-bruno"}]
    report = cases.validate(cases.make({"steps": steps}, tmp_path / "gone"), {})
    assert 0 < len(report.findings) < 8
    assert {f.rule for f in report.findings} <= {"KEY03", "EVI01"}
    assert {"TIM03", "TIM04", "PAR04"} <= {s.rule for s in report.rules_skipped}


@pytest.mark.parametrize("folder", ["TIM03-leader-alive", "COL05-date", "KEY03-foreign-key", "EVI05-single-origin"])
def test_the_shortcut_changes_nothing(folder: str, outcomes: dict[str, Future[cases.Outcome]], tmp_path: Path) -> None:
    case = cases.cases(folder, "change.json")[0]
    report = cases.validate(cases.make(case, tmp_path / "bad"), case)
    assert report.to_dict()["findings"] == outcomes[folder].result().bad[case["title"]].to_dict()["findings"]
