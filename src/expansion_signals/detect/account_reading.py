"""The reading: what is known of an account, for whoever scores it. Nothing is decided here (architecture, Deciding).

It is told once for each closed day, and at an event that turns the truth of a comparison in a criterion:

criterion {when: limit_hits >= 3, within: 14d}

1 Nov   2 hits                            nothing: false, as at first
2 Nov   a third                           `reading`, evidence: true
2 Nov   100 more                          nothing: still true
3 Nov   the look at 2 Nov                 `reading`, daily
17 Nov  a look: none is in the window     `reading`, daily: false. Three more hits will be told again

What backfill or a late event turns is told by the next look: they cause no signal (semantics 3.8).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from expansion_signals.detect.bare_reading import READING, level_told
from expansion_signals.detect.health_inputs import health_inputs, text_of
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND, format_instant
from expansion_signals.model.signals import Signal
from expansion_signals.model.windows import is_of_hours
from expansion_signals.rules.asked_facts import comparisons_of
from expansion_signals.rules.fact_windows import DEFAULT_WITHIN
from expansion_signals.rules.truth import truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.detect.activity_facts import ActivityFacts
    from expansion_signals.detect.levels_used import Standing
    from expansion_signals.model.events import Evidence
    from expansion_signals.model.instants import Duration
    from expansion_signals.rules.asked_facts import Criterion
    from expansion_signals.rules.conditions import Comparison
    from expansion_signals.rules.truth import Known


def truths_of(criteria: Sequence[Criterion], known: Known) -> Mapping[str, bool | None]:
    """Return what each comparison of these criteria comes to, by its text and its window; health is left out.

    By comparisons, because whoever knows health may make something else of a criterion that is not known here.
    """
    named = _named(tuple(criteria))
    in_window = {window: known._replace(within=window) for _, _, window in named}
    return {name: truth(comparison, in_window[window]) for name, comparison, window in named}


@lru_cache(maxsize=8)
def _named(criteria: tuple[Criterion, ...]) -> Sequence[tuple[str, Comparison, Duration | None]]:
    """Return the comparisons that are told, each with its name and its window."""
    return [
        (f"{comparison.fact}{comparison.operator}{comparison.value}|{window or ''}", comparison, window)
        for comparison, window in comparisons_of(criteria)
        if comparison.fact != "health"
    ]


def have_turned(truths: Mapping[str, bool | None], told: Mapping[str, bool | None]) -> bool:
    """Say whether a comparison is another than a reading last told; one never told was not true."""
    return any(now != told[each] if each in told else now is True for each, now in truths.items())


class Occasion(NamedTuple):
    """Why a reading is told of an account: `ordinal` tells this one from any other for the same `reason`."""

    account: str
    reason: Literal["daily", "evidence"]
    ordinal: Sequence[str]
    evidence: Evidence


def reading_of(
    occasion: Occasion,
    known: Known,
    facts: ActivityFacts,
    told: Iterable[tuple[str, Duration | None]],
    levels: Iterable[Standing] = (),
) -> Signal:
    """Return the reading of an account: `told` are the facts that it tells, with their windows.

    Its time is the instant that it tells of: the later of two readings is the one that knows more.
    """
    profile, evidence = facts.profile, occasion.evidence._replace(time=facts.at)
    assert profile is not None  # noqa: S101 -- nothing is told of an account that is not known
    return Signal(
        id=identity_of(READING, occasion.account, occasion.reason, *occasion.ordinal),
        type=READING,
        account=occasion.account,
        evidence=evidence,
        data={
            "reason": occasion.reason,
            "plan": profile.plan,
            "user": evidence.user,
            "session": evidence.session,
            "facts": [_fact(name, window, known, facts) for name, window in told],
            "levels": [level_told(each, facts.catalog) for each in levels],
            "seats": dict(facts.seats.amounts) if facts.seats else None,
            "health_inputs": dict(health_inputs(facts, known)),
            "account": profile.document(),
        },
    )


def _fact(name: str, window: Duration | None, known: Known, facts: ActivityFacts) -> Mapping[str, Any]:
    """Return a fact as it is observed; what a look or a profile tells has no single events that show it."""
    observed = known._replace(within=window).fact(name)
    assert not isinstance(observed, str)  # noqa: S101 -- only the plan is a name, and the profile tells it
    is_counted = name in DEFAULT_WITHIN and name != "usage_growth" and window is not None
    shown = facts.shown(name, window) if is_counted and window is not None else None
    return {
        "fact": name,
        "within": None if window is None else _written(window),
        "observed": text_of(observed),
        "first_seen": None if shown is None or shown.first is None else format_instant(shown.first),
        "last_seen": None if shown is None or shown.last is None else format_instant(shown.last),
        "evidence": list(shown.evidence) if shown else [],
    }


def _written(window: Duration) -> str:
    """Return a window as rules.yaml writes it, so that it is read as the same: `14d`, `36h`, `90m`."""
    if window % DAY == 0 and not is_of_hours(window):
        return f"{window // DAY}d"
    length, unit = next(each for each in ((HOUR, "h"), (MINUTE, "m"), (SECOND, "s")) if window % each[0] == 0)
    return f"{window // length}{unit}"
