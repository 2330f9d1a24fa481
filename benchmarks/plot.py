"""Draw benchmarks/plot.svg: wall time and peak memory by size, readable on light and dark pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
from render import medians, read
from tools import HERE, TOOLS

COLOURS = {
    "ours": "#d55e00",
    "ours-alone": "#e8985a",
    "floor": "#8a8a8a",
    "duckdb": "#c99700",
    "dataframely": "#009e73",
    "pandera-polars": "#3d9fd8",
    "pandera-pandas": "#2f6fd0",
    "great-expectations": "#c86aa0",
    "frictionless": "#9b6bd3",
}
INK, RULE = "#333334", "#cccccd"
STYLE = f"""<style>
@media (prefers-color-scheme: dark) {{
  [fill="{INK}"] {{ fill: #e6e6e6; }}
  [stroke="{INK}"] {{ stroke: #e6e6e6; }}
  [stroke="{RULE}"] {{ stroke: #555555; }}
}}
</style>"""


def main() -> None:
    """Draw the medians of the packages without bad rows."""
    found = medians(read(HERE / "results.csv"))
    names = [n for n in TOOLS if any(key[0] == n for key in found)]
    if not names:
        return
    points = [
        {"tool": TOOLS[name].title, "rows": rows, "wall": wall, "peak": peak}
        for (name, rows, bad), (wall, peak) in found.items()
        if not bad
    ]
    chart = alt.hconcat(
        panel(points, names, "wall", "wall seconds"),
        panel(points, names, "peak", "peak memory, MiB"),
    )
    svg = Path(HERE / "plot.svg")
    look(chart).save(svg)
    text = svg.read_text(encoding="utf-8")
    head = text.index(">", text.index("<svg")) + 1
    svg.write_text(f"{text[:head]}{STYLE}{text[head:]}\n", encoding="utf-8")


def panel(points: list[dict[str, Any]], names: list[str], value: str, title: str) -> alt.LayerChart:
    """Return one panel: a line per tool, ours thick, the floor dashed."""
    titles, sizes = [TOOLS[n].title for n in names], sorted({p["rows"] for p in points})
    values = [p[value] for p in points]
    ticks = [n * 10**k for k in range(-2, 6) for n in (1, 3) if min(values) / 4 <= n * 10**k <= max(values) * 4]
    base = alt.Chart(alt.Data(values=points)).encode(
        x=alt.X(
            "rows:Q",
            title="rows of each of two tables",
            scale=alt.Scale(type="log", domain=[sizes[0] * 0.8, sizes[-1] * 1.25], nice=False),
            axis=alt.Axis(values=sizes, format="~s"),
        ),
        y=alt.Y(f"{value}:Q", title=title, scale=alt.Scale(type="log"), axis=alt.Axis(values=ticks, format="~f")),
        color=alt.Color(
            "tool:N",
            title=None,
            sort=titles,
            scale=alt.Scale(domain=titles, range=[COLOURS[n] for n in names]),
        ),
    )
    ours = alt.datum.tool == TOOLS["ours"].title
    floor = alt.datum.tool == TOOLS["floor"].title
    line = base.mark_line().encode(
        strokeWidth=alt.condition(ours, alt.value(4), alt.value(1.8)),
        strokeDash=alt.condition(floor, alt.value([5, 4]), alt.value([1, 0])),
    )
    dots = base.mark_point(filled=True, size=45, opacity=1).encode(
        shape=alt.Shape("tool:N", title=None, sort=titles, scale=alt.Scale(domain=titles))
    )
    return (line + dots).properties(width=330, height=300)


def look(chart: alt.HConcatChart) -> alt.HConcatChart:
    """Return a chart without background, in colours that the style sheet turns."""
    return (
        chart.configure(background="transparent", font="sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK, titleColor=INK, gridColor=RULE, domainColor=INK, tickColor=INK, titleFontWeight="normal"
        )
        .configure_legend(labelColor=INK, orient="bottom", columns=2, labelLimit=320, symbolStrokeWidth=2)
    )


if __name__ == "__main__":
    main()
