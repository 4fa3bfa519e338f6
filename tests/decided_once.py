"""What must come out of deciding: every signal of a topic decided once, in order, by the simplest code there is.

Beside it, in the same form, what did come out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from simulated_deciding import POISON, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.model.signals import Signal
    from simulated_deciders import DecidingWorld
    from simulated_deciding import SignalsTopic


class Made(NamedTuple):
    """One decision: of which signal, how, and, where it fired, what the trigger lists as crossed."""

    signal: str
    verdict: str
    crossed: tuple[str, ...] = ()


class _Account:
    """Thresholds by generation, steps among them: each with the signal that decided it."""

    def __init__(self) -> None:
        self.by: dict[str, str] = {}

    def decided_by(self, name: str) -> str | None:
        """Return the signal that decided the threshold itself, else the one of the highest step that covers it."""
        series, _, step = name.partition(":")
        steps = [each for each in self.by if step and each.startswith(f"{series}:")]
        highest = max(steps, key=_step, default=name)
        return self.by.get(name) or (self.by.get(highest) if _step(highest) > _step(name) else None)

    def decide(self, name: str, signal: str) -> None:
        self.by[name] = signal


def _step(name: str) -> int:
    return int(name.partition(":")[2] or 0)


def decisions(topic: SignalsTopic) -> Iterator[Made]:
    """Return every decision on the topic's signals, none for a repetition."""
    accounts: dict[str, _Account] = {}
    for _, draft in topic.drafts:
        if draft.poison is not None:
            continue
        asked = draft.signal()
        account = accounts.setdefault(asked.account, _Account())
        known = [account.decided_by(name) for name in asked.keys]
        rest = [place for place, by in enumerate(known) if by is None]
        for place in rest:
            account.decide(asked.keys[place], asked.id)
        if not rest and asked.id not in known:
            yield Made(asked.id, "superseded")
        elif rest and draft.days >= 7:
            yield Made(asked.id, "suppressed")
        elif rest:
            yield Made(asked.id, "fired", tuple(_named(asked, place) for place in rest if "crossed" in asked.data))


def _named(asked: Signal, place: int) -> str:
    return str(asked.data["crossed"][place]["value"])


def made(world: DecidingWorld) -> set[Made]:
    """Return every decision that was published, repetitions once, each with what its trigger lists."""
    crossed = {
        each["id"]: tuple(threshold["value"] for threshold in each["data"].get("crossed", ()))
        for each in world.published.triggers
    }
    return {
        Made(
            each["data"]["signal"],
            each["data"]["decision"],
            crossed[each["data"]["trigger"]] if each["data"]["decision"] == "fired" else (),
        )
        for each in world.published.decisions
    }


def poisoned(world: DecidingWorld) -> set[tuple[str, int, int]]:
    """Return topic, partition and offset of every record that must become a dead letter."""
    values = [*POISON.values(), UNDECIDED]
    return {
        (record.topic, record.partition, record.offset)
        for record, draft in world.topic.drafts
        if draft.poison is not None and values[draft.poison % len(values)] is not UNDECIDED
    }
