"""Mistakes put into the shipped package one at a time: each must be found, at its place, without drowning the reader.

``python tests/mutations.py`` tries more of them and prints what each gave.
"""

from __future__ import annotations

from collections import Counter

import mutations as m
import pytest

from commdip import validation

SHARE = 0.2
"""Share of the mutations of each kind (one at least) that is tried here: minutes matter in CI."""

FLOODS = {
    (
        "series: another day, base year or host",
        "series",
    ): "every edition of the series differs from it, and each can be waived",
    ("term dropped from a vocabulary", "codes"): "COL04 has a finding for every cell with the term",
    ("cell: required but empty", "codes"): "a term without a position puts every list that has it out of order (COL04)",
    ("file: column renamed", "codes"): "the same, for all terms",
    ("file: column missing", "codes"): "the same, for all terms",
    ("cell: unknown term", "rank_offices"): "PAR04 reads rank_offices, but is not withheld where that is broken",
    ("cell: unknown term", "mode_roles"): "CON03 reads mode_roles, but is not withheld where that is broken",
    ("file: column missing", "rank_offices"): "the same, for all ranks",
    ("file: column missing", "mode_roles"): "the same, for all modes",
    ("file: column renamed", "rank_offices"): "the same, for all ranks",
    ("cell: impossible date", "ceremonies"): "TIM09 reads the day of a ceremony through participation, two links away",
    ("cell: malformed date", "ceremonies"): "the same",
    (
        "ceremony: year, day or identifier differ",
        "ceremonies",
    ): "all evidence of the day is judged by the wrong day (TIM09, CON08)",
    ("ceremony: wrong host", "ceremonies"): "all its invitations come from a state that does not host (INV07)",
    ("parent dropped: ceremonies", "ceremonies"): "each evidence for the ceremony itself is a finding (EVI01)",
    ("parent dropped: the busiest", "ceremonies"): "the same",
}
"""Kinds and tables where one mistake gives more findings than FLOOD, and why: the debts of the rules."""

UNREADABLE = ("file: stray quote", "file: empty", "file: missing")
"""Kinds that leave a table without its rows: what points at them is reported row by row (KEY03, EVI01)."""


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> list[m.Result]:
    found = m.try_all(share=SHARE)
    if cache := getattr(request.config, "cache", None):
        (cache.mkdir("mutations") / "score.txt").write_text(m.score(found) + "\n", encoding="utf-8")
    return found


def listed(results: list[m.Result]) -> str:
    return "\n".join(map(m.explained, results))


def test_there_are_enough_of_every_table(results: list[m.Result]) -> None:
    print(m.score(results))
    tables = {r.mutation.table for r in results} - {""}
    assert len(results) >= 260
    assert len({r.mutation.kind for r in results}) >= 45
    data = m.Data.read(m.shipped_root())
    assert tables == set(data.tables), "a table without mutations"
    assert len(set(map(str, (r.mutation for r in results)))) >= 0.97 * len(results), "mutations repeat each other"


def test_nothing_breaks_validation(results: list[m.Result]) -> None:
    broken = [r for r in results if r.error]
    assert not broken, listed(broken)


def test_none_is_missed(results: list[m.Result]) -> None:
    missed = [r for r in results if not r.found]
    assert not missed, listed(missed)


def test_one_mistake_does_not_drown_the_reader(results: list[m.Result]) -> None:
    many = [r for r in results if len(r.new) >= m.FLOOD and r.mutation.kind not in UNREADABLE]
    drowning = [r for r in many if (r.mutation.kind, r.mutation.table) not in FLOODS]
    assert not drowning, listed(drowning)


def test_unmutated_rows_are_written_as_they_were(tmp_path) -> None:
    bench = m.Bench(tmp_path)
    edit = m.Edit(bench.data)
    for table in bench.data.tables:
        edit.rows(table)
    files = edit.files()
    assert all((bench.root / path).read_bytes() == content for path, content in files.items())


def test_same_seed_same_mutations() -> None:
    data = m.Data.read(m.shipped_root())
    assert list(map(str, m.mutations(data))) == list(map(str, m.mutations(data)))
    assert list(map(str, m.mutations(data))) != list(map(str, m.mutations(data, seed=1)))


SAMPLE = (
    "participation: wrong state",
    "tenure: duplicate",
    "contact: duplicate under",
    "evidence: supports",
    "parent dropped: leaders",
    "file: missing",
    "file: cell too few",
    "cell: malformed date",
    "state code: ambiguous",
)


@pytest.mark.parametrize("kind", SAMPLE)
def test_remembering_changes_no_finding(kind: str, bench: m.Bench) -> None:
    mutation = m.mutations(bench.data, only=kind)[0]
    result = bench.try_out(mutation)
    with bench.changed(bench.apply(mutation)) as root:
        plain = validation.validate(root, ignore=["WIT"])
    assert Counter(result.new) == Counter(bench.new(plain.findings))
    assert result.found


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> m.Bench:
    return m.Bench(tmp_path_factory.mktemp("bench"))
