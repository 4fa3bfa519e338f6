"""Day totals on their way to the log: held against what is counted already, then sent."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import LogUnavailable, Problem, RejectedImport, RejectedState
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.model.amounts import unscale
from expansion_signals.model.instants import DAY, format_day
from expansion_signals.security import PLAINTEXT, KafkaSecurity
from expansion_signals.state.connection import connect
from expansion_signals.state.counted_days import CountedDay, CountedDays
from expansion_signals.wire.day_totals import DAYS_BACK, TOPIC, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.progress import Progress

    from expansion_signals.cli.day_total_file import DayTotal

_ACCOUNTS_AT_ONCE = 500
_RECORDS_AT_ONCE = 1_000


class Deployment(NamedTuple):
    """Where totals are held against what is counted, and sent: Kafka's servers, Redis's address, and the prefix."""

    kafka: str
    redis: str
    prefix: str = ""
    security: KafkaSecurity = PLAINTEXT


class Imported(NamedTuple):
    """What became of a file: its totals that were sent, and those that are counted already."""

    sent: Sequence[DayTotal]
    counted: Sequence[DayTotal]


async def import_day_totals(
    deployment: Deployment, file: str, totals: Sequence[DayTotal], progress: Progress
) -> Imported:
    """Send the totals that are not counted yet, and wait until each is acknowledged.

    Raises:
        RejectedImport: some are of days since which their meter is counted here; nothing is sent.
        StateUnavailable, LogUnavailable: Redis or Kafka does not answer. The same file may be imported again.
        RejectedState: there is no such deployment, or its topic is too small.
    """
    counted = await _counted(deployment, totals, progress)
    waiting = not_counted(file, totals, counted)
    await _send(deployment, waiting, progress)
    left = {total.line for total in waiting}
    return Imported(waiting, [total for total in totals if total.line not in left])


def not_counted(file: str, totals: Sequence[DayTotal], counted: Mapping[CountedDay, int]) -> Sequence[DayTotal]:
    """Return the totals of days that are not counted yet.

    A day that stands as the file has it was imported before: the same file may be imported again, at any time. A day
    that stands otherwise was counted live, so from then on a meter's totals are refused: they would count twice.

    Raises:
        RejectedImport: with every line that is refused.
    """
    live = _live_since(totals, counted)
    problems = []
    waiting = []
    for total in totals:
        since = live.get((total.account, total.meter.key))
        stands = counted.get(_day_of(total))
        if stands == total.amount:
            continue
        if since is None or total.day < since:
            waiting.append(total)
        else:
            problems.append(Problem(file, total.line, 1, f"day: {_refusal(total, since, stands)}"))
    if problems:
        raise RejectedImport(problems)
    return waiting


def _live_since(totals: Sequence[DayTotal], counted: Mapping[CountedDay, int]) -> Mapping[tuple[str, str], int]:
    """Return by account and meter the first day that stands otherwise than in the file, or is not in it."""
    written = {_day_of(total): total.amount for total in totals}
    days: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, amount in counted.items():
        if written.get(place) != amount:
            days[place.account, place.meter].append(place.day)
    return {meter: min(found) for meter, found in days.items()}


def _refusal(total: DayTotal, since: int, stands: int | None) -> str:
    meter = total.meter
    if stands is not None:
        here, there = unscale(stands, meter.precision), unscale(total.amount, meter.precision)
        return (
            f"{format_day(total.day)} stands at {here} already, not at {there}; "
            "it was counted live, or imported with another value"
        )
    return (
        f"`{meter.key}` of `{total.account}` is counted here since {format_day(since)}; expected a day before that "
        "(days that were imported earlier belong into the same file)"
    )


def _day_of(total: DayTotal) -> CountedDay:
    return CountedDay(total.account, total.meter.key, total.day)


async def _counted(deployment: Deployment, totals: Sequence[DayTotal], progress: Progress) -> Mapping[CountedDay, int]:
    """Return what stands of the accounts of these totals, on every day that could be imported."""
    accounts = list({total.account: None for total in totals})
    today = _now() // DAY
    days = range(today - DAYS_BACK, today + 1)
    task = progress.add_task("comparing", total=len(accounts))
    found: dict[CountedDay, int] = {}
    redis = connect(deployment.redis)
    try:
        buckets = CountedDays(redis, prefix=deployment.prefix)
        for start in range(0, len(accounts), _ACCOUNTS_AT_ONCE):
            some = accounts[start : start + _ACCOUNTS_AT_ONCE]
            found.update(await buckets.of(some, days))
            progress.advance(task, len(some))
    finally:
        await redis.aclose()
    return found


async def _send(deployment: Deployment, totals: Sequence[DayTotal], progress: Progress) -> None:
    task = progress.add_task("sending", total=len(totals))
    publisher = LogPublisher(deployment.kafka, prefix=deployment.prefix, security=deployment.security)
    sent = 0
    try:
        for sent in range(0, len(totals), _RECORDS_AT_ONCE):
            some = totals[sent : sent + _RECORDS_AT_ONCE]
            now = _now()
            records = [
                record_of(total.account, total.meter.key, total.day, unscale(total.amount, total.meter.precision), now)
                for total in some
            ]
            if await publisher.publish(records):
                raise RejectedState(
                    f"{deployment.prefix}{TOPIC} refuses a record of 2 KiB: expansion-signals topics check"
                )
            progress.advance(task, len(some))
    except LogUnavailable as error:
        raise LogUnavailable(
            f"{error}; {sent:,} of {len(totals):,} day totals are sent: import the same file again, each counts once"
        ) from error
    finally:
        await publisher.stop()


def _now() -> int:
    return time.time_ns() // 1_000
