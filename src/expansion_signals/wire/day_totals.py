"""Totals of days from before a meter was counted here: written by `import`, read by the worker (semantics 2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.events import USAGE_IMPORTED, UsageEvent
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, Instant, day_of, format_day, format_instant, parse_day
from expansion_signals.model.records import Outgoing
from expansion_signals.wire import attributes, contracts
from expansion_signals.wire.cloudevents import STRUCTURED
from expansion_signals.wire.json_text import write

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPIC = "usage-events"
SOURCE = "/expansion-signals/import"
DAYS_BACK = 62
"""How many UTC days before that of its append time a total may be of: day buckets are kept no longer (2.5)."""


def read(envelope: Mapping[str, Any], appended: Instant) -> UsageEvent:
    """Return a day's total as an event at its day's last microsecond, or now on the day that is not over yet.

    It counts as `backfill` does: quietly. The acceptance window is not for it; its days are (`DAYS_BACK`).

    Raises:
        RejectedRecord: `too_old`, `in_future` by its day, or with the code of what else is wrong.
    """
    event_id, source, event_type, account, _ = attributes.required(envelope)
    data = contracts.checked(event_type, envelope.get("data"))
    time = _end_of(data["day"], appended)
    return UsageEvent(
        source, event_id, event_type, account, time, data, backfill=True, traceparent=attributes.traceparent(envelope)
    )


def record_of(account: str, meter: str, day: int, value: str, now: Instant) -> Outgoing:
    """Return the record of a day's total; its id is that of the day, so that one total of it can stand and no other.

    `day` is the number of the UTC day, `value` a decimal string without trailing zeros.
    """
    written = format_day(day)
    document = {
        "specversion": "1.0",
        "id": identity_of("usage_imported", account, meter, written),
        "source": SOURCE,
        "type": USAGE_IMPORTED,
        "subject": account,
        "time": format_instant(now),
        "datacontenttype": "application/json",
        "data": {"meter": meter, "day": written, "value": value},
    }
    return Outgoing(TOPIC, account.encode(), write(document), (("content-type", STRUCTURED.encode()),))


def _end_of(day: str, appended: Instant) -> Instant:
    number, today = parse_day(day), day_of(appended)
    if number > today:
        raise RejectedRecord("in_future", f"data.day: {day} is after the day of the append time, {format_day(today)}")
    if number < today - DAYS_BACK:
        raise RejectedRecord(
            "too_old",
            f"data.day: {day} is {today - number} days before {format_day(today)}; at most {DAYS_BACK} are taken",
        )
    return min((number + 1) * DAY - 1, appended)
