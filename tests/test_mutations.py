"""Mistakes put into the shipped package one at a time: each must be found, at its place, without drowning the reader.

``python tests/mutations.py`` tries more of them and prints what each gave.
"""

from __future__ import annotations

from collections import Counter

import mutations as m
import pytest

from commdip import validation

SHARE = 0.4
"""Share of the mutations of each kind (two at least) that is tried here: minutes matter in CI."""

FLOODS = {
    "term dropped from a vocabulary": "every cell with the term is a finding of its own",
    "ceremony: year, day or identifier differ": "all evidence of the day is judged by the wrong day",
    "ceremony: wrong host": "all its invitations come from a state that does not host",
    "file: semicolons for commas": "the header has none of the columns, and each is named",
}
"""Kinds of which one mistake may give more findings than FLOOD, and why; an entry without need fails."""


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> list[m.Result]:
    found = m.try_all(share=SHARE)
    folder = request.config.cache.mkdir("mutations") if hasattr(request.config, "cache") else None
    table = m.score(found)
    if folder is not None:
        (folder / "score.txt").write_text(table + "\n", encoding="utf-8")
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
    drowning = [r for r in results if len(r.new) >= m.FLOOD and r.mutation.kind not in FLOODS]
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
    "participation: wrong state", "tenure: duplicate", "contact: duplicate under", "evidence: supports", "parent dropped: leaders",
    "file: missing", "file: cell too few", "cell: malformed date", "state code: ambiguous",
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
