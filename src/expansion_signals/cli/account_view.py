"""An account as a person reads it, within 80 columns."""

from __future__ import annotations

import shlex
from datetime import UTC
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from expansion_signals.cli.account_lately import used_lately
from expansion_signals.cli.account_words import left, measured, moment, shown, span
from expansion_signals.cli.seat_overview import seats_of
from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from rich.console import RenderableType

    from expansion_signals.cli.account_overview import CounterOverview, OtherCounter, Overview
    from expansion_signals.cli.threshold_overview import ThresholdOverview
    from expansion_signals.model.accounts import Profile

_MOST_VALUES = 10
_COLOURS = {
    "fired": "yellow",
    "armed": "green",
    "due": "magenta",
    "waiting": "magenta",
    "already_past": "dim",
    "absent": "dim",
}


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
        yield from _seats(overview)
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
            total = measured(each.total, each.meter) if each.meter else f"{each.total:,}"
            grid.add_row(Text(each.key, style="bold"), Text(f"{total} since {moment(each.since, UTC)}"))
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
        yield Text(f"  {span(each.period, zone)}, {left(each.period.end - overview.now)} left", style="dim")
    if each.incomplete_since is not None:
        words = f"  incomplete: what came before {moment(each.incomplete_since, zone)} is lost; it fires nothing"
        until = " until " + ("its period ends, or " if each.period else "") + "a baseline arrives"
        yield Text(words + ("" if each.is_of_life else until), style="yellow")
    if not each.is_of_life:
        yield from used_lately(each, overview)
    yield from _rules(each, overview)
    for dimension, values in each.shares.items():
        yield from _shares(dimension, values, each)


def _seats(overview: Overview) -> Iterator[RenderableType]:
    seats = seats_of(overview)
    if seats is None:
        return
    yield ""
    yield _usage(seats.counter)
    invites = "pending " + counted("invite", one=seats.pending == 1)
    yield Text(f"  {seats.members:,} {counted('member', one=seats.members == 1)}, {seats.pending:,} {invites}", "dim")
    yield from _rules(seats.counter, overview)


def _rules(each: CounterOverview, overview: Overview) -> Iterator[RenderableType]:
    for rule in dict.fromkeys(threshold.rule.id for threshold in each.thresholds):
        yield Text.assemble(("  rule ", "dim"), rule)
        grid = _grid()
        for threshold in each.thresholds:
            if threshold.rule.id == rule:
                words = _words(threshold, each, waits=overview.standing.waiting > 0)
                grid.add_row(Text(str(threshold.threshold)), Text(words, style=_COLOURS[threshold.state]))
        yield Padding(grid, (0, 0, 0, 4))


def _usage(each: CounterOverview) -> Text:
    """Return for example `api_calls  850 of 1,000 calls (85 %), 150 left, hard limit`."""
    name = each.meter.key + (f" [{each.counter.dimension}]" if each.counter.dimension else "")
    line = Text.assemble((name, "bold cyan"), "  ")
    if each.is_of_life:
        return line.append(f"{measured(each.level, each.meter)} over the account's life")
    if each.limit is None or each.limit.amount is None:
        why = "no limit on this plan" if each.limit is None else "unlimited"
        return line.append(f"{measured(each.level, each.meter)}, {why}")
    amount, kind = each.limit.amount, each.limit.kind
    line.append(f"{shown(each.level, each.meter)} of {measured(amount, each.meter)}")
    if amount and each.level >= 0:
        # Rounded down: nobody reads 100 % before the limit is reached.
        share = each.level * 100 // amount
        line.append(f" ({share:,} %)", style="red" if share >= 100 else "yellow" if share >= 80 else "green")  # noqa: PLR2004 -- the bands of domain.md
    beyond = each.level - amount
    return line.append(
        f", {shown(beyond, each.meter)} over the {kind} limit"
        if beyond > 0
        else f", {shown(-beyond, each.meter)} left, {kind} limit"
    )


def _shares(dimension: str, values: Sequence[tuple[str, int]], each: CounterOverview) -> Iterator[RenderableType]:
    more = f", {_MOST_VALUES} highest of {len(values)} values" if len(values) > _MOST_VALUES else ""
    yield Text.assemble(("  by ", "dim"), dimension, (more, "dim"))
    grid = _grid()
    for value, level in values[:_MOST_VALUES]:
        grid.add_row(Text(value), Text(measured(level, each.meter)))
    yield Padding(grid, (0, 0, 0, 4))


def _words(threshold: ThresholdOverview, each: CounterOverview, *, waits: bool) -> str:
    """Say what became of a threshold, and what comes next."""
    match threshold.state:
        case "absent":
            return "needs a limit" if each.limit is None or each.limit.amount is None else "not at a limit of 0"
        case "due":
            return "reached; " + ("waits to be judged" if waits else "judged with the next event")
        case "waiting":
            return "reached; fires once the condition of its rule is true"
        case "armed":
            again = f" (generation {threshold.generation})" if threshold.generation > 1 else ""
            return f"armed{again}: fires at {shown(threshold.at or 0, each.meter)}, {_to_go(threshold, each)}"
    if threshold.threshold.kind == "step":
        return f"{_passed(threshold, each)}; {_to_go(threshold, each)} to {shown(threshold.at or 0, each.meter)}"
    return f"{_passed(threshold, each)}; {_rearming(threshold, each)}"


def _passed(threshold: ThresholdOverview, each: CounterOverview) -> str:
    place = threshold.at if threshold.reached is None else threshold.reached
    at = "" if place is None else f" {shown(place, each.meter)}"
    if threshold.state == "fired":
        return f"fired at{at} (generation {threshold.generation})"
    return f"already past{at} (late, backfill, or a new rule)"


def _rearming(threshold: ThresholdOverview, each: CounterOverview) -> str:
    if threshold.is_milestone:
        return "never again"
    if threshold.rearms_below is not None:
        return f"armed again below {shown(threshold.rearms_below, each.meter)}"
    return "armed again with the next period" if each.period else "fell twice in 30 days: stays"


def _to_go(threshold: ThresholdOverview, each: CounterOverview) -> str:
    return f"{shown(threshold.to_go(each.level) or 0, each.meter)} to go"


def _uncounted(overview: Overview) -> Iterator[RenderableType]:
    names = [
        each.meter.key
        + (f" (limit {shown(each.limit.amount, each.meter)})" if each.limit and each.limit.amount else "")
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
        usage = measured(each.level, each.meter) if each.meter else f"{each.level:,} (not in the catalog)"
        limit = "" if each.limit is None else shown(each.limit, each.meter)
        fired = ", ".join(f"{key.rule} {key.threshold}" for key in each.fired)
        name = each.counter.meter + (f" [{each.counter.dimension}]" if each.counter.dimension else "")
        table.add_row(*(Text(cell) for cell in (name, _placed(each, zone), usage, limit, fired)))
    return table


def _placed(each: OtherCounter, zone: tzinfo) -> str:
    if each.period:
        return span(each.period, zone)
    return "a stock" if each.counter.start is None else f"from {moment(each.counter.start, zone)}"


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    return grid
