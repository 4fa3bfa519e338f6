"""What account updates ask: changes of profiles, and the levels that come with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.baselines import baselines
from expansion_signals.model.accounts import succeed
from expansion_signals.model.batches import AccountBatch, Move, ProfileChange
from expansion_signals.model.changes import Add, Become, Raise, Replace
from expansion_signals.model.instants import DAY, HOUR, day_of
from expansion_signals.model.levels import merged
from expansion_signals.model.periods import closed
from expansion_signals.model.windows import DAYS_KEPT
from expansion_signals.pipeline.looks import look_once_loaded
from expansion_signals.pipeline.places import counter_for, firing_age, has_lifetime_beside, period_in
from expansion_signals.pipeline.sums import take
from expansion_signals.pipeline.totals import Total

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from expansion_signals.detect.baselines import ScaledBaseline
    from expansion_signals.model.accounts import AccountUpdate, Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.changes import Change
    from expansion_signals.model.events import Evidence
    from expansion_signals.model.facts import HourTotals
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter, Period
    from expansion_signals.pipeline.work import Item
    from expansion_signals.rules.configuration import Configuration


def updates_asked(
    part: Iterable[Item],
    profiles: Mapping[str, Profile | None],
    hours: Mapping[str, HourTotals | None],
    configuration: Configuration,
    unfit: Collection[tuple[str, Counter]] = (),
) -> list[AccountBatch]:
    """Return what the account updates of a part ask; one whose version is not greater is ignored, as a duplicate.

    The hour buckets of an account that was not known become levels of its periods (semantics 2.7), and baselines set
    levels (2.9), but for counters in `unfit`, which cannot hold them.
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
        change = ProfileChange(after, update.evidence, item.record.appended, found)
        moves = _moves(before, change, configuration)
        # What was counted of it before may be judged now.
        look = look_once_loaded(item.record.appended) if before is None else None
        fitting = [move for counter, move in moves.items() if (update.account, counter) not in unfit]
        asked.append(AccountBatch(update.account, before, moves=fitting, change=change, look=look))
    return asked


def _changes_nothing(update: AccountUpdate, before: Profile | None) -> bool:
    """Say whether it is a tombstone of an account not known, or a snapshot that is not newer than the last."""
    if before is None:
        return update.snapshot is None
    return update.snapshot is not None and update.snapshot.version <= before.version


def _moves(before: Profile | None, change: ProfileChange, configuration: Configuration) -> dict[Counter, Move]:
    """Return the moves that come with a profile; a baseline of a sum holds the hour buckets of its counter, too."""
    after, evidence, appended, hours = change.profile, change.evidence, change.appended, change.hours
    if after is None:
        return {}
    moves = _assigned(hours, after, evidence, appended, configuration) if hours else {}
    for baseline in baselines(after.account, before.account if before else None, configuration.catalog):
        period = period_in(baseline.meter.per, after, baseline.as_of)
        if not closed(period, appended):
            counter = counter_for(baseline.meter, period)
            watched = firing_age(configuration, baseline.meter, counter) is not None
            change_set = _set(baseline, period, hours, appended)
            move = Move(counter, change_set, None, watched, evidence, appended)
            if counter in moves and not isinstance(change_set, Become):
                # A highest or latest level does not hold what came after it: the hours stand beside it.
                move = moves[counter]._replace(quiet=merged(moves[counter].quiet, change_set))
            moves[counter] = move
    return moves


def _set(baseline: ScaledBaseline, period: Period | None, hours: HourTotals | None, appended: Instant) -> Change:
    """Return the change that sets a level: later usage adds to it, passed thresholds are `already_past`.

    Usage since then that is counted already is added: from the next UTC day on by the day, and before that by the
    hour where hours are kept. What lies in the hour of `as_of` itself, else in its day, is taken to be in the baseline.
    """
    meter, level, as_of = baseline
    if meter.aggregation == "max":
        return Raise(level)
    if meter.aggregation == "latest":
        return Replace(level, as_of, 0)
    today = day_of(appended) + 1
    first = max(-(-as_of // DAY), today - DAYS_KEPT)
    last = today if period is None else min(today, day_of(period.end - 1))
    by_hour = _counted_between(hours, meter.key, as_of, first * DAY) if hours else 0
    return Become(level + by_hour, tuple(range(first, last + 1)))


def _counted_between(hours: HourTotals, meter: str, as_of: Instant, until: Instant) -> int:
    return sum(
        part.amount
        for (key, hour), parts in hours.totals.items()
        if key == meter and as_of <= hour * HOUR < until
        for part in parts
        if isinstance(part, Add)
    )


def _assigned(
    hours: HourTotals, profile: Profile, evidence: Evidence, appended: Instant, configuration: Configuration
) -> dict[Counter, Move]:
    """Return the moves that hour buckets become; an hour that straddles a boundary goes to where it ends.

    Each counts for its period, and for the account's life where milestones look at that.
    """
    totals: dict[Counter, Total] = {}
    for (key, hour), parts in hours.totals.items():
        meter: Meter | None = configuration.catalog.meters.get(key)
        if meter is None:
            continue
        periods = [period_in(meter.per, profile, (hour + 1) * HOUR - 1)]
        for period in [*periods, None] if has_lifetime_beside(configuration, meter) else periods:
            counter = counter_for(meter, period)
            total = totals.setdefault(counter, Total(meter.aggregation))
            total.watched = firing_age(configuration, meter, counter) is not None and not closed(period, appended)
            for change, quiet in zip(parts, (True, False), strict=True):
                if change is not None:
                    take(total.part(quiet=quiet), change)
    return {
        counter: Move(counter, *total.changes(), total.watched, evidence, appended) for counter, total in totals.items()
    }
