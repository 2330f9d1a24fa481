"""Render benchmarks/results.csv: the tables in benchmarks/README.md, and benchmarks/plot.svg."""

from __future__ import annotations

import re
from pathlib import Path

from run import TOOLS, medians

HERE = Path(__file__).parent
NAMES = {
    "commdip": "commdip validate",
    "floor": "floor (reading, no checks)",
    "duckdb_sql": "hand-written DuckDB SQL",
    "pandera_polars": "pandera on polars, joins by hand",
    "pandera_pandas": "pandera on pandas, merges by hand",
    "dataframely_": "dataframely",
    "great_expectations_": "great_expectations",
    "frictionless_": "frictionless",
}


def main() -> None:
    """Write the tables and the plot."""
    found = medians()
    readme = HERE / "README.md"
    text = re.sub(
        r"(<!-- begin peers -->\n).*?(<!-- end peers -->)",
        lambda m: f"{m[1]}\n{tables(found)}\n{m[2]}",
        readme.read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    readme.write_text(text, encoding="utf-8")
    plot(found)


def tables(found: dict) -> str:
    """Return a table for each size."""
    made = []
    for rows in sorted({key[0] for key in found}):
        for bad in sorted({key[1] for key in found if key[0] == rows}):
            ours = found.get((rows, bad, "commdip"), (0, 0))[0]
            floor = found.get((rows, bad, "floor"), (0, 0))[0]
            made.append(
                f"### {rows:,} contacts and as many rows of participation, {bad:.0%} bad\\n".replace("\\n", "\n")
            )
            made.append(
                "| tool | seconds | times ours | times the floor | peak MB |\n| --- | ---: | ---: | ---: | ---: |"
            )
            for tool in TOOLS:
                if (rows, bad, tool) in found:
                    seconds, megabytes = found[rows, bad, tool]
                    ratios = " | ".join(f"{seconds / base:.1f}" if base else "" for base in (ours, floor))
                    made.append(f"| {NAMES[tool]} | {seconds:.1f} | {ratios} | {megabytes:,.0f} |")
            made.append("")
    return "\n".join(made)


def plot(found: dict) -> None:
    """Draw seconds by rows, both logarithmic."""
    import altair as alt
    import pandas as pd

    rows = [{"rows": r, "seconds": s, "tool": NAMES[t]} for (r, bad, t), (s, _) in sorted(found.items()) if bad == 0]
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("rows:Q", scale=alt.Scale(type="log"), title="contacts, and as many rows of participation"),
        y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="seconds, whole process"),
        color=alt.Color("tool:N", title=None, sort=list(NAMES.values())),
    )
    chart = (base.mark_line() + base.mark_point(filled=True)).properties(width=560, height=360)
    chart.configure(background="#ffffff").save(HERE / "plot.svg")


if __name__ == "__main__":
    main()
