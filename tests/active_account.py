"""An account whose activity is remembered, event by event, as the pipeline does it in memory; one poll an event."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from expansion_signals.detect.activity import NOTE, Activity
from expansion_signals.detect.activity_facts import ActivityFacts
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.batches import AccountBatch, ProfileChange
from expansion_signals.model.events import Evidence, UsageEvent
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.model.notes import Note
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.noting import noted, revised, watched
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.signals import Signal
    from expansion_signals.pipeline.noting import Watched

START = parse_instant("2026-11-22T10:00:00Z")
MIDNIGHT = START // DAY * DAY
CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: sum, value: value, unit: call}
  storage: {event: com.acme.stored, aggregation: sum, value: value, unit: GB, per: never}
features:
  calls: {meter: calls}
  storage: {meter: storage}
  seats: {meter: seats}
  dashboards: {}
  sso: {}
  audit_log: {}
plans:
  - key: free
    price: "0"
    includes: {calls: {limit: 1000}, storage: {limit: 50}, seats: {limit: 5}, dashboards: true}
  - {key: pro, price: "49", includes: {calls: {limit: 5000}, seats: {limit: 10}, dashboards: true, sso: true}}
  - {key: enterprise, contact_sales: true, includes: {calls: unlimited, seats: unlimited, dashboards: true, sso: true,
     audit_log: true}}
"""


def lead(*criteria: str) -> str:
    """Return a rule of leads with these criteria: a condition, or a condition and its window (`limit_hits > 1, 3d`)."""
    written = []
    for number, criterion in enumerate(criteria):
        when, _, within = criterion.partition(", ")
        written.append(f"{{id: c{number}, when: {when}, points: 50{f', within: {within}' if within else ''}}}")
    return f"{{id: pql, signal: pql, qualify_at: 50, criteria: [{', '.join(written)}]}}"


class ActiveAccount:
    """`rules` as in rules.yaml. Times are distances from `START`, in µs; `late` is how long after them it is appended.

    `ticks` counts how often a note was written.
    """

    def __init__(self, *rules: str, plan: str | None = "free", **profile: Any) -> None:  # noqa: ANN401 -- of a profile
        written = "".join(f"\n  - {rule}" for rule in rules)
        self.configuration = load({"catalog.yaml": CATALOG, "rules.yaml": f"rules:{written or ' []'}\n"})
        self.profile: Profile | None = None
        self.notes: dict[tuple[str, str], Note] = {}
        self.late = 0
        self.ticks = 0
        self._numbers = count(1)
        if plan is not None:
            self.profile = succeed(None, Account(version=1, plan=plan, **profile), START - 90 * DAY)

    def does(self, noun: str, after: int = 0, *, backfill: bool = False, **told: object) -> list[Signal]:
        """Let an event happen; return what is found."""
        event = UsageEvent(
            "/apps/web", f"e-{next(self._numbers)}", f"expansion.{noun}.v1", "acct-1", START + after, told
        )
        return self.sees(event._replace(backfill=backfill))

    def sees(self, *events: UsageEvent, outcome: str = "counted") -> list[Signal]:
        items = [
            Item(
                Record("usage-events", 0, number, None, b"", (), event.time + self.late),
                Partition("usage-events", 0),
                outcome,  # type: ignore[arg-type]
                event,
            )
            for number, event in enumerate(events)
        ]
        return self._takes(watched(items, {"acct-1": self.profile}, self.configuration))

    def becomes(self, after: int = 0, **profile: Any) -> list[Signal]:  # noqa: ANN401 -- what a profile says
        """Let the account's profile change."""
        version = self.profile.version + 1 if self.profile else 1
        before, at = self.profile, START + after
        self.profile = succeed(before, Account(**{"version": version, "plan": "free"} | profile), at)
        change = ProfileChange(self.profile, Evidence(f"u-{version}", "/billing", at), at + self.late)
        return self._takes(revised([AccountBatch("acct-1", before, change=change)], self.configuration))

    def _takes(self, looked_at: Sequence[Watched]) -> list[Signal]:
        notes = {place: self.notes.get(place, Note()) for each in looked_at for place in each.places}
        found: list[Signal] = []
        for account, (changes, signals) in noted(looked_at, notes).items():
            found += signals
            for change in changes:
                if change.text is not None:
                    self.ticks += 1
                    self.notes[account, change.subject] = Note(change.revision + 1, change.text)
        return found

    @property
    def text(self) -> str:
        return self.notes.get(("acct-1", NOTE), Note()).text

    @property
    def seats(self) -> str:
        return self.notes.get(("acct-1", SEATS), Note()).text

    def facts(self, after: int = 0) -> ActivityFacts:
        account = self.profile.account if self.profile else None
        return ActivityFacts(Activity.read(self.text), account, self.configuration.catalog, START + after)

    def fact(self, name: str, within: int | None = None, after: int = 0) -> int | None:
        """Return a fact so long after `START`."""
        known = self.facts(after).fact(name, within)
        return None if known is None else int(known)
