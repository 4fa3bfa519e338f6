"""Notes: what is remembered of an account besides its counters: seats, gates, what was seen for the first time.

A note is read with its revision, changed by pure code, and written back only where the revision still stands; so two
workers that read the same note cannot both change it, and what follows from a change is found once.
"""

from __future__ import annotations

from typing import NamedTuple

HEALTH = "health"
"""The subject of the note in which deciding leaves the health of an account, 0 to 100: conditions ask for it."""


class Note(NamedTuple):
    """What is remembered of one subject of an account. Revision 0 and no text: nothing yet."""

    revision: int = 0
    text: str = ""


class NoteChange(NamedTuple):
    """A note becomes another; `revision` is the one that it was read at.

    `text` is None where it stays as it is: what was found from it hangs on that, so its revision is checked, too.
    """

    subject: str
    revision: int
    text: str | None
