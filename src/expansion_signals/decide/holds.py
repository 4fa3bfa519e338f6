"""Candidates that wait: judged again when their hold ends, or ended by what comes before that (semantics 7.5, 5.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.crossings import id_of_rest
from expansion_signals.decide.decisions import decision_of, entries_made, fired_of, trigger_of
from expansion_signals.decide.needs_left import ended_by_reading, is_recovered, need_left, need_of
from expansion_signals.decide.offers import case_of
from expansion_signals.decide.signal_text import signal_in
from expansion_signals.decide.suppression import Judged, judge
from expansion_signals.model.decisions import Decision
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expansion_signals.decide.cases import Case, Ground
    from expansion_signals.decide.decided import Decided
    from expansion_signals.decide.remembered import Held
    from expansion_signals.model.signals import Signal


def judged_again(before: Decided, reading: Signal, ground: Ground) -> tuple[Decided, Sequence[Trigger | Decision]]:
    """Judge what waited until now once more, by what a reading tells: no longer true, no longer sent."""

    def judged(held: Held, case: Case) -> Judged | None:
        ended = need_left(case) or ended_by_reading(need_of(case.signal), reading)
        if ended is not None:
            return Judged("superseded", (ended,))
        return judge(case) if held.until <= ground.now else None

    return _settled(before, ground, judged)


def superseded(
    before: Decided, ground: Ground, recovered: Signal | None = None
) -> tuple[Decided, Sequence[Trigger | Decision]]:
    """End what waits and is not needed any more: after a new profile, or after a fall that `recovered` tells."""

    def judged(_held: Held, case: Case) -> Judged | None:
        ended = need_left(case)
        if recovered is not None and case.kind.crosses and is_recovered(case.signal, recovered):
            ended = "need_gone"
        return None if ended is None else Judged("superseded", (ended,))

    return _settled(before, ground, judged)


def _settled(
    before: Decided, ground: Ground, judged: Callable[[Held, Case], Judged | None]
) -> tuple[Decided, Sequence[Trigger | Decision]]:
    after, published = before, list[Trigger | Decision]()
    for held in before.remembered.held:
        case = case_of(signal_in(held.signal), after.remembered, ground)
        verdict = judged(held, case)
        if verdict is not None:
            after, said = _settle(held, case, verdict, after)
            published += said
    return after, published


def _settle(held: Held, case: Case, judged: Judged, before: Decided) -> tuple[Decided, Sequence[Trigger | Decision]]:
    signal, rest = case.signal, held.rest
    decision = decision_of(case, id_of_rest(signal, rest), judged)
    after = before.with_entries(entries_made(Candidate(signal, held.record), judged.verdict, case.expires, rest))
    remembered = after.remembered.without_held({signal.id})
    if judged.until is not None:
        return replace(after, remembered=remembered.with_held(held._replace(until=judged.until))), [decision]
    if judged.verdict != "fired":
        return replace(after, remembered=remembered), [decision]
    trigger = trigger_of(case, rest)
    return replace(after, remembered=remembered.with_fired(fired_of(case, trigger), case.ground.now)), [
        trigger,
        decision,
    ]
