"""The documents as tests read them: pages, fenced blocks, tables."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCED = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


def name(page: Path) -> str:
    """Return a page as the test report should call it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str = "sh") -> list[str]:
    """Return the fenced blocks of one language."""
    return [match["text"] for match in _FENCED.finditer(page.read_text()) if match["language"] == language]


def section(page: Path, heading: str) -> str:
    """Return what stands under a heading, up to the next of its level."""
    marks = heading.partition(" ")[0]
    _, found, rest = page.read_text().partition(f"{heading}\n")
    assert found, f"{name(page)} has no {heading!r}"
    return re.split(rf"^{marks} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row below a header."""
    table = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    rules = [place for place, cells in enumerate(table) if set("".join(cells)) <= set("- :")]
    headers = {place - 1 for place in rules}
    return [[cell.strip() for cell in cells] for place, cells in enumerate(table) if place not in {*rules, *headers}]


def code(text: str) -> list[str]:
    """Return what stands in backticks."""
    return _CODE.findall(text)
