"""What a poll asks of a shard, as the contracts tell it: only what a case is about must be named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.model.accounts import Account, Anchor, Profile
from expansion_signals.model.batches import (
    AccountBatch,
    Applied,
    HourMove,
    Identity,
    Move,
    ProfileChange,
    Range,
    ShardBatch,
)
from expansion_signals.model.changes import Add
from expansion_signals.model.events import Evidence
from expansion_signals.model.facts import AccountMark, Marks
from expansion_signals.model.instants import HOUR, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.thresholds import Guard
from expansion_signals.state.keys import shard_of

if TYPE_CHECKING:
    from expansion_signals.model.batches import Answer
    from expansion_signals.model.changes import Change
    from expansion_signals.model.facts import AccountFacts
    from expansion_signals.ports import Store

SHARDS = 2
NOW = parse_instant("2026-11-22T10:00:00Z")
NOVEMBER, OCTOBER = parse_instant("2026-11-01T00:00:00Z"), parse_instant("2026-10-01T00:00:00Z")
ACCOUNT, NEIGHBOUR = "acct-1", "acct-3"
ELSEWHERE = "acct-4"
PARTITION, SECOND_PARTITION = "usage-events/0", "usage-events/1"
CALLS = Counter("calls", "", NOVEMBER)
FILES = Counter("files", "", None)
EVIDENCE = Evidence("e-1", "/apps/web", NOW, user="u-42")
OPEN = Guard(None, None)


def move(firing: int = 0, *, quiet: int = 0, counter: Counter = CALLS, **others: object) -> Move:
    return moved_by(Add(firing), quiet=Add(quiet) if quiet else None, counter=counter, **others)


def moved_by(
    firing: Change | None = None, *, quiet: Change | None = None, counter: Counter = CALLS, **others: object
) -> Move:
    return Move(counter, quiet, firing, watched=True, evidence=EVIDENCE, appended=NOW)._replace(**others)


def hour_move(hour: int, quiet: int | None = None, firing: int | None = None, meter: str = "calls") -> HourMove:
    return HourMove(meter, hour, None if quiet is None else Add(quiet), None if firing is None else Add(firing))


def asked(*moves: Move, account: str = ACCOUNT, **others: object) -> AccountBatch:
    return replace(AccountBatch(account, None, moves=moves), **others)


def identity(number: int, check: bytes = b"same", hour: int | None = None, appended: int = NOW) -> Identity:
    """Return an identity whose id was minted as this UTC hour began, None: a plain id."""
    return Identity(number, check, None if hour is None else hour * HOUR, appended)


def poll(*accounts: AccountBatch, start: int | None = None, end: int = 10, **others: object) -> ShardBatch:
    """Return a batch that passes one partition from `start` to `end`; its nonce tells where it ends."""
    shard = shard_of(accounts[0].account if accounts else ACCOUNT, SHARDS)
    ranges = (Range(PARTITION, start, end, NOW, counted=len(accounts)),)
    return replace(ShardBatch(shard, 1, f"n{end}", ranges, accounts=accounts), **others)


def profile(version: int, plan: str = "free") -> Profile:
    account = Account(version=version, plan=plan)
    return Profile(account=account, anchors=(Anchor(valid_from=0, anchor=NOVEMBER, unit="month"),))


def change(after: Profile | None, **others: object) -> ProfileChange:
    return replace(ProfileChange(after, EVIDENCE, NOW), **others)


def mark(facts: AccountFacts, marks: Marks | None = None, guard: Guard | None = None, epoch: int = 1) -> AccountMark:
    """Return the mark of these facts: the same marks and guard for every counter they name."""
    counters = [fact.counter for fact in facts.facts if hasattr(fact, "counter")]
    last = facts.facts[-1]
    return AccountMark(
        facts.account,
        facts.marked,
        last.number,
        last.nonce,
        dict.fromkeys(counters, marks) if marks else {},
        dict.fromkeys(counters, (epoch, guard)) if guard else {},
    )


async def apply(store: Store, batch: ShardBatch) -> Answer:
    (answer,) = await store.apply([batch])
    return answer


async def facts_of(store: Store, batch: ShardBatch) -> AccountFacts:
    """Apply a batch that must pass; return the facts of its only account that has any."""
    answer = await apply(store, batch)
    assert isinstance(answer, Applied), answer
    (facts,) = answer.facts
    return facts


async def guarded(store: Store, level: int, guard: Guard, epoch: int = 1) -> None:
    """Bring the account's calls to this level at offset 10, judged, with this guard."""
    facts = await facts_of(store, poll(asked(move(level)), epoch=epoch))
    assert await store.mark([mark(facts, Marks(1000), guard, epoch)]) == []
