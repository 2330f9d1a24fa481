"""Write what is generated of the documents, or tell what is stale.

    python scripts/docs.py [--check]

Generated are docs/rules.md, docs/codebook.md, the tables in docs/methodology.md, the examples of
`commdip explain`, and what the commands in docs/own-data.md print. With --check nothing is written;
stale documents, and rules without a bad example, make the exit code 1.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from commdip.catalogue import EXAMPLES, FAMILIES, Entry, entries
from commdip.package import open_package, shipped_spec
from commdip.rules.waivers import NEVER_WAIVED
from commdip.specs import FieldSpec, TableSpec

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BAD = ROOT / "tests" / "bad"
NOT_JUDGED_SHOWN = 3
PAGES = (DOCS / "own-data.md",)
NOTE = "<!-- Written by scripts/docs.py; do not edit. -->"
REFERENCE_TABLES = ("mode_roles", "rank_offices")
HEADS = ("head-of-state", "head-of-government", "party-leader")
Rows = list[dict[str, str]]


def main() -> int:
    """Write or check all documents; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, only tell")
    check = parser.parse_args().check
    found, problems = examples()
    stale = [file for file, text in documents(found).items() if renew(file, text, check)]
    # Only now: the pages show what commands say of the rules.
    stale += [file for file, text in pages().items() if renew(file, text, check)]
    for file in stale:
        print(f"{'stale' if check else 'written'}: {file.relative_to(ROOT).as_posix()}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems or (check and stale) else 0


def renew(file: Path, text: str, check: bool) -> bool:
    """Write a file unless it has this text or ``check`` is set; return whether it had another."""
    old = file.read_text(encoding="utf-8") if file.is_file() else ""
    if old != text and check:
        sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), "there", "due", n=0))
    elif old != text:
        file.write_text(text, encoding="utf-8", newline="\n")
    return old != text


def documents(found: dict[str, dict[str, str]]) -> dict[Path, str]:
    """Return the generated files with their texts; takes the examples of the rules."""
    tables = read_tables()
    methodology = DOCS / "methodology.md"
    return {
        EXAMPLES: json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n",
        DOCS / "rules.md": rules_page(found),
        DOCS / "codebook.md": codebook(tables),
        methodology: fill(
            methodology.read_text(encoding="utf-8"),
            {"years": years(tables), "gaps": gaps(tables), "sources": kinds(tables)},
        ),
    }


def read_tables() -> dict[str, Rows]:
    """Return the rows of every table of the package as text."""
    return {r.name: read_rows(ROOT / r.path) for r in open_package(ROOT).resources}


def read_rows(file: Path) -> Rows:
    """Return the rows of a CSV file as text."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def fill(text: str, parts: dict[str, str]) -> str:
    """Return a text with what stands between the markers of each part replaced."""
    for name, part in parts.items():
        begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
        if begin not in text or end not in text:
            raise ValueError(f"the text lacks the markers of {name}")
        text = text[: text.index(begin) + len(begin)] + f"\n\n{part.strip()}\n\n" + text[text.index(end) :]
    return text


def table(header: Iterable[str], rows: Iterable[Iterable[Any]], right: Iterable[int] = ()) -> str:
    """Return a Markdown table; ``right`` are the columns set flush right."""
    heads = list(header)
    rule = ["---:" if i in set(right) else "---" for i in range(len(heads))]
    lines = [heads, rule, *([escape(str(c)) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escape(text: str) -> str:
    """Return text for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def code(text: str) -> str:
    """Return text as code for a cell of a Markdown table; empty if it is."""
    return f"`{text}`" if text else ""


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# The rules


def examples() -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return an example finding by the rule's code, and what is wrong with the bad examples.

    An example is the first finding of the rule that the bad examples of the rule expect.
    """
    found: dict[str, dict[str, str]] = {}
    problems = []
    for rule in entries():
        folders = sorted(
            f for f in BAD.glob(f"{rule.code}*") if f.is_dir() and re.fullmatch(rf"{rule.code}([-_].*)?", f.name)
        )
        expected = [
            e for f in folders for e in expectations(f / "expected.json") if e.get("rule", rule.code) == rule.code
        ]
        if expected:
            found[rule.code] = {"place": place(expected[0]), "message": str(expected[0]["message"])}
        else:
            what = "expects no finding of it (expected.json)" if folders else "does not exist"
            problems.append(f"{rule.code}: its bad example tests/bad/{rule.code}-{rule.name} {what}")
    return found, problems


def expectations(file: Path) -> list[dict[str, Any]]:
    """Return the findings that a bad example expects: those of all its cases, which stand by title."""
    data = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    return [e for findings in data.values() for e in findings] if isinstance(data, dict) else list(data)


def place(finding: dict[str, Any]) -> str:
    """Return where a finding stands, as the text report has it."""
    path = finding.get("path") or (f"data/{finding['table']}.csv" if finding.get("table") else "datapackage.json")
    parts = [path, *(str(finding[k]) for k in ("line", "column") if finding.get(k))]
    return ":".join(parts) + (f" [{finding['key']}]" if finding.get("key") else "")


RULES_HEAD = """# Rules

{note}

What `commdip validate` checks: {total} rules in {families} families, {counts}.
An error makes the package not valid. A warning is suspicious and may be right.

- `commdip rules` lists the rules, `commdip explain CODE` says of one what this page says.
- `--select` and `--ignore` take codes, or beginnings of codes, with commas: `--select TIM,PAR08`.
- `--fail-on warning` makes warnings fail too.
- A true exception is a row of waivers.csv, with rule, table, row and reason. Rules of the families
  {structure} cannot be waived.
- A rule whose tables are missing, or whose inputs are broken already, is not judged there; the report says so.
- Dates are compared as intervals: a rule is broken only where no reading of the dates keeps it.

The examples are findings in an invented package; each is made by a folder of tests/bad.

```console
$ commdip rules
$ commdip explain TIM04
```
"""


def rules_page(found: dict[str, dict[str, str]]) -> str:
    """Return the catalogue of rules."""
    rules = entries()
    severities = Counter(r.severity for r in rules)
    families = {f: [r for r in rules if r.code.startswith(f)] for f in FAMILIES}
    families = {f: members for f, members in families.items() if members}
    head = RULES_HEAD.format(
        note=NOTE,
        total=len(rules),
        families=len(families),
        structure=", ".join(NEVER_WAIVED),
        counts=" and ".join(f"{n} {s}s" for s, n in severities.most_common()),
    )
    contents = [[f"[{f}](#{anchor(FAMILIES[f])})", FAMILIES[f], len(members)] for f, members in families.items()]
    parts = [head, table(("Codes", "About", "Rules"), contents, right=[2])]
    for family, members in families.items():
        parts += [f"## {FAMILIES[family]}", *(rule_section(r, found.get(r.code)) for r in members)]
    return "\n\n".join(p.strip() for p in parts) + "\n"


def rule_section(rule: Entry, example: dict[str, str] | None) -> str:
    """Return the section of a rule."""
    lines = [
        f"### {rule.code} {rule.name}",
        f"**{rule.severity.capitalize()}.** {rule.statement}",
        f"- Why: {rule.reason}\n- Fix: {rule.hint}\n- Reads: {rule.reads}",
    ]
    if example:
        lines.append(f"```text\n{example['place']}\n    {example['message']}\n```")
    return "\n\n".join(lines)


# The codebook


CODEBOOK_HEAD = """# Codebook

{note}

Every table, column and term of the package, version {version}. Structure is defined in the Table Schemas
under schemas/ and nowhere else; this page is written from them and from the data.

- One row is one fact. An empty cell means not known, or does not apply; unknown is never written as no.
- Dates are EDTF: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, with `?` if uncertain, `~` if approximate.
- A list in a cell is joined by `;`, in the order of its vocabulary.
- Identifiers of things are readable (`japarov-sadyr`), those of events are opaque (`P00001`). None is used
  twice; one that is withdrawn goes to retired_ids.
- Files are UTF-8 with line feeds and commas, rows sorted by primary key.

## Tables
"""

STATE_CODES_HEAD = """## Reading the state codes

`states.state_id` is the alpha-3 code of ISO 3166-1 where there is one. The others are from the range that
ISO leaves to users; outside this package they mean nothing:
"""

TRAPS_HEAD = """Codes of the Correlates of War project (COW) and of Gleditsch and Ward (GW) look like ISO codes and are
not. Never join a column of one scheme to a column of another: go through state_codes, with the date.
These abbreviations are the ISO code of another state of this package:
"""


def codebook(tables: dict[str, Rows]) -> str:
    """Return the codebook."""
    package = open_package(ROOT)
    specs = {r.name: shipped_spec(r.name) for r in package.resources}
    uses = coded_columns(specs)
    contents = [[f"[{s.name}](#{anchor(s.name)})", s.description, len(tables[s.name])] for s in specs.values()]
    parts = [
        CODEBOOK_HEAD.format(note=NOTE, version=package.version),
        table(("Table", "What it holds", "Rows"), contents, right=[2]),
    ]
    parts += [table_section(spec, tables[spec.name]) for spec in specs.values()]
    parts += [
        state_codes_section(tables),
        "## Vocabularies\n\nThe terms of codes.csv, in their order, and how many rows have each.",
    ]
    vocabularies = sorted({row["vocabulary"] for row in tables["codes"]})
    parts += [vocabulary_section(v, tables, uses[v]) for v in vocabularies]
    return "\n\n".join(p.strip() for p in parts) + "\n"


def coded_columns(specs: dict[str, TableSpec]) -> dict[str, list[tuple[str, FieldSpec]]]:
    """Return the coded columns, as table and field, by vocabulary."""
    uses: dict[str, list[tuple[str, FieldSpec]]] = defaultdict(list)
    for spec in specs.values():
        for field in spec.fields:
            if field.vocabulary and spec.name not in REFERENCE_TABLES:
                uses[field.vocabulary].append((spec.name, field))
    return uses


def table_section(spec: TableSpec, rows: Rows) -> str:
    """Return the section of a table."""
    keys = [f"Primary key: {', '.join(map(code, spec.primary_key))}."]
    keys += [f"Unique together: {', '.join(map(code, key))}." for key in spec.unique_keys]
    targets = {k.fields: f"{k.parent}.{', '.join(k.parent_fields)}" for k in spec.foreign_keys}
    keys += [
        f"Together {', '.join(map(code, fields))} name {code(target)}."
        for fields, target in targets.items()
        if len(fields) > 1
    ]
    filled = {f.name: sum(bool(row.get(f.name)) for row in rows) for f in spec.fields}
    columns = [
        [code(f.name), kind(f), constraints(f, targets), f.description, code(str(f.example or "")), filled[f.name]]
        for f in spec.fields
    ]
    body = table(("Column", "Type", "Constraint", "What it says", "Example", "Filled"), columns, right=[5])
    return f"### {spec.name}\n\n{spec.description} {len(rows):,} rows. {' '.join(keys)}\n\n{body}"


def kind(field: FieldSpec) -> str:
    """Return a column's type in words."""
    if field.edtf:
        return "date"
    if field.vocabulary:
        return "terms" if field.delimiter else "term"
    return field.type


def constraints(field: FieldSpec, targets: dict[tuple[str, ...], str]) -> str:
    """Return a column's constraints in words."""
    parts = ["required"] if field.required else []
    parts += ["unique"] if field.unique else []
    parts += [f"of [{field.vocabulary}](#{anchor(field.vocabulary)})"] if field.vocabulary else []
    parts += [f"a row of {code(targets[field.name,])}"] if (field.name,) in targets else []
    parts += [code(field.pattern)] if field.pattern and not field.edtf else []
    parts += [f"at least {field.minimum}"] if field.minimum is not None else []
    parts += [f"at most {field.maximum}"] if field.maximum is not None else []
    return ", ".join(parts)


def vocabulary_section(name: str, tables: dict[str, Rows], uses: list[tuple[str, FieldSpec]]) -> str:
    """Return the section of a vocabulary."""
    terms = sorted((r for r in tables["codes"] if r["vocabulary"] == name), key=lambda r: int(r["position"]))
    counts = [used(tables[t], f) for t, f in uses]
    events = any(r["cameo"] or r["plover"] for r in terms)
    header = [
        "Term",
        "Label",
        "Definition",
        *(["CAMEO", "PLOVER"] if events else []),
        *(f"{t}.{f.name}" for t, f in uses),
    ]
    rows = [
        [
            code(r["code"]),
            r["label"],
            r["definition"],
            *([r["cameo"], r["plover"]] if events else []),
            *(c[r["code"]] for c in counts),
        ]
        for r in terms
    ]
    return f"### {name}\n\n" + table(header, rows, right=range(len(header) - len(uses), len(header)))


def used(rows: Rows, field: FieldSpec) -> Counter[str]:
    """Return how often each term stands in a column."""
    cells = (row.get(field.name) or "" for row in rows)
    return Counter(term for cell in cells for term in (cell.split(field.delimiter) if field.delimiter else [cell]))


def state_codes_section(tables: dict[str, Rows]) -> str:
    """Return the section on codes of states."""
    codes: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in tables["state_codes"]:
        codes[row["scheme"]][row["state_id"]].add(row["code"])
    names = {row["state_id"]: row["name"] for row in tables["states"]}
    assigned = [
        [code(r["state_id"]), r["name"], r["kind"], r["note"]]
        for r in tables["states"]
        if r["state_id"] not in codes["iso3"]
    ]
    traps = [
        [code(abbreviation), label, names[state], names[abbreviation]]
        for scheme, label in (("cow-abbrev", "COW"), ("gw-abbrev", "GW"))
        for state, found in sorted(codes[scheme].items())
        for abbreviation in sorted(found)
        if abbreviation in names and abbreviation != state
    ]
    both = [
        [names[s], numbers(codes["cow"][s]), numbers(codes["gw"][s])]
        for s in sorted(names)
        if codes["cow"][s] != codes["gw"][s] and codes["cow"][s] and codes["gw"][s]
    ]
    without = {
        label: [names[s] for s in sorted(names) if not codes[scheme][s]]
        for scheme, label in (("cow", "COW"), ("gw", "GW"))
    }
    parts = [
        STATE_CODES_HEAD,
        table(("Code", "Stands for", "Kind", "Note"), assigned),
        TRAPS_HEAD,
        table(("Code", "Scheme", "There it is", "In ISO it is"), traps),
    ]
    if both:
        parts += ["Numbers that differ between the two lists:", table(("State", "COW", "GW"), both)]
    parts += [f"Without a number of {label}: {', '.join(listed) or 'none'}." for label, listed in without.items()]
    parts += [versions(tables["state_codes"])]
    return "\n\n".join(p.strip() for p in parts)


def numbers(found: set[str]) -> str:
    """Return codes in their order."""
    return ", ".join(sorted(found))


def versions(rows: Rows) -> str:
    """Return what the versions of the schemes are, and what their end means."""
    seen: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["scheme_version"]:
            seen[row["scheme"]].add(row["scheme_version"])
    listed = "; ".join(f"{code(s)} {', '.join(sorted(v))}" for s, v in sorted(seen.items()))
    return (
        f"Versions of the lists: {listed}. The end of a list is not the end of a state: an empty `valid_to` means that "
        "the code held when the list was closed, and nothing is said of the time after."
    )


# The methodology


def years(tables: dict[str, Rows]) -> str:
    """Return the table of rows, sources and coverage by year."""
    topics = [
        r["code"] for r in sorted(tables["codes"], key=lambda r: int(r["position"])) if r["vocabulary"] == "topic"
    ]
    coverage = {(r["ceremony_id"], r["topic"]): r["completeness"] for r in tables["coverage"]}
    cited = sources_by_ceremony(tables)
    rows = []
    for ceremony in editions(tables):
        name = ceremony["ceremony_id"]
        came = [r for r in tables["participation"] if r["ceremony_id"] == name and r["outcome"] == "attended"]
        invited = [r for r in tables["invitations"] if r["ceremony_id"] == name]
        rows.append(
            [
                ceremony["year"],
                sum(r["rank"] in HEADS for r in came),
                sum(r["rank"] not in HEADS and r["rank"] != "contingent" for r in came),
                sum(r["rank"] == "contingent" for r in came),
                sum(r["ceremony_id"] == name and r["outcome"] == "absent" for r in tables["participation"]),
                len(invited),
                sum(r["response"] in ("declined", "withdrew") for r in invited),
                sum(r["ceremony_id"] == name for r in tables["contacts"]),
                len(cited[name]),
                *(coverage.get((name, t), "") for t in topics),
            ]
        )
    header = [
        "Year",
        "Heads",
        "Others",
        "Contingents",
        "Absent",
        "Invitations",
        "Refusals",
        "Contacts",
        "Sources",
        *(f"Coverage: {t}" for t in topics),
    ]
    return f"{table(header, rows, right=range(9))}\n\n{missing_years(tables)}"


def editions(tables: dict[str, Rows]) -> Rows:
    """Return the ceremonies in the order of their years."""
    return sorted(tables["ceremonies"], key=lambda r: (r["series"], int(r["year"])))


def missing_years(tables: dict[str, Rows]) -> str:
    """Return which years of the universe have no row."""
    there = {int(r["year"]) for r in tables["ceremonies"]}
    lacking = [str(y) for y in range(1995, 2027) if y not in there]
    return (
        f"Years without a row, of which nothing is said: {', '.join(lacking)}."
        if lacking
        else "Every year from 1995 to 2026 has a row."
    )


def sources_by_ceremony(tables: dict[str, Rows]) -> dict[str, set[str]]:
    """Return the sources that are evidence of a ceremony or of what hangs on it."""
    home = {("ceremonies", r["ceremony_id"]): r["ceremony_id"] for r in tables["ceremonies"]}
    contacts = {r["contact_id"]: r["ceremony_id"] for r in tables["contacts"]}
    for name, key in (
        ("participation", "participation_id"),
        ("invitations", "invitation_id"),
        ("contacts", "contact_id"),
    ):
        home |= {(name, r[key]): r["ceremony_id"] for r in tables[name]}
    home |= {
        ("statements", r["statement_id"]): r["ceremony_id"] or contacts.get(r["contact_id"], "")
        for r in tables["statements"]
    }
    cited: dict[str, set[str]] = defaultdict(set)
    for row in tables["evidence"]:
        cited[home.get((row["record_table"], row["record_id"]), "")].add(row["source_id"])
    return cited


def gaps(tables: dict[str, Rows]) -> str:
    """Return what the rows of coverage say is missing, year by year."""
    parts = []
    for ceremony in editions(tables):
        rows = [r for r in tables["coverage"] if r["ceremony_id"] == ceremony["ceremony_id"]]
        if rows:
            items = [f"- {r['topic'].capitalize()}: {r['completeness']}. {escape(r['note'])}".rstrip() for r in rows]
            parts.append(f"### {ceremony['year']}\n\n" + "\n".join(items))
    return "\n\n".join(parts)


def kinds(tables: dict[str, Rows]) -> str:
    """Return the table of sources by kind of publisher."""
    labels = {r["code"]: r["label"] for r in tables["codes"] if r["vocabulary"] == "publisher_kind"}
    counts = Counter(r["publisher_kind"] for r in tables["sources"])
    whole = Counter(r["publisher_kind"] for r in tables["sources"] if r["extent"] == "full")
    reposts = Counter(r["publisher_kind"] for r in tables["sources"] if r["origin_source_id"])
    rows = [[labels[k], n, whole[k], reposts[k]] for k, n in counts.most_common()]
    total = ["All", len(tables["sources"]), sum(whole.values()), sum(reposts.values())]
    languages = Counter(r["language"] for r in tables["sources"])
    tongues = ", ".join(f"{code(name)} {n}" for name, n in languages.most_common(12))
    body = table(("Publisher", "Sources", "Read in full", "Reposts of a known origin"), [*rows, total], right=[1, 2, 3])
    return f"{body}\n\nSources are in {len(languages)} languages, most of them in {tongues}."


# Pages whose commands are run


FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"<!-- (?P<what>file|exit|not run)(?:: (?P<value>.+?))? -->\n+\Z")


def pages() -> dict[Path, str]:
    """Run the pages that can be followed; return them with what their commands print."""
    found = {}
    for page in PAGES:
        with tempfile.TemporaryDirectory(prefix="commdip-page-") as folder:
            found[page] = run_page(page.read_text(encoding="utf-8"), Path(folder) / "page")
    return found


def run_page(text: str, folder: Path) -> str:
    """Follow a page in a new folder; return it with what its commands print.

    A fenced block after ``<!-- file: NAME -->`` is written to that file. Of a block of the
    language console, the lines that begin with ``$`` are run, and what follows them is their
    output; ``<!-- exit: 1 -->`` before the block is the exit code of its last command (0 if
    nothing is said), ``<!-- not run -->`` leaves it out. Raises RuntimeError if a command ends
    otherwise than the page says.
    """
    folder.mkdir()
    parts, end = [], 0
    for fence in FENCE.finditer(text):
        mark = MARK.search(text[end : fence.start()])
        what, value = (mark["what"], mark["value"]) if mark else ("", "")
        body = fence["body"]
        if what == "file":
            file = folder / value
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(body, encoding="utf-8", newline="\n")
        elif fence["language"] == "console" and what != "not run":
            body = "".join(run_block(body, folder, int(value) if what == "exit" else 0))
        parts += [text[end : fence.start()], f"```{fence['language']}\n{body}```"]
        end = fence.end()
    return "".join([*parts, text[end:]])


def run_block(body: str, folder: Path, exit_code: int) -> Iterator[str]:
    """Run the commands of a block; yield each with its output."""
    commands = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    for i, block in enumerate(commands):
        command = block.split("\n", 1)[0]
        code, output = run(command, folder)
        if code != (exit_code if i == len(commands) - 1 else 0):
            raise RuntimeError(f"`{command}` ended with {code}:\n{output}")
        yield f"$ {command}\n{cut(output)}"


def run(command: str, folder: Path) -> tuple[int, str]:
    """Run a command line in a folder; return its exit code and what it printed.

    Results of validation are remembered beside the folder, so that earlier runs change no output.
    """
    hidden = {"GITHUB_WORKSPACE", "GITHUB_STEP_SUMMARY", "PYTHONPATH"}
    environment = {k: v for k, v in os.environ.items() if k not in hidden} | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "COMMDIP_CACHE": str(folder.with_name(f"{folder.name} cache")),
        "PYTHONUTF8": "1",
        "COLUMNS": "100",
    }
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        check=False,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout


def cut(output: str) -> str:
    """Return an output with all but the first lines of what was not judged left out."""
    head, heading, rest = output.partition("Not judged\n")
    listed, blank, tail = rest.partition("\n\n")
    lines = listed.split("\n")
    if not heading or len(lines) <= NOT_JUDGED_SHOWN:
        return output
    return "".join([head, heading, "\n".join([*lines[:NOT_JUDGED_SHOWN], "  ..."]), blank, tail])


if __name__ == "__main__":
    sys.exit(main())
