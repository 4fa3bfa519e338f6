"""Limit hit: the app refused an action at the limit; told each time, and counted by who qualifies accounts.

rule {signal: limit_hit, meter: api_calls}

10:00  ada is refused a call      `limit.hit`, the first of this meter
10:01  ada is refused a call      `limit.hit`, the second
10:02  bob is refused an export   nothing: another meter
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.detect import note_text
from expansion_signals.detect.watches import Noticed, signal_of
from expansion_signals.model.entitlements import feature_of
from expansion_signals.model.events import LIMIT_HIT

if TYPE_CHECKING:
    from expansion_signals.detect.watches import Seen
    from expansion_signals.model.events import UsageEvent


class LimitHits:
    """The watch of limits hit, a note for each meter: how many were told."""

    events = frozenset({LIMIT_HIT})
    signals = frozenset({"limit_hit"})

    def subject(self, event: UsageEvent) -> str:
        """Return the note of the meter whose limit was hit."""
        return f"limit_hit:{event.data['meter']}"

    def notice(self, text: str, seen: Seen) -> Noticed:
        """Tell a hit once, however many rules ask for it: it is counted, and nothing is decided on it."""
        meter = seen.event.data["meter"]
        asking = [rule for rule in seen.of("limit_hit") if rule.meter in (None, meter) and seen.may_fire(rule)]
        if not asking:
            return Noticed(text)
        told = note_text.read(text).get("told", 0) + 1
        content = {
            "meter": meter,
            "feature": feature_of(seen.catalog, meter),
            "why": f"{seen.text('user') or 'Somebody'} was refused at the limit of {meter}",
        }
        signal = signal_of("limit.hit", seen, rule=None, subject=(meter,), ordinal=str(told), content=content)
        return Noticed(note_text.write(told=told), [replace(signal, shadow=all(rule.shadow for rule in asking))])
