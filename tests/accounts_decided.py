"""What came out of deciding everything that happened to accounts: what is published, and what is known then."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.looks import HOLD
from simulated_accounts import QUIET_UNTIL, RESTRAINED
from simulated_deciders import DecidingWorld, drained
from simulated_deciding import ACCOUNTS, SHARDS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence


async def settled(world: DecidingWorld) -> None:
    """Let the rest be decided, and every hold end."""
    await drained(world)
    world.now = max(world.now, QUIET_UNTIL)
    while await looked(world):
        await drained(world)


async def looked(world: DecidingWorld) -> bool:
    """Write a reading of each account of which a hold has ended, as metering does; say whether there is any."""
    found = await world.due.due(dict.fromkeys(range(SHARDS), world.now), 100)
    for shard, looks in found.items():
        for look in looks:
            assert look.reason == HOLD
            world.topic.end_hold(look.account, world.now)
        await world.due.move(shard, [(look, None) for look in looks])
    return bool(found)


def texts(*published: Sequence[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return the different contents published under each id, but for the instant of their publication."""
    found: dict[str, set[str]] = {}
    for record in (each for records in published for each in records):
        found.setdefault(str(record["id"]), set()).add(str({**record, "recordedtime": None}))
    return found


def verdicts(world: DecidingWorld) -> dict[tuple[str, str], set[str]]:
    """Return how each candidate was decided at last, by its signal and trigger."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in world.published.decisions:
        data = each["data"]
        found[data["signal"], data["trigger"]] |= {data["decision"]} - {"held"}
    return found


def fired(world: DecidingWorld) -> set[str]:
    """Return the triggers that fired, by the decisions."""
    return {each["data"]["trigger"] for each in world.published.decisions if each["data"]["decision"] == "fired"}


def ids(records: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids of these records."""
    return {str(each["id"]) for each in records}


class Known(NamedTuple):
    """What is kept of an account, but for what hangs on which topic was read first.

    Health knows what was made of earlier offers; and of a report of what had not fired yet, it is the trigger alone.
    What fired stands in the order of its signals, as if none of them had been held. Which reading ended a hold is told
    by append times alone: so where deciding lags by hours, what was offered then, and withdrawn since, may differ.
    """

    entries: object
    remembered: object
    fired: object
    prompted: object


async def known(world: DecidingWorld, unfired: Container[str], rules: str) -> dict[str, Known]:
    """Return what is kept of every account, but for which records were taken in."""
    decided = await world.policy.decided(ACCOUNTS)
    return {
        name: Known(
            each.entries,
            replace(each.remembered, through={}, fired=(), prompted=(), health=None),
            sorted(
                (
                    fired if rules == RESTRAINED else fired._replace(offered=(), route=None, withdrawn=False)
                    for fired in each.remembered.fired
                ),
                key=lambda fired: fired.trigger,
            ),
            [told if told.trigger not in unfired else told.trigger for told in each.remembered.prompted],
        )
        for name, each in decided.items()
    }


async def reported_too_soon(world: DecidingWorld) -> set[str]:
    """Return triggers of which a prompt was reported before they had fired: nobody can have seen it."""
    decided = await world.policy.decided(ACCOUNTS)
    return {told.trigger for each in decided.values() for told in each.remembered.prompted if told.prompt is None}


def published(world: DecidingWorld) -> tuple[list[Any], ...]:
    """Return what is published so far: triggers, decisions, withdrawals, outcomes."""
    found = world.published
    return tuple(list(each) for each in (found.triggers, found.decisions, found.withdrawals, found.outcomes))
