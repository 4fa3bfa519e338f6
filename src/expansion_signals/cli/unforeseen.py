"""What the configuration knows nothing of: told beside an event that was sent, because a worker tells nobody."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from expansion_signals.model.events import ACCOUNT_UPDATED, USAGE_RECORDED
from expansion_signals.wire.contracts import BUILT_IN_TYPES

if TYPE_CHECKING:
    from collections.abc import Collection

    from expansion_signals.cli.emission import What
    from expansion_signals.rules.configuration import Configuration


def unforeseen(event: What, configuration: Configuration) -> str | None:
    """Return what the configuration does not have for an event, None where it has all or rules may look at it."""
    catalog, meter = configuration.catalog, event.data.get("meter")
    types = {kind for kind, _ in configuration.feeds}
    if event.type == ACCOUNT_UPDATED:
        return _unknown("plan", str(event.data.get("plan")), catalog.plans)
    if event.type == USAGE_RECORDED:
        named = {name for kind, name in configuration.feeds if kind == USAGE_RECORDED}
        return None if None in named else _unknown("meter", str(meter), {name for name in named if name is not None})
    return _unknown("event type", event.type, {*types, *configuration.own_attempts, *BUILT_IN_TYPES})


def _unknown(what: str, name: str, known: Collection[str]) -> str | None:
    if name in known:
        return None
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(sorted(set(known) - BUILT_IN_TYPES))}"
    return f"no {what} {name[:80]!r}; {hint}"
