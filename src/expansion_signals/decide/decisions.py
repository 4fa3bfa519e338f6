"""What becomes of each candidate: a decision and, if it fires, a trigger. The same for every kind of signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.cases import Case
from expansion_signals.decide.crossings import crossed_of_rest, id_of_rest
from expansion_signals.decide.decided import SIGNAL_DIGITS, Decided, Entry, key_of
from expansion_signals.decide.needs_left import need_of
from expansion_signals.decide.offers import NOT_SENT, payload_of
from expansion_signals.decide.remembered import Fired, Held, Remembered
from expansion_signals.decide.signal_text import document_of
from expansion_signals.decide.suppression import Judged, judge
from expansion_signals.model.decisions import Decision
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, Duration
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.decided import Key
    from expansion_signals.model.decisions import Verdict
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.signals import Signal

KEPT_AFTER_EXPIRY: Duration = 7 * DAY
"""How much longer a decision is remembered, so that a repetition meets it (architecture, State)."""


class Ruling(NamedTuple):
    """What to publish for a candidate, the keys to remember, and what is remembered besides.

    A repetition of a signal has neither decision nor trigger.
    """

    decision: Decision | None
    trigger: Trigger | None
    entries: Mapping[Key, Entry]
    remembered: Remembered


def decide(candidate: Candidate, decided: Decided, ground: Ground) -> Ruling:
    """Decide one signal: it is judged for those of its keys that are not decided (`suppression`).

    no key decided                             judged for all
    some keys decided                          judged for the rest, named by its highest threshold
    any key decided by this very record        the same answer as before, for the same keys
    all keys decided, some by this signal      nothing: the log holds the signal twice
    all keys decided by others                 superseded
    """
    signal, name, remembered = candidate.signal, candidate.signal.id[:SIGNAL_DIGITS], decided.remembered
    case = Case(signal, remembered, ground)
    answered = [decided.made_for(key, candidate.record) for key in signal.keys]
    before = {place: entry for place, entry in enumerate(answered) if entry and entry.signal == name}
    if before:
        return _ruling(case, list(before), _as_before(case, next(iter(before.values())).verdict), {})
    rest, is_repeated = undecided(candidate, decided)
    if not rest:
        repetition = None if is_repeated else decision_of(case, signal.id, Judged("superseded"))
        return Ruling(repetition, None, {}, remembered)
    judged = judge(case)
    ruling = _ruling(case, rest, judged, entries_made(candidate, rest, judged.verdict, case.expires))
    return ruling._replace(remembered=_remembering(case, candidate.record, rest, judged, ruling.trigger))


def undecided(candidate: Candidate, decided: Decided) -> tuple[Sequence[int], bool]:
    """Return the places of a candidate's keys that are not decided; where all are, whether any by its own signal."""
    found = [decided.entry(key) for key in candidate.signal.keys]
    rest = [place for place, entry in enumerate(found) if entry is None]
    return rest, not rest and any(entry and entry.signal == candidate.signal.id[:SIGNAL_DIGITS] for entry in found)


def decided_before(
    candidate: Candidate, verdict: Verdict, rest: Sequence[int], remembered: Remembered, ground: Ground
) -> Remembered:
    """Return what is remembered of an account once it is told that a candidate was decided so, whoever decided it.

    `rest` are the places of the keys that it was decided for.
    """
    case = Case(candidate.signal, remembered, ground)
    trigger = trigger_of(case, rest) if verdict == "fired" else None
    return _remembering(case, candidate.record, rest, Judged(verdict), trigger)


def entries_made(candidate: Candidate, rest: Sequence[int], verdict: Verdict, expires: Instant) -> Mapping[Key, Entry]:
    """Return what is remembered of the keys at these places of a candidate that is decided so.

    What is past leaves its keys free: its generation may yet be reached by what may fire.
    """
    if verdict == "already_past":
        return {}
    # Rounded up to what is stored: kept an hour longer, never shorter.
    kept_until = -(-(expires + KEPT_AFTER_EXPIRY) // HOUR) * HOUR
    entry = Entry(verdict, candidate.signal.id[:SIGNAL_DIGITS], candidate.record, kept_until)
    return {key_of(candidate.signal.keys[place]): entry for place in rest}


def trigger_of(case: Case, rest: Sequence[int]) -> Trigger:
    """Return the trigger that a case becomes for the signal's keys at these places, ascending."""
    signal, kind = case.signal, case.kind
    data = payload_of(case)
    return Trigger(
        id=id_of_rest(signal, rest),
        type=signal.type,
        topic=kind.family.topic,
        account=signal.account,
        evidence=signal.evidence,
        data=data | crossed_of_rest(signal, rest) if kind.crosses else data,
        expires=case.expires,
    )


def shadowed(signal: Signal) -> Trigger:
    """Return the trigger that a rule which is tried out would have published: nothing is decided on it."""
    kind = KINDS[signal.type]
    return Trigger(
        id=signal.id,
        type=signal.type,
        topic=kind.family.topic,
        account=signal.account,
        evidence=signal.evidence,
        data={name: value for name, value in signal.data.items() if name not in NOT_SENT},
        expires=signal.evidence.time + kind.family.lasts,
    )


def fired_of(case: Case, trigger: Trigger) -> Fired:
    """Return what is remembered of a trigger that fired."""
    return Fired(
        trigger=trigger.id,
        type=trigger.type,
        rule=case.signal.data["rule"],
        time=case.time,
        expires=trigger.expires,
        user=case.user,
        prompt=case.prompt,
        subject=case.subject,
        level=None if case.level is None else str(case.level),
        need=need_of(case.signal),
        route=case.route["to"],
        owner=case.route["owner"],
        offered=(case.offered["kind"], case.offered["to"]),
    )


def decision_of(case: Case, trigger_id: str, judged: Judged) -> Decision:
    """Return the decision for the audit, with every reason that applied (semantics 7.1)."""
    signal, evidence, reasons = case.signal, case.signal.evidence, judged.reasons
    if "burst" in reasons[:1]:
        trigger_id = signal.data["burst_of"]
    # With its evidence: after a roll-back of Redis, one signal id may stand for two readings of one crossing.
    parts = [signal.id, trigger_id, judged.verdict, evidence.source, evidence.id, str(evidence.time)]
    if judged.until is not None:
        parts.append(str(judged.until))  # held once more is another decision
    return Decision(
        id=identity_of("decision", *parts),
        signal=signal.id,
        trigger=trigger_id,
        decision=judged.verdict,
        reason=reasons[0] if reasons else None,
        reasons=reasons,
        until=judged.until,
        rule=signal.data["rule"],
        account=signal.account,
        time=evidence.time,
        traceparent=evidence.traceparent,
    )


def _ruling(case: Case, rest: Sequence[int], judged: Judged, entries: Mapping[Key, Entry]) -> Ruling:
    trigger = trigger_of(case, rest) if judged.verdict == "fired" else None
    decision = decision_of(case, id_of_rest(case.signal, rest), judged)
    return Ruling(decision, trigger, entries, case.remembered)


def _as_before(case: Case, verdict: Verdict) -> Judged:
    """Return the verdict that was given, with the reasons there are for it now; too old then is so still."""
    now = judge(case)
    if now.verdict == verdict:
        return now
    return Judged(verdict, ("too_old_to_fire",) if verdict == "suppressed" else ())


def _remembering(case: Case, record: str, rest: Sequence[int], judged: Judged, trigger: Trigger | None) -> Remembered:
    remembered = case.remembered
    if trigger is not None:
        remembered = remembered.with_fired(fired_of(case, trigger), case.ground.now)
    if judged.until is not None:
        remembered = remembered.with_held(Held(document_of(case.signal), record, list(rest), judged.until))
    if case.signal.type == "cancel.requested":
        remembered = remembered.with_cancelled(case.time)  # whatever is sent of it
    return remembered
