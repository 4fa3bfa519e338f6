"""Events that were read before their poll: a poll that is tried more than once decodes none of them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY
from expansion_signals.wire.codec import CLOCK_SKEW, CloudEventsCodec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.records import Record


class CodecReadAhead(CloudEventsCodec):
    """Answers with what is known `ahead`, by offset, where its age is all that is left to judge."""

    def __init__(self, acceptance: Duration = DAY) -> None:
        super().__init__(acceptance)
        self.ahead: Mapping[int, UsageEvent | None] = {}
        self._oldest = acceptance

    def usage_event(self, record: Record) -> UsageEvent:
        """Return the event of this record; one of a wrong time goes the long way, which says so.

        Raises:
            RejectedRecord: with the code of the first thing that is wrong.
        """
        event, appended = self.ahead.get(record.offset), record.appended
        if event is not None and appended - self._oldest <= event.time <= appended + CLOCK_SKEW:
            return event
        return super().usage_event(record)
