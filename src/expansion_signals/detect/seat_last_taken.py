"""The last seat is taken: once for each version of the allowance (semantics 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.lateness import told
from expansion_signals.detect.watches import signal_of
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.seats import Occupancy
    from expansion_signals.detect.watches import Seen, Updated
    from expansion_signals.model.signals import Signal


class Allowance(NamedTuple):
    """How many seats there are, None where no limit is known; `version` rises each time that changes, from 1 on."""

    version: int = 0
    seats: int | None = None

    def becomes(self, seats: int | None) -> Allowance:
        """Return the allowance once it is seen to be this."""
        return self if self.version and seats == self.seats else Allowance(self.version + 1, seats)


@dataclass(slots=True)
class Taken:
    """By rule, the version of the allowance whose last seat was told: by what it fired for, and as past.

    What was told as past is told so once; it may still fire.
    """

    fired: dict[str, int] = field(default_factory=dict)
    past: dict[str, int] = field(default_factory=dict)


def last_taken(
    taken: Taken, version: int, used_before: int, occupancy: Occupancy, seen: Seen | Updated
) -> Iterator[Signal]:
    """Fire where seats used have come up to the allowance."""
    if occupancy.allowance is None or not used_before < occupancy.allowance <= occupancy.used:
        return
    for rule in seen.of("seat_limit_last_taken"):
        by_rule = taken.fired if seen.may_fire(rule) else taken.past
        if version in (taken.fired.get(rule.id), by_rule.get(rule.id)):
            continue
        by_rule[rule.id] = version
        content = {**occupancy.amounts, "why": f"the last seat is taken: {occupancy.sentence}"}
        signal = signal_of(
            "seat_limit.last_taken", seen, rule=rule, subject=(SEATS,), ordinal=str(version), content=content
        )
        yield from told(signal, rule, seen)
