"""The descriptor, the schemas and the files: each problem is told with its path."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import Any

import pytest

import commdip
from commdip.structure import problems

SCHEMA = {"fields": [{"name": "id", "type": "string"}, {"name": "size", "type": "integer"}], "primaryKey": ["id"]}
CSV = "id,size\na,1\n"
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture
def pack(make):
    return make(things=(SCHEMA, CSV))


def told(pack, *select: str) -> list[tuple[str, str | None]]:
    return [(f.rule, f.column) for f in pack.findings(*select or ("PKG", "FIL"))]


def test_made_and_shipped_packages_have_no_findings(pack, copy):
    assert told(pack) == []
    assert told(copy) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.pop("licenses"), "the top level"),
        (lambda d: d.update(licenses=[]), "licenses"),
        (lambda d: d.update(version="1.0"), "version"),
        (lambda d: d.update(version=1), "version"),
        (lambda d: d.update(name="Has Spaces"), "name"),
        (lambda d: d.update({"$schema": "https://example.org/other.json"}), "$schema"),
        (lambda d: d.update(keywords="one"), "keywords"),
        (lambda d: d["resources"][0].update(hash="0" * 64), "resources/0/hash"),
        (lambda d: d["resources"][0].update(hash="md5:" + "0" * 32), "resources/0/hash"),
        (lambda d: d["resources"][0].update(bytes="many"), "resources/0/bytes"),
        (lambda d: d["resources"][0].pop("bytes"), "resources/0"),
        (lambda d: d["resources"][0].update(encoding="latin-1"), "resources/0/encoding"),
        (lambda d: d["resources"][0].update(name="Things"), "resources/0/name"),
        (lambda d: d.update(resources="data/things.csv"), "resources"),
        (lambda d: d.update(resources=[]), "resources"),
    ],
)
def test_descriptor_problem_is_told_with_its_path(pack, change: Change, where: str):
    pack.descriptor(change)
    findings = pack.findings("PKG01")
    assert {(f.path, f.column) for f in findings} == {("datapackage.json", where)}
    assert len({f.message for f in findings}) == len(findings)
    assert findings[0].message.startswith(f"At {where}: ")


def test_every_descriptor_problem_is_told(pack):
    pack.descriptor(lambda d: (d.pop("title"), d.update(version="one"), d["resources"][0].update(bytes=-1)))
    assert told(pack, "PKG01") == [("PKG01", "resources/0/bytes"), ("PKG01", "the top level"), ("PKG01", "version")]


@pytest.mark.parametrize(
    "path",
    ["../things.csv", "data/../../things.csv", "/etc/things.csv", "https://example.org/things.csv", "data\\things.csv"],
)
def test_path_that_is_no_file_of_the_package(pack, path: str):
    (pack.root.parent / "things.csv").write_text("secret\n")
    pack.descriptor(lambda d: d["resources"][0].update(path=path))
    report = pack.validate()
    assert ("PKG02", "resources/0/path") in [(f.rule, f.column) for f in report.findings]
    assert "secret" not in str(report.to_dict())
    assert report.rows == {}


def test_doubled_resource_name(pack):
    pack.descriptor(lambda d: d["resources"].append(d["resources"][0]))
    (finding,) = pack.findings("PKG02")
    assert (finding.column, finding.value) == ("resources/1/name", "things")


@pytest.mark.parametrize("value", [None, 5, [], {}, ["x"], {"x": 1}, True])
@pytest.mark.parametrize("field", ["name", "path", "schema", "bytes", "hash", "format", "title"])
def test_resource_of_any_shape_is_told_not_raised(pack, field: str, value: object):
    pack.descriptor(lambda d: d["resources"][0].update({field: value}))
    assert not pack.validate("PKG", "FIL").valid


@pytest.mark.parametrize("value", [None, 5, "x", {}, ["x"], [None], [[]]])
def test_resources_of_any_shape_are_told_not_raised(pack, value: object):
    pack.descriptor(lambda d: d.update(resources=value))
    assert not pack.validate("PKG", "FIL").valid


def test_missing_file(pack):
    pack.file("things").unlink()
    (finding,) = pack.findings("FIL")
    assert (finding.rule, finding.table, finding.path) == ("FIL01", "things", "data/things.csv")


def test_folder_in_place_of_a_file_is_a_missing_file(pack):
    pack.file("things").unlink()
    pack.file("things").mkdir()
    assert told(pack, "FIL") == [("FIL01", None)]


def test_extra_file_is_a_warning(pack):
    shutil.copy(pack.file("things"), pack.file("others"))
    (finding,) = pack.findings("FIL")
    assert (finding.rule, finding.severity, finding.path) == ("FIL02", "warning", "data/others.csv")
    assert pack.validate("FIL").valid


def test_digest_of_a_changed_file(pack):
    pack.file("things").write_text(CSV + "b,2\n")
    (finding,) = pack.findings("FIL")
    assert finding.rule == "FIL09"
    assert re.search(r"gives bytes 12 and hash sha256:\w{64} for data/things.csv, which has 16 and", finding.message)


def test_digest_of_equal_length(pack):
    pack.file("things").write_text(CSV.replace("1", "2"))
    (finding,) = pack.findings("FIL")
    assert (finding.rule, "hash" in finding.message) == ("FIL09", True)


@pytest.mark.parametrize(
    ("content", "said"), [("{\n  oops", ":2:3: not JSON"), ("[]", "not a JSON object"), ("", "not JSON")]
)
def test_schema_that_is_no_json_object(pack, content: str, said: str):
    (pack.root / "schemas/things.json").write_text(content)
    (finding,) = pack.findings("PKG")
    assert (finding.rule, finding.table, finding.path) == ("PKG03", "things", "schemas/things.json")
    assert said in finding.message


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda s: s.update(primaryKey=["nope"]), "primaryKey"),
        (lambda s: s.update(primaryKey="nope"), "primaryKey"),
        (lambda s: s.update(uniqueKeys=[["id"], ["size", "nope"]]), "uniqueKeys/1"),
        (
            lambda s: s.update(foreignKeys=[{"fields": ["nope"], "reference": {"fields": ["id"]}}]),
            "foreignKeys/0/fields",
        ),
        (
            lambda s: s.update(foreignKeys=[{"fields": ["id"], "reference": {"fields": ["nope"]}}]),
            "foreignKeys/0/reference",
        ),
        (
            lambda s: s.update(foreignKeys=[{"fields": ["id"], "reference": {"fields": ["size"]}}]),
            "foreignKeys/0/reference",
        ),
        (
            lambda s: s.update(foreignKeys=[{"fields": ["id"], "reference": {"fields": ["id", "size"]}}]),
            "foreignKeys/0",
        ),
        (lambda s: s.pop("fields"), "the top level"),
        (lambda s: s.update(fields=[]), "fields"),
        (lambda s: s["fields"].append({"name": "id"}), "fields/2/name"),
        (lambda s: s["fields"][0].update(type="text"), "fields/0"),
        (lambda s: s["fields"][0].update(constraints={"pattern": "("}), "fields/0/constraints/pattern"),
        (lambda s: s["fields"][0].update(vocabulary=["a"]), "fields/0/vocabulary"),
        (lambda s: s["fields"][0].update(vocabulary="rank", delimiter=""), "fields/0/delimiter"),
        (lambda s: s["fields"][1].update(constraints={"minimum": "low"}), "fields/1/constraints/minimum"),
        (lambda s: s["fields"][1].update(constraints={"pattern": "^1"}), "fields/1/constraints/pattern"),
        (lambda s: s["fields"][1].update(edtf=True), "fields/1/edtf"),
    ],
)
def test_schema_problem_is_told_with_its_path(pack, change: Change, where: str):
    pack.schema("things", change)
    assert told(pack, "PKG") == [("PKG03", where)]


def test_inline_schema_holds(pack):
    (pack.root / "schemas/things.json").unlink()
    pack.descriptor(lambda d: d["resources"][0].update(schema=SCHEMA))
    assert pack.validate("PKG", "FIL", "COL", "KEY").findings == []
    pack.write("things", b"id,size\na,big\n")
    assert told(pack, "COL") == [("COL01", "size")]


def test_problem_of_an_inline_schema_is_told_in_the_descriptor(pack):
    pack.descriptor(lambda d: d["resources"][0].update(schema={**SCHEMA, "primaryKey": ["nope"]}))
    (finding,) = pack.findings("PKG03")
    assert (finding.path, finding.column) == ("datapackage.json", "primaryKey")


def test_schema_left_out_falls_back_to_ours(make):
    pack = make(organizations=({}, "organization_id,name,acronym,wikidata_id\nun,United Nations,UN,1065\n"))
    shutil.rmtree(pack.root / "schemas")
    assert told(pack, "PKG", "COL") == [("COL03", "wikidata_id")]
    pack.descriptor(lambda d: d["resources"][0].pop("schema"))
    assert told(pack, "PKG", "COL") == [("COL03", "wikidata_id")]


def test_unknown_table_without_schema(pack):
    pack.descriptor(lambda d: d["resources"][0].pop("schema"))
    (finding,) = pack.findings("PKG02")
    assert finding.table == "things"
    assert "has no schema" in finding.message


def test_extra_columns_and_tables_of_others_are_let_through(copy):
    rows = copy.rows("states")
    copy.put("states", [[*row, "x"] for row in rows[:1]] + [[*row, ""] for row in rows[1:]])
    report = copy.validate("PKG", "FIL", "COL", "KEY")
    assert report.valid
    assert [(f.rule, f.column) for f in report.findings] == [("FIL08", "x")]


def test_our_schemas_are_valid_table_schemas(copy):
    wrong = {
        f.stem: list(problems(copy.schema(f.stem), "vendor/tableschema-2.0.json"))
        for f in copy.root.glob("schemas/*.json")
        if "profile" not in f.stem
    }
    assert {name: found for name, found in wrong.items() if found} == {}


def test_package_without_tables_is_told_not_raised(tmp_path):
    (tmp_path / "datapackage.json").write_text("{}")
    report = commdip.validate(tmp_path, ignore=["WIT"])
    assert {f.rule for f in report.findings} == {"PKG01"}
    assert (report.name, report.version, report.rows) == ("", "", {})
