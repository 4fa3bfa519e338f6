"""Candidates that wait: judged again when their hold ends, and before that where their need is gone (semantics 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.candidates import Candidate
from expansion_signals.decide.cases import Case, subject_of
from expansion_signals.decide.crossings import id_of_rest
from expansion_signals.decide.decisions import decision_of, entries_made, fired_of, trigger_of
from expansion_signals.decide.needs_left import is_below, is_over, is_recovered, need_left, need_of
from expansion_signals.decide.signal_text import signal_in
from expansion_signals.decide.suppression import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.decided import Decided
    from expansion_signals.decide.remembered import Held
    from expansion_signals.decide.suppression import Judged
    from expansion_signals.model.decisions import Decision
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger

    Settled: TypeAlias = tuple[Decided, Sequence[Trigger | Decision]]


def judged_again(before: Decided, reading: Signal, ground: Ground) -> Settled:
    """Judge once more what waited until now, and what the reading says is not needed: no longer true, no longer sent.

    The clock of whoever told of the end of a hold may be ahead of ours.
    """
    ground = ground._replace(now=max(ground.now, reading.evidence.time))

    def is_gone(signal: Signal) -> bool:
        need = need_of(signal)
        return is_over(need, reading) or is_below(need, reading)

    return _settled(before, ground, is_gone, due=True)


def ended_by_profile(before: Decided, ground: Ground, *, is_gone: bool) -> Settled:
    """End what waits and is not needed under the profile that is remembered now, or all: the account is gone."""
    return _settled(before, ground, lambda _: is_gone)


def ended_by_fall(before: Decided, recovered: Signal, ground: Ground) -> Settled:
    """End what waits for a threshold that a fall has left behind."""
    return _settled(
        before,
        ground,
        lambda signal: is_recovered(signal.data["rule"]["id"], subject_of(signal), need_of(signal), recovered),
    )


def _settled(before: Decided, ground: Ground, is_gone: Callable[[Signal], bool], *, due: bool = False) -> Settled:
    published: list[Trigger | Decision] = []
    after = before
    for held in before.remembered.held:
        signal = signal_in(held.signal)
        others = after.remembered.without_held(signal.id)
        case = Case(signal, others, ground, "need_gone" if is_gone(signal) else None)
        if need_left(case) is not None or (due and held.until <= ground.now):
            after, said = _settle(held, case, judge(case), after.remembering(others))
            published += said
    return after, published


def _settle(held: Held, case: Case, judged: Judged, others: Decided) -> Settled:
    signal, remembered = case.signal, others.remembered
    after = others.with_entries(entries_made(Candidate(signal, held.record), held.rest, judged.verdict, case.expires))
    decision = decision_of(case, id_of_rest(signal, held.rest), judged)
    if judged.until is not None:
        return after.remembering(remembered.with_held(held._replace(until=judged.until))), [decision]
    if judged.verdict != "fired":
        return after, [decision]
    trigger = trigger_of(case, held.rest)
    fired = remembered.with_fired(fired_of(case, trigger), case.ground.now)
    return after.remembering(fired), [trigger, decision]
