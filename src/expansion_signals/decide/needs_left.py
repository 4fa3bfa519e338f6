"""Whether what led to a trigger is still so (semantics 5.3, 7.5, 9.4).

`upgraded`    the account has more now: another plan, an add-on, a higher limit, more seats
`need_gone`   what was needed is not: usage fell, the period ended, the invite was taken back, the account left
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from expansion_signals.decide.cases import amount, level_at, level_of, limit_told, subject_of
from expansion_signals.model.entitlements import is_included, limit_in_force, precision_of
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.cases import Case
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.outcomes import Ended
    from expansion_signals.model.signals import Signal

Need: TypeAlias = "Mapping[str, Any]"

_KEPT = (
    "family",
    "plan",
    "meter",
    "feature",
    "usage",
    "limit",
    "used",
    "allowance",
    "invite",
    "blocked",
    "threshold",
    "period",
)


def need_of(signal: Signal) -> Need:
    """Return what must still be so: the parts of a signal's data that say it."""
    return {name: signal.data[name] for name in _KEPT if signal.data.get(name) is not None}


def need_left(case: Case) -> Ended | None:
    """Return why the need of a case is gone by now; None where it is as it was."""
    if case.ended is not None or case.newest is case.profile:
        return case.ended
    return ended_by_profile(need_of(case.signal), case.newest, case.ground.configuration.catalog)


def ended_by_profile(need: Need, profile: Account | None, catalog: Catalog) -> Ended | None:
    """Return why a need is gone under a profile; None where it is still there.

    limit, seat          a higher limit under which the threshold is not reached, or the invite fits
    gate                 a plan that includes the feature
    trend, pql           a higher plan; of a forecast, any higher limit
    milestone            never: it was reached
    retention            never: more of anything is no reason to stay
    without a profile    always: the account is gone
    """
    if profile is None:
        return "need_gone"
    match need["family"]:
        case "limit":
            return _ended_by_limit(need, profile, catalog, str(need["meter"]))
        case "seat":
            return _ended_by_limit(need, profile, catalog, SEATS)
        case "gate":
            return "upgraded" if is_included(catalog, profile, str(need["feature"])) else None
        case "trend" | "pql":
            ended = _ended_by_limit(need, profile, catalog, str(need["meter"])) if "limit" in need else None
            return ended or ("upgraded" if _is_higher(catalog, need.get("plan"), profile.plan) else None)
        case _:
            return None


def _ended_by_limit(need: Need, profile: Account, catalog: Catalog, meter: str) -> Ended | None:
    had = limit_told(need)
    if had is None:
        return None
    limit = limit_in_force(catalog, profile, meter)
    if limit is None:
        return "need_gone"
    now = None if limit.amount is None else Decimal(limit.amount).scaleb(-precision_of(catalog, meter))
    return "upgraded" if now is None or (now > had and _fits(need, now)) else None


def _fits(need: Need, limit: Decimal) -> bool:
    """Say whether what is used is less than what fires, under a raised limit."""
    threshold = need.get("threshold")
    if need["family"] == "trend" or (threshold is not None and threshold["kind"] in ("usage", "step")):
        return True  # whoever bought more has heard of it
    if threshold is not None:
        return not _is_reached(threshold, Decimal(need.get("usage", need.get("used"))), limit)
    # An invite that was let through is among the used; any other needs one seat more, and so does whoever comes next.
    return Decimal(need["used"]) + (0 if need.get("blocked") is False else 1) <= limit


def _is_higher(catalog: Catalog, before: str | None, after: str) -> bool:
    plans = list(catalog.plans)
    return before in plans and after in plans and plans.index(after) > plans.index(before)


def is_recovered(rule: str, subject: str, need: Need, recovered: Signal) -> bool:
    """Say whether a fall told by `recovered` has left the threshold of this need behind, under the limit by then."""
    fallen, threshold = level_of(recovered), need.get("threshold")
    if threshold is None or fallen is None or recovered.data["rule"]["id"] != rule or subject_of(recovered) != subject:
        return False
    level = level_at(threshold, limit_told(recovered.data))
    return level is not None and fallen <= level


def is_over(need: Need, reading: Signal) -> bool:
    """Say whether a reading tells that the invite has ended, or that another period runs."""
    if need.get("invite") in reading.data.get("gone", ()):
        return True
    period = need.get("period")
    if need["family"] != "limit" or period is None:
        return False
    periods = [each["period"] for each in _levels(need, reading) if each.get("period") is not None]
    return any(each["start"] != period["start"] for each in periods)


def is_below(need: Need, reading: Signal) -> bool:
    """Say whether a reading tells that the threshold of a limit is not reached now."""
    if need["family"] != "limit":
        return False
    return any(
        not _is_reached(need["threshold"], Decimal(each["usage"]), amount(each.get("limit")))
        for each in _levels(need, reading)
    )


def _levels(need: Need, reading: Signal) -> list[Mapping[str, Any]]:
    return [each for each in reading.data["levels"] if each["meter"] == need["meter"]]


def _is_reached(threshold: Mapping[str, str], usage: Decimal, limit: Decimal | None) -> bool:
    if limit == 0:
        return usage > 0
    level = level_at(threshold, limit)
    return level is None or usage >= level
