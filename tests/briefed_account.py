"""An account with something of everything that a brief tells: seats, six months of use, health, triggers, features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.cli.account_overview import overview_of
from expansion_signals.cli.brief import brief_of
from expansion_signals.decide.remembered import Prompted, Remembered
from expansion_signals.detect.first_seen import FirstSeen
from expansion_signals.detect.seat_limits import SeatNote
from expansion_signals.detect.seats import Invite, Seats
from expansion_signals.model.accounts import Account, succeed
from expansion_signals.model.events import Evidence
from expansion_signals.model.happenings import Happening
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import DAY, day_of, parse_instant
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.months import Month
from expansion_signals.model.notes import Note
from expansion_signals.model.readings import Counter
from expansion_signals.model.signals import Signal
from expansion_signals.model.standing import AccountStanding
from expansion_signals.model.triggers import Trigger
from expansion_signals.model.windows import last_days
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expansion_signals.cli.account_overview import Overview
    from expansion_signals.cli.brief import Brief

NOW = parse_instant("2026-11-22T10:00:00Z")
NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
CALLS, STORAGE, EXPORTS = (
    Counter("api_calls", "", NOVEMBER),
    Counter("storage", "", None),
    Counter("exports", "", NOVEMBER),
)

CATALOG = """
currency: USD
meters:
  api_calls: {event: com.acme.called, aggregation: count, unit: call}
  storage: {event: com.acme.stored, aggregation: sum, value: size, per: never, precision: 1, unit: GB}
  exports: {event: com.acme.exported, aggregation: count, unit: export}
features:
  api_calls: {meter: api_calls}
  storage: {meter: storage}
  exports: {meter: exports}
  seats: {meter: seats}
  dashboards: {}
  webhooks: {}
  sso: {}
plans:
  - key: team
    price: "49"
    includes:
      {api_calls: {limit: 20000}, storage: {limit: 50}, exports: {limit: 200}, seats: {limit: 10},
       dashboards: true, webhooks: true}
  - key: business
    price: "249"
    includes:
      {api_calls: {limit: 200000}, storage: {limit: 500}, exports: {limit: 2000}, seats: {limit: 50},
       dashboards: true, webhooks: true, sso: true}
add_ons:
  - {key: extra-api, price: "20", adds: {api_calls: 50000}}
"""
RULES = """
rules:
  - {id: quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: gates, signal: feature_gated, feature: "*"}
  - {id: seats, signal: seat_limit_approached, at: [80%]}
  - {id: invites, signal: seat_limit_invited}
  - {id: uses, signal: use_case_added}
  - {id: leaving, signal: cancel_requested}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})
PROFILE: dict[str, Any] = {
    "version": 7,
    "plan": "team",
    "owner": "dana@example.com",
    "first_purchase_at": "2025-01-31T00:00:00Z",
    "renewal_at": "2027-01-31T00:00:00Z",
    "nps": 40,
}
HEALTH: dict[str, Any] = {
    "daily_active": "3",
    "monthly_active": 9,
    "active_days": 19,
    "features_used": 5,
    "features_included": 6,
    "usage_growth": "0.24",
    "utilization": "0.86",
    "seats_utilization": "0.9",
    "tickets": 2,
    "sentiment": None,
    "nps": None,
    "csat": None,
    "history_days": 400,
}
_MONTHS = (11_200, 12_400, 12_100, 13_800, 15_100, 16_900)


def overview(**profile: Any) -> Overview:  # noqa: ANN401 -- any field of a profile
    """Return how the account stands, with these parts of its profile in place of its own."""
    account = Account.model_validate(PROFILE | profile)
    days = {("api_calls", day): 560 + 9 * (day % 7) for day in range(day_of(NOW) - 62, day_of(NOW) + 1)}
    days |= {("storage", day): 4 for day in range(day_of(NOW) - 40, day_of(NOW) + 1)}
    months = {("api_calls", Month(2026, 5 + place)): total for place, total in enumerate(_MONTHS)}
    months |= {("exports", Month(2026, 5 + place)): 90 - 8 * place for place in range(6)}
    standing = AccountStanding(
        account="Northwind Traders",
        epoch=3,
        profile=succeed(None, account, NOW),
        levels={CALLS: 17_240, STORAGE: 212, EXPORTS: 31},
        marks={},
        guards={},
        waiting=0,
        days=days,
        hours=None,
        decided={},
        months=months,
        notes={"seats": Note(4, _seats()), "features": Note(2, _features())},
    )
    return overview_of(standing, CONFIGURATION, NOW, last_days(NOW, 14))


def _seats() -> str:
    members = dict.fromkeys(f"u-{number}" for number in range(9))
    seats = Seats(members=members, invites={"i-1": Invite("u-10", NOW + DAY)}, latest=NOW)
    return SeatNote(seats=seats, used=10, judged=True).written()


def _features() -> str:
    return FirstSeen(hours={"feature": {"dashboards": NOW - 90 * DAY}}).written()


def happened(kind: str, days_ago: int, why: str, user: str | None = "u-1", **data: Any) -> Happening:  # noqa: ANN401 -- any JSON
    """Return a trigger of this type, so many days ago."""
    at = NOW - days_ago * DAY
    family = KINDS[kind].family
    content = {
        "rule": {"id": "rule", "version": "3f2a"},
        "family": family.name,
        "plan": "team",
        "user": user,
        "session": None,
        "why": why,
        "recommendation": None,
        "route": None,
        **data,
    }
    name = identity_of(kind, str(at), str(user))
    evidence = Evidence(name[:4], "/apps/web", at, user)
    return Happening(Trigger(name, kind, family.topic, "acct-1", evidence, content, at + family.lasts), at)


def limit_reached(percent: int, days_ago: int, user: str = "u-1", **more: Any) -> Happening:  # noqa: ANN401 -- any JSON
    """Return the trigger that so much of the calls was used."""
    usage = 200 * percent
    return happened(
        "limit.reached",
        days_ago,
        f"{usage:,} of 20,000 calls used ({percent} %)",
        user,
        meter="api_calls",
        feature="api_calls",
        unit="call",
        usage=str(usage),
        limit="20000",
        limit_kind="hard",
        threshold={"kind": "percent", "value": str(percent), "comparison": ">="},
        crossed=[{"kind": "percent", "value": str(percent)}],
        period={"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
        **more,
    )


def gated(days_ago: int, feature: str = "sso") -> Happening:
    """Return the trigger that a locked feature is wanted."""
    why = f"2 users tried {feature} 4 times in 14 days; the plan does not include it"
    return happened("feature.gated", days_ago, why, "u-3", feature=feature, attempts=4, users=2, window="14d")


def reading(days_ago: int = 0, **inputs: Any) -> Happening:  # noqa: ANN401 -- any input of health
    """Return a daily reading."""
    at = NOW // DAY * DAY - days_ago * DAY
    data = {"reason": "daily", "facts": [], "levels": [], "health_inputs": HEALTH | inputs}
    return Happening(Signal(identity_of("reading", str(at)), "reading", "acct-1", Evidence("e", "/s", at), data), at)


HAPPENINGS: Sequence[Happening] = (
    reading(),
    limit_reached(80, 4),
    limit_reached(100, 34, "u-2"),
    limit_reached(80, 36, "u-2"),
    gated(9),
    happened(
        "sharing.grown",
        20,
        "Content was shared 6 times with people outside in 14 days",
        events=6,
        users=2,
        window="14d",
    ),
)
REMEMBERED = Remembered(
    prompted=(Prompted("shown", NOW - 4 * DAY, "u-1", "t-1"), Prompted("clicked", NOW - 4 * DAY, "u-1", "t-1")),
    upgrades=(NOW - 200 * DAY,),
)


def brief(
    happenings: Sequence[Happening] = HAPPENINGS,
    remembered: Remembered = REMEMBERED,
    **profile: Any,  # noqa: ANN401 -- any field
) -> Brief:
    """Return the brief of the account."""
    made = brief_of(overview(**profile), remembered, happenings)
    assert made is not None
    return made


def step(made: Brief) -> Mapping[str, Any]:
    """Return what the first opportunity recommends."""
    found = made.opportunities.expansion[0].step
    assert found is not None
    return found
