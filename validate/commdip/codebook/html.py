"""The codebook as one HTML page that needs nothing else: readable in light and dark, and on paper."""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commdip import citation
from commdip.codebook.contents import Contents
from commdip.codebook.diagram import svg
from commdip.codebook.page import codebook
from commdip.markdown import anchor
from commdip.package import Package

if TYPE_CHECKING:
    from markdown_it.token import Token

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The browser may use the style of the page and load nothing."""


def page(package: Package) -> str:
    """Return the codebook of a package as an HTML page."""
    parser = _parser()
    tokens = parser.parse(codebook(package))
    body = parser.renderer.render(tokens, parser.options, {"diagram": svg(Contents.of(package).specs)})
    title = f"Codebook of {package.name} {package.version}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}</title>
<style>
{Path(__file__).with_name("codebook.css").read_text(encoding="utf-8").strip()}
</style>
</head>
<body>
<nav aria-label="Contents">
<p class="package">{html.escape(package.name)} {html.escape(package.version)}</p>
{_contents(tokens)}
</nav>
<main>
{body.strip()}
<footer><p>{html.escape(citation.text(package.descriptor))}</p></footer>
</main>
</body>
</html>
"""


def _parser() -> Any:
    """Return a parser of Markdown whose headings have anchors and whose tables scroll."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0"><table>\n')
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    parser.add_render_rule("fence", _fence)
    return parser


def _heading(_: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    return f'<{tokens[place].tag} id="{anchor(tokens[place + 1].content)}">'


def _fence(_: Any, tokens: Sequence[Token], place: int, options: Any, env: Any) -> str:
    """Show a block of code; in the place of the diagram's text, the diagram."""
    if tokens[place].info == "mermaid":
        return f'<div class="scroll" tabindex="0">{env["diagram"]}</div>\n'
    return f"<pre><code>{html.escape(tokens[place].content)}</code></pre>\n"


def _contents(tokens: Sequence[Token]) -> str:
    """Return the list of headings of the second and third level."""
    parts = ["<ul>"]
    for token, text in pairwise(tokens):
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            link = f'<a href="#{anchor(text.content)}">{html.escape(text.content)}</a>'
            parts.append(f'<li class="{token.tag}">{link}</li>')
    return "\n".join([*parts, "</ul>"])
