"""Opportunities: what the triggers of a quarter come to, each with its case and the step that the catalog recommends.

Triggers that the same step solves are one opportunity. A trigger weighs 3 where somebody was blocked or the account
qualified as a lead, 2 where a locked feature was wanted, 1 otherwise; and less each day, down to nothing after 90:

    seat_limit.invited, 2 days ago       3 x 88 = 264
    feature.gated, 45 days ago           2 x 45 =  90
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.cli import offer_words
from expansion_signals.decide.cases import prompt_family
from expansion_signals.decide.needs_left import ended_by_profile, need_of
from expansion_signals.decide.recommendation import recommendation_for
from expansion_signals.model.instants import DAY
from expansion_signals.model.kinds import KINDS, PQL, RETENTION
from expansion_signals.model.outcomes import Withdrawal
from expansion_signals.model.signals import Signal
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.happenings import Happening
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration

LOOKED_BACK = 90
"""Days of triggers that opportunities are made from."""

_MOST_REASONS = 3
_NEWS_OF_LEADS = frozenset({"pql.disqualified", "pql.score_changed"})
_BLOCKED, _WANTED, _TOLD = 3, 2, 1


class Opportunity(NamedTuple):
    """What to offer, and why: `case` are the newest reasons, `weight` is what it is ranked by.

    `step` is the recommendation as the account stands now, None where the catalog has nothing. `blocked` counts how
    often somebody could not go on, `times` all triggers, `people` whom they were about.
    """

    title: str
    step: Mapping[str, Any] | None
    case: Sequence[str]
    times: int
    blocked: int
    people: int
    last: Instant
    weight: int


class Opportunities(NamedTuple):
    """The strongest first; those of retention apart, for they come before any other."""

    expansion: Sequence[Opportunity]
    retention: Sequence[Opportunity]


def opportunities_of(
    happenings: Iterable[Happening], account: Account | None, configuration: Configuration, now: Instant
) -> Opportunities:
    """Return what the triggers of the last 90 days come to; what was bought or withdrawn since is none any more."""
    told = [each.what for each in happenings]
    gone = {each.trigger for each in told if isinstance(each, Withdrawal)}
    triggers = {
        each.id: each for each in told if isinstance(each, Trigger) and now - each.evidence.time < LOOKED_BACK * DAY
    }
    retention: defaultdict[str, list[_Case]] = defaultdict(list)
    expansion: defaultdict[str, list[_Case]] = defaultdict(list)
    for trigger in triggers.values():
        signal = _signal(trigger)
        if trigger.id in gone or trigger.type in _NEWS_OF_LEADS or account is None:
            continue
        if ended_by_profile(need_of(signal), account, configuration.catalog) == "upgraded":
            continue
        by_day = configuration.policy.by_day
        step = recommendation_for(signal, account, configuration.catalog, by_day=by_day).document()
        kept = retention if KINDS[trigger.type].family is RETENTION else expansion
        named = offer_words.step(step)
        kept[named or trigger.type].append(_Case(trigger, signal, step if named else None))
    return Opportunities(_ranked(expansion, now), _ranked(retention, now))


class _Case(NamedTuple):
    trigger: Trigger
    signal: Signal
    step: Mapping[str, Any] | None


def _ranked(found: Mapping[str, Sequence[_Case]], now: Instant) -> Sequence[Opportunity]:
    made = [_opportunity(name, cases, now) for name, cases in found.items()]
    return sorted(made, key=lambda each: (-each.weight, -each.last, each.title))


def _opportunity(name: str, cases: Sequence[_Case], now: Instant) -> Opportunity:
    newest_first = sorted(cases, key=lambda case: -case.signal.evidence.time)
    newest = newest_first[0]
    reasons = list(dict.fromkeys(_reasons(newest_first)))
    return Opportunity(
        title=_title(name, newest),
        step=newest.step,
        case=reasons[:_MOST_REASONS],
        times=len(cases),
        blocked=sum(_strength(case) == _BLOCKED and KINDS[case.trigger.type].family is not PQL for case in cases),
        people=len({case.trigger.data["user"] for case in cases if case.trigger.data.get("user")}),
        last=newest.signal.evidence.time,
        weight=sum(_strength(case) * (LOOKED_BACK - (now - case.signal.evidence.time) // DAY) for case in cases),
    )


def _reasons(newest_first: Sequence[_Case]) -> Iterator[str]:
    """Yield the newest reason of each kind, and how often it came; those of people who were blocked first."""
    kinds: defaultdict[tuple[int, str], list[_Case]] = defaultdict(list)
    for case in newest_first:
        kinds[-_strength(case), case.trigger.type].append(case)
    for _, cases in sorted(kinds.items(), key=lambda kind: kind[0][0]):
        often = f" ({len(cases)} times in {LOOKED_BACK} days)" if len(cases) > 1 else ""
        yield f"{cases[0].trigger.data['why']}{often}"


def _strength(case: _Case) -> int:
    match case.trigger.type:
        case "seat_limit.invited" | "pql.qualified":
            return _BLOCKED
        case "feature.gated" | "admin_feature.requested":
            return _WANTED
        case _:
            return _BLOCKED if prompt_family(case.signal) == "limit_reached" else _TOLD


def _title(name: str, newest: _Case) -> str:
    return name[:1].upper() + name[1:] if newest.step is not None else "A reason to talk"


def _signal(trigger: Trigger) -> Signal:
    """Return the signal that a trigger was made from, as far as deciding asks."""
    return Signal(trigger.id, trigger.type, trigger.account, trigger.evidence, trigger.data)
