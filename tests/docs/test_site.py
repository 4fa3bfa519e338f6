"""Every page has its place in the site, and the site has no place without a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from documents import PAGES, ROOT, name

if TYPE_CHECKING:
    from collections.abc import Iterator

DECISIONS = ROOT / "docs/decisions"
"""Its own list has them, by number."""


def _places(nav: object) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    elif isinstance(nav, list | dict):
        for each in nav.values() if isinstance(nav, dict) else nav:
            yield from _places(each)


def test_the_site_has_every_page_once() -> None:
    told = sorted(_places(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    pages = [page for page in PAGES if page.parent != DECISIONS or page.stem == "README"]
    assert told == sorted(name(page).lower() if page.parent == ROOT else name(page)[len("docs/") :] for page in pages)


def test_the_list_of_decisions_has_every_decision() -> None:
    listed = (DECISIONS / "README.md").read_text()
    assert [page.name for page in DECISIONS.glob("0*.md") if f"({page.name})" not in listed] == []
