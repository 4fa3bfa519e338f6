"""What a counter goes through: changes one after another, and the facts that tell of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.batches import Applied
from expansion_signals.model.facts import Moved
from sample_batches import ACCOUNT, CALLS, apply, asked, moved_by, poll

if TYPE_CHECKING:
    from expansion_signals.model.batches import AccountBatch
    from expansion_signals.model.changes import Change
    from expansion_signals.model.facts import Fact
    from kept_state import Kept


async def applied(kept: Kept, *accounts: AccountBatch) -> list[Fact]:
    """Apply each in a poll of its own; return the facts that wait in the end."""
    for place, account in enumerate(accounts):
        answer = await apply(kept.store, poll(account, start=10 * place or None, end=10 * (place + 1)))
        assert isinstance(answer, Applied), answer
    found = await kept.store.facts([ACCOUNT])
    return list(found[0].facts) if found else []


async def course(kept: Kept, *changes: Change) -> list[tuple[int, int, int]]:
    """Move a counter by each change, in polls of their own; return before, quiet and firing of every fact."""
    facts = await applied(kept, *(asked(moved_by(each)) for each in changes))
    return [(fact.before, fact.quiet, fact.firing) for fact in facts if isinstance(fact, Moved)]


async def level(kept: Kept) -> int:
    """Return where that counter stands."""
    return (await kept.inside()).levels[ACCOUNT, CALLS]
