"""A day of many accounts: usage that grows to the limit, with retries and corrections among it, the same every time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from outside.product import profile_event, usage_event

if TYPE_CHECKING:
    from collections.abc import Sequence

LIMIT = 1000
"""Of the plan `free` in `configuration/catalog.yaml`; an account's usage ends near it, above or below."""

DUPLICATES = 0.03
CORRECTIONS = 0.02


def profiles(accounts: int) -> list[dict[str, Any]]:
    """Return the profiles of so many accounts, all on the plan `free`."""
    return [profile_event(name(number), "free", 1) for number in range(accounts)]


def usage(accounts: int, rounds: int, seed: int = 3) -> list[dict[str, Any]]:
    """Return a round of events after another; in each, every account uses something, in an order of its own.

    A correction takes back far less than what re-arms a threshold; a retry is sent in the round after its event.
    """
    draw = random.Random(seed)  # noqa: S311 -- a load, not a secret
    mean = LIMIT / rounds
    events: list[dict[str, Any]] = []
    retries: list[dict[str, Any]] = []
    for _ in range(rounds):
        order = list(range(accounts))
        draw.shuffle(order)
        this_round = retries + [_used(draw, number, mean) for number in order]
        retries = [event for event in this_round if draw.random() < DUPLICATES]
        events += this_round
    return events


def _used(draw: random.Random, number: int, mean: float) -> dict[str, Any]:
    corrected = draw.random() < CORRECTIONS
    value = -draw.randint(1, 5) if corrected else draw.randint(1, round(2 * mean))
    return usage_event(name(number), value, id=f"{draw.getrandbits(64):016x}")


def name(number: int) -> str:
    """Return the name of an account."""
    return f"acct-{number}"


def halves(events: Sequence[dict[str, Any]]) -> tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]]:
    """Cut a load in two."""
    middle = len(events) // 2
    return events[:middle], events[middle:]
