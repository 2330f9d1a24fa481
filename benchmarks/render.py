"""The tables of the benchmark in benchmarks/README.md, made from what was measured."""

from __future__ import annotations

import csv
import statistics
from collections.abc import Iterator
from pathlib import Path

from tools import HERE, SHARES, TOOLS

BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"
Medians = dict[tuple[str, int, float], tuple[float, float]]
"""Wall seconds and peak MiB by tool, rows and share of bad rows."""


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table of results; none if it is not there."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def medians(rows: list[dict[str, str]]) -> Medians:
    """Return the medians of what always came to its end."""
    groups: dict[tuple[str, int, float], list[tuple[float, float]]] = {}
    failed = failures(rows)
    for row in rows:
        key = row["tool"], int(row["rows"]), float(row["bad"])
        if key not in failed:
            groups.setdefault(key, []).append((float(row["wall_s"]), float(row["peak_mib"])))
    return {
        key: (statistics.median(w for w, _ in runs), statistics.median(p for _, p in runs))
        for key, runs in groups.items()
    }


def failures(rows: list[dict[str, str]]) -> dict[tuple[str, int, float], str]:
    """Return how those ended that did not come to their end."""
    return {(r["tool"], int(r["rows"]), float(r["bad"])): r["status"] for r in rows if r["status"] != "ok"}


def write_readme() -> None:
    """Put the tables in their place in the README."""
    path = HERE / "README.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    made = "\n".join(section())
    path.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}", encoding="utf-8")


def section() -> Iterator[str]:
    """Yield the lines of the tables."""
    rows = read(HERE / "results.csv")
    if not rows:
        yield "Nothing is measured yet.\n"
        return
    found = medians(rows)
    runs = {int(r["run"]) for r in rows}
    yield "![Wall time and peak memory by size](plot.svg)\n"
    yield f"Medians of {max(runs)} run{'s' if max(runs) > 1 else ''}; {'; '.join(sorted({r['machine'] for r in rows}))}."
    sessions = sorted({r["started"] for r in rows})
    if len(sessions) > 1:
        yield f"Not all in one session: {', '.join(sessions)}. Compare across sessions with care."
    yield ""
    for size in sorted({int(r["rows"]) for r in rows}):
        yield from size_table(size, rows, found)
    yield from target_table(found)
    yield from memory_table()


def size_table(size: int, rows: list[dict[str, str]], found: Medians) -> Iterator[str]:
    """Yield the table of one size: clean, and how much longer 1 % of bad rows takes."""
    clean, bad = SHARES
    yield f"### {size:,} contacts and {size:,} rows of participation\n"
    yield (
        "| tool | wall s | ratio to ours | ratio to the floor | peak MiB | ratio to ours "
        "| 1 % bad: wall s | ratio to clean | peak MiB |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    failed = failures(rows)
    ours, floor = found.get(("ours", size, clean)), found.get(("floor", size, clean))
    for name, tool in TOOLS.items():
        if not any(r["tool"] == name and int(r["rows"]) == size for r in rows):
            continue
        wall, peak = found.get((name, size, clean), (None, None))
        wall_bad, peak_bad = found.get((name, size, bad), (None, None))
        cells = [
            tool.title,
            seconds(wall) or failed.get((name, size, clean), ""),
            ratio(wall, ours and ours[0]),
            ratio(wall, floor and floor[0]),
            whole(peak),
            ratio(peak, ours and ours[1]),
            seconds(wall_bad) or failed.get((name, size, bad), ""),
            ratio(wall_bad, wall),
            whole(peak_bad),
        ]
        yield f"| {' | '.join(cells)} |"
    yield ""


def target_table(found: Medians) -> Iterator[str]:
    """Yield the table of targets, those whose sizes were measured."""

    def wall(tool: str, size: int, share: float = 0.0) -> float | None:
        return found.get((tool, size, share), (None, None))[0]

    million, most = 10**6, 10**7
    peak = found.get(("ours", most, 0.0), (None, None))[1]
    entries = [
        ("1e6: frictionless takes at least 40 times ours", quotient(wall("frictionless", million), wall("ours", million)), 40, 1),
        ("1e6: pandera on pandas takes at least 4 times ours", quotient(wall("pandera-pandas", million), wall("ours", million)), 4, 1),
        ("1e6: ours takes at most as long as hand-written DuckDB SQL", quotient(wall("ours", million), wall("duckdb", million)), 1, -1),
        ("1e7: ours takes at most 2 times the floor", quotient(wall("ours", most), wall("floor", most)), 2, -1),
        ("1e7: ours takes at most 1.5 GB", peak and peak * 2**20 / 1e9, 1.5, -1),
        ("from 1e6 to 1e7 ours takes at most 10 times as long", quotient(wall("ours", most), wall("ours", million)), 10, -1),
        ("1e6: 1 % bad rows take at most 1.5 times the clean run", quotient(wall("ours", million, 0.01), wall("ours", million)), 1.5, -1),
        ("1e7: 1 % bad rows take at most 1.5 times the clean run", quotient(wall("ours", most, 0.01), wall("ours", most)), 1.5, -1),
    ]  # fmt: skip
    measured = [(text, value, goal, sign) for text, value, goal, sign in entries if value is not None]
    if not measured:
        return
    yield "### Targets\n"
    yield "| target | measured | reached |"
    yield "|---|---|---|"
    for text, value, goal, sign in measured:
        yield f"| {text} | {value:.2f} | {'yes' if value * sign >= goal * sign else 'no'} |"
    yield ""


def memory_table() -> Iterator[str]:
    """Yield the table of runs in limited memory."""
    rows = read(HERE / "memory.csv")
    if not rows:
        return
    yield "### Files of three times the memory given\n"
    yield "| rows of each table | files MiB | memory given MiB | limited by | ended | wall s | peak MiB |"
    yield "|---|---|---|---|---|---|---|"
    for r in rows:
        ended = "validated" if r["status"] == "ok" else r["status"]
        size = int(r["bytes"]) >> 20
        yield (
            f"| {int(r['rows']):,} | {size:,} | {int(r['limit_mib']):,} | {r['by']} | {ended} "
            f"| {float(r['wall_s']):.1f} | {float(r['peak_mib']):.0f} |"
        )
    yield ""


def quotient(value: float | None, base: float | None) -> float | None:
    """Return a ratio, None if a part of it was not measured."""
    return value / base if value is not None and base else None


def ratio(value: float | None, base: float | None) -> str:
    """Return a ratio as text, empty if a part of it was not measured."""
    made = quotient(value, base)
    return "" if made is None else f"{made:.2f}" if made < 10 else f"{made:.0f}"


def seconds(value: float | None) -> str:
    """Return seconds as text."""
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def whole(value: float | None) -> str:
    """Return a number without fractions as text."""
    return "" if value is None else f"{value:.0f}"
