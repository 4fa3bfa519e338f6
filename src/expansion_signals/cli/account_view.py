"""An account as a person reads it, within 80 columns."""

from __future__ import annotations

import shlex
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from expansion_signals.detect.why import counted
from expansion_signals.model.amounts import unscale
from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.instants import DAY, HOUR, SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from rich.console import RenderableType

    from expansion_signals.cli.account_overview import CounterOverview, OtherCounter, Overview, ThresholdOverview
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Period

_BLOCKS = "▁▂▃▄▅▆▇█"
_NO_USE = "·"
_FIRST_DAY = date(1970, 1, 1)
_MOST_VALUES = 10
_COLOURS = {"fired": "yellow", "armed": "green", "due": "magenta", "already_past": "dim", "absent": "dim"}


def lines_of(overview: Overview) -> Iterator[RenderableType]:
    """Yield the account: who it is, each counter with its thresholds, other periods, and what waits."""
    profile = overview.standing.profile
    yield from _heading(overview)
    if profile is None:
        yield from _unknown(overview)
    else:
        zone = ZoneInfo(profile.account.time_zone)
        for counter in (each for each in overview.counters if _is_counted(each, overview)):
            yield ""
            yield from _counter(counter, overview, zone)
        yield from _uncounted(overview)
    if overview.others:
        yield ""
        yield _others(overview.others, ZoneInfo(profile.account.time_zone) if profile else UTC)


# ------------------------------------------------------------------------------------------------ who it is


def _heading(overview: Overview) -> Iterator[Text]:
    account = overview.standing
    if account.profile is None:
        yield Text.assemble((account.account, "bold"), " is not known: no profile of it is here")
    else:
        yield _profile(account.account, account.profile)
        if not overview.plan_known:
            yield Text(
                f"The catalog does not know the plan {account.profile.account.plan}: usage is counted without limits, "
                "and judged again when the catalog knows it.",
                style="yellow",
            )
        if unknown := overview.unknown._replace(plan=None):
            names = ", ".join(unknown.described())
            yield Text(f"The catalog does not know {names}, which the profile names: no effect.", style="yellow")
    yield Text(f"Judged under configuration epoch {account.epoch} ({overview.configuration.fingerprint[:12]})", "dim")
    if account.waiting:
        facts = "1 fact waits" if account.waiting == 1 else f"{account.waiting:,} facts wait"
        yield Text(f"{facts} to be judged and published: a running worker does it within seconds", style="magenta")
    if account.decided:
        verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(account.decided.items()))
        yield Text(f"Decided and remembered: {verdicts}", style="dim")


def _profile(name: str, profile: Profile) -> Text:
    snapshot = profile.account
    add_ons = "".join(f" + {pieces} {key}" for key, pieces in snapshot.add_ons.items())
    return Text.assemble(
        (name, "bold"), f" on plan {snapshot.plan}{add_ons}, {snapshot.status}, profile version {profile.version}"
    )


def _unknown(overview: Overview) -> Iterator[RenderableType]:
    account = overview.standing
    if account.levels:
        yield Text("Its profile was taken away: counters are kept until they expire, and nothing fires.")
    if overview.hours:
        yield Text("Its usage is counted by the hour and fires nothing until its profile arrives.")
        yield ""
        grid = _grid()
        for each in overview.hours:
            total = _measured(each.total, each.meter) if each.meter else f"{each.total:,}"
            grid.add_row(Text(each.key, style="bold"), Text(f"{total} since {_moment(each.since, UTC)}"))
        yield grid
    plan = next(iter(overview.configuration.catalog.plans), "free")
    yield ""
    yield Text("Send a profile, and limits are judged over all of it:")
    yield Text(f"  expansion-signals emit {shlex.quote(account.account)} --type {ACCOUNT_UPDATED} \\")
    yield Text(f'    --data \'{{"version":1,"plan":"{plan}"}}\'')


# ------------------------------------------------------------------------------------------------- counters


def _is_counted(each: CounterOverview, overview: Overview) -> bool:
    return each.counter in overview.standing.levels or bool(each.active)


def _counter(each: CounterOverview, overview: Overview, zone: tzinfo) -> Iterator[RenderableType]:
    yield _usage(each)
    if each.period:
        yield Text(f"  {_span(each.period, zone)}, {_left(each.period.end - overview.now)} left", style="dim")
    yield from _days(each.meter, overview)
    yield from _active(each)
    for rule in dict.fromkeys(threshold.rule.id for threshold in each.thresholds):
        yield Text.assemble(("  rule ", "dim"), rule)
        grid = _grid()
        for threshold in each.thresholds:
            if threshold.rule.id == rule:
                words = _words(threshold, each, waits=overview.standing.waiting > 0)
                grid.add_row(Text(str(threshold.threshold)), Text(words, style=_COLOURS[threshold.state]))
        yield Padding(grid, (0, 0, 0, 4))
    for dimension, values in each.shares.items():
        yield from _shares(dimension, values, each)


def _usage(each: CounterOverview) -> Text:
    """Return for example `api_calls  850 of 1,000 calls (85 %), 150 left, hard limit`."""
    name = each.meter.key + (f" [{each.counter.dimension}]" if each.counter.dimension else "")
    line = Text.assemble((name, "bold cyan"), "  ")
    if each.limit is None or each.limit.amount is None:
        why = "no limit on this plan" if each.limit is None else "unlimited"
        return line.append(f"{_measured(each.level, each.meter)}, {why}")
    amount, kind = each.limit.amount, each.limit.kind
    line.append(f"{_shown(each.level, each.meter)} of {_measured(amount, each.meter)}")
    if amount and each.level >= 0:
        # Rounded down: nobody reads 100 % before the limit is reached.
        share = each.level * 100 // amount
        line.append(f" ({share:,} %)", style="red" if share >= 100 else "yellow" if share >= 80 else "green")  # noqa: PLR2004 -- the bands of domain.md
    beyond = each.level - amount
    return line.append(
        f", {_shown(beyond, each.meter)} over the {kind} limit"
        if beyond > 0
        else f", {_shown(-beyond, each.meter)} left, {kind} limit"
    )


def _days(meter: Meter, overview: Overview) -> Iterator[Text]:
    sums = overview.day_sums(meter)
    if not any(sums):
        return
    highest = max(sums)
    most = f", most {_shown(highest, meter)} on {_day(overview.shown_days[sums.index(highest)])}" if highest > 0 else ""
    yield Text.assemble(
        ("  " + sparkline(sums), "cyan"),
        (f"  last {len(sums)} days: {_measured(sum(sums), meter)}{most}", "dim"),
    )


def _active(each: CounterOverview) -> Iterator[Text]:
    """Return for example `active within 7 days: 12, within 30 days: 48`."""
    if each.active:
        told = [
            f"within {days} days: {'about ' if seen.estimated else ''}{seen.members:,}"
            for days, seen in each.active.items()
        ]
        yield Text("  active " + ", ".join(told), style="dim")


def _shares(dimension: str, values: Sequence[tuple[str, int]], each: CounterOverview) -> Iterator[RenderableType]:
    more = f", {_MOST_VALUES} highest of {len(values)} values" if len(values) > _MOST_VALUES else ""
    yield Text.assemble(("  by ", "dim"), dimension, (more, "dim"))
    grid = _grid()
    for value, level in values[:_MOST_VALUES]:
        grid.add_row(Text(value), Text(_measured(level, each.meter)))
    yield Padding(grid, (0, 0, 0, 4))


def sparkline(sums: Sequence[int]) -> str:
    """Return one letter a day, as high as its sum is against the highest; a dot where nothing was used."""
    highest = max(sums, default=0)
    return "".join(_NO_USE if each <= 0 else _BLOCKS[(each * len(_BLOCKS) - 1) // highest] for each in sums)


def _words(threshold: ThresholdOverview, each: CounterOverview, *, waits: bool) -> str:
    """Say what became of a threshold, and what comes next."""
    match threshold.state:
        case "absent":
            return "needs a limit" if each.limit is None or each.limit.amount is None else "not at a limit of 0"
        case "due":
            return "reached; " + ("waits to be judged" if waits else "judged with the next event")
        case "armed":
            again = f" (generation {threshold.generation})" if threshold.generation > 1 else ""
            return f"armed{again}: fires at {_shown(threshold.at or 0, each.meter)}, {_to_go(threshold, each)}"
    if threshold.threshold.kind == "step":
        return f"{_passed(threshold, each)}; {_to_go(threshold, each)} to {_shown(threshold.at or 0, each.meter)}"
    return f"{_passed(threshold, each)}; {_rearming(threshold, each)}"


def _passed(threshold: ThresholdOverview, each: CounterOverview) -> str:
    place = threshold.at if threshold.reached is None else threshold.reached
    at = "" if place is None else f" {_shown(place, each.meter)}"
    if threshold.state == "fired":
        return f"fired at{at} (generation {threshold.generation})"
    return f"already past{at} (late, backfill, or a new rule)"


def _rearming(threshold: ThresholdOverview, each: CounterOverview) -> str:
    if threshold.rearms_below is not None:
        return f"armed again below {_shown(threshold.rearms_below, each.meter)}"
    return "armed again with the next period" if each.period else "fell twice in 30 days: stays"


def _to_go(threshold: ThresholdOverview, each: CounterOverview) -> str:
    return f"{_shown(threshold.to_go(each.level) or 0, each.meter)} to go"


def _uncounted(overview: Overview) -> Iterator[RenderableType]:
    names = [
        each.meter.key
        + (f" (limit {_shown(each.limit.amount, each.meter)})" if each.limit and each.limit.amount else "")
        for each in overview.counters
        if not _is_counted(each, overview)
    ]
    if names:
        yield ""
        yield Text.assemble(("Nothing counted yet now: ", "dim"), ", ".join(names))


# ------------------------------------------------------------------------------------------- other periods


def _others(others: Sequence[OtherCounter], zone: tzinfo) -> Table:
    table = Table(title="Other periods", title_justify="left", title_style="bold", header_style="bold")
    for name in ("Meter", "Period", "Usage", "Limit", "Fired"):
        table.add_column(name, overflow="fold")
    for each in others:
        usage = _measured(each.level, each.meter) if each.meter else f"{each.level:,} (not in the catalog)"
        limit = "" if each.limit is None else _shown(each.limit, each.meter)
        fired = ", ".join(f"{key.rule} {key.threshold}" for key in each.fired)
        name = each.counter.meter + (f" [{each.counter.dimension}]" if each.counter.dimension else "")
        table.add_row(*(Text(cell) for cell in (name, _placed(each, zone), usage, limit, fired)))
    return table


def _placed(each: OtherCounter, zone: tzinfo) -> str:
    if each.period:
        return _span(each.period, zone)
    return "a stock" if each.counter.start is None else f"from {_moment(each.counter.start, zone)}"


# ------------------------------------------------------------------------------------------ words and dates


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _measured(amount: int, meter: Meter) -> str:
    return f"{_shown(amount, meter)} {counted(meter.unit, one=amount == 10**meter.precision)}"


def _shown(amount: int, meter: Meter | None) -> str:
    return format(Decimal(unscale(amount, meter.precision if meter else 0)), ",f")


def _span(period: Period, zone: tzinfo) -> str:
    return f"{_moment(period.start, zone)} to {_moment(period.end, zone)}"


def _moment(instant: Instant, zone: tzinfo) -> str:
    """Return the date as the account's calendar has it, with the time unless it is midnight there."""
    there = datetime.fromtimestamp(instant // SECOND, zone)
    at = "" if (there.hour, there.minute) == (0, 0) else f" {there:%H:%M}"
    return f"{there.day} {there:%b %Y}{at}" + (" UTC" if zone is UTC and at else "")


def _day(number: int) -> str:
    day = _FIRST_DAY + timedelta(days=number)
    return f"{day.day} {day:%b}"


def _left(left: int) -> str:
    if left < HOUR:
        return "less than an hour"
    number, unit = (left // DAY, "day") if left >= DAY else (left // HOUR, "hour")
    return f"{number} {counted(unit, one=number == 1)}"
