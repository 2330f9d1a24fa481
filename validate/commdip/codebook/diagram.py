"""How the tables hang together: as text for Mermaid, and drawn as SVG for pages without scripts.

Tables stand in columns from left to right, each to the right of those that it refers to. Boxes show
the columns that are part of a key.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from commdip.specs import TableSpec

Specs = Mapping[str, TableSpec]
ROW, HEADER, PAD = 18, 26, 10
WIDTH, GAP, BETWEEN = 216, 92, 22
SWEEPS = 8


def key_columns(spec: TableSpec) -> list[tuple[str, str]]:
    """Return the columns of a table that are part of a key, each with PK, FK or both."""
    foreign = {f for k in spec.foreign_keys for f in k.fields}
    found = []
    for name in spec.names:
        marks = (["PK"] if name in spec.primary_key else []) + (["FK"] if name in foreign else [])
        if marks:
            found.append((name, ", ".join(marks)))
    return found


def mermaid(specs: Specs) -> str:
    """Return the diagram as an entity-relationship diagram of Mermaid."""
    lines = ["erDiagram"]
    for child, spec in specs.items():
        for key in spec.foreign_keys:
            if key.parent in specs:
                always = all(spec.by_name[f].required for f in key.fields)
                lines.append(f'    {key.parent} {"||" if always else "|o"}--o{{ {child} : "{", ".join(key.fields)}"')
    for name, spec in specs.items():
        columns = [f"        {spec.by_name[c].type} {c} {marks}" for c, marks in key_columns(spec)]
        lines += [f"    {name} {{", *columns, "    }"]
    return "\n".join(lines)


@dataclass
class Box:
    """A table as drawn: its name, its key columns, and its upper left corner."""

    name: str
    columns: list[tuple[str, str]]
    x: int = 0
    y: int = 0

    @property
    def height(self) -> int:
        """Height of the box."""
        return HEADER + ROW * len(self.columns) + PAD // 2

    def middle(self, column: str | None = None) -> int:
        """Return the height at which a line meets the box: at a column, or at the name."""
        names = [c for c, _ in self.columns]
        if column not in names:
            return self.y + HEADER // 2
        return self.y + HEADER + ROW * names.index(column) + ROW // 2


def svg(specs: Specs) -> str:
    """Return the diagram as an SVG element that takes its colours from the page (see codebook.css)."""
    boxes = layout(specs)
    width = max((b.x for b in boxes.values()), default=0) + WIDTH + 2 * PAD
    height = max((b.y + b.height for b in boxes.values()), default=0) + 2 * PAD
    drawn = [*_edges(specs, boxes), *(_box(b) for b in boxes.values())]
    label = "Diagram of the tables and of the keys by which they name each other's rows"
    return (
        f'<svg class="diagram" role="img" aria-label="{label}" viewBox="{-PAD} {-PAD} {width} {height}" '
        f'width="{width}" height="{height}">{"".join(drawn)}</svg>'
    )


def layout(specs: Specs) -> dict[str, Box]:
    """Return where every table stands."""
    columns = _ordered(specs, _columns(specs))
    boxes: dict[str, Box] = {}
    heights = []
    for i, names in enumerate(columns):
        y = 0
        for name in names:
            boxes[name] = Box(name, key_columns(specs[name]), i * (WIDTH + GAP), y)
            y += boxes[name].height + BETWEEN
        heights.append(y - BETWEEN)
    for names, height in zip(columns, heights, strict=True):
        for name in names:
            boxes[name].y += (max(heights) - height) // 2
    return boxes


def _parents(specs: Specs, name: str) -> list[str]:
    return [k.parent for k in specs[name].foreign_keys if k.parent in specs and k.parent != name]


def _columns(specs: Specs) -> list[list[str]]:
    """Return the tables by columns: each one right of the last that it refers to."""
    places: dict[str, int] = {}

    def place(name: str, path: tuple[str, ...] = ()) -> int:
        if name not in places:
            # Where tables refer to each other in a circle, the line back is let run back.
            places[name] = 1 + max(
                (place(p, (*path, name)) for p in _parents(specs, name) if p not in path), default=-1
            )
        return places[name]

    for name in specs:
        place(name)
    columns: list[list[str]] = [[] for _ in range(max(places.values(), default=-1) + 1)]
    for name in specs:
        columns[places[name]].append(name)
    return columns


def _ordered(specs: Specs, columns: list[list[str]]) -> list[list[str]]:
    """Order the tables of every column by where those stand that they are linked to: fewer lines cross."""
    linked = {n: {*_parents(specs, n), *(c for c in specs if n in _parents(specs, c))} for n in specs}
    for _ in range(SWEEPS):
        height = {n: i / max(len(names), 1) for names in columns for i, n in enumerate(names)}

        def centre(name: str, height: dict[str, float] = height) -> float:
            others = [height[o] for o in linked[name]]
            return sum(others) / len(others) if others else 1.0

        columns = [sorted(names, key=centre) for names in columns]
    return columns


def _edges(specs: Specs, boxes: Mapping[str, Box]) -> Iterator[str]:
    for name, spec in specs.items():
        for key in spec.foreign_keys:
            if key.parent in boxes:
                yield _edge(boxes[key.parent], boxes[name], key.parent_fields, key.fields)


def _edge(parent: Box, child: Box, parent_fields: Sequence[str], fields: Sequence[str]) -> str:
    start, end = parent.middle(parent_fields[0]), child.middle(fields[0])
    words = f"{child.name}.{', '.join(fields)} names {parent.name}.{', '.join(parent_fields)}"
    if parent is child:
        right = child.x + WIDTH
        path = f"M{right} {start} C{right + 40} {start} {right + 40} {end} {right} {end}"
    else:
        left, right = parent.x + WIDTH, child.x
        bend = max((right - left) // 2, GAP // 2)
        path = f"M{left} {start} C{left + bend} {start} {right - bend} {end} {right} {end}"
    return f'<path class="edge" d="{path}"><title>{html.escape(words)}</title></path>'


def _box(box: Box) -> str:
    parts = [
        f'<rect x="{box.x}" y="{box.y}" width="{WIDTH}" height="{box.height}" rx="6"/>',
        f'<text class="name" x="{box.x + PAD}" y="{box.y + 18}">{html.escape(box.name)}</text>',
    ]
    for i, (column, marks) in enumerate(box.columns):
        y = box.y + HEADER + ROW * i + 13
        parts.append(f'<text x="{box.x + PAD}" y="{y}">{html.escape(column)}</text>')
        parts.append(f'<text class="mark" x="{box.x + WIDTH - PAD}" y="{y}">{marks}</text>')
    return f'<a class="box" href="#{html.escape(box.name)}">{"".join(parts)}</a>'
