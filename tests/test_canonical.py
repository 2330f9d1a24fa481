"""Canonical form: every difference is told, format mends it, and nothing is ever lost."""

from __future__ import annotations

import csv
import io
import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commdip import canonical
from commdip.cli import main
from commdip.specs import TableSpec
from commdip.tables import read_table

SCHEMA = {
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "name", "type": "string"},
        {"name": "size", "type": "integer"},
        {"name": "good", "type": "boolean"},
    ],
    "primaryKey": ["id"],
}
SPEC = TableSpec.from_json("things", SCHEMA)
CANONICAL = 'id,name,size,good\na,Zoë,1,true\nb,"x, ""y""\nz",-20,false\nc,,,\n'
OTHER_FORMS = [
    ("CAN01", 1, "columns", 'name,id,size,good\nZoë,a,1,true\n"x, ""y""\nz",b,-20,false\n,c,,\n'),
    ("CAN02", 4, "rows", 'id,name,size,good\nb,"x, ""y""\nz",-20,false\na,Zoë,1,true\nc,,,\n'),
    ("CAN03", 2, "trailing space", CANONICAL.replace("Zoë", "Zoë ")),
    ("CAN03", 2, "no-break space", CANONICAL.replace("Zoë", "Zoë\xa0")),
    ("CAN03", 2, "control character", CANONICAL.replace("Zoë", "Z\x1bo\xeb")),
    ("CAN03", 3, "CRLF in a cell", CANONICAL.replace('y""\n', 'y""\r\n')),
    ("CAN04", 2, "NFD", CANONICAL.replace("Zoë", unicodedata.normalize("NFD", "Zoë"))),
    ("CAN05", 2, "boolean", CANONICAL.replace("true", "True")),
    ("CAN05", 2, "boolean as number", CANONICAL.replace("true", "1")),
    ("CAN05", 2, "integer", CANONICAL.replace(",1,", ",+01,")),
    ("CAN06", 1, "CRLF", None),
    ("CAN06", 2, "quotes", CANONICAL.replace("Zoë", '"Zoë"')),
    ("CAN06", 5, "no line feed at the end", CANONICAL.rstrip("\n")),
]


@pytest.fixture
def pack(make):
    return make(things=(SCHEMA, CANONICAL))


def format(root: Path) -> dict[str, bytes]:
    """Format a package; returns what changed."""
    package, changes = canonical.plan(root)
    canonical.write(package, changes)
    return changes


def test_shipped_package_is_canonical(copy):
    assert format(copy.root) == {}


@pytest.mark.parametrize(("rule", "line", "kind", "text"), OTHER_FORMS, ids=[f"{r}-{k}" for r, _, k, _ in OTHER_FORMS])
def test_other_form_is_told_at_its_line_and_mended(pack, rule: str, line: int, kind: str, text: str | None):
    source = CANONICAL.encode() if text else b"id,name,size,good\r\na,Zo\xc3\xab,1,true\r\n"
    wanted = source if text else source.replace(b"\r", b"")
    pack.write("things", text.encode() if text else source)
    findings = pack.findings("CAN", "FIL")
    assert [(f.rule, f.line, f.path) for f in findings] == [(rule, line, "data/things.csv")]
    assert set(format(pack.root)) == {"data/things.csv", "datapackage.json"}
    assert pack.file("things").read_bytes() == wanted
    assert pack.findings("CAN", "FIL") == []


def test_every_wrong_cell_is_told(pack):
    pack.write("things", "id,name,size,good\na, x,01,True\nb,Zoe\u0308 ,1,0\n".encode())
    assert [(f.rule, f.line, f.column) for f in pack.findings("CAN")] == [
        ("CAN03", 2, "name"),
        ("CAN04", 3, "name"),
        ("CAN05", 2, "good"),
        ("CAN05", 2, "size"),
        ("CAN05", 3, "good"),
    ]


def test_byte_order_mark_is_told_by_its_own_rule_only_and_mended(pack):
    pack.write("things", b"\xef\xbb\xbf" + CANONICAL.encode())
    assert [f.rule for f in pack.findings("CAN", "FIL")] == ["FIL04"]
    format(pack.root)
    assert pack.file("things").read_text("utf-8") == CANONICAL


def test_integer_keys_sort_as_numbers(make):
    pack = make(n=({"fields": [{"name": "n", "type": "integer"}], "primaryKey": ["n"]}, "n\n10\n9\n-1\n"))
    assert [(f.rule, f.line, f.message) for f in pack.findings("CAN")] == [
        ("CAN02", 3, "9 stands after 10."),
        ("CAN02", 4, "-1 stands after 9."),
    ]
    format(pack.root)
    assert pack.file("n").read_text() == "n\n-1\n9\n10\n"


def test_extra_columns_are_kept_after_those_of_the_schema(pack):
    pack.write("things", b"extra,id,name,size,good,\ne,a,x,1,true,f\n")
    format(pack.root)
    assert pack.file("things").read_bytes() == b"id,name,size,good,extra,\na,x,1,true,e,f\n"


def test_table_without_key_keeps_its_order(make):
    pack = make(free=({"fields": [{"name": "x", "type": "string"}]}, 'x\n"b"\na\n""\nb\n'))
    format(pack.root)
    assert pack.file("free").read_text() == 'x\nb\na\n""\nb\n'


@pytest.mark.parametrize("change", [{"bytes": 7}, {"hash": "sha256:" + "0" * 64}, {"hash": "md5:1"}])
def test_wrong_digests_are_written_anew(pack, change: dict[str, object]):
    before = pack.contents()
    pack.descriptor(lambda d: d["resources"][0].update(change))
    assert set(format(pack.root)) == {"datapackage.json"}
    assert pack.contents() == before


def test_absent_digests_are_written(pack):
    pack.descriptor(lambda d: [d["resources"][0].pop(p) for p in ("bytes", "hash")])
    format(pack.root)
    assert pack.validate().valid


def test_format_keeps_what_it_does_not_know(pack):
    pack.descriptor(lambda d: d.update({"x-note": {"Ж": [1, 2.5, None]}}))
    before = pack.descriptor()
    pack.write("things", CANONICAL.replace("Zoë", "Zoë ").encode())
    format(pack.root)
    after = pack.descriptor()
    assert after == before | {"resources": after["resources"]}
    assert list(after) == list(before)


# Content never changes, whatever the quoting, the line ends and the order of rows.

cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(canonical.clean)
rows = st.lists(st.tuples(st.integers(0, 99).map("{:02}".format), cells, cells), max_size=8, unique_by=lambda r: r[0])
TEXTS = TableSpec.from_json("t", {"fields": [{"name": n} for n in ("id", "name", "note")], "primaryKey": ["id"]})


def written(records: list[tuple[str, ...]], quoting: int, newline: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator=newline).writerows([tuple(TEXTS.names), *records])
    return text.getvalue().encode()


@given(rows, st.randoms(), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.sampled_from(["\n", "\r\n"]))
def test_form_does_not_matter_and_content_stays(records, random, quoting: int, newline: str):
    shuffled = random.sample(records, len(records))
    table = read_table(TEXTS, "t.csv", written(shuffled, quoting, newline))
    assert table.findings == []
    result = canonical.canonical_bytes(table)
    assert result == canonical.canonical_bytes(read_table(TEXTS, "t.csv", written(records, csv.QUOTE_MINIMAL, "\n")))
    again = read_table(TEXTS, "t.csv", result)
    assert [tuple(r) for r in again.records] == sorted(records)
    assert list(canonical.check([again])) == []


@given(st.text())
def test_clean_is_idempotent(text: str):
    once = canonical.clean(text)
    assert canonical.clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_clean_composes_across_a_control_character():
    assert canonical.clean("e\x01\u0301") == "é"


# A package is left alone if it is broken, and whole if writing fails.


@pytest.mark.parametrize(
    "broken",
    [
        b"id,name,size,good\nb,x\na,y,1,true\n",
        b'id,name,size,good\nb,"x"y,1,true\na,y,1,true\n',
        b"id,name,size,good\nb,\xff,1,true\na,y,1,true\n",
        b"name,size,good\nx,1,true\ny,1,true\n",
        b"id,name,size,good,name\nb,x,1,true,x\na,y,1,true,x\n",
        b"",
        None,
    ],
)
def test_broken_package_is_left_byte_for_byte(make, broken: bytes | None, capsys):
    pack = make(things=(SCHEMA, broken or b""), fine=(SCHEMA, b"id,name,size,good\nb,,,\na,,,\n"))
    if broken is None:
        pack.file("things").unlink()
    before = pack.contents()
    with pytest.raises(canonical.FormatError) as caught:
        canonical.plan(pack.root)
    assert caught.value.findings
    assert main(["format", str(pack.root)]) == 2
    assert pack.contents() == before
    *findings, last = capsys.readouterr().err.splitlines()
    assert findings[0].startswith("data/things.csv:")
    assert "nothing was written" in last


@pytest.mark.parametrize("after", [0, 1, 2])
def test_failure_while_writing_leaves_each_file_whole(make, monkeypatch, after: int):
    unsorted = b"id,name,size,good\nb,,,\na,,,\n"
    pack = make(one=(SCHEMA, unsorted), two=(SCHEMA, unsorted))
    before = pack.contents()
    package, changes = canonical.plan(pack.root)
    assert list(changes) == ["data/one.csv", "data/two.csv", "datapackage.json"]
    replace, calls = os.replace, []

    def fail(source, target):
        calls.append(target)
        if len(calls) > after:
            raise OSError("the disk is full")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="the disk is full"):
        canonical.write(package, changes)
    done = {p: changes[p] for p in list(changes)[:after]}
    assert pack.contents() == before | done


def test_descriptor_is_written_last(pack, monkeypatch):
    order: list[str] = []
    monkeypatch.setattr(canonical, "write_atomic", lambda file, content: order.append(file.name))
    package, _ = canonical.plan(pack.root)
    canonical.write(package, {"datapackage.json": b"", "data/a.csv": b"", "zzz.csv": b""})
    assert order == ["a.csv", "zzz.csv", "datapackage.json"]


def test_check_tells_and_writes_nothing(pack, capsys):
    pack.write("things", CANONICAL.replace("Zoë", "Zoë ").encode())
    before = pack.contents()
    assert main(["format", "--check", str(pack.root)]) == 1
    assert pack.contents() == before
    assert "would change data/things.csv" in capsys.readouterr().out
    assert main(["format", str(pack.root)]) == 0
    assert "formatted data/things.csv" in capsys.readouterr().out
    assert main(["format", "--check", str(pack.root)]) == 0
    assert capsys.readouterr().out == "0 files would change.\n"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_mode_of_a_file_is_kept(pack, mode: int):
    pack.write("things", CANONICAL.replace("Zoë", "Zoë ").encode())
    pack.file("things").chmod(mode)
    format(pack.root)
    assert pack.file("things").stat().st_mode & 0o777 == mode


def test_link_to_a_table_stays_a_link(pack):
    elsewhere = pack.root.parent / "elsewhere.csv"
    elsewhere.write_text(CANONICAL.replace("Zoë", "Zoë "))
    pack.file("things").unlink()
    pack.file("things").symlink_to(elsewhere)
    format(pack.root)
    assert pack.file("things").is_symlink()
    assert elsewhere.read_text("utf-8") == CANONICAL


def test_pipe_is_written_to_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    canonical.write_atomic(pipe, b"report")
    assert pipe.is_fifo()
    assert os.read(reader, 100) == b"report"
    os.close(reader)


def test_zip_is_not_rewritten(tmp_path, capsys):
    import zipfile

    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("datapackage.json", "{}")
    assert main(["format", str(tmp_path / "p.zip")]) == 2
    assert "unpack it first" in capsys.readouterr().err


def test_descriptor_is_written_readably(pack):
    pack.descriptor(lambda d: d.update(title="Žižkov"))
    (pack.root / "datapackage.json").write_text(json.dumps(pack.descriptor()))
    format(pack.root)
    text = (pack.root / "datapackage.json").read_text("utf-8")
    assert '\n  "title": "Žižkov",\n' in text
    assert text.endswith("}\n")


def test_optional_columns_that_are_missing_are_added(copy):
    rows = copy.rows("leaders")
    place = rows[0].index("note")
    copy.put("leaders", [r[:place] + r[place + 1 :] for r in rows])
    assert [(f.rule, f.column) for f in copy.findings("FIL11")] == [("FIL11", "note")]
    assert main(["format", str(copy.root)]) == 0
    assert copy.rows("leaders")[0] == rows[0]
    assert copy.findings("FIL") == []
