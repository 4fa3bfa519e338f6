"""Text that others wrote, made fit to stand within a line of plain text: names of users, features, products, reasons.

What is left shows itself and moves nothing beside it. It is plain text all the same: who writes HTML, Markdown or a
spreadsheet from it escapes it there.
"""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
"""Characters of one value; a longer one ends in an ellipsis."""

_READ = 16 * LONGEST
"""Characters that are looked at: what removes most of a text must not cost its whole length."""

_REMOVED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Categories of characters that are not seen, and of those that may turn the text around them: controls, formats with
all bidirectional marks and zero-width ones, halves of surrogate pairs, private use, unassigned."""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""What Unicode calls letters, marks or symbols and nobody sees."""


def in_a_line(text: str, longest: int = LONGEST) -> str:
    """Return the text on one line and at most so long, without what is not seen; empty where nothing is left.

    Every kind of white space, line breaks too, becomes one space. A joined emoji falls into its parts.
    """
    # Spaces first: some controls break lines, and words must not grow together where they go.
    line = " ".join(text[:_READ].split())
    if not (line.isascii() and line.isprintable()):
        seen = "".join(each for each in line if unicodedata.category(each) not in _REMOVED)
        line = " ".join(_BLANK.sub("", seen).split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"
