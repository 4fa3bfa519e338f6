"""What to offer an account whose use falls, or that wants to leave: never more (domain: Contraction).

    cancel.requested, "too expensive"               the lower plan
    cancel.requested, "we are restructuring"        a pause
    cancel.requested, "nobody uses it"              re-engage, then the lower plan
    cancel.requested, no reason or another          the lower plan
    usage.declined, by 40 %                         re-engage: ask why, and offer nothing yet
    usage.declined, by 80 % or more: not in use     re-engage, then the lower plan

Without a lower plan: a pause from a plan that costs something, re-engage from one that is free. Reasons are matched by
English words; one in another language is "another".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.decide.money import monthly
from expansion_signals.decide.told import amount_told, text_told

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog, Plan
    from expansion_signals.model.signals import Signal

NOT_IN_USE = -80
"""Percent by which usage must have fallen, or more, to say that an account is not in use any more."""


def _words(*stems: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(stems)})", re.ASCII | re.IGNORECASE)


_PRICE = _words("pric(?:e|ing)", "expensive", "costs?\\b", "costly", "budget", "afford", "cheap", "money", "discount")
_CHANGE = _words(
    "restructur",
    "reorg",
    "merger",
    "merg(?:ed|ing) with",
    "acqui(?:red|sition)",
    "internal",
    "layoff",
    "season",
    "temporar",
    "paus(?:e|ing)",
    "on hold",
    "(?:a|summer|winter) break",
    "freeze",
    "team (?:left|chang)",
    "project (?:is |has |was )?(?:ended|over|done|finished|complete|delayed|stopped|cancelled)",
)
_UNUSED = _words(
    "not (?:us|need)",
    "unused",
    "(?:nobody|no one|never|no longer|don'?t|do not|doesn'?t|hardly|rarely|barely|stopped) (?:us|need)",
)


class Retention(NamedTuple):
    """What to offer; `plan` is the lower one that it is, or that comes after it."""

    kind: Literal["lower_plan", "pause", "re_engage"]
    plan: Plan | None = None


def retention_for(signal: Signal, account: Account, catalog: Catalog) -> Retention:
    """Return what to offer on a signal of contraction; the account's plan may be one that nobody knows."""
    lower = _lower_plan(account, catalog)
    if signal.type == "usage.declined":
        return Retention("re_engage", lower if (amount_told(signal, "growth") or 0) <= NOT_IN_USE else None)
    reason = text_told(signal, "reason") or ""
    if _PRICE.search(reason):
        return _lower(lower, account, catalog)
    if _CHANGE.search(reason):
        return Retention("pause")
    return Retention("re_engage", lower) if _UNUSED.search(reason) else _lower(lower, account, catalog)


def _lower(lower: Plan | None, account: Account, catalog: Catalog) -> Retention:
    if lower is not None:
        return Retention("lower_plan", lower)
    plan = catalog.plans.get(account.plan)
    return Retention("re_engage" if plan is None or plan.price == 0 else "pause")


def _lower_plan(account: Account, catalog: Catalog) -> Plan | None:
    """Return the nearest plan below that costs less; from one without a price, the nearest that has one."""
    plan = catalog.plans.get(account.plan)
    if plan is None:
        return None
    keys = list(catalog.plans)
    for key in reversed(keys[: keys.index(account.plan)]):
        below = catalog.plans[key]
        if below.price is not None and (
            plan.price is None or monthly(below.price, below.price_per) < monthly(plan.price, plan.price_per)
        ):
            return below
    return None
