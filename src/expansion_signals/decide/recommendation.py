"""The recommendation: the smallest step of the catalog that solves what a signal says (domain: What a trigger carries).

plan free with 1,000 calls; `team` 49 with 20,000, `extra-api` 20 with 50,000 more; period 1 Nov ─ 1 Dec

    limit.reached, 800 used, 22 Nov       add_on extra-api: 20 a month, 6 now for 9 of 30 days, 20 from the next period
    feature.gated sso, `business` 249     plan business: 249 a month, 74.70 now
    feature.gated audit_log               contact_sales enterprise: no sum
    feature.gated, in no plan             none

Where the plan charges for what goes beyond its limit, paying on is a step like any other: what it will come to in the
period stands beside what the best other step, one that holds the expected usage, costs more in one; the cheaper of the
two is recommended.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from expansion_signals.decide.billing import billing_of
from expansion_signals.decide.money import MONTHS, money, monthly, rounded
from expansion_signals.decide.monthly_prices import plan_price
from expansion_signals.decide.needs import Conversation, Features, MoreOf, Product
from expansion_signals.decide.needs_told import need_of
from expansion_signals.decide.overage import paying_on
from expansion_signals.decide.piece_offers import add_on_step, pieces_for
from expansion_signals.decide.plans_up import plans_up
from expansion_signals.decide.retention import retention_for
from expansion_signals.decide.steps import greatest, smallest
from expansion_signals.model.accounts import Account
from expansion_signals.model.kinds import KINDS, RETENTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.billing import Billing
    from expansion_signals.decide.needs import Need
    from expansion_signals.decide.steps import Step
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.signals import Signal

RecommendationKind: TypeAlias = Literal[
    "plan", "add_on", "seats", "capacity", "overage", "contact_sales", "lower_plan", "pause", "re_engage", "none"
]
_UNKNOWN = Account(version=0, plan="not known")
"""An account without a profile; no plan can have a name with a blank in it."""

_Money: TypeAlias = "Mapping[str, str]"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What to offer, as payloads carry it.

    `to` is the plan, the add-on, or the meter of which there is more. `price` is what the step costs, `charge_now` the
    prorated difference for the rest of the period, `charge_next_period` its full price in each later one; each None
    where it is not known. `quantity` counts seats or pieces, `gain` says what the person gains; `compared` are paying
    on and the best other step, with the sums that were compared, the cheaper first.
    """

    kind: RecommendationKind
    to: str | None = None
    price: _Money | None = None
    charge_now: _Money | None = None
    charge_next_period: _Money | None = None
    quantity: int | None = None
    gain: str | None = None
    compared: tuple[Mapping[str, Any], ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the JSON of the interface; `quantity`, `gain` and `compared` are left out where there is nothing."""
        optional = {"quantity": self.quantity, "gain": self.gain, "compared": [dict(each) for each in self.compared]}
        return {
            "kind": self.kind,
            "to": self.to,
            "price": self.price,
            "charge_now": self.charge_now,
            "charge_next_period": self.charge_next_period,
            **{name: value for name, value in optional.items() if value},
        }


def recommendation_for(
    signal: Signal, account: Account | None, catalog: Catalog, *, by_day: bool = False
) -> Recommendation:
    """Return what to offer on a signal; `by_day` prorates by whole UTC days in place of seconds.

    a signal of contraction                   what retention offers, never more
    a profile, and its plan in the catalog    the smallest step; none where there is no step (semantics 7.2)
    no profile, or a plan that nobody sells   the cheapest plan with the feature, the add-on of the product; for all
                                              else contact_sales, without a plan: somebody must look
    """
    holder = account or _UNKNOWN
    billing = billing_of(signal, holder, catalog, by_day=by_day)
    if KINDS[signal.type].family is RETENTION:
        return _retaining(signal, holder, catalog, billing)
    return _step_for(need_of(signal, holder, catalog, billing), holder, catalog, billing)


def _step_for(need: Need, account: Account, catalog: Catalog, billing: Billing) -> Recommendation:
    if isinstance(need, MoreOf):
        return _more_of(need, account, catalog, billing)
    if isinstance(need, Product):
        return _product(need, account, catalog, billing)
    if isinstance(need, Features):
        return _recommended(smallest(plans_up(need, account, catalog)), billing)
    return _conversation(account, catalog, billing)


def _more_of(need: MoreOf, account: Account, catalog: Catalog, billing: Billing) -> Recommendation:
    """Return the smallest step to a limit that is enough; where none is, the one to the greatest limit."""
    staying = paying_on(need, account, catalog, billing)
    if staying is not None and need.expected is not None:
        # A step that leaves overage to be paid beside it would seem cheaper than it is.
        need = need._replace(least=max(need.least, ceil(need.expected)))
    plans = plans_up(need, account, catalog)
    enough = [step for step in plans if need.is_solved_by(step.limit)]
    best = smallest([*enough, *pieces_for(need, account, catalog)])
    if staying is None or best is None:
        return _recommended(staying or best or greatest(plans), billing)
    return _recommended(smallest([staying, best]), billing, _compared(staying, best, billing))


def _product(need: Product, account: Account, catalog: Catalog, billing: Billing) -> Recommendation:
    add_on = catalog.add_ons.get(need.key)
    if add_on is not None and not account.add_ons.get(need.key):
        return _recommended(add_on_step(add_on, 1, need.key), billing)
    step = smallest(plans_up(Features((need.key,)), account, catalog))
    return _recommended(step, billing) if step else _conversation(account, catalog, billing)


def _conversation(account: Account, catalog: Catalog, billing: Billing) -> Recommendation:
    if account.plan not in catalog.plans:
        return Recommendation("contact_sales")
    return _recommended(smallest(plans_up(Conversation(), account, catalog)), billing)


def _recommended(step: Step | None, billing: Billing, compared: tuple[Mapping[str, Any], ...] = ()) -> Recommendation:
    if step is None:
        return Recommendation("none")
    price = None
    if step.price is not None:
        months = MONTHS[step.per] if step.per else billing.months or 1
        price = money(step.price * months, billing.currency, step.per)
    return Recommendation(
        kind=step.kind,
        to=step.to,
        price=price,
        # Overage is billed when the period closes: nothing of it today.
        charge_now=billing.charge_now(Fraction(0) if step.kind == "overage" else step.extra),
        charge_next_period=billing.charge_next_period(step.price),
        quantity=step.quantity,
        gain=step.gain,
        compared=compared,
    )


def _compared(staying: Step, other: Step, billing: Billing) -> tuple[Mapping[str, Any], ...]:
    """Return both sums for one period, the cheaper first; nothing where one of them is not known."""
    sums = [(step, billing.of_period(step.extra)) for step in (staying, other)]
    known = [(total, step) for step, total in sums if total is not None]
    if len(known) < len(sums):
        return ()
    known.sort(key=lambda each: each[0])
    return tuple({"kind": step.kind, "to": step.to, "sum": money(total, billing.currency)} for total, step in known)


def _retaining(signal: Signal, account: Account, catalog: Catalog, billing: Billing) -> Recommendation:
    """Return what retention offers: a lower plan begins with the next period, so nothing is charged now."""
    kept = retention_for(signal, account, catalog)
    if kept.plan is None or kept.plan.price is None:
        return Recommendation(kept.kind)
    if kept.kind != "lower_plan":
        return Recommendation(kept.kind, kept.plan.key)
    price = monthly(kept.plan.price, kept.plan.price_per)
    now = plan_price(catalog, account)
    return Recommendation(
        kind=kept.kind,
        to=kept.plan.key,
        price=money(Fraction(kept.plan.price), billing.currency, kept.plan.price_per),
        charge_now=billing.charge_now(Fraction(0)),
        charge_next_period=billing.charge_next_period(price),
        gain=None if now is None else f"{rounded(now - price, billing.currency):,f} {billing.currency} a month less",
    )
