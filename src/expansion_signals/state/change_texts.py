"""Changes and buckets as texts: in the arguments of scripts, and in hashes.

Amounts are decimal strings, because Lua's numbers are doubles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.changes import Add, Become, Raise, Replace, See

if TYPE_CHECKING:
    from expansion_signals.model.changes import Change

OPERATIONS = {
    Add: "a",
    Raise: "m",
    Replace: "l",
    See: "s",
    Become: "b",
}
"""The letter of a change, as `changes.lua` lists them."""


def change_text(change: Change) -> str:
    """Return an amount, a level, or a level with its order; all others travel as lists, beside the keys they name."""
    if type(change) is Add:
        return str(change[0])
    if isinstance(change, Replace):
        return f"{change.level}|{change.time}|{change.offset}"
    assert isinstance(change, Raise)  # noqa: S101 -- all others travel as lists
    return str(change[0])


def read_bucket(text: str) -> int:
    """Read the amount of a day bucket; one of `latest` holds its order behind it."""
    return int(text.partition("|")[0])


def read_change(operation: str, text: str) -> Change:
    """Read what an hour bucket holds; members are read from their own key."""
    if operation == "a":
        return Add(int(text))
    if operation == "m":
        return Raise(int(text))
    return Replace(*(int(part) for part in text.split("|")))
