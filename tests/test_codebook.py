"""The codebook: everything of the schemas and the data is in it, in Markdown and in HTML."""

from __future__ import annotations

import csv
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser

import pytest

from commdip.codebook.contents import Contents
from commdip.codebook.diagram import WIDTH, key_columns, layout, mermaid, svg
from commdip.codebook.html import page
from commdip.codebook.page import codebook
from commdip.package import PackageError, derived_specs, open_package
from commdip.specs import TableSpec


@pytest.fixture(scope="module")
def package():
    return open_package()


@pytest.fixture(scope="module")
def text(package):
    return codebook(package)


@pytest.fixture(scope="module")
def book(package):
    return Contents.of(package)


def section(text: str, heading: str) -> str:
    """Return a section of the page, to the next heading."""
    return re.split(r"^#+ ", text[text.index(f"\n### {heading}\n") + 5 :], maxsplit=1, flags=re.MULTILINE)[0]


def rows(section: str) -> dict[str, list[str]]:
    """Return the cells of a Markdown table by the code in their first cell."""
    cells = [re.split(r"(?<!\\) ?\| ?", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row for row in cells}


def test_every_table_and_column_is_in_it(text, shipped):
    for file in sorted((shipped / "schemas").glob("*.json")):
        schema = json.loads(file.read_text("utf-8"))
        if "fields" not in schema:
            continue
        found = rows(section(text, schema["name"]))
        assert list(found) == [f["name"] for f in schema["fields"]]
        with (shipped / "data" / file.with_suffix(".csv").name).open(encoding="utf-8", newline="") as stream:
            cells = list(csv.DictReader(stream))
        links = {f: k for k in schema.get("foreignKeys", []) for f in k["fields"]}
        for field in schema["fields"]:
            row = found[field["name"]]
            assert row[3] == field["description"].replace("|", "\\|")
            assert int(row[5]) == sum(bool(c[field["name"]]) for c in cells)
            assert ("required" in row[2]) is field.get("constraints", {}).get("required", False)
            assert ("a row of" in row[2]) is (field["name"] in links)


def test_every_term_is_in_it_with_its_count(text, shipped):
    def read(name):
        with (shipped / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))

    shown = {v: rows(section(text, v)) for v in {r["vocabulary"] for r in read("codes")}}
    for row in read("codes"):
        assert shown[row["vocabulary"]][row["code"]][2] == row["definition"].replace("|", "\\|")
    ranks = Counter(r["rank"] for r in read("participation"))
    segments = Counter(s for r in read("participation") for s in r["segments"].split(";"))
    assert all(int(row[-1]) == ranks[rank] for rank, row in shown["rank"].items())
    assert all(int(row[-1]) == segments[segment] for segment, row in shown["segment"].items())


def test_every_derived_column_is_in_it(text):
    for name, spec in derived_specs().items():
        assert list(rows(section(text, f"{name} (derived)"))) == spec.names


def test_coverage_is_told_by_year(text, shipped):
    with (shipped / "data" / "coverage.csv").open(encoding="utf-8", newline="") as stream:
        declared = Counter(r["completeness"] for r in csv.DictReader(stream))
    part = text[text.index("## Coverage by year") : text.index("## Frames made")]
    assert sum(part.count(f"| {completeness} ") for completeness in declared) == sum(declared.values())


def test_diagrams_have_every_foreign_key(book):
    keys = [k for spec in book.specs.values() for k in spec.foreign_keys]
    drawn = ET.fromstring(svg(book.specs))
    assert len(drawn.findall("path")) == len(keys)
    titles = {e.text for e in drawn.iter("title")}
    assert "participation.stands_in_for names participation.participation_id" in titles
    assert {a.get("href") for a in drawn.findall("a")} == {f"#{name}" for name in book.specs}
    lines = [line for line in mermaid(book.specs).splitlines() if "--o{" in line]
    assert len(lines) == len(keys)
    assert '    ceremonies ||--o{ participation : "ceremony_id"' in lines
    assert '    states |o--o{ participation : "state_id"' in lines
    assert ("state_id", "PK, FK") in key_columns(book.specs["memberships"])


def test_boxes_do_not_overlap_and_stand_right_of_what_they_name(book):
    boxes = layout(book.specs)
    for box in boxes.values():
        for other in boxes.values():
            apart = box.y + box.height < other.y or other.y + other.height < box.y
            assert box is other or abs(box.x - other.x) > WIDTH or apart
    for name, spec in book.specs.items():
        assert all(boxes[k.parent].x < boxes[name].x for k in spec.foreign_keys if k.parent != name)


def test_tables_in_a_circle_can_be_drawn():
    def spec(name, parent):
        fields = [{"name": f"{name}_id"}, {"name": f"{parent}_id"}]
        key = {"fields": [f"{parent}_id"], "reference": {"resource": parent, "fields": [f"{parent}_id"]}}
        return TableSpec.from_json(name, {"fields": fields, "primaryKey": [f"{name}_id"], "foreignKeys": [key]})

    drawn = ET.fromstring(svg({"hens": spec("hens", "eggs"), "eggs": spec("eggs", "hens")}))
    assert len(drawn.findall("path")) == 2


class Reader(HTMLParser):
    """Collects what matters of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags[tag] += 1
        self.attributes |= set(given)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1

    def handle_endtag(self, tag):
        if tag not in ("path",):
            assert self.open.pop() == tag


def test_page_needs_nothing_else_and_its_links_lead_somewhere(package, text):
    html = page(package)
    read = Reader(html)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    assert read.links
    assert all(link.startswith("#") and link[1:] in read.ids for link in read.links)
    assert not {"src", "srcset", "onclick"} & read.attributes
    assert not {"script", "link", "img", "iframe"} & set(read.tags)
    assert "url(" not in html
    assert "prefers-color-scheme: dark" in html
    assert read.tags["table"] == len(re.findall(r"^\| ---", text, re.MULTILINE))
    assert read.tags["svg"] == 1
    assert "erDiagram" not in html


def test_markup_in_the_data_is_text(copy):
    copy.schema("leaders", lambda d: d["fields"][0].update(description="<script>alert(1)</script> | & *x*."))
    html = page(open_package(copy.root))
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_codebook_of_a_package_of_other_tables(make):
    schema = {
        "description": "Eggs of the year.",
        "fields": [{"name": "egg_id", "description": "Number of the egg."}],
        "primaryKey": ["egg_id"],
    }
    package = open_package(make(eggs=(schema, "egg_id\nE1\n")).root)
    text = codebook(package)
    assert "| `egg_id` | string |  | Number of the egg. |  | 1 |" in text
    assert "No line leads to `eggs`." in text
    assert "## Vocabularies" not in text
    assert "Codebook of made 1.0.0" in page(package)


def test_codebook_of_a_package_with_a_table_that_cannot_be_read(copy):
    copy.file("leaders").unlink()
    with pytest.raises(PackageError, match=r"data/leaders\.csv cannot be read"):
        codebook(open_package(copy.root))
