"""The simulated part: thousands of faults against the real code over a log, a store and a clock that are simulated.

The properties of tests/properties play the same histories, a few at a time. Here they are counted: each family of harm
has its turn until enough faults were done, and one that breaks a promise does not keep the others from theirs.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import hypothesis
from hypothesis import Phase, given, settings

from expansion_signals.state.memory import MemoryStore
from kept_state import KeptInMemory
from metering_outcome import Outcome
from simulated_run import DRAFTS, outcome, schedules
from simulated_workers import SHARDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from simulated_log import Draft
    from simulated_run import Step

FAULTS = 10_000
HISTORIES = 100
"""So many of a family, then the next has its turn."""

COPY = "back up"
HARMLESS = (COPY, "move", "accept", "lease ends")


class Promise(NamedTuple):
    """What a history is checked for, and what it is counted as where it does not hold."""

    harm: str
    check: Callable[[Outcome], None]


COUNTED = Promise("counter_mismatches", Outcome.check_counts)
FIRED = Promise("lost", Outcome.check_fired)
ONE_ID = Promise("doubled", Outcome.check_keys_are_fired_once)
ONE_GENERATION = Promise("doubled", Outcome.check_what_only_grows_fires_each_threshold_once)


class Family(NamedTuple):
    """Kinds of harm that are done together, and what must hold whatever they do."""

    kinds: Sequence[str]
    promises: Sequence[Promise]


FAMILIES = (
    Family(("crash", "accept"), (COUNTED, FIRED, ONE_ID, ONE_GENERATION)),
    # A roll-back may lose a correction: what is crossed again then has another id (invariant 2).
    Family(("crash", "accept", COPY, "roll back", "roll back"), (COUNTED, FIRED)),
    Family(("crash", "accept", "lease ends", "lose", "lose", "lose all"), (COUNTED, FIRED, ONE_GENERATION)),
    Family(("crash", "lease ends", "lose it and die", "lose it and die"), (ONE_ID, ONE_GENERATION)),
)


@dataclass
class Simulated:
    """How many faults were done, and the histories that broke a promise, by what they are counted as."""

    faults: int = 0
    broken: dict[str, list[str]] = field(default_factory=lambda: {"lost": [], "doubled": [], "counter_mismatches": []})

    @property
    def is_clean(self) -> bool:
        """Whether every history kept every promise."""
        return not any(self.broken.values())

    def figures(self) -> dict[str, int]:
        """Return it as JSON writes it."""
        return {"faults": self.faults, **{harm: len(histories) for harm, histories in self.broken.items()}}


@dataclass(frozen=True)
class Play:
    """What is played: on which store, and whether of a history that breaks a promise the shortest is looked for."""

    families: Sequence[Family] = FAMILIES
    store: type[MemoryStore] = MemoryStore
    shortest: bool = True


def simulated(faults: int, *, seed: int, play: Play = Play()) -> Simulated:
    """Play histories until so many faults were done; what `seed` draws is drawn again by the same."""
    found = Simulated()
    standing = list(play.families)
    turns = count(seed)
    while standing and found.faults < faults:
        turn = next(turns)
        for family in tuple(standing):
            done, broken = _played(family, play, turn)
            found.faults += done
            if broken is not None:
                found.broken[broken.harm].append(broken.history)
                standing.remove(family)  # it would break again, and be counted again
    return found


class BrokenPromise(AssertionError):
    """A history that did not keep a promise; the shortest one found is among its notes."""

    def __init__(self, harm: str, what: str) -> None:
        super().__init__(what)
        self.harm = harm

    @property
    def history(self) -> str:
        """What was wrong, and the drafts and steps that lead to it."""
        return "\n".join((str(self), *getattr(self, "__notes__", ())))


def _played(family: Family, play: Play, seed: int) -> tuple[int, BrokenPromise | None]:
    """Return how many faults were done until a promise was broken, or all of them, and the history that broke it."""
    done, broken = 0, False

    @hypothesis.seed(seed)
    @settings(
        max_examples=HISTORIES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if play.shortest else (Phase.generate,),
        report_multiple_bugs=False,
    )
    @given(DRAFTS, schedules(*family.kinds))
    def history(drafts: list[Draft], schedule: list[Step]) -> None:
        nonlocal done, broken
        if not broken:  # what is played then is played again, to make it shorter
            done += _faults_in(schedule)
        try:
            _keeps(family, play.store, drafts, schedule)
        except BrokenPromise:
            broken = True
            raise

    try:
        history()
    except BrokenPromise as shortest:
        return done, shortest
    return done, None


def _keeps(family: Family, store: type[MemoryStore], drafts: Sequence[Draft], schedule: Sequence[Step]) -> None:
    try:
        ended = asyncio.run(outcome(KeptInMemory(SHARDS, store), drafts, schedule))
    except AssertionError as fell:  # watermarks are looked at after every step
        raise BrokenPromise(COUNTED.harm, f"a watermark fell: {fell}") from fell
    for harm, check in family.promises:
        try:
            check(ended)
        except AssertionError as wrong:
            raise BrokenPromise(harm, f"{check.__name__}: {wrong}") from wrong


def _faults_in(schedule: Iterable[Step]) -> int:
    """Count what does harm; a shard of which there is no copy is not rolled back."""
    copied, faults = set[int](), 0
    for what, which, _ in schedule:
        if what == COPY:
            copied.add(which)
        elif what not in HARMLESS:
            faults += what != "roll back" or which in copied
    return faults
