"""The last seat is taken: once for each version of the allowance (semantics 4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.lateness import told_past
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


def last_taken(
    taken: dict[str, int], version: int, used_before: int, occupancy: Occupancy, seen: Seen | Updated
) -> Iterator[Signal]:
    """Fire where seats used have come up to the allowance; `taken` has by rule the version it has fired for."""
    if occupancy.allowance is None or not used_before < occupancy.allowance <= occupancy.used:
        return
    for rule in seen.of("seat_limit_last_taken"):
        if taken.get(rule.id) == version or seen.profile is None:
            continue
        content = {**occupancy.amounts, "why": f"the last seat is taken: {occupancy.sentence}"}
        signal = signal_of(
            "seat_limit.last_taken", seen, rule=rule, subject=(SEATS,), ordinal=str(version), content=content
        )
        if seen.may_fire(rule):
            taken[rule.id] = version
            yield signal
        else:
            yield told_past(signal, seen.past())
