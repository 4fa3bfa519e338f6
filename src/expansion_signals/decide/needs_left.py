"""Whether what led to a trigger is still so (semantics 5.3, 7.5, 9.4).

`upgraded`    the account has more now: another plan, an add-on, a higher limit, more seats
`need_gone`   what was needed is not: usage fell, the invite was taken back, the account left
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from expansion_signals.decide.cases import amount, level_of, subject_of
from expansion_signals.model.entitlements import is_included, limit_in_force

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.cases import Case
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.outcomes import Ended
    from expansion_signals.model.signals import Signal

Need: TypeAlias = "Mapping[str, Any]"

_SEATS = "seats"
_KEPT = ("family", "plan", "meter", "feature", "usage", "limit", "used", "allowance", "invite", "threshold", "period")


def need_of(signal: Signal) -> Need:
    """Return what must still be so: the parts of a signal's data that say it."""
    return {name: signal.data[name] for name in _KEPT if signal.data.get(name) is not None}


def need_left(case: Case) -> Ended | None:
    """Return why the need of a case is gone by now; None where it is as it was."""
    if case.newest is case.profile:
        return None
    return ended_by_profile(need_of(case.signal), case.newest, case.ground.configuration.catalog)


def ended_by_profile(need: Need, profile: Account | None, catalog: Catalog) -> Ended | None:
    """Return why a need is gone under a profile; None where it is still there."""
    if profile is None:
        return "need_gone"
    match need["family"]:
        case "limit":
            return _ended_limit(need, profile, catalog, str(need.get("meter")), amount(need.get("usage")))
        case "seat":
            return _ended_limit(need, profile, catalog, _SEATS, amount(need.get("used")))
        case "gate":
            return "upgraded" if is_included(catalog, profile, str(need.get("feature"))) else None
        case "trend" | "pql":
            return "upgraded" if _is_higher(catalog, need.get("plan"), profile.plan) else None
        case _:
            return None


def _ended_limit(need: Need, profile: Account, catalog: Catalog, meter: str, usage: Decimal | None) -> Ended | None:
    limit = limit_in_force(catalog, profile, meter)
    had = amount(need.get("limit", need.get("allowance")))
    if had is None or usage is None:
        return None
    if limit is None:
        return "need_gone"
    known = catalog.meters.get(meter)
    now = None if limit.amount is None else Decimal(limit.amount).scaleb(-(known.precision if known else 0))
    return "upgraded" if now is None or (now > had and _fits(need.get("threshold"), usage, now)) else None


def _fits(threshold: Mapping[str, str] | None, usage: Decimal, limit: Decimal) -> bool:
    """Say whether this usage is below the threshold under a raised limit; whoever bought more has heard of a step."""
    if threshold is None:
        return usage < limit
    return threshold["kind"] in ("usage", "step") or not _is_reached(threshold, usage, limit)


def _is_higher(catalog: Catalog, before: str | None, after: str) -> bool:
    plans = list(catalog.plans)
    return before in plans and after in plans and plans.index(after) > plans.index(before)


def is_recovered(signal: Signal, recovered: Signal) -> bool:
    """Say whether a fall told by `recovered` has left the threshold of this signal behind."""
    return is_recovered_from(signal.data["rule"]["id"], subject_of(signal), str(level_of(signal)), recovered)


def is_recovered_from(rule: str, subject: str, level: str | None, recovered: Signal) -> bool:
    """Say the same of what is remembered of a trigger."""
    fallen = level_of(recovered)
    return (
        recovered.data["rule"]["id"] == rule
        and subject_of(recovered) == subject
        and level is not None
        and fallen is not None
        and fallen <= Decimal(level)
    )


def ended_by_reading(need: Need, reading: Signal) -> Ended | None:
    """Return why a need is gone by what a reading tells: invites that ended, levels that fell, a new period."""
    if need.get("invite") in reading.data.get("gone", ()):
        return "need_gone"
    if need["family"] != "limit":
        return None
    levels = [each for each in reading.data.get("levels", ()) if each["meter"] == need.get("meter")]
    for each in levels:
        if need.get("period") is not None and each.get("period") != need["period"]:
            return "need_gone"
        usage, limit, threshold = Decimal(each["usage"]), amount(each.get("limit")), need["threshold"]
        if not _is_reached(threshold, usage, limit):
            return "need_gone"
    return None


def _is_reached(threshold: Mapping[str, str], usage: Decimal, limit: Decimal | None) -> bool:
    value = Decimal(threshold["value"])
    match threshold["kind"]:
        case "percent":
            return limit is None or usage * 100 >= value * limit
        case "remaining":
            return limit is None or limit - usage <= value
        case _:
            return usage >= value
