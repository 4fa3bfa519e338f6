"""What becomes of each candidate: a decision and, if it fires, a trigger. The same for every kind of signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.crossings import crossed_of_rest, id_of_rest
from expansion_signals.decide.decided import SIGNAL_DIGITS, Decided, Entry, key_of
from expansion_signals.model.decisions import Decision
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, Duration, Instant
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.decide.candidates import Candidate
    from expansion_signals.decide.decided import Key
    from expansion_signals.model.decisions import Reason, Verdict
    from expansion_signals.model.signals import Signal

KEPT_AFTER_EXPIRY: Duration = 7 * DAY
"""How much longer a decision is remembered, so that a repetition meets it (architecture, State)."""


class Outcome(NamedTuple):
    """What to publish for a candidate, and the keys to remember. A repetition of a signal has neither."""

    decision: Decision | None
    trigger: Trigger | None
    entries: Mapping[Key, Entry]


def decide(candidate: Candidate, decided: Decided, now: Instant) -> Outcome:
    """Decide one signal: it fires for those of its keys that are not decided.

    no key decided                             fires for all
    some keys decided                          fires for the rest, named by its highest threshold
    any key decided by this very record        the same answer as before, for the same keys
    all keys decided, some by this signal      nothing: the log holds the signal twice
    all keys decided by others                 superseded
    past its expiry when first asked           suppressed, too_old_to_fire (semantics 3.8)
    held out by its rule                       suppressed, holdout
    of a burst, and not its first              superseded, burst: the decision names the first (semantics 4.2)
    """
    signal, name = candidate.signal, candidate.signal.id[:SIGNAL_DIGITS]
    answered = [decided.made_for(key, candidate.record) for key in signal.keys]
    before = {place: entry for place, entry in enumerate(answered) if entry and entry.signal == name}
    reasons = _reasons(signal, now)
    if before:
        return _outcome(signal, list(before), next(iter(before.values())).verdict, {}, reasons)
    found = [decided.entry(key) for key in signal.keys]
    rest = [place for place, entry in enumerate(found) if entry is None]
    if not rest:
        repeated = any(entry and entry.signal == name for entry in found)
        return Outcome(None if repeated else _decision(signal, signal.id, "superseded"), None, {})
    verdict: Verdict = "fired" if not reasons else "superseded" if reasons[0] == "burst" else "suppressed"
    made = entries_made(candidate, verdict)
    entries = {key: made[key] for key in (key_of(signal.keys[place]) for place in rest)}
    return _outcome(signal, rest, verdict, entries, reasons)


def entries_made(candidate: Candidate, verdict: Verdict) -> Mapping[Key, Entry]:
    """Return what is remembered of each key of a candidate that is decided so."""
    signal = candidate.signal
    # Rounded up to what is stored: kept an hour longer, never shorter.
    kept_until = -(-(_expiry(signal) + KEPT_AFTER_EXPIRY) // HOUR) * HOUR
    entry = Entry(verdict, signal.id[:SIGNAL_DIGITS], candidate.record, kept_until)
    return {key_of(key): entry for key in signal.keys}


def trigger_of(signal: Signal, rest: Sequence[int] | None = None) -> Trigger:
    """Return the trigger that a signal becomes for its keys at these places, ascending; None: for all of them.

    Its data is the signal's, without what is for the audit only.
    """
    kind = KINDS[signal.type]
    rest = range(len(signal.keys)) if rest is None else rest
    data = {name: value for name, value in signal.data.items() if name not in ("account", "holdout")}
    return Trigger(
        id=id_of_rest(signal, rest),
        type=signal.type,
        topic=kind.family.topic,
        account=signal.account,
        evidence=signal.evidence,
        data=data | crossed_of_rest(signal, rest) if kind.crosses else data,
        expires=_expiry(signal),
    )


def _expiry(signal: Signal) -> Instant:
    """Return from when on what follows from a signal is not worth acting on (semantics 7.7)."""
    return signal.evidence.time + KINDS[signal.type].family.lasts


def _reasons(signal: Signal, now: Instant) -> Sequence[Reason]:
    """Return every reason not to send what follows from a signal, in the order of semantics 7.2."""
    applies: Mapping[Reason, bool] = {
        "too_old_to_fire": now >= _expiry(signal),
        "holdout": signal.data.get("holdout") is True,
        "burst": "burst_of" in signal.data,
    }
    return [reason for reason, is_so in applies.items() if is_so]


def _outcome(
    signal: Signal, rest: Sequence[int], verdict: Verdict, entries: Mapping[Key, Entry], reasons: Sequence[Reason]
) -> Outcome:
    trigger_id = id_of_rest(signal, rest)
    if verdict == "superseded":
        return Outcome(_decision(signal, signal.data["burst_of"], verdict, "burst"), None, entries)
    if verdict == "suppressed":
        # Asked again where a clock lags, what was too old then is so still.
        return Outcome(_decision(signal, trigger_id, verdict, *(reasons or ("too_old_to_fire",))), None, entries)
    return Outcome(_decision(signal, trigger_id, verdict), trigger_of(signal, rest), entries)


def _decision(signal: Signal, trigger_id: str, verdict: Verdict, *reasons: Reason) -> Decision:
    evidence = signal.evidence
    return Decision(
        # With its evidence: after a roll-back of Redis, one signal id may stand for two readings of one crossing.
        id=identity_of("decision", signal.id, trigger_id, verdict, evidence.source, evidence.id, str(evidence.time)),
        signal=signal.id,
        trigger=trigger_id,
        decision=verdict,
        reason=reasons[0] if reasons else None,
        reasons=reasons,
        until=None,
        rule=signal.data["rule"],
        account=signal.account,
        time=signal.evidence.time,
        traceparent=signal.evidence.traceparent,
    )
