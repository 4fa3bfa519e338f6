"""Events as product apps emit them, caught before they are sent, and read as the worker reads them."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expansion_signals.model.records import Record
from expansion_signals.sdk.envelope import ACCOUNT_UPDATES, PROMPT_EVENTS, STRUCTURED, USAGE_EVENTS
from expansion_signals.sdk.vocabulary import Options, Vocabulary
from expansion_signals.sdk.writing import Call, WrittenEvent, written
from expansion_signals.wire.codec import CloudEventsCodec
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Unpack

    from expansion_signals.model.accounts import AccountUpdate
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.prompts import Prompt

SOURCE = "/apps/web"
LATER = datetime(2027, 1, 31, tzinfo=UTC)
MONEY = {"amount": "12000", "currency": "USD"}

WORDS: dict[str, tuple[str, dict[str, Any]]] = {
    "usage": ("usage.recorded", {"meter": "api_calls", "value": 3, "user": "u", "dimensions": {"region": "eu"}}),
    "limit_hit": ("limit.hit", {"meter": "api_calls", "user": "u"}),
    "feature_attempted": ("feature.attempted", {"feature": "sso", "user": "u", "surface": "settings"}),
    "feature_used": ("feature.used", {"feature": "sso", "user": "u"}),
    "seat_invited": (
        "seat.invited",
        {"invite": "i", "user": "u", "invitee": "h", "role": "r", "blocked": True, "guest": False, "expires_at": LATER},
    ),
    "seat_activated": ("seat.activated", {"member": "m", "invite": "i"}),
    "seat_removed": ("seat.removed", {"member": "m", "invite": "i"}),
    "invite_expired": ("invite.expired", {"invite": "i"}),
    "invite_revoked": ("invite.revoked", {"invite": "i"}),
    "user_active": ("user.active", {"user": "u", "network": "n", "department": "d", "role": "r", "region": "eu"}),
    "content_shared": ("content.shared", {"user": "u", "recipient": "h", "external": True}),
    "integration_connected": ("integration.connected", {"integration": "slack", "user": "u"}),
    "data_exported": ("data.exported", {"user": "u", "destination": "sheets"}),
    "interest_shown": ("interest.shown", {"product": "crm", "user": "u", "how": "search"}),
    "support_ticket_opened": ("support.ticket_opened", {"feature": "sso", "sentiment": -0.5, "product": "crm"}),
    "feedback_given": ("feedback.given", {"kind": "nps", "score": 9, "product": "crm", "feature": "sso"}),
    "subscription_cancel_requested": ("subscription.cancel_requested", {"user": "u", "reason": "price"}),
    "prompt_shown": ("prompt.shown", {"trigger": "t", "user": "u"}),
    "prompt_dismissed": ("prompt.dismissed", {"trigger": "t", "user": "u"}),
    "prompt_snoozed": ("prompt.snoozed", {"trigger": "t", "user": "u", "until": LATER}),
    "prompt_clicked": ("prompt.clicked", {"trigger": "t", "user": "u"}),
    "account_updated": (
        "account.updated",
        {
            "version": 7,
            "plan": "pro",
            "add_ons": {"extra-api": 1},
            "limits": {"seats": 10},
            "period": {"unit": "month", "anchor": "2026-01-31T00:00:00Z"},
            "time_zone": "Europe/Berlin",
            "annual_value": MONEY,
            "owner": "dana",
            "open_opportunity": False,
            "members": ["u-1", "u-2"],
            "roles_exempt": ("guest",),
            "mrr": MONEY,
            "first_purchase_at": "2025-01-31T00:00:00Z",
            "renewal_at": LATER,
            "language": "de",
            "nps": 40,
            "csat": 4.5,
            "status": "active",
            "opted_out": {"u-9"},
            "partner": "acme",
            "usage": {"api_calls": {"value": 700, "as_of": "2026-11-20T00:00:00Z"}},
        },
    ),
}
"""Each method, its type, and all that it takes."""


class Speaker(Vocabulary):
    """Keeps the last event that was emitted instead of sending it."""

    said: WrittenEvent

    def event(
        self,
        account: str,
        type: str,  # noqa: A002 -- the attribute's name
        data: Mapping[str, Any] | None = None,
        **options: Unpack[Options],
    ) -> None:
        self.said = written(SOURCE, "", Call(account, type, data, options))


def said(method: str, *arguments: object, **options: Any) -> WrittenEvent:  # noqa: ANN401 -- whatever the method takes
    """Return what one call of a method emits; raises RejectedEvent."""
    speaker = Speaker()
    getattr(speaker, method)(*arguments, **options)
    return speaker.said


def document(event: WrittenEvent) -> dict[str, Any]:
    """Return the event as anybody reads it."""
    read: dict[str, Any] = json.loads(event.value)
    return read


def as_the_worker_reads_it(event: WrittenEvent) -> UsageEvent | AccountUpdate | Prompt:
    """Return what the worker makes of it, appended now; raises RejectedRecord where it would dead-letter it."""
    codec = CloudEventsCodec()
    read = {USAGE_EVENTS: codec.usage_event, ACCOUNT_UPDATES: codec.account_update, PROMPT_EVENTS: codec.prompt}
    record = Record(event.topic, 0, 0, event.key, event.value, [STRUCTURED], time.time_ns() // 1000)
    return read[event.topic](record)


def until_emitters_ended() -> None:
    """Wait for the threads of closed emitters: one that was connecting gives up seconds later, in the next test."""
    until(
        lambda: not any(thread.name.startswith("expansion-") for thread in threading.enumerate()),
        seconds=30,
        waiting_for="the threads of emitters to end",
    )
