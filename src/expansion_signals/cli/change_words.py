"""What changed from one profile of an account to the next, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.cli.offer_words import money

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ACTIVE = "active"


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield a sentence for each thing that a customer would notice; profiles as `account.changed` carries them."""
    if after is None:
        yield "The account's profile was taken away"
        return
    if before is None:
        yield f"The account became known, on plan {after['plan']}"
        return
    if before["plan"] != after["plan"]:
        yield f"The plan changed from {before['plan']} to {after['plan']}"
    was, is_now = (each.get("status", _ACTIVE) for each in (before, after))
    if was != is_now:
        yield f"The account is {_spoken(is_now)}; it was {_spoken(was)}"
    yield from _named("Limit of", before.get("limits", {}), after.get("limits", {}))
    yield from _named("Pieces of add-on", before.get("add_ons", {}), after.get("add_ons", {}))
    if before.get("mrr") != after.get("mrr") and after.get("mrr"):
        yield f"It pays {money(after['mrr'])} a month" + (
            f"; it paid {money(before['mrr'])}" if before.get("mrr") else ""
        )
    if before.get("open_opportunity", False) != after.get("open_opportunity", False):
        yield "A seller began to talk to them" if after.get("open_opportunity") else "The talk with a seller ended"


def _named(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{what} {key}: {after.get(key, 'none')}; it was {before.get(key, 'none')}"


def _spoken(status: str) -> str:
    return status.replace("_", " ")
