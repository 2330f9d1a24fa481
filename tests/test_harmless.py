"""What changes nothing that matters must not make a valid package invalid."""

# ruff: noqa: PLR0917

from __future__ import annotations

import csv
import datetime
import io
import random
import string
import unicodedata
from collections.abc import Callable

import mutations as m
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commdip import canonical, validation
from commdip.findings import ERROR, Finding

CEREMONIES = ("moscow-victory-day-2005", "moscow-victory-day-2023")
economical = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def cut(data: m.Data, ceremonies: tuple[str, ...]) -> dict[str, list[m.Row]]:
    """Return the rows of some ceremonies and of all that hangs on them."""
    kept = {t: list(rows) for t, rows in data.tables.items()}

    def keep(table: str, column: str, values: set[str]) -> list[m.Row]:
        kept[table] = [r for r in kept[table] if r[column] in values]
        return kept[table]

    for table in ("ceremonies", "participation", "invitations", "contacts", "coverage"):
        keep(table, "ceremony_id", set(ceremonies))
    contacts = {c["contact_id"] for c in kept["contacts"]}
    keep("contact_participants", "contact_id", contacts)
    kept["statements"] = [
        s for s in kept["statements"] if s["contact_id"] in contacts or s["ceremony_id"] in ceremonies
    ]
    acting = [*kept["participation"], *kept["contact_participants"], *kept["statements"], *kept["invitations"]]
    leaders = {r[c] for r in acting for c in ("leader_id", "invited_leader_id", "inviting_leader_id") if r.get(c)}
    for table in ("leaders", "leader_names", "tenures"):
        keep(table, "leader_id", leaders)
    places = [*acting, *kept["contacts"], *kept["tenures"], *kept["series"]]
    states = {v for r in places for c, v in r.items() if c.endswith("state_id") and v}
    for table in ("states", "state_codes", "memberships"):
        keep(table, "state_id", states)
    there = {(t, data.key(t, r)) for t, rows in kept.items() for r in rows}
    kept["evidence"] = [e for e in kept["evidence"] if (e["record_table"], e["record_id"]) in there]
    used = {r["source_id"] for t in ("evidence", "state_codes") for r in kept[t]}
    used |= {s["origin_source_id"] for s in kept["sources"] if s["source_id"] in used}
    keep("sources", "source_id", used)
    kept["waivers"] = []
    return kept


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> m.Bench:
    folder = tmp_path_factory.mktemp("harmless")
    root = m.Bench.copy(folder / "cut", m.shipped_root())
    edit = m.Edit(m.Data.read(root))
    edit.changed = cut(edit.data, CEREMONIES)
    for path, content in edit.files().items():
        (root / path).write_bytes(content or b"")
    return m.Bench(folder, root)


def added(bench: m.Bench, edit: m.Edit) -> list[Finding]:
    """Return the findings that a change adds."""
    with bench.changed(edit.files()) as root:
        return bench.new(bench.reader.validate(root).findings)


def test_the_cut_package_is_valid_and_real(bench: m.Bench) -> None:
    report = validation.validate(bench.root, ignore=["WIT"])
    assert report.valid, str(report)
    assert {c["ceremony_id"] for c in bench.data["ceremonies"]} == set(CEREMONIES)
    assert all(
        len(bench.data[t]) > 20 for t in ("participation", "contacts", "invitations", "evidence", "sources", "tenures")
    )


# Order, quoting, line ends: what `commdip format` puts right


@economical
@given(
    seed=st.integers(0, 2**32),
    tables=st.sets(
        st.sampled_from(
            [
                "participation",
                "contacts",
                "contact_participants",
                "leaders",
                "leader_names",
                "codes",
                "evidence",
                "tenures",
            ]
        ),
        min_size=1,
    ),
)
def test_format_undoes_any_order_of_rows_and_columns(bench: m.Bench, seed: int, tables: set[str]) -> None:
    rng, files = random.Random(seed), {}
    for table in sorted(tables):
        header = m.shuffled(rng, bench.data.headers[table])
        text = io.StringIO()
        writer = csv.DictWriter(text, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(m.shuffled(rng, bench.data[table]))
        files[bench.data.path(table)] = text.getvalue().encode()
    assert_restored(bench, files)


@economical
@given(
    table=st.sampled_from(["participation", "ceremonies", "leaders", "sources", "tenures", "statements"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_MINIMAL]),
    ends=st.sampled_from(["\n", "\r\n"]),
    bom=st.booleans(),
    spaces=st.sampled_from(["", " ", "\t", "\N{NO-BREAK SPACE}"]),
    last=st.booleans(),
)
def test_format_undoes_any_way_of_writing(
    bench: m.Bench, table: str, quoting: int, ends: str, bom: bool, spaces: str, last: bool
) -> None:
    text = io.StringIO(newline="")
    header = bench.data.headers[table]
    writer = csv.writer(text, lineterminator=ends, quoting=quoting)
    writer.writerow(header)
    writer.writerows(
        [r[h] + (spaces if r[h] and i % 3 == 0 else "") for h in header] for i, r in enumerate(bench.data[table])
    )
    content = text.getvalue() if last else text.getvalue().removesuffix(ends)
    assert_restored(bench, {bench.data.path(table): content.encode("utf-8-sig" if bom else "utf-8")})


def assert_restored(bench: m.Bench, files: dict[str, bytes]) -> None:
    """Assert that format brings changed files back to what they were, byte for byte."""
    before = {p: (bench.root / p).read_bytes() for p in (*files, m.DESCRIPTOR)}
    with bench.changed({**files, m.DESCRIPTOR: before[m.DESCRIPTOR]}) as root:
        canonical.write(*canonical.plan(root))
        assert {p: (root / p).read_bytes() for p in before} == before


# Rows that are added


def source(number: int, published: str, accessed: str = "2026-11-22") -> m.Row:
    return {
        "source_id": f"S{90000 + number}",
        "url": f"https://example.org/{number}",
        "title": f"Report {number}",
        "publisher": f"Agency {number}",
        "publisher_kind": "independent",
        "language": "en",
        "published": published,
        "accessed": accessed,
        "extent": "full",
    }


def claim(number: int, table: str, record: str, of: str, stance: str = "supports") -> m.Row:
    return {
        "evidence_id": f"E{90000 + number}",
        "record_table": table,
        "record_id": record,
        "source_id": of,
        "stance": stance,
    }


days = st.dates(min_value=datetime.date(2023, 5, 10), max_value=datetime.date(2026, 1, 1)).map(str)


@economical
@given(days=st.lists(days, min_size=1, max_size=3), data=st.data())
def test_sources_with_evidence(bench: m.Bench, days: list[str], data: st.DataObject) -> None:
    edit = m.Edit(bench.data)
    for i, day in enumerate(days):
        row = data.draw(st.sampled_from(bench.data["participation"]))
        edit.add("sources", source(i, day))
        edit.add("evidence", claim(i, "participation", row["participation_id"], f"S{90000 + i}"))
    assert added(bench, edit) == []


words = st.text(st.sampled_from(string.ascii_lowercase + "éšőñ"), min_size=4, max_size=9).map(str.capitalize)


@economical
@given(
    family=words,
    given_name=words,
    start=st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2023, 5, 1)).map(str),
    precision=st.sampled_from([4, 7, 10]),
    open_=st.booleans(),
)
def test_a_leader_with_office_and_contact(
    bench: m.Bench, family: str, given_name: str, start: str, precision: int, open_: bool
) -> None:
    plain = "".join(
        c for c in unicodedata.normalize("NFD", f"{family}-{given_name}-q").lower() if c in string.ascii_lowercase + "-"
    )
    # The last part of the given name keeps the identifier apart from those of the package.
    name = f"{given_name} Q"
    edit = m.Edit(bench.data)
    edit.add(
        "leaders",
        {"leader_id": plain, "name": f"{name} {family}", "family_name": family, "given_name": name, "gender": "female"},
    )
    edit.add("leader_names", {"leader_id": plain, "name": f"{name} {family}", "language": "en", "script": "Latn"})
    end = "" if open_ else "2024-06"
    edit.add(
        "tenures",
        {
            "tenure_id": "T90000",
            "leader_id": plain,
            "state_id": "KAZ",
            "office": "minister-other",
            "title": "Minister",
            "start": start[:precision],
            "end": end,
            "effective": "false",
        },
    )
    edit.add(
        "contacts",
        {
            "contact_id": "C90000",
            "mode": "phone",
            "start": "2023-05-06",
            "end": "2023-05-06",
            "ceremony_id": CEREMONIES[1],
            "summary": "A call.",
        },
    )
    for i, (leader, state) in enumerate(((plain, "KAZ"), ("putin-vladimir", "RUS")), 1):
        edit.add(
            "contact_participants",
            {"contact_id": "C90000", "party": str(i), "leader_id": leader, "state_id": state, "role": "participant"},
        )
    edit.add("sources", source(0, "2023-05-07"))
    edit.add("evidence", claim(0, "tenures", "T90000", "S90000"))
    edit.add("evidence", claim(1, "contacts", "C90000", "S90000"))
    assert added(bench, edit) == []


@economical
@given(
    names=st.lists(st.from_regex(r"[a-z]{4,12}_own", fullmatch=True), min_size=1, max_size=3, unique=True),
    table=st.sampled_from(["participation", "contacts", "leaders", "sources"]),
    value=st.sampled_from(["", "x", "2023", "ä, ö"]),
)
def test_extra_columns_are_named_and_no_more(bench: m.Bench, names: list[str], table: str, value: str) -> None:
    edit = m.Edit(bench.data)
    edit.headers[table] = [*bench.data.headers[table], *names]
    for row in edit.rows(table):
        row.update(dict.fromkeys(names, value))
    assert sorted((f.rule, f.column) for f in added(bench, edit)) == sorted(("FIL08", n) for n in names)


# Dates that say less


def date_cells(data: m.Data) -> list[tuple[str, str, str]]:
    """Return table, key and column of every date that is no part of a key."""
    found = []
    for table in data.tables:
        dates = [x["name"] for x in data.fields(table) if x.get("edtf") and x["name"] not in data.primary(table)]
        found += [(table, data.key(table, r), c) for r in data[table] for c in dates if r[c]]
    return found


def changed_dates(bench: m.Bench, chosen: dict[str, set[int]], change: Callable[[str, int], str]) -> m.Edit:
    edit = m.Edit(bench.data)
    cells: dict[str, list[tuple[str, str]]] = {}
    for table, key, column in date_cells(bench.data):
        cells.setdefault(table, []).append((key, column))
    for table, numbers in chosen.items():
        rows = {bench.data.key(table, r): r for r in edit.rows(table)}
        for n in numbers:
            key, column = cells[table][n % len(cells[table])]
            rows[key][column] = change(rows[key][column], n)
    return edit


DATED = (
    "tenures",
    "contacts",
    "invitations",
    "sources",
    "leaders",
    "ceremonies",
    "states",
    "memberships",
    "state_codes",
)
some_dates = st.dictionaries(
    st.sampled_from(DATED[:6]), st.sets(st.integers(0, 2000), min_size=1, max_size=60), min_size=1, max_size=3
)


def coarser(date: str, n: int) -> str:
    bare, mark = date.rstrip("?~"), date[len(date.rstrip("?~")) :]
    return bare[: 4 if n % 2 else 7] + mark if len(bare) == 10 else bare[:4] + mark


DATE_FAMILIES = ("TIM", "PAR", "CON", "CER", "STA", "EVI", "COV", "STM", "LEA")
"""Families of rules whose errors compare dates; INV05 and TEN02 compare dates as they are written."""


@settings(economical, max_examples=40)
@given(chosen=some_dates)
def test_a_less_precise_date_is_no_error(bench: m.Bench, chosen: dict[str, set[int]]) -> None:
    errors = [f for f in added(bench, changed_dates(bench, chosen, coarser)) if f.severity == ERROR]
    assert [f for f in errors if f.rule.startswith(DATE_FAMILIES) or f.rule in ("INV04", "INV06", "INV07")] == []


@economical
@given(chosen=some_dates, mark=st.sampled_from("?~"))
def test_a_mark_of_doubt_is_no_error(bench: m.Bench, chosen: dict[str, set[int]], mark: str) -> None:
    edit = changed_dates(bench, chosen, lambda date, n: date.rstrip("?~") + mark)
    assert [f for f in added(bench, edit) if f.severity == ERROR] == []


@pytest.mark.parametrize("length", [4, 7])
def test_all_dates_of_a_table_at_once(bench: m.Bench, length: int) -> None:
    for table in DATED:
        edit = m.Edit(bench.data)
        for t, key, column in date_cells(bench.data):
            if t == table:
                row = next(r for r in edit.rows(t) if bench.data.key(t, r) == key)
                row[column] = row[column].rstrip("?~")[:length]
        new = [f for f in added(bench, edit) if f.severity == ERROR and f.rule.startswith("TIM")]
        assert new == [], table


@economical
@given(chosen=some_dates)
def test_an_unknown_date_is_no_error_of_time(bench: m.Bench, chosen: dict[str, set[int]]) -> None:
    required = {
        (t, x["name"])
        for t in bench.data.tables
        for x in bench.data.fields(t)
        if x.get("constraints", {}).get("required")
    }
    edit = m.Edit(bench.data)
    cells = [c for c in date_cells(bench.data) if (c[0], c[2]) not in required]
    for table, numbers in chosen.items():
        mine = [c for c in cells if c[0] == table]
        for n in numbers if mine else ():
            _, key, column = mine[n % len(mine)]
            # The end of a spell that is over is known: without it the holder is in office today.
            if (table, column) not in (("tenures", "end"), ("invitations", "responded_on")):
                edit.set(table, key, **{column: ""})
    assert [f for f in added(bench, edit) if f.severity == ERROR and f.rule.startswith("TIM")] == []
