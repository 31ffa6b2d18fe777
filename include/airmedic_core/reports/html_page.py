"""A report as one HTML file: light and dark, no scripts, and nothing that is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from airmedic_core.reports.pictures import STYLE as PICTURE_STYLE
from airmedic_core.reports.pictures import Canvas
from airmedic_core.reports.text import page

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Says what a browser may do for the page: were anything in it to ask for something outside, it would be refused."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #e3e7ec; --paper: #ffffff;
  --good: #2c7a3d; --warn: #8a5d00; --bad: #b3261e; --link: #1f6fa8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3adb8; --line: #38414b; --paper: #15191e;
  --good: #6cc381; --warn: #e0b04c; --bad: #ff8a80; --link: #6cb4e8; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 68rem;
  margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; line-height: 1.25; } h2 { font-size: 1.1rem; margin-top: 2rem; }
a { color: var(--link); } code { font-size: .92em; }
.wide { overflow-x: auto; } .soft { color: var(--soft); }
table { border-collapse: collapse; font-size: 13px; } .wide table { width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line); }
thead:has(th:empty) + tbody td:first-child { white-space: nowrap; } thead th:empty { padding: 0; border: 0; }
td.subject { max-width: 14rem; } td.says { min-width: 16rem; overflow-wrap: anywhere; }
td.file { min-width: 8rem; overflow-wrap: anywhere; } td.time { white-space: nowrap; }
td.number { text-align: right; white-space: nowrap; }
.healthy, .ok { color: var(--good); } .watch, .unknown { color: var(--warn); } .incident, .alert { color: var(--bad); }
.alert, .incident { font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1rem; }
figcaption { font-size: 13px; max-width: 46rem; }
figure { margin: 1rem 0; } svg.picture { max-width: 100%; height: auto; } .plots svg { width: 100%; }
details summary { cursor: pointer; }
"""


def html_page(title: str, parts: Iterable[str]) -> str:
    """Return a page of parts that are HTML already.

    Parameters
    ----------
    title : str
        The name of the page, whoever wrote it.
    parts : iterable of str
        What stands in it, from top to bottom. Empty ones are left out.
    """
    head = (
        f"<meta charset='utf-8'><meta http-equiv='Content-Security-Policy' content=\"{_POLICY}\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{page(title)}</title><style>{_STYLE}{PICTURE_STYLE}</style>"
    )
    body = "\n".join(part for part in parts if part)
    return f"<!doctype html>\n<html lang='en'><head>{head}</head>\n<body>\n{body}\n</body></html>\n"


def from_markdown(text: str) -> str:
    """Return markdown as HTML: HTML in it is shown as text, and only addresses of the web become links."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    rendered = str(reader.render(text))
    return rendered.replace("<table>", "<div class='wide'><table>").replace("</table>", "</table></div>")


def figure(picture: Canvas | None, told: str = "") -> str:
    """Return a picture as a figure of a page; nothing for none.

    Parameters
    ----------
    picture : Canvas or None
        The picture.
    told : str
        What stands below it, whoever wrote it; empty for nothing.
    """
    caption = f"<figcaption class='soft'>{page(told, 600)}</figcaption>" if told else ""
    return f"<figure>{picture.svg()}{caption}</figure>" if picture else ""


def plots(title: str, pictures: Iterable[Canvas | None]) -> str:
    """Return small pictures side by side under a heading; nothing where there are none."""
    figures = "\n".join(f"<div>{picture.svg()}</div>" for picture in pictures if picture)
    return f"<h2>{page(title)}</h2>\n<div class='plots'>\n{figures}\n</div>" if figures else ""
