"""Signals as metering writes them, of limits and with one key: only what a case is about must be named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.model.events import Evidence
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

NOW = parse_instant("2026-11-22T00:00:00Z")


def key(threshold: str, account: str = "acct-1", generation: int = 1) -> str:
    """Return the key of a threshold: `80`, or for a step of 100 its absolute usage: `+1200`."""
    if threshold.startswith("+"):
        return f"{identity_of('key', account, 'step', str(generation))}:{threshold[1:]}"
    return identity_of("key", account, threshold, str(generation))


def signal(*thresholds: str, account: str = "acct-1", generation: int = 1, time: Instant = NOW) -> Signal:
    """Return the signal that these thresholds were crossed, ascending: `80`, `100`, or `+1200` for a step."""
    crossed = [
        {"kind": "step", "value": each[1:]} if each.startswith("+") else {"kind": "percent", "value": each}
        for each in thresholds
    ]
    return Signal(
        id=identity_of("signal", account, thresholds[-1], str(generation)),
        type="limit.reached",
        account=account,
        evidence=Evidence("e-1", "/apps/web", time, user="u-42", session="s-9", traceparent="00-ab"),
        data=content(crossed),
        keys=tuple(key(each, account, generation) for each in thresholds),
    )


def gated(ordinal: str = "1", *, kind: str = "feature.gated", account: str = "acct-1", time: Instant = NOW) -> Signal:
    """Return the signal that a feature is wanted, or one of another kind with the same content."""
    signal_id = identity_of(kind, account, "sso", ordinal)
    return Signal(
        id=signal_id,
        type=kind,
        account=account,
        evidence=Evidence("e-1", "/apps/web", time, user="u-42", session="s-9", traceparent="00-ab"),
        data={
            "rule": {"id": "gates", "version": "9b1c"},
            "family": "gate",
            "plan": "free",
            "user": "u-42",
            "feature": "sso",
            "attempts": 3,
            "users": 2,
            "window": "14d",
            "session": "s-9",
            "why": "2 users tried sso 3 times in 14 days; the plan does not include it",
            "account": {"version": 7, "plan": "free"},
        },
        keys=(signal_id,),
    )


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
