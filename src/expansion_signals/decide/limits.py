"""A limit signal becomes a decision and, if it fires, a trigger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.decide.decided import SIGNAL_DIGITS, Decided, Entry, series_of
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.decisions import Decision
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, Duration, Instant
from expansion_signals.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.model.decisions import Reason, Verdict
    from expansion_signals.model.signals import Signal

LIMIT_REACHED = "limit.reached"
TOPIC = "expansion-limit-reached"

EXPIRES_AFTER: Duration = 7 * DAY
"""How long a limit trigger is worth acting on (semantics 7.7)."""

KEPT_AFTER_EXPIRY: Duration = 7 * DAY
"""How much longer a decision is remembered, so that a repetition meets it (architecture, State)."""


class Candidate(NamedTuple):
    """A limit signal as it was read; `record` are its coordinates on the log."""

    signal: Signal
    record: str


def candidate_in(signal: Signal, record: str) -> Candidate | None:
    """Return the candidate that a signal is; None for a signal that nobody decides.

    Raises:
        RejectedRecord: a limit signal without a rule, or whose keys do not match what it crossed.
    """
    if signal.type != LIMIT_REACHED:
        return None
    crossed, rule = signal.data.get("crossed"), signal.data.get("rule")
    complete = isinstance(rule, dict) and isinstance(signal.data.get("threshold"), dict)
    if not complete or not isinstance(crossed, list) or not crossed or len(signal.keys) != len(crossed):
        raise RejectedRecord(
            "invalid_data", "a limit signal needs rule, threshold, and one of data.keys for each crossed"
        )
    return Candidate(signal, record)


class Outcome(NamedTuple):
    """What to publish for a candidate, and the keys to remember. A repetition of a record has neither."""

    decision: Decision | None
    trigger: Trigger | None
    entries: Mapping[str, Entry]


def decide_limit(candidate: Candidate, decided: Decided, now: Instant) -> Outcome:
    """Decide one limit signal: it fires for those of its keys that are not decided.

    no key decided, or by this very record     fires for all: asked again, the same answer
    some keys decided                          fires for the rest, named by its highest threshold
    all keys decided by this signal            nothing: the log holds the record twice
    all keys decided by others                 superseded
    past its expiry                            suppressed, too_old_to_fire (semantics 3.8)
    """
    signal = candidate.signal
    rest = [place for place, key in enumerate(signal.keys) if _is_open(decided.entry(key), candidate)]
    if not rest:
        repeated = all(entry and entry.signal == signal.id[:SIGNAL_DIGITS] for entry in map(decided.entry, signal.keys))
        decision = None if repeated else _decision(signal, _trigger_id(signal, rest), "superseded", ())
        return Outcome(decision, None, {})
    trigger_id = _trigger_id(signal, rest)
    expires = signal.evidence.time + EXPIRES_AFTER
    verdict: Verdict = "fired" if now < expires else "suppressed"
    entries = {}
    for place in rest:
        series, step = series_of(signal.keys[place])
        entries[series] = Entry(verdict, signal.id[:SIGNAL_DIGITS], candidate.record, expires + KEPT_AFTER_EXPIRY, step)
    if verdict == "suppressed":
        return Outcome(_decision(signal, trigger_id, verdict, ("too_old_to_fire",)), None, entries)
    trigger = Trigger(
        trigger_id, LIMIT_REACHED, TOPIC, signal.account, signal.evidence, _payload(signal, rest), expires
    )
    return Outcome(_decision(signal, trigger_id, verdict, ()), trigger, entries)


def _is_open(entry: Entry | None, candidate: Candidate) -> bool:
    return entry is None or (entry.signal, entry.record) == (candidate.signal.id[:SIGNAL_DIGITS], candidate.record)


def _trigger_id(signal: Signal, rest: Sequence[int]) -> str:
    """Return the id that evidence of just these thresholds would have had."""
    highest = len(signal.keys) - 1
    if not rest or rest[-1] == highest:
        return signal.id
    key = signal.keys[rest[-1]]
    return key if series_of(key)[1] is None else identity_of("step", key)


def _payload(signal: Signal, rest: Sequence[int]) -> dict[str, Any]:
    """Return the trigger's data: the signal's, for the thresholds it fires for, without what is for audit only."""
    crossed = [signal.data["crossed"][place] for place in rest]
    data = {name: value for name, value in signal.data.items() if name != "account"}
    return data | {"crossed": crossed, "threshold": {**signal.data["threshold"], **crossed[-1]}}


def _decision(signal: Signal, trigger_id: str, verdict: Verdict, reasons: tuple[Reason, ...]) -> Decision:
    return Decision(
        id=identity_of("decision", signal.id, verdict),
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
