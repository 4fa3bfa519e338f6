"""Conditions on every fact, wherever rules are judged: where a counter moves, at an event, when a day has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.instants import DAY, HOUR, MINUTE, format_instant
from rehearsed_account import START, RehearsedAccount

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

BEGIN = -63 * DAY


async def hits(who: RehearsedAccount) -> None:
    for number in range(2):
        await who.does("limit.hit", number * MINUTE, meter="calls")


async def users(who: RehearsedAccount) -> None:
    for number in range(2):
        await who.does("user.active", number * MINUTE, user=f"u-{number}")


async def attempts(who: RehearsedAccount) -> None:
    for number in range(2):
        await who.does("feature.attempted", number * MINUTE, user=f"u-{number}", feature="sso")


async def features(who: RehearsedAccount) -> None:
    for number, feature in enumerate(("sso", "audit_log")):
        await who.does("feature.used", number * MINUTE, feature=feature)


async def invited(who: RehearsedAccount) -> None:
    for number in range(2):
        await who.does("seat.invited", number * MINUTE, invite=f"i-{number}", user="ada")


async def filled(who: RehearsedAccount) -> None:
    await who.stores(40)


async def grown(who: RehearsedAccount) -> None:
    for day in range(-62, 1):
        await who.calls(10 if day < -29 else 16, day * DAY + HOUR)


async def seated(who: RehearsedAccount) -> None:
    await who.known(members=["ada", "bob"], renewal_at=RENEWAL)


RENEWAL = format_instant(START + 20 * DAY)
FACTS: dict[str, tuple[str, Callable[[RehearsedAccount], Awaitable[None]]]] = {
    "limit_hits": ("limit_hits >= 2", hits),
    "active_users": ("active_users >= 2", users),
    "features_used": ("features_used >= 2", features),
    "next_plan_features": ("next_plan_features >= 2", features),
    "gated_attempts": ("gated_attempts >= 2", attempts),
    "gated_users": ("gated_users >= 2", attempts),
    "invites": ("invites >= 2", invited),
    "usage_growth": ("usage_growth > 50%", grown),
    "utilization": ("utilization >= 80%", filled),
    "seats_used": ("seats_used >= 2", seated),
}
"""By fact, a condition that is not true of an account at first, and what makes it true."""

RULES = {
    "limit.reached": "{{id: r, signal: limit_reached, meter: calls, at: [300], when: {0}}}",
    "milestone.reached": "{{id: r, signal: milestone, meter: calls, at: [1300], when: {0}}}",
    "cancel.requested": "{{id: r, signal: cancel_requested, when: {0}}}",
    "feature.gated": "{{id: r, signal: feature_gated, feature: audit_log, attempts: 1, when: {0}}}",
    "renewal.near": "{{id: r, signal: renewal_near, within: 30d, when: {0}}}",
}
"""By signal, a rule with a condition."""


async def told(kind: str, fact: str, *, made_true: bool) -> int:
    """Return how often a rule fires, two days after a fact that its condition names became what it asks for, or not."""
    condition, makes_true = FACTS[fact]
    who = RehearsedAccount(RULES[kind].format(condition))
    await who.known(BEGIN if fact == "usage_growth" else -DAY, renewal_at=RENEWAL)
    if made_true:
        await makes_true(who)
    await who.waits(2 * DAY)
    match kind:
        case "limit.reached" | "milestone.reached":
            await who.calls(1_300, 2 * DAY)
        case "cancel.requested":
            await who.does("subscription.cancel_requested", 2 * DAY)
        case "feature.gated":
            await who.does("feature.attempted", 2 * DAY, user="eve", feature="audit_log")
    return len(who.told(kind))


@pytest.mark.parametrize(
    ("kind", "fact"),
    # A limit rule asks of the utilization of its own reading: `test_lifetimes.py`.
    [(kind, fact) for kind in RULES for fact in FACTS if (kind, fact) != ("limit.reached", "utilization")],
)
async def test_a_rule_fires_once_what_its_condition_asks_for_is_there(kind: str, fact: str) -> None:
    assert [await told(kind, fact, made_true=made) for made in (False, True)] == [0, 1]


async def test_what_a_limit_rule_waits_for_lets_it_fire_with_the_next_reading() -> None:
    who = RehearsedAccount(RULES["limit.reached"].format("limit_hits >= 2"))
    await who.known()
    await who.calls(300)
    await hits(who)
    assert who.told("limit.reached") == []
    await who.calls(1, HOUR)
    assert [each["usage"] for each in who.told("limit.reached")] == ["301"]


async def test_the_event_itself_counts_for_the_condition_of_its_rule() -> None:
    who = RehearsedAccount("{id: r, signal: feature_gated, feature: sso, attempts: 1, when: gated_attempts >= 2}")
    await who.known()
    counts = []
    for number in range(2):
        await who.does("feature.attempted", number * HOUR, user="ada", feature="sso")
        counts.append(len(who.told("feature.gated")))
    assert counts == [0, 1]


async def test_an_invite_counts_for_the_condition_of_a_rule_of_seats() -> None:
    who = RehearsedAccount("{id: r, signal: seat_limit_invited, when: invites >= 2 and seats_used >= 6}")
    await who.known(members=["a", "b", "c", "d", "e"])
    await who.does("seat.invited", MINUTE, invite="i-1", user="a")
    await who.does("seat.invited", HOUR, invite="i-2", user="a")
    assert [each["invite"] for each in who.told("seat_limit.invited")] == ["i-2"]


async def test_a_window_that_has_passed_is_not_true_any_more() -> None:
    who = RehearsedAccount("{id: r, signal: cancel_requested, when: invites >= 2}")
    await who.known()
    await invited(who)
    for day in (6, 7):
        await who.does("subscription.cancel_requested", day * DAY)
    assert len(who.told("cancel.requested")) == 1


@pytest.mark.parametrize(("first", "known"), [(-59, True), (-58, False)])
async def test_growth_is_known_once_a_look_has_all_its_history(first: int, *, known: bool) -> None:
    who = RehearsedAccount("{id: r, signal: cancel_requested, when: usage_growth <= 50% or usage_growth > 50%}")
    await who.known(BEGIN)
    for day in range(first, 1):
        await who.calls(10, day * DAY + HOUR)
    await who.does("subscription.cancel_requested", 2 * DAY)
    assert bool(who.told("cancel.requested")) is known


async def test_the_utilization_of_a_limit_that_has_changed_since_the_look_is_not_known() -> None:
    who = RehearsedAccount("{id: r, signal: cancel_requested, when: utilization >= 80%}")
    await who.known(BEGIN)
    await filled(who)
    await who.waits(2 * DAY)
    await who.known(2 * DAY, limits={"storage": "100"})
    await who.does("subscription.cancel_requested", 2 * DAY)
    assert who.told("cancel.requested") == []


async def test_a_milestone_asks_of_the_highest_utilization_its_own_among_them() -> None:
    who = RehearsedAccount("{id: r, signal: milestone, meter: storage, at: [10], when: utilization >= 80%}")
    await who.known()
    await who.stores(39)
    assert who.told("milestone.reached") == []
    await who.stores(1, HOUR)
    assert len(who.told("milestone.reached")) == 1


async def test_a_gate_with_a_condition_goes_as_the_page_tells() -> None:
    who = RehearsedAccount("{id: r, signal: feature_gated, feature: '*', attempts: 1, when: limit_hits >= 2}")
    await who.known(-30 * DAY)
    fired = []
    for day, hit, user, feature in ((1, True, "ada", "sso"), (5, True, "bob", "sso"), (15, False, "eve", "audit_log")):
        at = (day - 22) * DAY
        if hit:
            await who.does("limit.hit", at, meter="calls")
        await who.does("feature.attempted", at + MINUTE, user=user, feature=feature)
        fired.append(len(who.told("feature.gated")))
    assert fired == [0, 1, 1]


async def test_a_products_own_event_that_a_gate_names_is_an_attempt_to_conditions_too() -> None:
    own = "feature: sso, event: com.acme.paywall.shown, user: viewer, attempts: 1"
    who = RehearsedAccount(f"{{id: r, signal: feature_gated, {own}, when: gated_attempts >= 2 and active_users >= 2}}")
    await who.known()
    for minute, viewer in enumerate(("ada", "bob")):
        await who.happens("com.acme.paywall.shown", minute * MINUTE, viewer=viewer)
    assert [each["user"] for each in who.told("feature.gated")] == ["bob"]
