"""What came of it: changes of what an account pays for, attributed to the triggers before them (semantics 7.8).

triggers t1 on 1 Nov and t2 on 20 Nov; on 22 Nov the plan changes from free to pro, 0 to 49 USD a month:

    upgrade, free → pro, mrr_change 49, trigger t2 (last touch), first_trigger t1, 172,800 s since t2

No trigger in the 30 days before: `trigger` and `first_trigger` are null. Of several changes in one update each is an
outcome, and the first carries the change of revenue: added up, it counts once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.cases import snapshot
from expansion_signals.decide.money import money
from expansion_signals.decide.recurring_revenue import mrr_change
from expansion_signals.model.amounts import plain
from expansion_signals.model.entitlements import feature_of
from expansion_signals.model.identities import identity_of
from expansion_signals.model.instants import SECOND
from expansion_signals.model.outcomes import Outcome, OutcomeKind
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from decimal import Decimal

    from expansion_signals.decide.cases import Ground
    from expansion_signals.decide.remembered import Fired, Remembered
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.signals import Signal

_CANCELLED = "cancelled"


class Change(NamedTuple):
    """One thing that changed: a plan, an add-on or the number of seats; None where there is none."""

    kind: OutcomeKind
    before: str | None
    after: str | None


def outcomes_of(changed: Signal, remembered: Remembered, ground: Ground) -> Sequence[Outcome]:
    """Return what a change of a profile is an outcome of; a first profile is none."""
    before, after = snapshot(changed.data.get("from")), snapshot(changed.data.get("to"))
    if before is None:
        return ()
    catalog = ground.configuration.catalog
    touches = _touches(changed, remembered, ground)
    revenue = mrr_change(before, after, catalog)
    found = []
    for place, change in enumerate(changes(before, after, catalog)):
        counted = None if place or revenue is None else money(revenue, _currency(before, after, catalog))
        found.append(_outcome(changed, change, counted, touches))
    return found


def changes(before: Account, after: Account | None, catalog: Catalog) -> Iterator[Change]:
    """Yield what an account bought or gave up: its plan, its seats, each add-on."""
    if after is None or after.status == _CANCELLED:
        if before.status != _CANCELLED:
            yield Change("contraction", before.plan, None)
        return
    if before.plan != after.plan:
        yield Change("upgrade" if _is_upgrade(before, after, catalog) else "contraction", before.plan, after.plan)
    had, has = _seats(before, after, catalog)
    if had is not None and has is not None and had != has:
        yield Change("seats" if has > had else "contraction", plain(had), plain(has))
    for key in sorted({*before.add_ons, *after.add_ons}):
        pieces, now = before.add_ons.get(key, 0), after.add_ons.get(key, 0)
        if pieces != now:
            kind: OutcomeKind = "add_on" if now > pieces else "contraction"
            yield Change(kind, key if pieces else None, key if now else None)


def _is_upgrade(before: Account, after: Account, catalog: Catalog) -> bool:
    plans = list(catalog.plans)
    if before.plan in plans and after.plan in plans:
        return plans.index(after.plan) > plans.index(before.plan)
    revenue = mrr_change(before, after, catalog)
    return revenue is None or revenue >= 0


def _seats(before: Account, after: Account, catalog: Catalog) -> tuple[Decimal | None, Decimal | None]:
    """Return the numbers of seats to compare: those bought, or on the same plan those that it grants; else None."""
    feature = feature_of(catalog, SEATS) or SEATS
    included = catalog.plans[after.plan].includes.get(feature) if after.plan in catalog.plans else None
    granted = included.limit if included and before.plan == after.plan else None
    return before.limits.get(feature, granted), after.limits.get(feature, granted)


def _currency(before: Account, after: Account | None, catalog: Catalog) -> str:
    """Return the currency of the change: that of both sums, else the catalog's, by whose prices it is worked out."""
    sums = {account.mrr.currency if account and account.mrr else None for account in (before, after)}
    known = sums.pop()
    return catalog.currency if sums or known is None else known


def _touches(changed: Signal, remembered: Remembered, ground: Ground) -> Sequence[Fired]:
    """Return the triggers that may have led to it, in their order."""
    time, window = changed.evidence.time, ground.configuration.policy.attribution
    near = [fired for fired in remembered.fired if time - window < fired.time <= time]
    return sorted(near, key=lambda fired: fired.time)


def _outcome(changed: Signal, change: Change, revenue: Mapping[str, str] | None, touches: Sequence[Fired]) -> Outcome:
    last = touches[-1] if touches else None
    evidence = changed.evidence
    return Outcome(
        id=identity_of("outcome", changed.account, change.kind, change.before or "", change.after or "", changed.id),
        account=changed.account,
        evidence=evidence,
        data={
            "kind": change.kind,
            "from": change.before,
            "to": change.after,
            "mrr_change": revenue,
            "trigger": last.trigger if last else None,
            "first_trigger": touches[0].trigger if touches else None,
            "seconds_since_trigger": (evidence.time - last.time) // SECOND if last else None,
            "route": {"to": last.route, "owner": last.owner} if last else None,
            "rule": last.rule if last else None,
        },
    )
