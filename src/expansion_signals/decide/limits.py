"""A limit signal becomes a decision and, if it fires, a trigger."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.decide.decided import SIGNAL_DIGITS, Decided, Entry, key_of
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.decisions import Decision
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, HOUR, LAST, Duration, Instant
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.decide.decided import Key
    from expansion_signals.model.decisions import Reason, Verdict
    from expansion_signals.model.signals import Signal

LIMIT_REACHED = "limit.reached"
TOPIC = "expansion-limit-reached"

EXPIRES_AFTER: Duration = 7 * DAY
"""How long a limit trigger is worth acting on (semantics 7.7)."""

KEPT_AFTER_EXPIRY: Duration = 7 * DAY
"""How much longer a decision is remembered, so that a repetition meets it (architecture, State)."""

_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_KEY = re.compile(r"[0-9a-f]{32}(:(?=[\d.]{1,40}$)\d+(\.\d+)?)?", re.ASCII)


class Candidate(NamedTuple):
    """A limit signal as it was read; `record` are its coordinates on the log."""

    signal: Signal
    record: str


def candidate_in(signal: Signal, record: str) -> Candidate | None:
    """Return the candidate that a signal is; None for a signal that nobody decides.

    Raises:
        RejectedRecord: a limit signal that metering cannot have written: one that could not be decided, remembered
            or published.
    """
    if signal.type != LIMIT_REACHED:
        return None
    if not _ID.fullmatch(signal.id):
        raise RejectedRecord("invalid_attribute", "the id of a limit signal is 32 hexadecimal digits")
    if signal.evidence.time > LAST - EXPIRES_AFTER:
        raise RejectedRecord("invalid_attribute", "time: what follows from it would expire after the year 9999")
    if not isinstance(signal.data.get("rule"), dict) or not isinstance(signal.data.get("threshold"), dict):
        raise RejectedRecord("invalid_data", "a limit signal needs data.rule and data.threshold, both objects")
    crossed = signal.data.get("crossed")
    if not isinstance(crossed, list) or not crossed or not all(isinstance(each, dict) for each in crossed):
        raise RejectedRecord("invalid_data", "a limit signal needs data.crossed, a list of objects")
    if len(signal.keys) != len(crossed) or not all(_KEY.fullmatch(key) for key in signal.keys):
        raise RejectedRecord("invalid_data", "a limit signal needs one of data.keys for each of data.crossed")
    return Candidate(signal, record)


class Outcome(NamedTuple):
    """What to publish for a candidate, and the keys to remember. A repetition of a signal has neither."""

    decision: Decision | None
    trigger: Trigger | None
    entries: Mapping[Key, Entry]


def decide_limit(candidate: Candidate, decided: Decided, now: Instant) -> Outcome:
    """Decide one limit signal: it fires for those of its keys that are not decided.

    no key decided                             fires for all
    some keys decided                          fires for the rest, named by its highest threshold
    any key decided by this very record        the same answer as before, for the same keys
    all keys decided, some by this signal      nothing: the log holds the signal twice
    all keys decided by others                 superseded
    past its expiry when first asked           suppressed, too_old_to_fire (semantics 3.8)
    """
    signal, name = candidate.signal, candidate.signal.id[:SIGNAL_DIGITS]
    answered = [decided.made_for(key, candidate.record) for key in signal.keys]
    before = {place: entry for place, entry in enumerate(answered) if entry and entry.signal == name}
    if before:
        return _outcome(signal, list(before), next(iter(before.values())).verdict, {})
    found = [decided.entry(key) for key in signal.keys]
    rest = [place for place, entry in enumerate(found) if entry is None]
    if not rest:
        repeated = any(entry and entry.signal == name for entry in found)
        return Outcome(None if repeated else _decision(signal, signal.id, "superseded"), None, {})
    verdict: Verdict = "fired" if now < signal.evidence.time + EXPIRES_AFTER else "suppressed"
    made = entries_made(candidate, verdict)
    return _outcome(signal, rest, verdict, {key: made[key] for key in (key_of(signal.keys[place]) for place in rest)})


def entries_made(candidate: Candidate, verdict: Verdict) -> Mapping[Key, Entry]:
    """Return what is remembered of each key of a candidate that is decided so."""
    signal = candidate.signal
    # Rounded up to what is stored: kept an hour longer, never shorter.
    kept_until = -(-(signal.evidence.time + EXPIRES_AFTER + KEPT_AFTER_EXPIRY) // HOUR) * HOUR
    entry = Entry(verdict, signal.id[:SIGNAL_DIGITS], candidate.record, kept_until)
    return {key_of(key): entry for key in signal.keys}


def _outcome(signal: Signal, rest: Sequence[int], verdict: Verdict, entries: Mapping[Key, Entry]) -> Outcome:
    trigger_id = _trigger_id(signal, rest)
    if verdict == "suppressed":
        return Outcome(_decision(signal, trigger_id, verdict, "too_old_to_fire"), None, entries)
    expires = signal.evidence.time + EXPIRES_AFTER
    trigger = Trigger(
        trigger_id, LIMIT_REACHED, TOPIC, signal.account, signal.evidence, _payload(signal, rest), expires
    )
    return Outcome(_decision(signal, trigger_id, verdict), trigger, entries)


def _trigger_id(signal: Signal, rest: Sequence[int]) -> str:
    """Return the signal's id where its highest threshold is among the rest, else one of the rest's own highest."""
    if rest[-1] == len(signal.keys) - 1:
        return signal.id
    key = signal.keys[rest[-1]]
    return key if key_of(key).step is None else identity_of("step", key)


def _payload(signal: Signal, rest: Sequence[int]) -> dict[str, Any]:
    """Return the trigger's data: the signal's, for the thresholds it fires for, without what is for audit only."""
    crossed = [signal.data["crossed"][place] for place in rest]
    data = {name: value for name, value in signal.data.items() if name != "account"}
    return data | {"crossed": crossed, "threshold": {**signal.data["threshold"], **crossed[-1]}}


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
