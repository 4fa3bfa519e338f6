"""A trigger, or what takes one back, as somebody sees it on its topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import FAMILIES
from expansion_signals.wire.cloudevents import open_envelope

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record

_WITHDRAWN = "trigger.withdrawn"

TRIGGER_TOPICS = tuple(family.topic for family in FAMILIES)


@dataclass(frozen=True, slots=True)
class Sighting:
    """One of them: `type` is the short name, `time` that of the event behind it, `text` the whole CloudEvent."""

    id: str
    type: str
    account: str
    time: Instant
    causation: str | None
    family: str
    why: str
    text: str

    @property
    def is_withdrawal(self) -> bool:
        """Say whether it takes a trigger back."""
        return self.type == _WITHDRAWN


def sighted(record: Record) -> Sighting:
    """Read one record of a trigger topic.

    Raises:
        RejectedRecord: it is no CloudEvent.
    """
    envelope = open_envelope(record)
    data = envelope.get("data") or {}
    return Sighting(
        id=str(envelope["id"]),
        type=str(envelope["type"]).removeprefix(BUILT_IN_PREFIX).rpartition(".v")[0],
        account=str(envelope["subject"]),
        time=parse_instant(str(envelope["time"])),
        causation=envelope.get("causationid"),
        family=str(data.get("family", "")),
        why=str(data.get("why") or data.get("reason") or ""),
        text=(record.value or b"").decode(),
    )
