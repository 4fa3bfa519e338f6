"""An account on the plan `free`, as watches see it event by event, without a state or a log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.watches import Seen
from expansion_signals.model.accounts import Account
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.detect.watches import Watch
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

CATALOG = """
currency: USD
features:
  seats: {meter: seats}
  dashboards: {}
  sso: {}
  audit_log: {}
plans:
  - {key: free, price: "0", includes: {seats: {limit: 5}, dashboards: true}}
  - {key: pro, price: "49", includes: {seats: {limit: 10}, dashboards: true, sso: true}}
  - {key: enterprise, contact_sales: true, includes: {seats: unlimited, dashboards: true, sso: true, audit_log: true}}
"""


def fired(found: Sequence[Signal]) -> list[Signal]:
    """Return the signals that may fire: what is past when it is found is told, and does not."""
    return [signal for signal in found if "past" not in signal.data]


def past(found: Sequence[Signal]) -> list[str]:
    """Return why each signal that is past is so."""
    return [signal.data["past"] for signal in found if "past" in signal.data]


class WatchedAccount:
    """`late` is how long after its time each event is appended, in µs; `text` the note so far."""

    def __init__(self, watch: Watch, rules: Sequence[WatchRule]) -> None:
        self.catalog = load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []"}).catalog
        self.profile: Account | None = Account(version=1, plan="free")
        self.late = 0
        self.texts: dict[str, str] = {}
        self._watch = watch
        self.rules = rules

    def sees(self, event: UsageEvent) -> list[Signal]:
        """Let the watch see an event; return what it found."""
        subject = self._watch.subject(event)
        if subject is None:
            return []
        seen = Seen(event, event.time + self.late, self.profile, self.catalog, self.rules)
        self.texts[subject], found = self._watch.notice(self.texts.get(subject, ""), seen)
        return list(found)
