"""The codebook as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from commdip.codebook.contents import Contents, Rows
from commdip.codebook.diagram import mermaid
from commdip.codebook.states import state_codes_section
from commdip.markdown import anchor, code, table
from commdip.package import Package, derived_specs
from commdip.specs import FieldSpec, TableSpec

HEAD = """# Codebook
{note}
Every table, column and term of {package}, version {version}. Structure is defined in the Table Schemas
under schemas/ and nowhere else; this page is written from them and from the data.

- One row is one fact. An empty cell means not known, or does not apply; unknown is never written as no.
- Dates are EDTF: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, with `?` if uncertain, `~` if approximate.
- A list in a cell is joined by `;`, in the order of its vocabulary.
- Identifiers of things are readable (`japarov-sadyr`), those of events are opaque (`P00001`). None is used
  twice; one that is withdrawn goes to retired_ids.
- Files are UTF-8 with line feeds and commas, rows sorted by primary key.

## Tables
"""

DIAGRAM_HEAD = """## How the tables hang together

A line goes from a table to those that name its rows. PK is part of the primary key, FK names a row of another
table (or of the same). {unlinked}
"""

COVERAGE_HEAD = """## Coverage by year

How completely each topic was looked for, as `coverage` declares it. Where nothing is said, or the search was not
complete, an absent row does not mean that nothing happened.
"""

DERIVED_HEAD = """## Frames made of the tables

What `commdip.load()` derives from the tables; `commdip.schema(NAME)` is the pandera schema of each. In a flag,
false is a known no, and missing means that nobody looked or that the search was not complete.
"""


def codebook(package: Package, note: str = "") -> str:
    """Return the codebook of a package; ``note`` stands below the title."""
    book = Contents.of(package)
    contents = [[f"[{s.name}](#{anchor(s.name)})", s.description, len(book.rows[s.name])] for s in book.specs.values()]
    parts = [
        HEAD.format(
            note=f"\n{note}\n" if note else "",
            package=package.name or "the package",
            version=package.version or "unnumbered",
        ),
        table(("Table", "What it holds", "Rows"), contents, right=[2]),
        *(table_section(spec, book.rows[spec.name]) for spec in book.specs.values()),
        diagram_section(book),
        coverage_section(book),
        derived_section(),
        state_codes_section(book),
        vocabularies_section(book),
    ]
    return "\n\n".join(p.strip() for p in parts if p.strip()) + "\n"


def diagram_section(book: Contents) -> str:
    """Return the section with the entity diagram."""
    linked = {t for spec in book.specs.values() for k in spec.foreign_keys for t in (spec.name, k.parent)}
    others = [code(t) for t in book.specs if t not in linked]
    unlinked = f"No line leads to {', '.join(others)}." if others else ""
    return f"{DIAGRAM_HEAD.format(unlinked=unlinked).strip()}\n\n```mermaid\n{mermaid(book.specs)}\n```"


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


def constraints(field: FieldSpec, targets: Mapping[tuple[str, ...], str]) -> str:
    """Return a column's constraints in words."""
    parts = ["required"] if field.required else []
    parts += ["unique"] if field.unique else []
    parts += [f"of [{field.vocabulary}](#{anchor(field.vocabulary)})"] if field.vocabulary else []
    parts += [f"a row of {code(targets[field.name,])}"] if (field.name,) in targets else []
    parts += [code(field.pattern)] if field.pattern and not field.edtf else []
    parts += [f"at least {field.minimum}"] if field.minimum is not None else []
    parts += [f"at most {field.maximum}"] if field.maximum is not None else []
    return ", ".join(parts)


def coverage_section(book: Contents) -> str:
    """Return the section that says how completely each ceremony was looked for."""
    if not book.has("coverage", "ceremonies"):
        return ""
    declared = {(r["ceremony_id"], r["topic"]): r["completeness"] for r in book.rows["coverage"]}
    topics = terms(book, "topic") or sorted({topic for _, topic in declared})
    editions = sorted(book.rows["ceremonies"], key=lambda r: (r["series"], r["year"]))
    rows = [[r["year"], r["name"], *(declared.get((r["ceremony_id"], t), "") for t in topics)] for r in editions]
    return f"{COVERAGE_HEAD.strip()}\n\n{table(('Year', 'Ceremony', *topics), rows)}"


def terms(book: Contents, vocabulary: str) -> list[str]:
    """Return the terms of a vocabulary in their order."""
    rows = [r for r in book.rows.get("codes", []) if r["vocabulary"] == vocabulary]
    return [r["code"] for r in sorted(rows, key=_position)]


def _position(term: Mapping[str, str]) -> int:
    return int(term["position"]) if term["position"].isdigit() else 0


def derived_section() -> str:
    """Return the section on the frames that are derived from the tables."""
    parts = [DERIVED_HEAD.strip()]
    for spec in derived_specs().values():
        columns = [
            [code(f.name), kind(f), constraints(f, {}), f.description, code(str(f.example or ""))] for f in spec.fields
        ]
        body = table(("Column", "Type", "Constraint", "What it says", "Example"), columns)
        key = ", ".join(map(code, spec.primary_key))
        parts.append(f"### {spec.name} (derived)\n\n{spec.description} One row for each {key}.\n\n{body}")
    return "\n\n".join(parts)


def vocabularies_section(book: Contents) -> str:
    """Return the section on vocabularies."""
    if not book.has("codes"):
        return ""
    head = "## Vocabularies\n\nThe terms of codes.csv, in their order, and how many rows have each."
    vocabularies = sorted({row["vocabulary"] for row in book.rows["codes"]})
    return "\n\n".join([head, *(vocabulary_section(book, v) for v in vocabularies)])


def vocabulary_section(book: Contents, name: str) -> str:
    """Return the section of a vocabulary."""
    found = sorted((r for r in book.rows["codes"] if r["vocabulary"] == name), key=_position)
    uses = book.uses.get(name, [])
    counts = [used(book.rows[t], f) for t, f in uses]
    events = any(r.get("cameo") or r.get("plover") for r in found)
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
        for r in found
    ]
    return f"### {name}\n\n" + table(header, rows, right=range(len(header) - len(uses), len(header)))


def used(rows: Iterable[Mapping[str, str]], field: FieldSpec) -> Counter[str]:
    """Return how often each term stands in a column."""
    cells = (row.get(field.name) or "" for row in rows)
    return Counter(term for cell in cells for term in (cell.split(field.delimiter) if field.delimiter else [cell]))
