"""Plans above an account's own: what moving up to each would bring and cost.

An account on `team` (49 a month, 10 seats) that bought 5 seats more at 12, so 109 a month:

    business, 249, includes 50 seats               140 more a month; the seats it bought are included
    business, 249, includes 10 seats, more at 12   200 more: 249 and 5 x 12, less 109
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.gains import gain_of_features, gain_of_limit, gain_of_plan
from expansion_signals.decide.monthly_prices import plan_price
from expansion_signals.decide.steps import Step
from expansion_signals.model.entitlements import is_included, limit_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expansion_signals.decide.needs import MoreOf
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog, Plan


def plans_above(catalog: Catalog, account: Account) -> Sequence[Plan]:
    """Return the plans above the account's own, in the order of the catalog; all where its own stands in none."""
    keys = list(catalog.plans)
    first = keys.index(account.plan) + 1 if account.plan in catalog.plans else 0
    return [catalog.plans[key] for key in keys[first:]]


def moved(account: Account, plan: Plan) -> Account:
    """Return the account on another plan: its own numbers go where the plan brings as much, its add-ons stay."""
    numbers = {feature: plan.includes[feature].limit for feature in account.limits if feature in plan.includes}
    kept = {
        feature: account.limits[feature]
        for feature, number in numbers.items()
        if number is not None and account.limits[feature] > number
    }
    return account.model_copy(update={"plan": plan.key, "limits": kept})


def plans_with_more(need: MoreOf, account: Account, catalog: Catalog) -> Iterator[Step]:
    """Yield the plans above that bring more of a meter than there is now, enough or not."""
    for plan in plans_above(catalog, account):
        after = moved(account, plan)
        limit = limit_in_force(catalog, after, need.meter)
        if limit is not None and (limit.amount is None or limit.amount > need.current):
            gain = gain_of_limit(catalog, need.meter, need.current, limit.amount)
            yield _step(account, after, catalog, gain, people=need.people, limit=limit.amount)


def plans_with_features(features: Sequence[str], account: Account, catalog: Catalog) -> Sequence[Step]:
    """Return the plans above that include the features; where none has all, those that have most of them.

    What the account's own plan includes needs no other; a metered feature with a limit of zero is as good as none.
    """
    lacked = [feature for feature in features if not is_included(catalog, account, feature)]
    offered = {plan.key: _brought(plan, lacked) for plan in plans_above(catalog, account)}
    most = max(map(len, offered.values()), default=0)
    steps = []
    for key, brought in offered.items():
        if brought and len(brought) == most:
            after = moved(account, catalog.plans[key])
            steps.append(_step(account, after, catalog, gain_of_features(catalog, after, brought)))
    return steps


def next_plan(account: Account, catalog: Catalog) -> Step | None:
    """Return the first plan above that brings anything more, whatever it costs: what to begin a conversation with.

    The account's own plan stands in the catalog.
    """
    for plan in plans_above(catalog, account):
        after = moved(account, plan)
        gain = gain_of_plan(catalog, account, after)
        if gain is not None:
            return _step(account, after, catalog, gain)
    return None


def _brought(plan: Plan, features: Sequence[str]) -> Sequence[str]:
    return [feature for feature in features if feature in plan.includes and plan.includes[feature].limit != 0]


def _step(  # noqa: PLR0913 -- from where to where, and what that brings
    account: Account,
    after: Account,
    catalog: Catalog,
    gain: str,
    *,
    people: int | None = None,
    limit: int | None = None,
) -> Step:
    plan = catalog.plans[after.plan]
    paid, price = plan_price(catalog, account, people), plan_price(catalog, after, people)
    return Step(
        kind="contact_sales" if plan.contact_sales or plan.price is None else "plan",
        to=plan.key,
        gain=gain,
        price=price,
        per=plan.price_per,
        extra=None if paid is None or price is None else price - paid,
        limit=limit,
    )
