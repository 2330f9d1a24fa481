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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commdip.catalogue import EXAMPLES, FAMILIES, Entry, entries
from commdip.codebook.page import codebook
from commdip.markdown import anchor, code, escape, table
from commdip.package import open_package
from commdip.rules.waivers import NEVER_WAIVED

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
BAD = ROOT / "tests" / "bad"
NOT_JUDGED_SHOWN = 3
PAGES = (DOCS / "own-data.md",)
NOTE = "<!-- Written by scripts/docs.py; do not edit. -->"
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
        DOCS / "codebook.md": codebook(open_package(ROOT), note=NOTE),
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
