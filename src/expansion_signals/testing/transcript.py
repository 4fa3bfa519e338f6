"""What was sent and what came of it, as a test that fails shows it.

2026-01-01 00:00:00  acct-1  account.updated  version 1, plan free
2026-01-01 00:00:00  acct-1  usage.recorded  meter api_calls, value 800
    api-quota 80% fired: 800 of 1,000 calls used (80 %) with 31 days of the period left
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from expansion_signals.decide.reason_words import ENDINGS, SENTENCES
from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import SECOND, format_instant
from expansion_signals.model.kinds import KINDS
from expansion_signals.sdk.triggers import Trigger
from expansion_signals.testing.published import SHADOW, DeadLetter, Decision, PublishedEvent
from expansion_signals.testing.subjects import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.batches import Outcome
    from expansion_signals.model.instants import Instant
    from expansion_signals.testing.published import Told


_Before: TypeAlias = "Mapping[str, Trigger | PublishedEvent]"

_NOT_COUNTED: Mapping[Outcome, str] = {
    "duplicate": "duplicate: an event of this id was counted before",
    "unmatched": "unmatched: no meter and no rule names it",
}


class Sent(NamedTuple):
    """An event as a test sent it, and what became of it."""

    account: str
    type: str
    data: Mapping[str, Any]
    time: Instant
    outcome: Outcome = "counted"


class Entry(NamedTuple):
    """An event, or None for time that passed, and what was published because of it; `at` is where the clock stood."""

    at: Instant
    sent: Sent | None
    told: Sequence[Told]


def transcribed(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the lines of the transcript; time that led to nothing is left out."""
    told = [each for entry in entries for each in entry.told]
    before = {each.id: each for each in told if isinstance(each, Trigger | PublishedEvent)}
    for entry in entries:
        yield from _lines(entry, before)


def _lines(entry: Entry, before: _Before) -> Iterator[str]:
    came = [f"    {line}" for each in entry.told for line in _came(each, before)]
    at, sent = _moment(entry.at), entry.sent
    if sent is not None:
        yield f"{at}  {sent.account}  {_said(sent, entry.at)}"
    elif came:
        yield f"{at}  until here time passes"
    yield from came
    if sent is not None and sent.outcome in _NOT_COUNTED:
        yield f"    {_NOT_COUNTED[sent.outcome]}"


def _said(sent: Sent, at: Instant) -> str:
    kind = sent.type.removeprefix(BUILT_IN_PREFIX).removesuffix(".v1")
    data = ", ".join(f"{name} {_written(value)}" for name, value in sent.data.items())
    late = f" (of {_moment(sent.time)})" if sent.time != at else ""
    return f"{kind}{late}  {data}".rstrip()


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _came(told: Told, before: _Before) -> Iterator[str]:
    """Yield what is told, a line each: a trigger is told by its decision, a reading not at all."""
    match told:
        case Decision():
            yield _decided(told, before)
        case DeadLetter():
            yield f"dead letter, {told.code}: {told.message}"
        case Trigger(type="trigger.withdrawn"):
            withdrawn, reason = before[told.data.trigger], told.data.reason
            yield f"{named(withdrawn.type, withdrawn.data)} withdrawn, {reason}: {ENDINGS[reason]}"
        case Trigger() if told.topic == SHADOW:
            yield f"{named(told.type, told.data)} would have fired (shadow): {told.data.why}"
        case PublishedEvent(type="outcome.attributed"):
            yield f"outcome {told.data.kind}: from {_written(told.data['from'])} to {_written(told.data.to)}"
        case PublishedEvent() if told.type in KINDS and not KINDS[told.type].fires:
            yield f"{told.type}: {named(told.type, told.data)}"


def _decided(decision: Decision, before: _Before) -> str:
    found = before.get(decision.trigger or "", before.get(decision.signal))
    why = (found and found.data.get("why")) or ""
    because = "; ".join(SENTENCES[reason] for reason in decision.reasons)
    return ": ".join(part for part in (f"{decision} ({because})" if because else str(decision), why) if part)


def _moment(instant: Instant) -> str:
    """Return an instant as people read it, in UTC."""
    return format_instant(instant // SECOND * SECOND).removesuffix("Z").replace("T", " ")
