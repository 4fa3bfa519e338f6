"""What is withdrawn, when and why: triggers whose need is gone, and whether it is (`needs_left`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from decided_account import FREE, DecidedAccount, changed, level, reading, triggers
from expansion_signals.decide.cases import account_in
from expansion_signals.decide.needs_left import ended_by_profile, need_of
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.kinds import KINDS
from expansion_signals.model.outcomes import Withdrawal
from sample_ground import configuration
from sample_signals import NOW, gated, milestone, signal, under

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.outcomes import Ended
    from expansion_signals.model.signals import Signal

AFTER = NOW + HOUR
PRO = {"version": 8, "plan": "pro"}


def profile(**told: Any) -> dict[str, Any]:  # noqa: ANN401 -- parts of JSON
    return {"version": 8, "plan": "free", **told}


def seats(threshold: str) -> Signal:
    """Return the signal that seats used reached this percentage: 4 of 5."""
    asked = signal(threshold, kind="seat_limit.approached")
    names = ("rule", "plan", "user", "threshold", "crossed", "account")
    of_seats = {"family": "seat", "used": "4", "pending": "1", "allowance": "5"}
    return replace(asked, data={name: asked.data[name] for name in names} | of_seats)


def threshold(kind: str, value: str, **told: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    """Return the signal that this threshold was reached, with 800 of 1,000 calls."""
    crossing = {"kind": kind, "value": value}
    crossed = {"threshold": {**crossing, "comparison": ">="}, "crossed": [crossing]}
    return signal("80", **{"usage": "800", **crossed, **told})


INVITED, LAST_TAKEN = gated(kind="seat_limit.invited"), gated(kind="seat_limit.last_taken")
LET_THROUGH = gated(kind="seat_limit.invited", used="6", blocked=False)
FORECAST = gated(kind="usage.run_out_forecast", limit="1000")

# ------------------------------------------------------------------------- whether a profile ends a need

ENDED: list[tuple[str, Signal, dict[str, Any], Ended | None]] = [
    ("80 % of a limit as it was", threshold("percent", "80"), profile(), None),
    (
        "80 % of a limit under which 800 is less",
        threshold("percent", "80"),
        profile(limits={"api_calls": "1001"}),
        "upgraded",
    ),
    ("80 % of the same limit, bought", threshold("percent", "80"), profile(limits={"api_calls": "1000"}), None),
    ("80 % of a lower limit", threshold("percent", "80"), profile(limits={"api_calls": "900"}), None),
    (
        "100 % of a limit that is still reached",
        threshold("percent", "100", usage="1250"),
        profile(limits={"api_calls": "1250"}),
        None,
    ),
    (
        "100 % of a limit that is not reached",
        threshold("percent", "100", usage="1250"),
        profile(limits={"api_calls": "1251"}),
        "upgraded",
    ),
    ("80 % with an add-on", threshold("percent", "80"), profile(add_ons={"extra-api": 1}), "upgraded"),
    ("80 % on a higher plan", threshold("percent", "80"), PRO, "upgraded"),
    ("80 % without a limit", threshold("percent", "80"), profile(plan="enterprise"), "upgraded"),
    ("80 % on a plan that nobody knows", threshold("percent", "80"), profile(plan="mystery"), "need_gone"),
    ("200 remaining as it was", threshold("remaining", "200"), profile(), None),
    (
        "200 remaining with room for one more",
        threshold("remaining", "200"),
        profile(limits={"api_calls": "1001"}),
        "upgraded",
    ),
    ("800 as it was", threshold("usage", "800"), profile(), None),
    ("800 once more was bought", threshold("usage", "800"), profile(limits={"api_calls": "1001"}), "upgraded"),
    ("800 without a limit", threshold("usage", "800", limit=None), PRO, None),
    ("a step as it was", threshold("step", "800"), profile(), None),
    ("a step once more was bought", threshold("step", "800"), profile(limits={"api_calls": "1001"}), "upgraded"),
    ("80 % of the seats as they were", seats("80"), profile(), None),
    ("80 % of more seats", seats("80"), profile(limits={"seats": "6"}), "upgraded"),
    ("a blocked invite, seats as they were", INVITED, profile(), None),
    ("a blocked invite with a seat for it", INVITED, profile(limits={"seats": "6"}), "upgraded"),
    ("a seat too few for who was let in", LET_THROUGH, profile(), None),
    ("a seat for who was let in", LET_THROUGH, profile(limits={"seats": "6"}), "upgraded"),
    ("the last seat, seats as they were", LAST_TAKEN, profile(), None),
    ("the last seat, and one more", LAST_TAKEN, profile(limits={"seats": "6"}), "upgraded"),
    ("the last seat, without a limit", LAST_TAKEN, profile(plan="enterprise"), "upgraded"),
    ("a gate on the same plan", gated(), profile(), None),
    ("a gate that the plan opens", gated(), PRO, "upgraded"),
    ("a gate on a plan that nobody knows", gated(), profile(plan="mystery"), None),
    ("another gate than the plan opens", gated(feature="audit_log"), PRO, None),
    ("a trend on the same plan", gated(kind="usage.accelerated"), profile(limits={"api_calls": "9000"}), None),
    ("a trend on a higher plan", gated(kind="usage.accelerated"), PRO, "upgraded"),
    ("a trend on a plan that nobody knows", gated(kind="usage.accelerated"), profile(plan="mystery"), None),
    ("a trend on a lower plan", gated(kind="usage.accelerated", plan="pro"), profile(), None),
    ("a forecast as it was", FORECAST, profile(), None),
    ("a forecast under a higher limit", FORECAST, profile(limits={"api_calls": "1100"}), "upgraded"),
    ("a lead on the same plan", gated(kind="pql.qualified"), profile(), None),
    ("a lead on a higher plan", gated(kind="pql.qualified"), PRO, "upgraded"),
    ("a milestone on a higher plan", milestone("10"), PRO, None),
    ("a fall on a higher plan", gated(kind="usage.declined"), PRO, None),
    ("a request to cancel on a higher plan", gated(kind="cancel.requested"), PRO, None),
]


@pytest.mark.parametrize(("asked", "after", "ended"), [row[1:] for row in ENDED], ids=[row[0] for row in ENDED])
def test_a_profile_ends_what_it_brings_enough_for(asked: Signal, after: dict[str, Any], ended: Ended | None) -> None:
    known = account_in(under(asked, **after))
    assert ended_by_profile(need_of(asked), known, configuration().catalog) == ended


@pytest.mark.parametrize("kind", [kind.type for kind in KINDS.values() if kind.fires])
def test_where_the_account_is_gone_nothing_is_needed(kind: str) -> None:
    asked = signal("80", kind=kind) if KINDS[kind].crosses else gated(kind=kind)
    assert ended_by_profile(need_of(asked), None, configuration().catalog) == "need_gone"


# ------------------------------------------------------------------------------------------- withdrawals


def fired(asked: Signal) -> DecidedAccount:
    account = DecidedAccount()
    account.hear(asked)
    return account


def withdrawn(account: DecidedAccount, because: Signal, now: Instant | None = None) -> list[Withdrawal]:
    return [each for each in account.hear(because, now=now) if isinstance(each, Withdrawal)]


def test_a_withdrawal_names_its_trigger_and_goes_where_it_went() -> None:
    account = DecidedAccount()
    (trigger,) = triggers(account.hear(gated()))
    (found,) = withdrawn(account, changed(FREE, PRO, AFTER))
    assert (found.trigger, found.topic, found.rule, found.family, found.expires, found.reason) == (
        trigger.id,
        trigger.topic,
        trigger.data["rule"],
        "gate",
        trigger.expires,
        "upgraded",
    )


def test_a_trigger_is_withdrawn_once() -> None:
    account = fired(gated())
    further = {"version": 9, "plan": "enterprise"}
    assert [
        len(withdrawn(account, changed(FREE, PRO, AFTER))),
        len(withdrawn(account, changed(PRO, further, AFTER))),
    ] == [1, 0]


@pytest.mark.parametrize(("now", "count"), [(NOW + 7 * DAY - 1, 1), (NOW + 7 * DAY, 0)])
def test_what_has_expired_is_not_withdrawn(now: Instant, count: int) -> None:
    assert len(withdrawn(fired(gated()), changed(FREE, PRO, AFTER), now)) == count


def test_what_expired_long_ago_is_not_withdrawn_by_a_clock_that_falls_back() -> None:
    account = fired(gated())
    account.hear(gated("2", time=NOW + 7 * DAY))
    assert [each.trigger for each in withdrawn(account, changed(FREE, PRO, AFTER), AFTER)] == [gated("2").id]


def test_what_was_suppressed_is_not_withdrawn() -> None:
    account = DecidedAccount()
    account.hear(gated(holdout=True))
    assert withdrawn(account, changed(FREE, PRO, AFTER)) == []


def test_all_that_is_not_needed_is_withdrawn_and_nothing_else() -> None:
    account = DecidedAccount()
    for each in (gated(), milestone("10"), signal("80"), gated(kind="cancel.requested", time=NOW + 1)):
        account.hear(each)
    after = {"version": 8, "plan": "enterprise"}
    assert [each.trigger for each in withdrawn(account, changed(FREE, after, AFTER))] == [gated().id, signal("80").id]


def test_a_milestone_is_withdrawn_once_the_plan_that_was_recommended_is_bought() -> None:
    account = DecidedAccount()
    (trigger,) = triggers(account.hear(milestone("10")))
    bought = {"version": 8, "plan": trigger.data["recommendation"]["to"]}
    assert [each.reason for each in withdrawn(account, changed(FREE, bought, AFTER))] == ["upgraded"]


def test_a_tombstone_withdraws_everything() -> None:
    account = DecidedAccount()
    for each in (gated(), milestone("10"), gated(kind="cancel.requested", time=NOW + 1)):
        account.hear(each)
    assert [each.reason for each in withdrawn(account, changed(FREE, None, AFTER))] == ["need_gone"] * 3


# -------------------------------------------------------------------------------------------- by a fall


def recovered(kind: str = "percent", value: str = "80", **told: Any) -> Signal:  # noqa: ANN401 -- parts of JSON
    fallen = {"threshold": {"kind": kind, "value": value, "comparison": ">="}, "crossed": []}
    return signal("80", kind="limit.recovered", time=AFTER, **{**fallen, **told})


@pytest.mark.parametrize(
    ("asked", "fall", "is_gone"),
    [
        (signal("80"), recovered(), True),
        (signal("90"), recovered(), True),
        (signal("80"), recovered(value="90"), False),
        (signal("80"), recovered(rule={"id": "another", "version": "1"}), False),
        (signal("80"), recovered(meter="projects", feature="projects"), False),
        (threshold("remaining", "200"), recovered(), True),
        (threshold("remaining", "201"), recovered(), False),
        (threshold("usage", "800"), recovered(), True),
        (threshold("step", "799"), recovered(), False),
        (seats("80"), recovered(meter="seats", feature="seats", limit="5", period=None), True),
        (seats("80"), recovered(meter="seats", feature="seats", limit="10", period=None), True),
        (seats("80"), recovered(value="100", meter="seats", feature="seats", limit="5", period=None), False),
        (threshold("percent", "80", limit=None), recovered(limit=None), False),
        (threshold("usage", "800", limit=None), recovered("usage", "800", limit=None), True),
        (gated(), recovered(), False),
    ],
    ids=[
        "its own threshold",
        "a lower one",
        "a higher one",
        "that of another rule",
        "that of another meter",
        "200 remaining stands at 80 %",
        "201 remaining is below it",
        "800 stands at 80 %",
        "a step below it",
        "of seats",
        "of seats, of which there are more by now",
        "of seats, a higher one",
        "of a limit that nobody knows",
        "an amount without a limit",
        "of another family",
    ],
)
def test_a_fall_withdraws_what_stood_at_the_threshold_or_above(asked: Signal, fall: Signal, *, is_gone: bool) -> None:
    assert (withdrawn(fired(asked), fall) != []) is is_gone


# ------------------------------------------------------------------------------------------ by a reading


def test_an_invite_that_is_gone_withdraws_its_trigger() -> None:
    account = DecidedAccount()
    for invite in ("i-1", "i-2"):
        account.hear(gated(invite, kind="seat_limit.invited", invite=invite))
    found = withdrawn(account, reading(AFTER, "evidence", gone=["i-1", "i-9"]))
    assert [(each.trigger, each.reason) for each in found] == [
        (gated("i-1", kind="seat_limit.invited").id, "need_gone")
    ]


@pytest.mark.parametrize(("month", "is_gone"), [("2026-11", False), ("2026-12", True)])
def test_a_limit_is_not_reached_any_more_when_its_period_is_over(month: str, *, is_gone: bool) -> None:
    found = withdrawn(fired(signal("80")), reading(AFTER, levels=[level("900", month=month)]))
    assert (found != []) is is_gone


def test_a_stock_has_no_period_that_could_be_over() -> None:
    account = fired(signal("80", period=None))
    assert withdrawn(account, reading(AFTER, levels=[{**level("900"), "period": None}])) == []


def test_a_level_that_fell_a_little_withdraws_nothing_since_it_would_not_fire_again() -> None:
    assert withdrawn(fired(signal("80")), reading(AFTER, levels=[level("799")])) == []


def test_the_level_of_another_meter_tells_nothing() -> None:
    other = {**level("0", month="2026-12"), "meter": "projects"}
    assert withdrawn(fired(signal("80")), reading(AFTER, levels=[other])) == []
