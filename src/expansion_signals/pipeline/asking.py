"""What a part of a poll asks of its accounts: moves of counters and buckets, and changes of profiles."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.model.accounts import succeed
from expansion_signals.model.batches import AccountBatch, DayMove, HourMove, HourTotals, Move, ProfileChange
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import HOUR, Duration, Instant, day_of, hour_of
from expansion_signals.model.periods import closed
from expansion_signals.pipeline.places import counter_for, firing_age, may_not_fire, period_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from expansion_signals.detect.metering import Contribution
    from expansion_signals.model.accounts import AccountUpdate, Profile
    from expansion_signals.model.batches import Identity
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.readings import Counter
    from expansion_signals.pipeline.work import Item
    from expansion_signals.rules.configuration import Configuration


@dataclass(slots=True)
class _Sum:
    """What is summed for one counter before it is sent.

    `event` is the last one that may fire, or the last of all where none may.
    """

    watched: bool = False
    quiet: int = 0
    firing: int = 0
    event: UsageEvent | None = None
    fires: bool = False
    appended: Instant = 0

    def add(self, amount: int, event: UsageEvent, *, quiet: bool) -> None:
        """Add an event's amount to its part."""
        if quiet:
            self.quiet += amount
        else:
            self.firing += amount
        if self.fires <= (not quiet):
            self.event, self.fires = event, not quiet


@dataclass(slots=True)
class _Asked:
    """What is summed for one account."""

    profile: Profile | None
    keep_from: Instant
    counters: dict[Counter, _Sum] = field(default_factory=dict)
    days: dict[tuple[str, int], int] = field(default_factory=dict)
    hours: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)


def claim(part: Sequence[Item]) -> list[Identity]:
    """Return the identities of a part's counted events, each once; a second event of the same payload is a duplicate.

    Which of the two stands does not matter: their payloads are one.
    """
    claimed: dict[int, Identity] = {}
    for item in part:
        if (
            item.identity
            and item.outcome == "counted"
            and claimed.setdefault(item.identity.number, item.identity) is not item.identity
        ):
            item.outcome = "duplicate"
    return list(claimed.values())


def usage_asked(
    part: Iterable[Item], profiles: Mapping[str, Profile | None], configuration: Configuration, acceptance: Duration
) -> list[AccountBatch]:
    """Return what the counted events of a part ask of each account, summed."""
    asked: dict[str, _Asked] = {}
    for item in part:
        event = item.event
        if item.outcome != "counted" or event is None:
            continue
        account = asked.get(event.account)
        if account is None:
            profile = profiles[event.account]
            account = asked[event.account] = _Asked(profile, _keep_from(profile, item.record.appended - acceptance))
        for contribution in item.contributions:
            _add(account, contribution, event, item.record.appended, configuration)
    return [_batch(name, account) for name, account in asked.items()]


def _keep_from(profile: Profile | None, instant: Instant) -> Instant:
    period = period_in("period", profile, instant) if profile else None
    return period.start if period else 0


def _add(
    account: _Asked, contribution: Contribution, event: UsageEvent, appended: Instant, configuration: Configuration
) -> None:
    meter, amount = contribution
    quiet = may_not_fire(configuration, meter, event, appended)
    day = (meter.key, day_of(event.time))
    account.days[day] = account.days.get(day, 0) + amount
    if account.profile is None:
        hour = (meter.key, hour_of(event.time))
        parts = account.hours.get(hour, (0, 0))
        account.hours[hour] = (parts[0] + amount, parts[1]) if quiet else (parts[0], parts[1] + amount)
        return
    period = period_in(meter.per, account.profile, event.time)
    # A correction of a period that is over moves its counter and fires nothing (semantics 2.6).
    over = closed(period, appended)
    total = account.counters.setdefault(counter_for(meter, period), _Sum())
    total.add(amount, event, quiet=quiet or over)
    if not over:
        total.watched |= firing_age(configuration, meter) is not None
        total.appended = max(total.appended, appended)


def _batch(name: str, account: _Asked) -> AccountBatch:
    return AccountBatch(
        account=name,
        profile=account.profile,
        moves=[
            Move(counter, total.quiet, total.firing, total.watched, _evidence(total.event), total.appended)
            for counter, total in account.counters.items()
        ],
        days=[DayMove(meter, day, amount) for (meter, day), amount in account.days.items()],
        hours=[HourMove(meter, hour, *parts) for (meter, hour), parts in account.hours.items()],
        keep_from=account.keep_from,
    )


def _evidence(event: UsageEvent | None) -> Evidence:
    assert event is not None  # noqa: S101 -- a sum exists because an event was added to it
    return Evidence(
        event.id,
        event.source,
        event.time,
        _text(event.data.get("user")),
        _text(event.data.get("session")),
        event.traceparent,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def updates_asked(
    part: Iterable[Item],
    profiles: Mapping[str, Profile | None],
    hours: Mapping[str, HourTotals | None],
    configuration: Configuration,
    unfit: Collection[tuple[str, Counter]] = (),
) -> list[AccountBatch]:
    """Return what the account updates of a part ask; one whose version is not greater is ignored, as a duplicate.

    The hour buckets of an account that was not known become levels of its periods (semantics 2.7), but for counters
    in `unfit`, which cannot hold them.
    """
    asked = []
    for item in part:
        update = item.update
        if item.outcome != "counted" or update is None:
            continue
        before = profiles[update.account]
        if _changes_nothing(update, before):
            item.outcome = "counted" if update.snapshot is None else "duplicate"
            # Asked all the same: a shard that was rolled back says that the profile is another, and the update counts.
            asked.append(AccountBatch(update.account, before))
            continue
        after = succeed(before, update.snapshot, update.evidence.time) if update.snapshot else None
        found = hours.get(update.account) if before is None else None
        appended = item.record.appended
        moves = _assigned(found, after, update.evidence, appended, configuration) if found and after else []
        moves = [move for move in moves if (update.account, move.counter) not in unfit]
        change = ProfileChange(after, update.evidence, appended, found)
        asked.append(AccountBatch(update.account, before, moves=moves, change=change))
    return asked


def _changes_nothing(update: AccountUpdate, before: Profile | None) -> bool:
    """Say whether it is a tombstone of an account not known, or a snapshot that is not newer than the last."""
    if before is None:
        return update.snapshot is None
    return update.snapshot is not None and update.snapshot.version <= before.version


def _assigned(
    hours: HourTotals, profile: Profile, evidence: Evidence, appended: Instant, configuration: Configuration
) -> list[Move]:
    """Return the moves that hour buckets become; an hour that straddles a boundary goes to where it ends."""
    sums: dict[Counter, _Sum] = {}
    for (key, hour), (quiet, firing) in hours.totals.items():
        meter: Meter | None = configuration.catalog.meters.get(key)
        if meter is None:
            continue
        period = period_in(meter.per, profile, (hour + 1) * HOUR - 1)
        total = sums.setdefault(counter_for(meter, period), _Sum())
        total.watched = firing_age(configuration, meter) is not None and not closed(period, appended)
        total.quiet += quiet
        total.firing += firing
    return [
        Move(counter, total.quiet, total.firing, total.watched, evidence, appended) for counter, total in sums.items()
    ]
