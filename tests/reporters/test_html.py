from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from commdip.findings import Skipped
from commdip.reporters import html
from commdip.reporters.html import render

from .conftest import HOSTILE, RULES

VOID = {"meta", "link", "input"}
LOADING = {"src", "href", "srcset", "data", "action", "poster", "background"}


@dataclass
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    def every(self, tag: str = "", class_: str = "") -> list[Node]:
        """Return all elements inside that have the tag and the class."""
        inside = [n for c in self.content if isinstance(c, Node) for n in (c, *c.every())]
        fitting = [n for n in inside if tag in ("", n.tag)]
        return [n for n in fitting if not class_ or class_ in n.attributes.get("class", "").split()]

    def one(self, tag: str = "", class_: str = "") -> Node:
        (node,) = self.every(tag, class_)
        return node

    @property
    def text(self) -> str:
        return "".join(c if isinstance(c, str) else c.text for c in self.content)


class Tree(HTMLParser):
    """Builds a tree and complains of end tags that close another element than the last opened."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("document")]

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"attribute given twice on {tag}"
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag):
        assert self.open.pop().tag == tag

    def handle_data(self, data):
        self.open[-1].content.append(data)


def page(report) -> Node:
    text = render(report)
    assert text.startswith("<!doctype html>\n")
    tree = Tree()
    tree.feed(text.encode("utf-8").decode("utf-8"))
    tree.close()
    assert len(tree.open) == 1
    return tree.open[0]


def visible(text: str) -> str:
    """Return a text as the page shows it: control characters as symbols, line ends left to the parser."""
    symbols = re.sub("[\x00-\x08\x0b-\x1f]", lambda m: chr(0x2400 + ord(m[0])), text)
    return symbols.replace("\x7f", "␡").replace("\u202e", "[U+202E]").replace("\ud800", "?")


def test_empty_report(report):
    found = page(report())
    assert found.one("h1").text == "Valid"
    assert found.every("article") == [] and found.every("form") == []
    assert "No rule found anything to mend." in found.text
    counts = {div.one("dt").text: div.one("dd").text for div in found.one("dl", "counts").every("div")}
    assert counts == {"errors": "0", "warnings": "0", "info": "0", "rules": "2", "rows": "72", "tables": "2"}


@pytest.mark.parametrize(
    ("severities", "verdict", "state"),
    [
        (["error", "warning"], "Not valid: 1 error", "bad"),
        (["error", "error"], "Not valid: 2 errors", "bad"),
        (["warning"], "Valid, with 1 warning", "warn"),
        (["info"], "Valid", "good"),
    ],
)
def test_verdict(report, finding, severities, verdict, state):
    found = page(report(*(finding(severity=s) for s in severities)))
    assert found.one("h1").text == verdict
    assert found.one("header").attributes["class"] == state
    assert found.one("title").text.startswith(verdict)


def test_needs_nothing_from_elsewhere(report, finding):
    text = render(report(finding()))
    found = page(report(finding()))
    loaded = {(n.tag, a): v for n in found.every() for a, v in n.attributes.items() if a in LOADING}
    assert loaded == {("link", "href"): "data:,"}
    assert re.search(r"url\(|@import|https?:|import\(|fetch\(|innerHTML", text) is None
    assert not any(name.startswith("on") or name == "style" for n in found.every() for name in n.attributes)


def test_policy_lets_only_our_script_run(report, finding):
    found = page(report(finding()))
    policy = next(n.attributes["content"] for n in found.every("meta") if "http-equiv" in n.attributes)
    digest = base64.b64encode(hashlib.sha256(found.one("script").text.encode()).digest()).decode()
    assert "default-src 'none'" in policy and f"script-src 'sha256-{digest}'" in policy


def test_group_explains_its_rule(report, finding):
    found = page(report(finding(), finding(line=9), finding("COL05", column="start")))
    first, second = found.every("section", "group")
    assert first.one("h3").text == "COL04 Every coded cell holds a term of its vocabulary in codes.csv. 2"
    assert [d.text for d in first.every("dd")] == [RULES["COL04"].reason, RULES["COL04"].hint]
    assert len(first.every("article")) == 2 and len(second.every("article")) == 1
    assert first.every("article")[0].attributes["data-table"] == "contacts"


def test_filters_offer_what_is_there(report, finding, bare):
    found = page(report(finding(), finding(table="states"), bare))
    choices = {s.attributes["id"]: [o.attributes["value"] for o in s.every("option")] for s in found.every("select")}
    assert choices == {"table": ["", "states", "contacts", "(package)"], "rule": ["", "COL04", "FIL02"]}
    boxes = [n.attributes["value"] for n in found.every("input") if n.attributes.get("name") == "severity"]
    assert boxes == ["error", "warning"]
    assert "hidden" in found.one("form").attributes


def test_every_control_has_a_label(report, finding):
    found = page(report(finding()))
    controls = [*found.every("input"), *found.every("select")]
    labelled = {id(c) for label in found.every("label") if label.text.strip() for c in label.every()}
    assert controls and all(id(c) in labelled for c in controls)


def test_row_with_the_offending_cell_marked(report, finding):
    row = {"contact_id": "C00002", "mode": "fone", "summary": "two\nlines"}
    article = page(report(finding(), rows_shown={("data/contacts.csv", 3): row})).one("article")
    assert [th.text for th in article.every("th")] == list(row)
    assert [td.text for td in article.every("td")] == list(row.values())
    assert [td.text for td in article.every("td", "hit")] == ["fone"] == [m.text for m in article.every("mark")]
    assert article.one("caption").text == "Row C00002 of contacts, line 3"


def test_offending_cell_that_is_empty(report, finding):
    shown = {("data/contacts.csv", 3): {"contact_id": "C00002", "mode": ""}}
    assert page(report(finding(value=None), rows_shown=shown)).one("td", "hit").text == "empty"


def test_text_that_scrolls_can_be_reached_by_keyboard(report, finding):
    row = {"contact_id": "C00002", "mode": "m" * 5000, "start": "1\n" * 9}
    article = page(report(finding(), rows_shown={("data/contacts.csv", 3): row})).one("article")
    assert ["tabindex" in d.attributes for d in article.every("div", "cell")] == [False, True, True]


def test_finding_whose_row_is_not_known(report, finding):
    article = page(report(finding())).one("article")
    assert article.every("table") == []
    assert article.one("mark").text == "fone"


def test_finding_without_line_table_and_column(report, bare):
    article = page(report(bare)).one("article")
    assert article.attributes["data-table"] == "(package)"
    assert article.one("code").text == "data/loose.csv"
    assert article.every("table") == [] and article.every("mark") == []


def test_skipped_rules_with_reasons(report):
    found = page(report(rules_skipped=[Skipped("KEY03", "no table states")]))
    item = next(li for li in found.every("li") if "KEY03" in li.text)
    assert RULES["KEY03"].statement in item.text and "no table states" in item.text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_are_text(hostile, name):
    found = page(hostile)
    article = found.every("article")[list(HOSTILE).index(name)]
    shown = visible(HOSTILE[name])
    assert article.attributes["data-table"] == f"t {shown}"
    assert article.one("code").text == f"data/{shown}.csv:{list(HOSTILE).index(name) + 2}"
    assert article.one("p", "message").text == f"{shown} is no term."
    assert shown in [m.text for m in article.every("mark")]
    assert visible(HOSTILE["script"]) in found.one("title").text


def test_hostile_values_make_no_elements(hostile, report_of):
    plain = report_of([f"plain {i}" for i in range(len(HOSTILE))])
    assert [n.tag for n in page(hostile).every()] == [n.tag for n in page(plain).every()]


def test_page_is_capped_and_says_so(report, finding, monkeypatch):
    monkeypatch.setattr(html, "MOST", 3)
    found = page(report(*(finding(line=i) for i in range(2, 10))))
    assert len(found.every("article")) == 3
    assert "the first 3 findings; 5 more" in found.one("p", "note").text
    assert found.one("h1").text == "Not valid: 8 errors"


def test_broken_package(broken_report, broken_package):
    articles = [a for a in page(broken_report).every("article") if "fone" in a.text]
    assert [a.one("td", "hit").text for a in articles] == ["fone"]
    header = (broken_package / "data" / "contacts.csv").read_text(encoding="utf-8").split("\n")[0]
    assert [th.text for th in articles[0].every("th")] == header.split(",")
