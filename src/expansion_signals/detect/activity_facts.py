"""Facts over windows, as an account's note of activity tells them at an instant.

fact                  what is counted in the window                                  once
limit_hits            `limit.hit`                                                    each
gated_attempts        `feature.attempted` of what the plan did not include,          each
                      less than 30 s after the last one of that user not
gated_users           who made them                                                  a user
active_users          whom built-in events name, `usage.recorded` apart              a user
features_used         features used, or attempted where the plan included them       a feature
next_plan_features    features used or attempted that a higher plan than the         a feature
                      present one includes, and this one does not
invites               people invited, guests not                                     an invite

usage_growth, and utilization beside them, are those of the last look at a closed day (`detect.looked`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.traces import Shown, Trace, length_of, steps_of
from expansion_signals.model.entitlements import features_of_higher_plans
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN

if TYPE_CHECKING:
    from expansion_signals.detect.activity import Activity
    from expansion_signals.detect.seats import Occupancy
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Duration, Instant

_OF_EVENTS = frozenset({"limit_hits", "gated_attempts", "tickets"})
"""What counts every event; all others count who or what is different."""


class ActivityFacts(NamedTuple):
    """What a note of activity tells of the account with this profile, in windows that end with `at`.

    `seats` are those used then, where they are told beside it.
    """

    note: Activity
    profile: Account | None
    catalog: Catalog
    at: Instant
    seats: Occupancy | None = None

    def fact(self, name: str, within: Duration | None = None) -> Fraction | None:
        """Return a fact in this window, without one in its own; None where it is not known."""
        window = within or DEFAULT_WITHIN[name]
        if name == "usage_growth":
            return self.note.looked.growth.get(window) if self.note.looked else None
        return Fraction(self.number(name, window))

    @property
    def utilization(self) -> Fraction | None:
        """The highest utilization of a limit, as of the last look at a day."""
        return self.note.looked.utilization(self.catalog, self.profile) if self.note.looked else None

    def number(self, name: str, window: Duration) -> int:
        """Return how many of what a fact counts lie in the window."""
        if name in _OF_EVENTS:
            return self.shown(name, window).times
        sample = self.note.samples.get(name, {}).get(length_of(window))
        if sample is None:
            return 0
        steps = steps_of(self.at, window)
        if name == "next_plan_features":
            return len(features_of_higher_plans(self.catalog, self.profile) & set(sample.within(steps)))
        return sample.count(steps, self.catalog.features if name == "features_used" else ())

    def shown(self, name: str, window: Duration) -> Shown:
        """Return which events show a fact."""
        return self.note.traces.get(name, Trace()).shown(self.at, window)
