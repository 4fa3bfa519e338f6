"""What an account needs, by the signal that says so.

    limit.reached             800 of 1,000 used                    a limit under 80 % of which 800 is: above 1,000
    usage.run_out_forecast    840 of 1,000, 40 a day, 9 days left  the same of 1,200: above 1,500
    usage.accelerated         1,050 in 7 days, a month of 30 days  the same of 4,500: above 5,625
    power_user.reached        60 in a day, a month of 30 days      the same of 1,800: above 2,250
    limit.hit                 refused at 1,000                     the same of 1,000: above 1,250
    seat_limit.invited        5 of 5 used, a sixth person blocked  6 seats
    team.grown                3 people invited, 5 seats            8 seats
    feature.gated             sso                                  a plan that includes sso
    product.requested         analytics                            the add-on of that name, or what includes it
    integration.connected …   it goes well                         the next plan, to begin a conversation

A limit is always to be greater than now. Where the plan does not include what the meter measures, that feature is what
is needed; where it includes it without end, nothing is, and the next plan begins a conversation.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from expansion_signals.decide.levels_told import COMFORTABLE, told_of
from expansion_signals.decide.needs import Conversation, Features, MoreOf, Product
from expansion_signals.decide.told import amount_told, count_told, text_told, texts_told
from expansion_signals.model.entitlements import feature_of, is_included, limit_in_force
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from expansion_signals.decide.billing import Billing
    from expansion_signals.decide.needs import Need
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.signals import Signal

_OF_SEATS = frozenset({"seat_limit.approached", "seat_limit.invited", "seat_limit.last_taken"})
_OF_PEOPLE = frozenset({"team.grown", "sharing.grown", "network.added", "region.added"})
_OF_FEATURES = frozenset({"feature.gated", "feature.attempted", "admin_feature.requested", "support_pattern.found"})
_OF_A_PRODUCT = frozenset({"product.requested", "interest.grown"})
_OF_A_METER = frozenset(
    {
        "limit.reached",
        "limit.hit",
        "usage.run_out_forecast",
        "usage.accelerated",
        "volume.grown",
        "power_user.reached",
    }
)


def need_of(signal: Signal, account: Account, catalog: Catalog, billing: Billing) -> Need:
    """Return what the signal says that the account needs; of a plan that nobody knows, only what it asks for."""
    kind = signal.type
    if kind in _OF_SEATS:
        return _seats_for_people(signal, account, catalog)
    if kind in _OF_PEOPLE:
        # How many people stand behind networks and shares nobody knows: one more, to begin with.
        people = count_told(signal, "events") if kind == "team.grown" else None
        return _more_seats(people or 1, account, catalog)
    if kind in _OF_FEATURES and (features := _features(signal)):
        return Features(features)
    if kind in _OF_A_PRODUCT and (product := text_told(signal, "product")):
        return Product(product)
    return _more_of(signal, account, catalog, billing) if kind in _OF_A_METER else Conversation()


def _features(signal: Signal) -> tuple[str, ...]:
    feature = text_told(signal, "feature")
    return (feature,) if feature else texts_told(signal, "features")


def _seats_for_people(signal: Signal, account: Account, catalog: Catalog) -> Need:
    """Return the need for a seat for each who has none, and for one more than there are at least."""
    current = _seats(account, catalog)
    if current is None:
        return Conversation()
    # An invite that was let through is among the used already; one that was blocked holds no seat.
    blocked = count_told(signal, "invites") if signal.data.get("blocked") is True else None
    people = ceil(amount_told(signal, "used") or 0) + (blocked or 0)
    return MoreOf(SEATS, current, max(people, current + 1), people=people)


def _more_seats(people: int, account: Account, catalog: Catalog) -> Need:
    current = _seats(account, catalog)
    return Conversation() if current is None else MoreOf(SEATS, current, current + people)


def _seats(account: Account, catalog: Catalog) -> int | None:
    limit = limit_in_force(catalog, account, SEATS)
    return limit.amount if limit else None


def _more_of(signal: Signal, account: Account, catalog: Catalog, billing: Billing) -> Need:
    meter = catalog.meters.get(text_told(signal, "meter") or "")
    feature = feature_of(catalog, meter.key) if meter else None
    if meter is None or feature is None or account.plan not in catalog.plans:
        return Conversation()
    if not is_included(catalog, account, feature):
        return Features((feature,))
    limit = limit_in_force(catalog, account, meter.key)
    if limit is None or limit.amount is None:
        return Conversation()
    told = told_of(signal, meter, limit.amount, billing)
    comfortable = 0 if told.level is None else floor(told.level / COMFORTABLE) + 1
    return MoreOf(meter.key, limit.amount, max(limit.amount + 1, comfortable), told.usage, told.expected)
