"""A page of HTML that stands alone: nothing is loaded, no script runs, and it prints."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def html_page(title: str, style: str, body: Iterable[str]) -> str:
    """Return the page; `style` is a file beside this one, and goes beyond `page.css`, which is for every page.

    The title is escaped here, the body by who wrote it.
    """
    css = "".join((files("expansion_signals.cli") / name).read_text() for name in ("page.css", style))
    text = "\n".join(body)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{css}</style>\n</head>\n"
        f"<body>\n<main>\n{text}\n</main>\n</body>\n</html>\n"
    )
