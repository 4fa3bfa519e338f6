from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from decided_account import FREE, DecidedAccount, changed, report
from expansion_signals.decide.leads import offers_of
from expansion_signals.model.instants import DAY, HOUR, SECOND
from expansion_signals.model.outcomes import Outcome
from sample_ground import UNRESTRAINED
from sample_signals import NOW, gated, signal, under

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant

PRO = {"version": 8, "plan": "pro"}


def outcomes(
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    *,
    account: DecidedAccount | None = None,
    time: Instant = NOW,
) -> list[Outcome]:
    published = (account or DecidedAccount()).hear(changed(before, after, time))
    return [each for each in published if isinstance(each, Outcome)]


def told(before: dict[str, Any] | None, after: dict[str, Any] | None) -> list[str]:
    return [
        f"{each.data['kind']} {each.data['from']} {each.data['to']}"
        for each in outcomes(before and {"version": 7, **before}, after and {"version": 8, **after})
    ]


# ----------------------------------------------------------------------------------------- what they are

CHANGES = {
    "a higher plan": ({"plan": "free"}, {"plan": "pro"}, ["upgrade free pro"]),
    "a plan that only sales can sell": ({"plan": "pro"}, {"plan": "enterprise"}, ["upgrade pro enterprise"]),
    "a lower plan": ({"plan": "pro"}, {"plan": "free"}, ["contraction pro free"]),
    "from a plan that nobody knows, to one that costs more": (
        {"plan": "mystery", "mrr": {"amount": "10", "currency": "USD"}},
        {"plan": "pro", "mrr": {"amount": "50", "currency": "USD"}},
        ["upgrade mystery pro"],
    ),
    "from a plan that nobody knows, to one that costs less": (
        {"plan": "mystery", "mrr": {"amount": "90", "currency": "USD"}},
        {"plan": "pro", "mrr": {"amount": "50", "currency": "USD"}},
        ["contraction mystery pro"],
    ),
    "more seats": (
        {"plan": "pro", "limits": {"seats": "10"}},
        {"plan": "pro", "limits": {"seats": "12"}},
        ["seats 10 12"],
    ),
    "fewer seats": (
        {"plan": "pro", "limits": {"seats": "12"}},
        {"plan": "pro", "limits": {"seats": "10"}},
        ["contraction 12 10"],
    ),
    "first seats beyond those of the plan": (
        {"plan": "free"},
        {"plan": "free", "limits": {"seats": "8"}},
        ["seats 5 8"],
    ),
    "as many seats as the plan has": ({"plan": "free"}, {"plan": "free", "limits": {"seats": "5"}}, []),
    "back to the seats of the plan": (
        {"plan": "free", "limits": {"seats": "8"}},
        {"plan": "free"},
        ["contraction 8 5"],
    ),
    "seats where they are unlimited": ({"plan": "enterprise"}, {"plan": "enterprise", "limits": {"seats": "50"}}, []),
    "seats that come with a plan": ({"plan": "free"}, {"plan": "pro"}, ["upgrade free pro"]),
    "seats bought with a plan": (
        {"plan": "free", "limits": {"seats": "8"}},
        {"plan": "pro", "limits": {"seats": "12"}},
        ["upgrade free pro", "seats 8 12"],
    ),
    "a first add-on": ({"plan": "free"}, {"plan": "free", "add_ons": {"extra-api": 1}}, ["add_on None extra-api"]),
    "one piece more": (
        {"plan": "free", "add_ons": {"extra-api": 1}},
        {"plan": "free", "add_ons": {"extra-api": 2}},
        ["add_on extra-api extra-api"],
    ),
    "one piece less": (
        {"plan": "free", "add_ons": {"extra-api": 2}},
        {"plan": "free", "add_ons": {"extra-api": 1}},
        ["contraction extra-api extra-api"],
    ),
    "an add-on given up": (
        {"plan": "free", "add_ons": {"extra-api": 1}},
        {"plan": "free", "add_ons": {"extra-api": 0}},
        ["contraction extra-api None"],
    ),
    "one add-on for another": (
        {"plan": "free", "add_ons": {"extra-api": 1}},
        {"plan": "free", "add_ons": {"analytics": 1}},
        ["add_on None analytics", "contraction extra-api None"],
    ),
    "a cancelled account": (
        {"plan": "pro", "add_ons": {"extra-api": 1}},
        {"plan": "free", "status": "cancelled"},
        ["contraction pro None"],
    ),
    "an account that is gone": ({"plan": "pro"}, None, ["contraction pro None"]),
    "a cancelled account that changes": (
        {"plan": "pro", "status": "cancelled"},
        {"plan": "free", "status": "cancelled"},
        [],
    ),
    "a cancelled account that is gone": ({"plan": "pro", "status": "cancelled"}, None, []),
    "another limit than seats": ({"plan": "free"}, {"plan": "free", "limits": {"api_calls": "5000"}}, []),
    "another owner": ({"plan": "free"}, {"plan": "free", "owner": "dana"}, []),
    "a first profile": (None, {"plan": "pro"}, []),
    "a tombstone of an account that nobody knew": (None, None, []),
}


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_each_thing_that_is_bought_or_given_up_is_an_outcome(
    before: dict[str, Any] | None, after: dict[str, Any] | None, expected: list[str]
) -> None:
    assert told(before, after) == expected


# ------------------------------------------------------------------------------------- what they bring


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def test_an_upgrade_brings_what_the_account_pays_more() -> None:
    (outcome,) = outcomes({**FREE, "mrr": usd("100")}, {**PRO, "mrr": usd("149.5")})
    assert outcome.data["mrr_change"] == usd("49.50")


def test_a_contraction_brings_less() -> None:
    (outcome,) = outcomes({**PRO, "version": 7}, {**FREE, "version": 8})
    assert outcome.data["mrr_change"] == usd("-50.00")


def test_of_several_changes_only_the_first_counts_the_revenue() -> None:
    found = outcomes(FREE, {**PRO, "add_ons": {"extra-api": 1}})
    assert [each.data["mrr_change"] for each in found] == [usd("70.00"), None]


def test_revenue_without_a_price_is_not_known() -> None:
    (outcome,) = outcomes(FREE, {"version": 8, "plan": "enterprise"})
    assert outcome.data["mrr_change"] is None


@pytest.mark.parametrize(
    ("before", "after", "revenue"),
    [
        (
            {"amount": "100", "currency": "EUR"},
            {"amount": "120", "currency": "EUR"},
            {"amount": "20.00", "currency": "EUR"},
        ),
        ({"amount": "100", "currency": "EUR"}, {"amount": "120", "currency": "CHF"}, usd("50.00")),
        (None, {"amount": "120", "currency": "EUR"}, usd("50.00")),
    ],
    ids=["in the account's own currency", "in two currencies: by the catalog", "before not known: by the catalog"],
)
def test_revenue_is_in_the_currency_in_which_it_is_known(
    before: dict[str, str] | None, after: dict[str, str], revenue: dict[str, str]
) -> None:
    (outcome,) = outcomes({**FREE, "mrr": before}, {**PRO, "mrr": after})
    assert outcome.data["mrr_change"] == revenue


# ------------------------------------------------------------------------------- the triggers before them


def after_triggers(*days: int, policy: str = UNRESTRAINED) -> DecidedAccount:
    """Return an account that was told something so many days ago, a feature of its own each time."""
    account = DecidedAccount(policy)
    for day in days:
        account.hear(gated(str(day), time=NOW - day * DAY))
    return account


def trigger(day: int) -> str:
    return gated(str(day)).id


def touches(account: DecidedAccount) -> tuple[str | None, str | None]:
    (outcome,) = outcomes(FREE, PRO, account=account)
    return outcome.data["first_trigger"], outcome.data["trigger"]


def test_an_outcome_names_the_first_and_the_last_trigger_before_it() -> None:
    assert touches(after_triggers(20, 12, 2)) == (trigger(20), trigger(2))


def test_triggers_that_were_decided_in_another_order_are_ordered_by_their_time() -> None:
    assert touches(after_triggers(2, 20, 12)) == (trigger(20), trigger(2))


def test_of_one_trigger_the_first_is_the_last() -> None:
    assert touches(after_triggers(5)) == (trigger(5), trigger(5))


def test_an_outcome_says_how_long_ago_the_last_trigger_was() -> None:
    account = DecidedAccount()
    account.hear(gated(time=NOW - HOUR - 1))
    (outcome,) = outcomes(FREE, PRO, account=account)
    assert outcome.data["seconds_since_trigger"] == HOUR // SECOND


def test_an_outcome_says_which_rule_led_to_it_and_who_was_to_act() -> None:
    account = DecidedAccount()
    account.hear(under(gated(time=NOW - DAY), annual_value=usd("30000"), owner="dana"))
    (outcome,) = outcomes(FREE, PRO, account=account)
    assert (outcome.data["rule"], outcome.data["route"]) == (
        {"id": "gates", "version": "9b1c"},
        {"to": "owner", "owner": "dana"},
    )


def test_an_outcome_without_an_earlier_trigger_is_published_all_the_same() -> None:
    (outcome,) = outcomes(FREE, PRO)
    found = {
        name: outcome.data[name] for name in ("trigger", "first_trigger", "seconds_since_trigger", "route", "rule")
    }
    assert found == dict.fromkeys(found)


@pytest.mark.parametrize(
    ("ago", "counts"), [(0, True), (30 * DAY - 1, True), (30 * DAY, False), (-1, False)],
    ids=["at that moment", "30 days before less a moment", "30 days before", "after it"],
)  # fmt: skip
def test_a_trigger_is_attributed_for_30_days(ago: int, *, counts: bool) -> None:
    account = DecidedAccount()
    account.hear(gated(time=NOW - ago))
    assert (touches(account)[0] is not None) is counts


def test_attribution_is_as_long_as_the_policy_says() -> None:
    policy = "policy: {attribution: 10d}\n"
    assert touches(after_triggers(12, 9, policy=policy)) == (trigger(9), trigger(9))


def test_what_was_not_sent_led_to_nothing() -> None:
    account = DecidedAccount()
    account.hear(signal("80", holdout=True))
    assert touches(account) == (None, None)


def test_a_trigger_that_expired_is_attributed_still() -> None:
    account = after_triggers(20)
    account.hear(gated("2", time=NOW - 2 * DAY))
    assert touches(account)[0] == trigger(20)


# ------------------------------------------------------------------------------------------ told again


def test_the_same_change_told_again_has_the_same_outcome() -> None:
    account = DecidedAccount()
    assert outcomes(FREE, PRO, account=account) == outcomes(FREE, PRO, account=account)


def test_two_outcomes_of_one_change_have_ids_of_their_own() -> None:
    found = outcomes(FREE, {**PRO, "add_ons": {"extra-api": 1}})
    assert len({each.id for each in found}) == 2


# --------------------------------------------------------------------- what health takes from them


def test_upgrades_contractions_and_what_became_of_prompts_are_the_history_of_a_year() -> None:
    account = DecidedAccount()
    account.hear(changed({"version": 5, "plan": "free"}, {"version": 6, "plan": "pro"}, NOW - 366 * DAY))
    account.hear(changed({"version": 6, "plan": "pro"}, {**FREE}, NOW - 10 * DAY))
    account.hear(changed(FREE, PRO, NOW - 9 * DAY))
    account.hear(report("shown", "t-1", NOW - 8 * DAY))
    account.hear(report("clicked", "t-1", NOW - 8 * DAY))
    account.hear(report("dismissed", "t-0", NOW - 366 * DAY))
    assert offers_of(account.remembered, NOW)._asdict() == {
        "upgrades": 1,
        "contractions": 1,
        "shown": 1,
        "clicked": 1,
        "dismissed": 0,
    }
