"""What the data of each built-in type holds, judged where it is emitted (interfaces, Records in).

So that a mistake is told where it was made; the worker judges again, and has the last word (`wire/contracts.py`). What
is None is left out, and what is not known is passed on: a newer worker may know it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.sdk.values import amount, flag, list_of, moment, name, number, object_of, one_of, whole

if TYPE_CHECKING:
    from expansion_signals.sdk.values import Written

_MOST_DIMENSIONS = 64


class Contract:
    """The properties that one type of data must have, and those that it may have, each with how it is written."""

    def __init__(self, required: Mapping[str, Written], /, **optional: Written) -> None:
        self._required = frozenset(required)
        self._properties = {**required, **optional, "session": name}  # every type takes one

    def written(self, data: Mapping[str, object], problems: list[str], at: str = "data.") -> dict[str, object]:
        """Return the data as the wire has it; whatever is wrong is added to `problems`."""
        found = {}
        for key, value in data.items():
            if value is None:
                continue
            write = self._properties.get(key)
            try:
                found[key] = value if write is None else write(value)
            except ValueError as problem:
                problems.append(f"{at}{key}: {problem}")
                found[key] = value
        missing = self._required.difference(found)
        if missing:
            problems.extend(f"{at}{key}: required and missing" for key in self._properties if key in missing)
        return found

    def __call__(self, value: object) -> object:
        """Take an object inside the data."""
        if not isinstance(value, Mapping):
            raise ValueError(f"expected a mapping, got {type(value).__name__}")  # noqa: TRY004 -- as every other value
        problems: list[str] = []
        found = self.written(value, problems, at="")
        if problems:
            raise ValueError("; ".join(problems))
        return found


_money = Contract({"amount": amount, "currency": name})
_prompt = Contract({"trigger": name, "user": name})
_names = list_of(name)

_CONTRACTS: Mapping[str, Contract] = {
    "usage.recorded": Contract(
        {"meter": name, "value": amount}, user=name, dimensions=object_of(name, most=_MOST_DIMENSIONS)
    ),
    "limit.hit": Contract({"meter": name}, user=name),
    "feature.attempted": Contract({"feature": name, "user": name}, surface=name),
    "feature.used": Contract({"feature": name}, user=name),
    "seat.invited": Contract(
        {"invite": name, "user": name}, invitee=name, role=name, blocked=flag, guest=flag, expires_at=moment
    ),
    "seat.activated": Contract({"member": name}, invite=name),
    "seat.removed": Contract({"member": name}, invite=name),
    "invite.expired": Contract({"invite": name}),
    "invite.revoked": Contract({"invite": name}),
    "user.active": Contract({"user": name}, network=name, department=name, role=name, region=name),
    "content.shared": Contract({"user": name}, recipient=name, external=flag),
    "integration.connected": Contract({"integration": name}, user=name),
    "data.exported": Contract({"user": name}, destination=name),
    "interest.shown": Contract({"product": name}, user=name, how=one_of("view", "search")),
    "support.ticket_opened": Contract({}, feature=name, sentiment=number(-1, 1), product=name),
    "feedback.given": Contract({"kind": one_of("nps", "csat", "request")}, score=number(), product=name, feature=name),
    "subscription.cancel_requested": Contract({}, user=name, reason=name),
    "prompt.shown": _prompt,
    "prompt.dismissed": _prompt,
    "prompt.snoozed": Contract({"trigger": name, "user": name, "until": moment}),
    "prompt.clicked": _prompt,
    "account.updated": Contract(
        {"version": whole(0), "plan": name},
        add_ons=object_of(whole(0)),
        limits=object_of(amount),
        period=Contract({"anchor": moment}, unit=one_of("day", "week", "month", "quarter", "year")),
        time_zone=name,
        annual_value=_money,
        owner=name,
        open_opportunity=flag,
        members=_names,
        roles_exempt=_names,
        mrr=_money,
        first_purchase_at=moment,
        renewal_at=moment,
        language=name,
        nps=whole(),
        csat=number(),
        status=one_of("active", "trialing", "past_due", "paused", "cancelled", "internal"),
        opted_out=_names,
        partner=name,
        usage=object_of(Contract({"value": amount, "as_of": moment})),
    ),
}

CONTRACTS: Mapping[str, Contract] = {f"{BUILT_IN_PREFIX}{short}.v1": each for short, each in _CONTRACTS.items()}
"""Every built-in type that product apps, billing and notification services emit."""
