"""Rules that are tried out (`shadow: true`): what their signals would have become, had they been decided and sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.decide.cases import Case, Ground, Mutes
from expansion_signals.decide.offers import payload_of
from expansion_signals.decide.remembered import Remembered
from expansion_signals.model.kinds import KINDS

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import Configuration


def tried_out(signal: Signal, configuration: Configuration, now: Instant) -> Signal:
    """Return the signal with what its trigger would offer, to whom, and in which words; any other as it is.

    Nothing is remembered of a rule that is tried out: no cap and no dismissal holds it back.
    """
    if not signal.shadow or signal.type not in KINDS or not KINDS[signal.type].fires:
        return signal
    case = Case(signal, Remembered(), Ground(configuration, Mutes({}), now))
    return replace(signal, data=payload_of(case))
