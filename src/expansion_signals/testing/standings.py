"""How an account stands at the end of a test: what it used of what it may use, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.amounts import grouped
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.pipeline.places import counter_for, period_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Counter


def standing_of(profile: Profile | None, levels: Mapping[Counter, int], catalog: Catalog, now: Instant) -> str:
    """Return it in words: `plan free, api_calls 700 of 1,000`; meters that were not used are left out.

    `levels` are scaled amounts; those of the periods that run now are told.
    """
    if profile is None:
        return "no profile; what it uses is kept, and judged when `account_updated` comes"
    plan = profile.account.plan
    known = f"plan {plan}" if plan in catalog.plans else f"plan {plan}, which the catalog does not have: no limits"
    used = (_used(meter, profile, levels, catalog, now) for meter in catalog.meters.values())
    return ", ".join([known, *(each for meter in used for each in meter)])


def _used(
    meter: Meter, profile: Profile, levels: Mapping[Counter, int], catalog: Catalog, now: Instant
) -> Iterator[str]:
    level = levels.get(counter_for(meter, period_in(meter.per, profile, now)))
    if level is None:
        return
    limit = limit_in_force(catalog, profile.account, meter.key)
    used = f"{meter.key} {grouped(level, meter.precision)}"
    if limit is None:
        yield used
    else:
        most = "unlimited" if limit.amount is None else grouped(limit.amount, meter.precision)
        yield f"{used} of {most}"
