"""Signals as metering writes them, of limits and with one key: only what a case is about must be named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expansion_signals.model.events import Evidence
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

NOW = parse_instant("2026-11-22T00:00:00Z")


def key(threshold: str, account: str = "acct-1", generation: int = 1) -> str:
    """Return the key of a threshold: `80`, or for a step of 100 its absolute usage: `+1200`."""
    if threshold.startswith("+"):
        return f"{identity_of('key', account, 'step', str(generation))}:{threshold[1:]}"
    return identity_of("key", account, threshold, str(generation))


def signal(
    *thresholds: str,
    account: str = "acct-1",
    generation: int = 1,
    time: Instant = NOW,
    kind: str = "limit.reached",
    **told: Any,  # noqa: ANN401 -- parts of JSON
) -> Signal:
    """Return the signal that these thresholds were crossed, ascending: `80`, `100`, or `+1200` for a step.

    `told` takes the place of what its data says.
    """
    crossed = [
        {"kind": "step", "value": each[1:]} if each.startswith("+") else {"kind": "percent", "value": each}
        for each in thresholds
    ]
    return Signal(
        id=identity_of("signal", account, thresholds[-1], str(generation)),
        type=kind,
        account=account,
        evidence=Evidence("e-1", "/apps/web", time, user="u-42", session="s-9", traceparent="00-ab"),
        data=content(crossed) | told,
        keys=tuple(key(each, account, generation) for each in thresholds),
    )


def milestone(amount: str, **told: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    """Return the signal that an account has reached this amount of its life."""
    reached = {"kind": "usage", "value": amount}
    without = {"family": "milestone", "limit": None, "period": None}
    crossed = {"threshold": {**reached, "comparison": ">="}, "crossed": [reached]}
    return signal(amount, kind="milestone.reached", **without, **crossed, **told)


def gated(
    ordinal: str = "1",
    *,
    kind: str = "feature.gated",
    account: str = "acct-1",
    time: Instant = NOW,
    **told: Any,  # noqa: ANN401 -- parts of JSON
) -> Signal:
    """Return the signal that a feature is wanted, or one of another kind with the same content.

    `told` takes the place of what its data says.
    """
    signal_id = identity_of(kind, account, "sso", ordinal)
    return Signal(
        id=signal_id,
        type=kind,
        account=account,
        evidence=Evidence("e-1", "/apps/web", time, user="u-42", session="s-9", traceparent="00-ab"),
        data={
            "rule": {"id": "gates", "version": "9b1c"},
            "family": KINDS[kind].family.name,
            "plan": "free",
            "user": "u-42",
            "feature": "sso",
            "attempts": 3,
            "users": 2,
            "window": "14d",
            "session": "s-9",
            "why": "2 users tried sso 3 times in 14 days; the plan does not include it",
            "account": {"version": 7, "plan": "free"},
            **OF_OTHER_KINDS.get(kind, {}),
            **told,
        },
        keys=(signal_id,),
    )


def under(asked: Signal, **profile: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    """Return the signal as it is judged under this profile of the account."""
    return replace(asked, data={**asked.data, "account": {"version": 7, "plan": "free", **profile}})


_USED = {"meter": "api_calls", "unit": "call", "usage": "1250"}
_SEATS = {"used": "5", "pending": "1", "allowance": "5"}
OF_OTHER_KINDS: dict[str, dict[str, Any]] = {
    "seat_limit.invited": {**_SEATS, "invite": "i-1", "invites": 1, "blocked": True},
    "seat_limit.last_taken": _SEATS,
    "usage.accelerated": {**_USED, "previous": "1000", "growth": "25", "window": "7d"},
    "usage.declined": {**_USED, "previous": "2500", "growth": "-50", "window": "30d"},
    "volume.grown": {**_USED, "previous": "1000", "growth": "25", "window": "7d"},
    "usage.run_out_forecast": {**_USED, "limit": "10000", "per_day": "40", "days_left": 4},
    "power_user.reached": {**_USED, "at_least": "1200", "percentile": "90", "accounts": 20},
    "support_pattern.found": {"features": ["sso"], "events": 2, "window": "30d"},
    "interest.grown": {"product": "analytics", "events": 3, "window": "14d"},
    "product.requested": {"product": "analytics"},
    "team.grown": {"events": 3, "previous": 1, "window": "7d"},
}
"""What signals of other kinds with one key say besides."""


def content(crossed: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "rule": {"id": "api-quota", "version": "3f2a"},
        "family": "limit",
        "plan": "free",
        "user": "u-42",
        "meter": "api_calls",
        "feature": "api_calls",
        "unit": "call",
        "usage": "1250",
        "limit": "1000",
        "limit_kind": "soft",
        "utilization": "1.25",
        "remaining": "0",
        "overage": "250",
        "threshold": {**crossed[-1], "comparison": ">="},
        "crossed": crossed,
        "period": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
        "cause": "usage",
        "session": "s-9",
        "why": "1,250 of 1,000 calls used (125 %) with 9 days of the period left",
        "account": {"version": 7, "plan": "free"},
    }
