"""What the notes of an account tell a condition, beside what its rule looks at.

fact                                            the note that tells it
those with a window, and utilization            activity: what events left there, and the last look at a day
seats_used                                      seats
health                                          health: deciding leaves it there, once it has worked it out
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.activity import NOTE as ACTIVITY
from expansion_signals.detect.activity import Activity
from expansion_signals.detect.activity_facts import ActivityFacts
from expansion_signals.detect.seat_limits import occupancy_at
from expansion_signals.model.notes import HEALTH
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.truth import Known

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Instant


def notes_of(facts: Collection[str]) -> Sequence[str]:
    """Return the subjects of the notes that tell these facts."""
    of_activity = bool(set(facts) - {"seats_used", HEALTH})
    told = ((ACTIVITY, of_activity), (SEATS, "seats_used" in facts), (HEALTH, HEALTH in facts))
    return [subject for subject, asked in told if asked]


def known_of(profile: Account | None, catalog: Catalog, at: Instant, notes: Mapping[str, str]) -> Known:
    """Return what is known of an account with this profile at an instant, by the texts of these notes."""
    known = Known(profile, catalog.currency, at)
    if ACTIVITY in notes:
        lately = ActivityFacts(Activity.read(notes[ACTIVITY]), profile, catalog, at)
        known = known._replace(lately=lately, utilization=lately.utilization)
    if SEATS in notes:
        occupancy = occupancy_at(notes[SEATS], profile, catalog, at)
        known = known._replace(seats_used=occupancy.used if occupancy else None)
    if notes.get(HEALTH):
        known = known._replace(health=int(notes[HEALTH]))
    return known
