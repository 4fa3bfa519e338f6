"""Seats used come near the allowance: thresholds as on a limit, with the whole of re-arming (semantics 3.4, 4.2)."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.limit_signals import Writer, crossed, key_of, recovered, signal_id
from expansion_signals.detect.watches import signal_of
from expansion_signals.model.amounts import utilization
from expansion_signals.model.catalog import Meter
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.detect.limit_signals import Crossing
    from expansion_signals.detect.seats import Occupancy
    from expansion_signals.detect.watches import Seen, Updated
    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import ThresholdRule

METER = Meter(SEATS, event="", aggregation="count", unit="seat", per="never")
"""The built-in meter: a stock that no period resets. No event feeds it by itself."""

KIND = "seat_limit.approached"
_NAME = KIND.replace(".", "_")


def writer(occupancy: Occupancy, seen: Seen | Updated) -> Writer:
    """Return how thresholds on seats are told: with what is used, pending and allowed."""

    def reached(rule: ThresholdRule, reading: Reading, usage: int, crossings: Sequence[Crossing]) -> Signal:
        highest = crossings[-1]
        content = {
            **occupancy.amounts,
            "utilization": utilization(usage, occupancy.allowance),
            "threshold": {**crossed(reading, highest), "comparison": ">="},
            "crossed": [crossed(reading, each) for each in crossings],
            "cause": highest.cause,
            "why": occupancy.sentence,
        }
        signal = signal_of(KIND, seen, rule=rule, subject=(SEATS,), ordinal=str(highest.generation), content=content)
        return replace(
            signal,
            id=signal_id(_NAME, rule, reading, highest),
            keys=tuple(key_of(_NAME, rule, reading, crossing) for crossing in crossings),
        )

    return Writer(reached, recovered)


def arms_read(kept: Sequence[Sequence[Any]]) -> Mapping[ArmKey, Arm]:
    """Read what `arms_kept` returned."""
    return {
        ArmKey(rule, threshold): Arm(**{**arm, "falls": tuple(arm.get("falls", ()))}) for rule, threshold, arm in kept
    }


def arms_kept(arms: Mapping[ArmKey, Arm]) -> Sequence[Sequence[Any]]:
    """Return arms as a note keeps them: only what is not as at first."""
    first = asdict(Arm())
    return [
        [*key, {name: value for name, value in asdict(arm).items() if value != first[name]}]
        for key, arm in sorted(arms.items())
    ]
