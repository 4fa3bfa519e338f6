"""When a reading is told of a level: where its move turns what a criterion says of utilization (semantics 8.1).

criterion {when: utilization >= 80%}, limit 1,000, rule at 80 % and 100 %

    790 → 810     a reading: above it now
    810 → 1,010   none: above it before, too
    1,010 → 300   a reading: below it again

It is looked at where a rule of limits looks: levels between its thresholds are not judged at all, and the next look at
a closed day finds those. What another meter uses more is known by the last such look.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from expansion_signals.detect.account_reading import Occasion, reading_of
from expansion_signals.detect.activity import NOTE as ACTIVITY
from expansion_signals.detect.activity import Activity
from expansion_signals.detect.activity_facts import ActivityFacts
from expansion_signals.detect.levels_used import Standing
from expansion_signals.detect.seat_limits import occupancy_at
from expansion_signals.rules.asked_facts import comparisons_of
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.truth import Known, truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.readings import Reading
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import Configuration

BESIDE: Sequence[str] = (ACTIVITY, SEATS)
"""The notes that tell what a reading tells beside the level."""


def reading_of_level(level: Reading, configuration: Configuration, notes: Mapping[str, str]) -> Signal | None:
    """Return the reading that a move of a counter is worth, None where it is worth none; `notes` are those `BESIDE`.

    One dimension's level is not held against a limit here, nor what nobody did just now: backfill, or late events.
    """
    limit = level.limit.amount if level.limit else None
    if not limit or level.dimension or not level.firing or level.profile is None:
        return None
    used = level.before + level.quiet + level.firing
    before, now = Fraction(level.before, level.last_limit or limit), Fraction(used, limit)
    activity = Activity.read(notes.get(ACTIVITY, ""))
    at = max(level.evidence.time, activity.newest)
    seats = occupancy_at(notes.get(SEATS, ""), level.profile, configuration.catalog, at)
    facts = ActivityFacts(activity, level.profile, configuration.catalog, at, seats)
    others = _of_others(level, facts)
    if not _turns(max(before, others), max(now, others), configuration):
        return None
    known = Known(
        level.profile,
        configuration.catalog.currency,
        at,
        utilization=max(now, others),
        seats_used=seats.used if seats else None,
        lately=facts,
    )
    ordinal = ("level", level.meter.key, level.evidence.source, level.evidence.id)
    occasion = Occasion(level.account, "evidence", ordinal, level.evidence)
    standing = Standing(level.meter, used, level.limit, level.period)
    return reading_of(occasion, known, facts, configuration.asked.told, [standing])


def _of_others(level: Reading, facts: ActivityFacts) -> Fraction:
    """Return the highest utilization of any other meter, as of the last look; 0 where none is known."""
    looked = facts.note.looked
    is_this = looked is not None and looked.used is not None and looked.used[0] == level.meter.key
    return Fraction(0) if is_this else facts.utilization or Fraction(0)


def _turns(before: Fraction, now: Fraction, configuration: Configuration) -> bool:
    compared = [each for each, _ in comparisons_of(configuration.criteria) if each.fact == "utilization"]
    known = Known(None, configuration.catalog.currency, 0)
    return any(
        truth(each, known._replace(utilization=before)) is not truth(each, known._replace(utilization=now))
        for each in compared
    )
