"""The report as one HTML page that needs nothing else, for reading and passing on.

Style and script are report.css and report.js beside this module; the page carries both. Without
JavaScript it still shows everything, grouped by rule.
"""

from __future__ import annotations

import base64
import hashlib
import html
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from commdip import __version__
from commdip.findings import ERROR, SEVERITIES, WARNING, Finding, Report
from commdip.reporters.common import encodable, plural, tally
from commdip.rules import REGISTER

MOST = 2000
"""Findings on the page: with more, browsers grow slow and nobody reads on."""
SCROLLS = 200
"""Characters that surely fit into a cell without scrolling; lines are counted as 50."""
VOID = ("input", "link", "meta")
PICTURES: dict[int, int | str] = {
    **{i: 0x2400 + i for i in range(0x20) if chr(i) not in "\t\n"},
    0x7F: 0x2421,
    **{i: f"[U+{i:04X}]" for i in (0x200B, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)},
}
"""Characters that are not seen or turn the text around them about, and what stands for them."""
PACKAGE = "(package)"


class Html(str):
    """Text that is HTML already; any other text is escaped where it enters the page."""

    __slots__ = ()


def el(tag: str, *content: str, **attributes: str | bool) -> Html:
    """Return an element; ``class_`` is the attribute class, ``data_rule`` is data-rule."""
    given = "".join(_attribute(name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items())
    inner = "".join(c if isinstance(c, Html) else _escaped(c) for c in content)
    return Html(f"<{tag}{given}>" if tag in VOID else f"<{tag}{given}>{inner}</{tag}>")


def _attribute(name: str, value: str | bool) -> str:
    if isinstance(value, bool):
        return f" {name}" if value else ""
    return f' {name}="{_escaped(value)}"'


def _escaped(text: str) -> str:
    return html.escape(text.translate(PICTURES))


def render(report: Report) -> str:
    """Return the report as an HTML page."""
    shown = report.findings[:MOST]
    main = [_findings(report, shown), *_not_judged(report), _rules_run(report)]
    body = el("body", _header(report), el("main", *main), el("footer", f"Made by commdip {__version__}."), *_script())
    return encodable(f"<!doctype html>\n{el('html', _head(report), body, lang='en')}")


def _asset(name: str) -> Html:
    return Html(Path(__file__).with_name(name).read_text(encoding="utf-8"))


def _script() -> list[Html]:
    return [el("script", _asset("report.js"))]


def _head(report: Report) -> Html:
    """Return the head; its policy lets the browser run our script only and load nothing."""
    digest = base64.b64encode(hashlib.sha256(_asset("report.js").encode("utf-8")).digest()).decode("ascii")
    sources = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:"
    policy = f"{sources}; base-uri 'none'; form-action 'none'"
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{_verdict(report)} – {_name(report)}"),
        el("link", rel="icon", href="data:,"),
        el("style", _asset("report.css")),
    )


def _name(report: Report) -> str:
    return f"{report.name or 'package'} {report.version}".strip()


def _verdict(report: Report) -> str:
    if not report.valid:
        return f"Not valid: {plural(report.counts[ERROR], 'error')}"
    if report.counts[WARNING]:
        return f"Valid, with {plural(report.counts[WARNING], 'warning')}"
    return "Valid"


def _header(report: Report) -> Html:
    state = "bad" if not report.valid else "warn" if report.counts[WARNING] else "good"
    sizes = {"rule": len(report.rules_run), "row": sum(report.rows.values()), "table": len(report.rows)}
    counts = [_figure(noun, n, noun if n else "") for noun, n in (report.counts | sizes).items()]
    return el(
        "header",
        el("p", "Validation of ", el("b", _name(report)), " (", el("code", report.path), ")", class_="package"),
        el("h1", _verdict(report)),
        el("dl", *counts, class_="counts"),
        class_=state,
    )


def _figure(noun: str, number: int, kind: str) -> Html:
    count, label = plural(number, noun).split(" ")
    return el("div", el("dt", label), el("dd", count), class_=kind)


def _findings(report: Report, shown: list[Finding]) -> Html:
    head = el("h2", "Findings", id="findings")
    if not shown:
        return el("section", head, el("p", "No rule found anything to mend."), aria_labelledby="findings")
    cut = len(report.findings) - len(shown) + sum(report.more.values())
    note = f"This page holds the first {len(shown):,} findings; {cut:,} more are in the other formats."
    left_off = [el("p", note, class_="note")] if cut else []
    groups = el("div", *_groups(report, shown), id="groups")
    status = el("p", f"{tally(report).capitalize()}.", id="status", role="status")
    return el("section", head, *left_off, _controls(report, shown), status, groups, aria_labelledby="findings")


def _controls(report: Report, shown: list[Finding]) -> Html:
    """Return the filters; hidden until the script, without which they do nothing, shows them."""
    tables, rules = Counter(_table(f) for f in shown), Counter(f.rule for f in shown)
    order = [*(t for t in report.rows if t in tables), *(t for t in tables if t not in report.rows)]
    severities = Counter(f.severity for f in shown)
    boxes = [_box("checkbox", "severity", s, f"{s} ({severities[s]:,})", True) for s in SEVERITIES if severities[s]]
    views = [_box("radio", "view", v, v, v == "rule") for v in ("rule", "table")]
    search = el("input", type="search", id="search", autocomplete="off", placeholder="words, in any order")
    return el(
        "form",
        el("label", "Search ", search),
        _choice("table", [(t, f"{t} ({tables[t]:,})") for t in order]),
        _choice("rule", [(r, f"{r} {REGISTER[r].name} ({n:,})") for r, n in rules.items()]),
        el("fieldset", el("legend", "Severity"), *boxes),
        el("fieldset", el("legend", "Group by"), *views),
        el("button", "Reset", type="reset"),
        id="controls",
        role="search",
        hidden=True,
    )


def _box(kind: str, name: str, value: str, label: str, checked: bool) -> Html:
    return el("label", el("input", type=kind, name=name, value=value, checked=checked), f" {label}", class_=value)


def _choice(name: str, options: list[tuple[str, str]]) -> Html:
    listed = [el("option", label, value=value) for value, label in options]
    return el("label", f"{name.capitalize()} ", el("select", el("option", "all", value=""), *listed, id=name))


def _table(finding: Finding) -> str:
    return str(finding.table or PACKAGE)


def _groups(report: Report, shown: list[Finding]) -> list[Html]:
    by_rule: dict[str, list[Finding]] = {}
    for finding in shown:
        by_rule.setdefault(finding.rule, []).append(finding)
    return [_group(report, code, found) for code, found in by_rule.items()]


def _group(report: Report, code: str, found: list[Finding]) -> Html:
    rule = REGISTER[code]
    head = el("h3", el("span", code, class_=f"badge {rule.severity}"), " ", rule.statement, " ", _count(len(found)))
    hints = dict.fromkeys(f.hint for f in found)
    why = el("dl", el("dt", "Why"), el("dd", rule.reason), el("dt", "How to mend"), *(el("dd", h) for h in hints))
    articles = el("div", *(_article(report, f) for f in found), class_="list")
    return el("section", head, why, articles, class_="group", data_group=code)


def _count(number: int) -> Html:
    return el("span", f"{number:,}", class_="count")


def _article(report: Report, finding: Finding) -> Html:
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    badge = el("span", finding.severity, class_=f"badge {finding.severity}")
    place = [el("span", el("b", label), " ", el("bdi", text)) for label, text in _place(finding)]
    return el(
        "article",
        el("p", badge, el("span", finding.rule, class_="code"), el("code", where), *place, class_="place"),
        _long("p", finding.message, "message"),
        el("p", finding.hint, class_="hint"),
        *_row(report, finding),
        class_="finding",
        data_rule=finding.rule,
        data_table=_table(finding),
        data_severity=finding.severity,
    )


def _place(finding: Finding) -> Iterable[tuple[str, str]]:
    given = (("table", finding.table), ("column", finding.column), ("key", finding.key))
    return [(label, str(text)) for label, text in given if text]


def _row(report: Report, finding: Finding) -> list[Html]:
    """Return the row of a finding as a table with the cell marked; its value alone if there is no row."""
    row = report.rows_shown.get((finding.path, finding.line or 0))
    if row is None:
        return _value(finding.value) if finding.value else []
    head = el("tr", *(el("th", column, scope="col", class_=_hit(column, finding)) for column in row))
    cells = el("tr", *(_cell(text, column == finding.column) for column, text in row.items()))
    name = f"Row {finding.key or ''} of {_table(finding)}, line {finding.line}"
    table = el("table", el("caption", name), el("thead", head), el("tbody", cells))
    return [el("div", table, class_="row", tabindex="0", role="group", aria_label=name)]


def _value(text: str) -> list[Html]:
    return [el("p", "Value: ", el("mark", _long("span", text, "cell")), class_="value")]


def _hit(column: str, finding: Finding) -> str:
    return "hit" if column == finding.column else ""


def _cell(text: str, hit: bool) -> Html:
    shown = _long("div", text, "cell") if text or not hit else el("i", "empty")
    return el("td", el("mark", shown) if hit else shown, class_="hit" if hit else "")


def _long(tag: str, text: str, class_: str) -> Html:
    """Return an element that scrolls if its text is long, and then by the keyboard too."""
    scrolls = len(text) > SCROLLS or text.count("\n") > SCROLLS // 50
    return el(tag, text, class_=class_, dir="auto", tabindex="0" if scrolls else False)


def _not_judged(report: Report) -> list[Html]:
    if not report.rules_skipped:
        return []
    head = el("h2", "Not judged, or not everywhere", id="skipped")
    items = [_rule(s.rule, el("p", s.reason)) for s in report.rules_skipped]
    return [el("section", head, el("ul", *items, class_="skipped"), aria_labelledby="skipped")]


def _rule(code: str, *more: Html) -> Html:
    return el("li", el("b", code), f" {REGISTER[code].statement}", *more)


def _rules_run(report: Report) -> Html:
    items = [_rule(code) for code in report.rules_run]
    return el("details", el("summary", f"Rules run ({len(items)})"), el("ul", *items, class_="skipped"))
