"""The part of the codebook on codes of states: which are ours, and which are easily taken for others."""

from __future__ import annotations

from collections import defaultdict

from commdip.codebook.contents import Contents, Rows
from commdip.markdown import code, table

STATE_CODES_HEAD = """## Reading the state codes

`states.state_id` is the alpha-3 code of ISO 3166-1 where there is one. The others are from the range that
ISO leaves to users; outside this package they mean nothing:
"""

TRAPS_HEAD = """Codes of the Correlates of War project (COW) and of Gleditsch and Ward (GW) look like ISO codes and are
not. Never join a column of one scheme to a column of another: go through state_codes, with the date.
These abbreviations are the ISO code of another state of this package:
"""


def state_codes_section(book: Contents) -> str:
    """Return the section on codes of states."""
    if not book.has("states", "state_codes"):
        return ""
    tables = book.rows
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
