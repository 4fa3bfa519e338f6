"""What a rule that looks at single events asks for, and for how long it is silent then: the defaults, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.detect.why import counted
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.windows import is_of_hours

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.configuration import WatchRule


class Wanted(NamedTuple):
    """So many events, or so many distinct users, in a window; then silence for the cooldown. Durations in µs.

    `events` counts whatever the signal counts: attempts, invites, networks, new features. `within` is 0 where each
    event is judged alone.
    """

    events: int | None = 1
    users: int | None = None
    within: Duration = 0
    cooldown: Duration = 30 * DAY

    @property
    def window(self) -> str:
        """The window as rules and payloads write it: `14d`, `24h`."""
        number, unit = self._length
        return f"{number}{unit[0]}"

    @property
    def span(self) -> str:
        """The window as a sentence says it: `14 days`."""
        number, unit = self._length
        return f"{number} {counted(unit, one=number == 1)}"

    @property
    def _length(self) -> tuple[int, str]:
        return (-(-self.within // HOUR), "hour") if is_of_hours(self.within) else (-(-self.within // DAY), "day")

    def is_reached(self, events: int, users: int = 0) -> bool:
        """Say whether either number is reached."""
        return (self.events is not None and events >= self.events) or (self.users is not None and users >= self.users)


DEFAULTS: Mapping[str, Wanted] = {
    "feature_gated": Wanted(3, 2, within=14 * DAY),
    "cancel_requested": Wanted(cooldown=DAY),
    "admin_feature_requested": Wanted(),
    "product_requested": Wanted(),
    "interest_grown": Wanted(3, within=14 * DAY),
    "workflow_gap_found": Wanted(5, within=14 * DAY),
    "sharing_grown": Wanted(5, within=14 * DAY),
    "team_grown": Wanted(3, within=7 * DAY),
    "network_added": Wanted(3, within=7 * DAY),
    "region_added": Wanted(2, within=30 * DAY),
    "use_case_added": Wanted(2, within=14 * DAY),
    "support_pattern_found": Wanted(2, within=30 * DAY),
}
"""What holds where a rule says nothing, by its signal."""


def wanted(rule: WatchRule) -> Wanted:
    """Return what the rule asks for; one that names a number of events or of users asks for what it names alone."""
    default = DEFAULTS[rule.signal]
    named = rule.attempts is not None or rule.users is not None
    return Wanted(
        rule.attempts if named else default.events,
        rule.users if named else default.users,
        rule.within or default.within,
        rule.cooldown or default.cooldown,
    )
