"""The report as scripts see it: money and rates as decimal strings, counts as numbers, each figure with its formula."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from expansion_signals.cli.rule_figures import lift
from expansion_signals.decide.money import money
from expansion_signals.model.amounts import unscale
from expansion_signals.model.instants import DAY, format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.cli.net_revenue import NetRevenue
    from expansion_signals.cli.portfolio import Concluded
    from expansion_signals.cli.rule_figures import Compared, RuleFigures
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration

MONTH = 30
"""Days of the month that frequencies are told by."""

ASSISTED = ("assisted", "owner", "partner")
"""Routes on which a person sells; on `self_serve` the product does."""

FORMULAS: Mapping[str, str] = {
    "kinds.share": "triggers of the kind ÷ all triggers",
    "split.outcomes": "what was bought after a trigger of that route (last touch, within the time of attribution)",
    "rules.outcomes": "upgrades, add-ons and seats bought after a trigger of the rule (last touch)",
    "rules.mrr_change": "sum of the change of MRR of those outcomes",
    "rules.seconds_to_outcome": "median of the time from the trigger to the outcome",
    "rules.rate": "accounts that bought within the time of attribution after it first fired ÷ accounts it fired for",
    "rules.holdout.rate": "the same of accounts that only the holdout kept it from ÷ those accounts",
    "rules.lift": "rate ÷ holdout.rate - 1",
    "revenue.nrr": "(start + expansion - contraction - churn) ÷ start",
    "revenue.start": "MRR at the start of the time: told by billing, else by the catalog; of accounts that paid then",
    "revenue.expansion": "what accounts that paid at the start pay more, change by change",
    "revenue.contraction": "what they pay less and stay",
    "revenue.churn": "what those paid that left",
    "revenue.new": "what accounts pay that paid nothing at the start; in no part of NRR",
    "revenue.expansion_rate": "expansion ÷ start",
    "revenue.per_account": "MRR ÷ accounts that pay",
    "upgrades.rate": "plan upgrades ÷ eligible accounts (active or in trial, with a higher plan, or moved up)",
    "upgrades.frequency": f"plan upgrades for 100 accounts in {MONTH} days",
    "downgrades.frequency": f"moves to a lower plan for 100 accounts in {MONTH} days",
    "days_to_first_expansion": "median of the days from first_purchase_at to the first plan, add-on or seats bought",
    "seats.rate": "seats bought more ÷ seats granted at the start",
}


def document_of(found: Concluded, configuration: Configuration, now: Instant) -> Mapping[str, Any]:
    """Return the whole report."""
    portfolio, accounts = found.portfolio, len(found.now)
    days = Fraction(now - portfolio.since, DAY)
    upgrades, downgrades = found.upgrades(), found.downgrades(configuration.catalog.plans)
    eligible, added = found.eligible(), found.seats_added()
    return {
        "since": format_instant(portfolio.since),
        "until": format_instant(now),
        "accounts": accounts,
        "triggers": len(portfolio.triggers),
        "kinds": _kinds(found),
        "families": dict(found.families()),
        "split": _split(found),
        "rules": [_rule(name, rule, found, configuration) for name, rule in sorted(portfolio.rules.items())],
        "revenue": [_revenue(currency, parts) for currency, parts in found.revenues.by_currency.items()],
        "changes_of_unknown_revenue": found.revenues.unknown,
        "upgrades": {
            "count": upgrades,
            "eligible": eligible,
            "rate": rate(_share(upgrades, eligible)),
            "frequency": rate(_often(upgrades, accounts, days)),
        },
        "downgrades": {"count": downgrades, "frequency": rate(_often(downgrades, accounts, days))},
        "days_to_first_expansion": found.days_to_first_expansion(),
        "seats": {
            "at_start": found.seats_at_start,
            "added": added,
            "rate": rate(_share(added, found.seats_at_start)),
        },
        "formulas": dict(FORMULAS),
    }


def rate(part: Fraction | None) -> str | None:
    """Return a rate as a decimal string, rounded half up to four digits; None where it has no meaning."""
    return None if part is None else unscale((part.numerator * 20_000 // part.denominator + 1) // 2, 4)


def _kinds(found: Concluded) -> list[Mapping[str, Any]]:
    total = len(found.portfolio.triggers)
    return [
        {"kind": kind, "signals": signals, "triggers": triggers, "share": rate(_share(triggers, total))}
        for kind, (signals, triggers) in found.kinds().items()
    ]


def _split(found: Concluded) -> Mapping[str, Any]:
    routes = found.routes()
    bought = {
        name: _of_routes(found, names) for name, names in (("self_serve", ("self_serve",)), ("assisted", ASSISTED))
    }
    return {
        **bought,
        "routes": [{"to": route, "triggers": sent, "outcomes": outcomes} for route, (sent, outcomes) in routes.items()],
        "without_a_trigger": sum(each.route is None for each in found.expansions),
    }


def _of_routes(found: Concluded, names: tuple[str, ...]) -> Mapping[str, Any]:
    outcomes = [each for each in found.expansions if each.route in names]
    sums: dict[str, Fraction] = {}
    for each in outcomes:
        if each.change is not None:
            sums[each.change.currency] = sums.get(each.change.currency, Fraction(0)) + each.change.amount
    return {
        "triggers": sum(sent for route, (sent, _) in found.routes().items() if route in names),
        "outcomes": len(outcomes),
        "mrr_change": [money(total, currency) for currency, total in sorted(sums.items())],
    }


def _rule(name: str, rule: RuleFigures, found: Concluded, configuration: Configuration) -> Mapping[str, Any]:
    fired, held_out = rule.compared(found.bought(), configuration.policy.attribution)
    return {
        "rule": name,
        "in_force": name in configuration.rule_versions,
        "fired": rule.fired,
        "held": rule.held,
        "silent": dict(rule.silent.most_common()),
        "withdrawn": rule.withdrawn,
        **{deed: rule.deeds[deed] for deed in ("shown", "dismissed", "snoozed", "clicked")},
        "outcomes": rule.outcomes,
        "mrr_change": [money(total, currency) for currency, total in sorted(rule.revenue.items())],
        "seconds_to_outcome": rule.seconds_to_outcome,
        **_compared(fired),
        "holdout": _compared(held_out),
        "lift": rate(lift(fired, held_out)),
    }


def _compared(each: Compared) -> Mapping[str, Any]:
    return {"accounts": each.accounts, "bought": each.bought, "rate": rate(each.rate)}


def _revenue(currency: str, parts: NetRevenue) -> Mapping[str, Any]:
    told = {name: money(getattr(parts, name), currency)["amount"] for name in _PARTS}
    return {
        "currency": currency,
        **told,
        "nrr": rate(parts.retention),
        "expansion_rate": rate(parts.expansion_rate),
        "paying_at_start": parts.paying_at_start,
        "paying_now": parts.paying_now,
        "per_account_at_start": _amount(parts.per_account_at_start, currency),
        "per_account_now": _amount(parts.per_account_now, currency),
    }


_PARTS = ("start", "expansion", "contraction", "churn", "new", "now")


def _amount(amount: Fraction | None, currency: str) -> str | None:
    return None if amount is None else money(amount, currency)["amount"]


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _often(times: int, accounts: int, days: Fraction) -> Fraction | None:
    return Fraction(times * 100 * MONTH, accounts) / days if accounts and days else None
