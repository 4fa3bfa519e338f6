"""What an account would hear of next, and what it does not hear of for now, and until when."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from expansion_signals.cli.account_words import measured, moment
from expansion_signals.cli.seat_overview import seats_of
from expansion_signals.decide.reason_words import SENTENCES
from expansion_signals.decide.showing import SILENT_AFTER, SILENT_FOR
from expansion_signals.decide.suppression import SOLD_TO
from expansion_signals.model.amounts import unscale
from expansion_signals.model.held_out import held_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from expansion_signals.cli.account_overview import CounterOverview, Overview
    from expansion_signals.cli.threshold_overview import ThresholdOverview
    from expansion_signals.decide.cases import Mutes
    from expansion_signals.decide.remembered import Remembered
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration, MeterRule, WatchRule
    from expansion_signals.rules.pql import PqlRule

_OPEN = frozenset({"armed", "due", "waiting", "fired"})

SilenceKind = Literal[
    "muted", "holdout", "held", "snoozed", "dismissed", "cancel_pending", "at_risk", "account_status", "cooldown"
]


class Upcoming(NamedTuple):
    """A threshold that may fire next; `part` is how much of the way to it is gone, 1 and above: it is there."""

    says: str
    part: Fraction
    about: Mapping[str, Any]


class Silence(NamedTuple):
    """What is not told for now; `until` None: until something changes."""

    kind: SilenceKind
    says: str
    until: Instant | None
    about: Mapping[str, Any]


def upcoming(overview: Overview) -> Sequence[Upcoming]:
    """Return the thresholds that an account may reach next, the nearest first; of each counter and rule the next one.

    It is what `account show` computes: the level, where each threshold stands, and whether it is armed.
    """
    seats = seats_of(overview)
    counters = [*overview.counters, *([seats.counter] if seats else [])]
    found: dict[tuple[str, str, str], Upcoming] = {}
    for counter in counters:
        if counter.incomplete_since is None:
            for threshold in counter.thresholds:
                each = _upcoming(counter, threshold)
                place = (counter.meter.key, str(counter.counter), threshold.rule.id)
                if each is not None and (place not in found or found[place].part < each.part):
                    found[place] = each
    return sorted(found.values(), key=lambda each: -each.part)


def _upcoming(counter: CounterOverview, threshold: ThresholdOverview) -> Upcoming | None:
    at = threshold.at
    if (
        at is None
        or threshold.state not in _OPEN
        or (threshold.state == "fired" and threshold.threshold.kind != "step")
    ):
        return None
    to_go = max(0, at - counter.level)
    place = f"{threshold.rule.id} at {measured(at, counter.meter)}"
    written = str(threshold.threshold)
    if threshold.state == "waiting":
        says = f"{place} ({written}): reached, once the condition of the rule is true"
    elif to_go == 0:
        says = f"{place} ({written}): reached, with the next event"
    else:
        says = f"{place} ({written}): {measured(to_go, counter.meter)} to go, {_now(counter)} now"
    precision = counter.meter.precision
    about = {
        "rule": {"id": threshold.rule.id, "version": threshold.rule.version},
        "meter": counter.meter.key,
        "threshold": written,
        "state": threshold.state,
        "at": unscale(at, precision),
        "usage": unscale(counter.level, precision),
        "to_go": unscale(to_go, precision),
    }
    return Upcoming(says, Fraction(counter.level, at) if at > 0 else Fraction(1), about)


def _now(counter: CounterOverview) -> str:
    return measured(counter.level, counter.meter)


def lead_lines(remembered: Remembered, configuration: Configuration) -> Iterator[str]:
    """Yield how the account stands by each rule that qualifies leads, and its health."""
    if remembered.health is not None:
        yield f"Health {remembered.health['score']}, {remembered.health['band'].replace('_', ' ')}"
    for rule in configuration.pql_rules:
        state = remembered.leads.get(rule.id, {}).get("state")
        if state is None:
            continue
        met = [name for name, standing in state.get("criteria", {}).items() if standing["met"]]
        criteria = f"met now: {', '.join(met)}" if met else "no criterion is met now"
        if state.get("qualified"):
            yield f"{rule.id}: a lead of tier {state['tier']}, score {state['score']}; {criteria}"
        else:
            yield f"{rule.id}: no lead (it takes {rule.qualify_at} points); {criteria}"


# ------------------------------------------------------------------------------------------------ not told


def silences(overview: Overview, remembered: Remembered, mutes: Mutes, zone: tzinfo) -> Sequence[Silence]:
    """Return what keeps the account, its people or its rules silent now, what lasts longest unknown first."""
    now = overview.now
    found = [
        *_of_account(overview, remembered),
        *_muted(overview, mutes, now),
        *_held_out(overview),
        *_held(remembered, zone),
        *_snoozed(remembered, now),
        *_dismissed(remembered, now),
        *_cooling(overview, remembered),
    ]
    return sorted(found, key=lambda each: (each.until is not None, each.until or 0))


def _of_account(overview: Overview, remembered: Remembered) -> Iterator[Silence]:
    profile = overview.standing.profile
    if profile is not None and profile.account.status not in SOLD_TO:
        status = profile.account.status
        yield Silence("account_status", f"All but retention: the account is {status.replace('_', ' ')}", None, {})
    if remembered.health is not None and remembered.health["band"] == "at_risk":
        yield Silence("at_risk", f"All but retention: {SENTENCES['at_risk']}", None, {"health": remembered.health})
    if remembered.cancelled is not None:
        until = remembered.cancelled + overview.configuration.policy.pause
        if until > overview.now:
            yield Silence("cancel_pending", f"All but retention: {SENTENCES['cancel_pending']}", until, {})


def _muted(overview: Overview, mutes: Mutes, now: Instant) -> Iterator[Silence]:
    for (rule, account), until in mutes.until.items():
        if until > now and account in (None, overview.standing.account):
            of = f"Rule {rule}" if rule else "All rules"
            yield Silence("muted", f"{of}: muted{' for this account' if account else ''}", until, {"rule": rule})


def _held_out(overview: Overview) -> Iterator[Silence]:
    configuration = overview.configuration
    rules: Sequence[MeterRule | WatchRule | PqlRule] = (
        *configuration.limit_rules,
        *configuration.milestone_rules,
        *configuration.watch_rules,
        *configuration.pql_rules,
    )
    for rule in rules:
        if held_out(rule.id, rule.holdout, overview.standing.account):
            yield Silence("holdout", f"Rule {rule.id}: {SENTENCES['holdout']}", None, {"rule": rule.id})


def _held(remembered: Remembered, zone: tzinfo) -> Iterator[Silence]:
    for held in remembered.held:
        data = held.signal["data"]
        says = (
            f"Rule {data['rule']['id']}: waits for quiet hours to end, found {moment(held.signal['evidence'][2], zone)}"
        )
        yield Silence("held", says, held.until, {"rule": data["rule"]["id"], "signal": held.signal["id"]})


def _snoozed(remembered: Remembered, now: Instant) -> Iterator[Silence]:
    last: dict[tuple[str, str], Instant] = {}
    for each in remembered.prompted:
        if each.deed == "snoozed" and each.until is not None and each.prompt is not None and each.until > now:
            place = (each.user, each.prompt)
            last[place] = max(each.until, last.get(place, 0))
    for (user, prompt), until in last.items():
        says = f"Prompts {_spoken(prompt)} for {user}: asked to be reminded later"
        yield Silence("snoozed", says, until, {"user": user, "prompt": prompt})


def _dismissed(remembered: Remembered, now: Instant) -> Iterator[Silence]:
    first: defaultdict[tuple[str, str], dict[str, Instant]] = defaultdict(dict)
    for each in sorted(remembered.prompted, key=lambda prompted: prompted.time):
        if each.deed == "dismissed" and each.prompt is not None:
            first[each.user, each.prompt].setdefault(each.trigger, each.time)
    for (user, prompt), dismissed in first.items():
        silenced = sorted(dismissed.values())[SILENT_AFTER - 1 :: SILENT_AFTER]
        until = max((time + SILENT_FOR for time in silenced), default=0)
        if until > now:
            says = f"Prompts {_spoken(prompt)} for {user}: dismissed three times"
            yield Silence("dismissed", says, until, {"user": user, "prompt": prompt})


def _cooling(overview: Overview, remembered: Remembered) -> Iterator[Silence]:
    for rule, restraint in overview.configuration.restraints.items():
        fired = [each.time for each in remembered.fired if each.rule["id"] == rule]
        if restraint.cooldown is not None and fired and max(fired) + restraint.cooldown > overview.now:
            says = f"Rule {rule}: {SENTENCES['cooldown']}"
            yield Silence("cooldown", says, max(fired) + restraint.cooldown, {"rule": rule})


def _spoken(family: str) -> str:
    return f"“{family.replace('_', ' ')}”"
