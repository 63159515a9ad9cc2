"""An analysis as one self-contained HTML page: SVG pictures, no scripts, nothing to download."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bachtest.stats.report.analysis import Analysis
from bachtest.stats.report.counts_text import to_text
from bachtest.stats.report.forest import forest_svg
from bachtest.stats.report.sections import COUNTS_TITLE, VERDICT_TITLE, Section, sections_of

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1b19; --paper: #fdfcf9; --soft: #6b675f;
  --line: #d8d3c8; --mark: #1f5f8b; --chance: #9b2c2c; }
@media (prefers-color-scheme: dark) { :root { --ink: #ece8df; --paper: #191816; --soft: #a8a297;
  --line: #3b3833; --mark: #7fbce6; --chance: #ea8585; } }
@media print { :root { --ink: #000; --paper: #fff; --soft: #333; --line: #bbb; --mark: #000;
  --chance: #000; } section { break-inside: avoid; } details { display: block; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
p { margin: .3rem 0; overflow-wrap: anywhere; } p.in { padding-left: 1.5rem; }
pre { overflow-x: auto; font-size: .8rem; line-height: 1.35; }
.wide { overflow-x: auto; }
.forest { width: 100%; min-width: 36rem; height: auto; }
.forest text { fill: currentColor; font-size: 13px; }
.forest .axis { text-anchor: middle; fill: var(--soft); font-size: 11px; }
.forest .tick { stroke: var(--line); } .forest .chance { stroke: var(--chance);
  stroke-dasharray: 4 3; stroke-width: 1.5; }
.forest .mark { stroke: var(--mark); fill: var(--mark); }
.forest g line { stroke-width: 2.5; } .forest circle { stroke: none; }
.verdict { border-left: 4px solid var(--mark); padding-left: 1rem; }
"""


def to_html(analysis: Analysis, *, hide_few: bool = False) -> str:
    """The page.

    Parameters
    ----------
    analysis : Analysis
    hide_few : bool
        As `counts_text.to_text`; then there are only the counts, as on the public page.

    Returns
    -------
    str
    """
    return html_page(
        analysis.report.source,
        [] if hide_few else sections_of(analysis),
        to_text(analysis.report, hide_few=hide_few),
        chance=analysis.protocol.chance,
    )


def html_page(source: str, sections: Sequence[Section], table: str, *, chance: float) -> str:
    """A page of sections, with a table of counts below them.

    Parameters
    ----------
    source : str
        Names what was analysed.
    sections : sequence of Section
    table : str
    chance : float
        Where the pictures have their line.

    Returns
    -------
    str
    """
    title = f"Analysis of {escape(source)}"
    body = "".join(_section(section, chance) for section in sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>{body}"
        f"<section><h2>{COUNTS_TITLE}</h2><details open><summary>As a table</summary>"
        f'<pre tabindex="0">{escape(table)}</pre></details></section></body></html>\n'
    )


def _section(section: Section, chance: float) -> str:
    lines = "".join(
        f"<p{' class=in' if line.startswith(' ') else ''}>{escape(line.strip())}</p>"
        for line in section.lines
    )
    picture = ""
    if section.marks:  # a phone scrolls the picture; shrunk to fit, it would be unreadable
        forest = forest_svg(section.marks, section.title, chance=chance)
        picture = f'<div class="wide" tabindex="0">{forest}</div>'
    kind = ' class="verdict"' if section.title == VERDICT_TITLE else ""
    return f"<section{kind}><h2>{escape(section.title)}</h2>{lines}{picture}</section>"
