"""What the pipeline published, as tests look at it: triggers as the SDK hands them out, decisions, dead letters."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias, get_args

from expansion_signals.errors import DeadLetterCode
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import FAMILIES
from expansion_signals.sdk.triggers import Trigger, TriggerData, handed_out, read
from expansion_signals.testing.subjects import subject_of
from expansion_signals.wire import dead_letters, decisions, outcomes, shadow, signals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.decisions import Reason, Verdict
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Outgoing
    from expansion_signals.sdk.triggers import Event

WITHDRAWN = "trigger.withdrawn"
OUTCOMES, SHADOW, SIGNALS = outcomes.TOPIC, shadow.TOPIC, signals.TOPIC

_FOR_SUBSCRIBERS = frozenset({SHADOW, *(family.topic for family in FAMILIES)})
_CODES: Mapping[str, DeadLetterCode] = {code: code for code in get_args(DeadLetterCode)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """A signal, or an outcome; `type` is short, `limit.reached`, and `time` that of the event behind it.

    `topic` is where it was published.
    """

    id: str
    type: str
    account: str
    time: datetime
    data: TriggerData
    topic: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of one thing that a rule found, and why (semantics 7.1, 7.2).

    `about` is what it was about, such as a threshold, a feature or an invite: `80%`, `sso`. `reason` is None where it
    fired. `signal` and `trigger` are ids; `until` is when a hold ends.
    """

    account: str
    rule: str
    about: str
    decision: Verdict
    reason: Reason | None
    reasons: tuple[Reason, ...]
    until: datetime | None
    time: datetime
    signal: str = field(repr=False)
    trigger: str | None = field(repr=False)

    def __str__(self) -> str:
        """Return it in a few words: `api-quota 80% suppressed: account_cap`."""
        said = f"{self.rule} {self.about}".rstrip() + f" {self.decision}"
        return f"{said}: {self.reason}" if self.reason else said


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that can never be counted, with the cause (semantics 10.1); `event` is what was sent."""

    account: str
    code: DeadLetterCode
    message: str
    event: bytes = field(repr=False)


Told: TypeAlias = Trigger | PublishedEvent | Decision | DeadLetter
"""A `Trigger` may be a withdrawal as well, or on the topic `SHADOW` what would have been one."""


class Reader:
    """Reads records in the order of their publication: what a decision is about stands in those before it."""

    def __init__(self) -> None:
        self._about: dict[str, str] = {}

    def read(self, record: Outgoing) -> Told:
        """Return what a record tells."""
        if record.topic == dead_letters.TOPIC:
            cause = dead_letters.cause_of(record.headers)
            return DeadLetter((record.key or b"").decode(), _CODES[cause.code], cause.message, record.value or b"")
        event = read(record.value)
        if record.topic == decisions.TOPIC:
            return self._decision(event)
        kind = event.type.removeprefix("signal.")
        self._about[event.id] = subject_of(kind, event.data)
        # A rule that is tried out tells on its topic also of what falls back below a threshold: a signal, no trigger.
        if record.topic in _FOR_SUBSCRIBERS and kind == event.type:
            return handed_out(event, record.topic, _acted_on)
        return PublishedEvent(event.id, kind, event.account, _moment(event.time), TriggerData(event.data), record.topic)

    def _decision(self, event: Event) -> Decision:
        data = event.data
        # A lead's signal is a reading, which is about nothing; what is superseded names the trigger of another invite.
        about = self._about.get(data["signal"]) or self._about.get(data["trigger"], "")
        return Decision(
            account=event.account,
            rule=data["rule"]["id"] if data["rule"] else "",
            about=about,
            decision=data["decision"],
            reason=data["reason"],
            reasons=tuple(data["reasons"]),
            until=None if data["until"] is None else _moment(parse_instant(data["until"])),
            time=_moment(event.time),
            signal=data["signal"],
            trigger=data["trigger"],
        )


def _acted_on() -> None:
    """Take note that a trigger is done: here nobody hands it out again."""


def _moment(instant: Instant) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)
