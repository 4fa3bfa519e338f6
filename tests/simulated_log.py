"""A log that never was: partitions with append times, what stands in them, and what each record means.

Everything is computed from plain drafts, so a failing example shrinks to few of them. The append times span one day
across a midnight, so that a lag between partitions stays within the acceptance window. Accounts `clean-*` only use
more and more; accounts `wild-*` do all that the semantics allow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.accounts import Account, AccountUpdate
from expansion_signals.model.events import USAGE_IMPORTED, USAGE_RECORDED, Evidence, UsageEvent
from expansion_signals.model.instants import DAY, HOUR, MINUTE, parse_instant
from expansion_signals.model.records import Partition, Poll, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.model.instants import Instant

USAGE = (Partition("usage-events", 0), Partition("usage-events", 1))
UPDATES = Partition("account-updates", 0)
PARTITIONS = (*USAGE, UPDATES)
START = parse_instant("2026-11-22T12:00:00Z")
END = START + DAY
MIDNIGHT = START + DAY // 2
"""As of when baselines are: with a whole day before it or behind it, what they hold does not hang on who came first."""

CLEAN = ("clean-0", "clean-1")
WILD = ("wild-0", "wild-1", "wild-2")

FOR_ALL = ("calls", "files", "opened", "measured", "again", "conflict", "digits", "unmatched", "malformed", "marker")
UPDATE_KINDS = ("profile", "tombstone", "old profile", "baseline")
FOR_WILD = ("late", "correction", "backfill", "imported", "elsewhere", "profile", *UPDATE_KINDS)

CATALOG = """
currency: USD
meters:
  calls: {event: expansion.usage.recorded.v1, where: {meter: calls}, aggregation: sum, value: value, unit: call}
  files:
    {event: expansion.usage.recorded.v1, where: {meter: files}, aggregation: sum, value: value, per: never, unit: file}
  opened: {event: com.acme.opened, aggregation: count, unit: piece}
  daily: {event: com.acme.opened, aggregation: count, per: day, unit: piece}
  hourly: {event: com.acme.opened, aggregation: count, per: hour, unit: piece}
  peak: {event: com.acme.measured, aggregation: max, value: value, unit: MB}
  size: {event: com.acme.measured, aggregation: latest, value: value, unit: MB}
  users: {event: com.acme.measured, aggregation: unique, value: user, unit: user}
features:
  calls: {meter: calls}
  files: {meter: files}
  opened: {meter: opened}
  daily: {meter: daily}
  peak: {meter: peak}
  size: {meter: size}
  users: {meter: users}
plans:
  - key: free
    price: "0"
    includes:
      {calls: {limit: 10, kind: soft}, files: {limit: 8}, opened: {limit: 5}, daily: {limit: 4}, peak: {limit: 5},
       size: {limit: 5}, users: {limit: 3}}
  - key: team
    price: "49"
    includes: {calls: {limit: 25, kind: soft}, files: {limit: 16}, opened: unlimited}
"""

RULES = """
rules:
  - {id: calls-quota, signal: limit_reached, meter: calls, at: [80%, 100%, every 6 after 100%]}
  - {id: files-full, signal: limit_reached, meter: files, at: [80%, 100%]}
  - {id: opened-some, signal: limit_reached, meter: opened, at: [3, 100%]}
  - {id: daily-quota, signal: limit_reached, meter: daily, at: [50%, 100%]}
  - {id: peak-high, signal: limit_reached, meter: peak, at: [80%, 100%]}
  - {id: size-near, signal: limit_reached, meter: size, at: [3 remaining, 100%]}
  - {id: users-many, signal: limit_reached, meter: users, at: [2, 100%]}
  - {id: first-files, signal: milestone, meter: files, at: [4, 8]}
  - {id: first-opened, signal: milestone, meter: opened, at: [2, 4]}
"""
RULES_ADDED = RULES.replace("at: [80%, 100%]}", "at: [50%, 80%, 100%], fire_when_added: true}") + (
    "  - {id: calls-half, signal: limit_reached, meter: calls, at: [50%]}\n"
)
TEXTS = ({"catalog.yaml": CATALOG, "rules.yaml": RULES}, {"catalog.yaml": CATALOG, "rules.yaml": RULES_ADDED})


class Draft(NamedTuple):
    """One thing that comes to stand in the log; `who` and `partition` are taken modulo what there is."""

    kind: str
    who: int
    amount: int
    partition: int
    minutes: int


@dataclass
class SimulatedLog:
    """Records by partition, None where an offset holds no record, and what each means to the codec."""

    records: dict[Partition, list[Record | None]] = field(default_factory=lambda: {each: [] for each in PARTITIONS})
    meanings: dict[Record, UsageEvent | AccountUpdate | RejectedRecord] = field(default_factory=dict)
    clock: Instant = START
    usage: dict[str, dict[str, object]] = field(default_factory=dict)

    @classmethod
    def of(cls, drafts: Iterable[Draft]) -> SimulatedLog:
        log = cls()
        for name in CLEAN:
            log._update(name, snapshot(1, "free"))
        for number, draft in enumerate(drafts):
            log._append(number, draft)
        return log

    @property
    def ends(self) -> Mapping[Partition, int]:
        return {partition: len(records) for partition, records in self.records.items()}

    def reached(self, positions: Mapping[Partition, int]) -> Mapping[Partition, Instant]:
        """Return the append time reached in partitions that are read to their end."""
        return {each: self.clock for each, position in positions.items() if position == len(self.records[each])}

    def poll(self, positions: Mapping[Partition, int], sizes: Mapping[Partition, int]) -> Poll:
        after = {
            partition: min(position + sizes.get(partition, 0), len(self.records[partition]))
            for partition, position in positions.items()
        }
        found = [
            record
            for partition, position in positions.items()
            for record in self.records[partition][position : after[partition]]
            if record is not None
        ]
        return Poll(found, dict(positions), after, 1)

    def events(self) -> Iterable[tuple[Record, UsageEvent]]:
        """Return every usage event that can be read, in order within its partition."""
        for partition in USAGE:
            for record in self.records[partition]:
                meaning = self.meanings[record] if record else None
                if record is not None and isinstance(meaning, UsageEvent):
                    yield record, meaning

    # ------------------------------------------------------------------------------------- writing

    def _append(self, number: int, draft: Draft) -> None:
        self.clock = min(self.clock + draft.minutes * MINUTE, END)
        names = CLEAN + WILD if draft.kind in FOR_ALL else WILD
        account, partition = names[draft.who % len(names)], USAGE[draft.partition % len(USAGE)]
        if draft.kind == "marker":
            self.records[partition].append(None)
        elif draft.kind == "malformed":
            self.put(partition, RejectedRecord("unparsable", "no JSON"))
        elif draft.kind in ("again", "conflict", "elsewhere"):
            self._repeat(draft, partition)
        elif draft.kind in UPDATE_KINDS:
            self._update(account, self._snapshot_of(draft, account))
        else:
            self.put(partition, self._event_of(number, account, draft))

    def _event_of(self, number: int, account: str, draft: Draft) -> UsageEvent:
        event = UsageEvent("/apps/web", f"e-{number}", "com.acme.opened", account, self.clock, {})
        match draft.kind:
            case "unmatched":
                event = event._replace(type="com.acme.unheard")
            case "digits":
                event = used(event, "calls", Decimal("0.5"))
            case "correction":
                event = used(event, ("calls", "files")[number % 2], -draft.amount)
            case "measured":
                user = f"u-{draft.amount % 4}"
                event = event._replace(type="com.acme.measured", data={"value": draft.amount, "user": user})
            case "late":
                event = used(event._replace(time=event.time - (1 + 3 * draft.amount) * HOUR), "calls", draft.amount)
            case "backfill":
                event = used(event._replace(backfill=True), "files", draft.amount)
            case "imported":
                event = self._import_of(event, draft.amount, number % 4)
            case "calls" | "files" as meter:
                event = used(event, meter, draft.amount)
        return event

    def _import_of(self, event: UsageEvent, amount: int, back: int) -> UsageEvent:
        """Return a total of the day so many back, as the codec places it: at its end, or now."""
        meter = ("calls", "files", "daily", "hourly", "peak", "size")[amount % 6]
        end = (self.clock // DAY + 1 - back) * DAY - 1
        total = used(event._replace(time=min(end, self.clock), backfill=True), meter, amount)
        return total._replace(type=USAGE_IMPORTED)

    def _snapshot_of(self, draft: Draft, account: str) -> Account | None:
        """Return the next snapshot; some repeat the baseline, and the others leave it standing as well."""
        usage = self.usage.get(account, {})
        if draft.kind == "tombstone" and not usage:
            return None
        if draft.kind == "old profile":
            return snapshot(0, "team", usage)
        if draft.kind == "baseline":
            levels = {"calls": draft.amount, "files": 2 * draft.amount, "peak": draft.amount}
            usage = {meter: {"value": level, "as_of": MIDNIGHT} for meter, level in levels.items()}
            self.usage[account] = usage
        told = usage if draft.kind == "baseline" or draft.partition % 2 else {}
        return snapshot(1 + len(self.records[UPDATES]), ("free", "team", "unheard")[draft.amount % 3], told)

    def _repeat(self, draft: Draft, partition: Partition) -> None:
        """Repeat an event: re-stamped within its hour, with another payload, or unchanged in the other partition."""
        known = [self.meanings[record] for record in self.records[partition] if record]
        events = [event for event in known if isinstance(event, UsageEvent)]
        if draft.kind == "elsewhere":
            partition = USAGE[1 - partition.partition]
            events = [event for event in events if event.account in WILD and event.data.get("value") != Decimal("0.5")]
        if not events:
            return
        event = events[draft.amount % len(events)]
        if draft.kind == "again":
            event = event._replace(time=event.time // HOUR * HOUR)
        if draft.kind == "conflict":
            event = event._replace(data={**event.data, "note": "changed"})
        self.put(partition, event)

    def _update(self, account: str, snapshot: Account | None) -> None:
        evidence = Evidence(f"u-{len(self.records[UPDATES])}", "/billing", self.clock)
        self.put(UPDATES, AccountUpdate(account, snapshot, evidence))

    def put(self, partition: Partition, meaning: UsageEvent | AccountUpdate | RejectedRecord) -> None:
        """Append a record that means this, at the log's clock."""
        offset = len(self.records[partition])
        record = Record(*partition, offset, None, f"{partition.topic}/{offset}".encode(), (), self.clock)
        self.records[partition].append(record)
        self.meanings[record] = meaning


def used(event: UsageEvent, meter: str, value: int | Decimal) -> UsageEvent:
    return event._replace(type=USAGE_RECORDED, data={"meter": meter, "value": value})


def snapshot(version: int, plan: str, usage: Mapping[str, object] | None = None) -> Account:
    period = {"unit": "day", "anchor": "2026-01-01T00:00:00Z"}
    return Account.model_validate({"version": version, "plan": plan, "period": period, "usage": usage or {}})
