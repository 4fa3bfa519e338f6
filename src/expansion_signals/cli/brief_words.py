"""What a brief says, in words that Markdown and HTML share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.cli import offer_words
from expansion_signals.cli.account_words import moment, shown
from expansion_signals.cli.words_of_numbers import change_text
from expansion_signals.decide.money import rounded
from expansion_signals.model.instants import DAY
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from expansion_signals.cli.brief import Brief
    from expansion_signals.cli.opportunities import Opportunity
    from expansion_signals.cli.quarters import MeterUse

_YEAR, _MONTH = 365, 30

PARTS: Mapping[str, str] = {
    "engagement": "Product engagement",
    "growth": "Growth",
    "utilization": "Utilization",
    "relationship": "Relationship",
    "history": "Expansion history",
}

NO_HEALTH = "Not known: no daily reading of this account has come yet."


class Glance(NamedTuple):
    """One thing that is seen at a glance; `more` says where it comes from."""

    name: str
    value: str
    more: str = ""


def glances(brief: Brief, zone: tzinfo) -> Iterator[Glance]:
    """Yield plan, seats, revenue, age and renewal."""
    profile = brief.profile
    add_ons = "".join(f" + {pieces} {key}" for key, pieces in profile.add_ons.items())
    yield Glance("Plan", profile.plan + add_ons, profile.status.replace("_", " "))
    yield _seats(brief)
    yield _revenue(brief)
    yield _age(brief, zone)
    if profile.renewal_at is not None:
        left = (profile.renewal_at - brief.at) // DAY
        yield Glance("Renewal", _day(profile.renewal_at, zone), f"in {_days(left)}" if left >= 0 else "has passed")


def _seats(brief: Brief) -> Glance:
    seats = brief.seats
    if seats is None:
        return Glance("Seats", "not known", "no rule looks at seats")
    pending = f"{seats.pending:,} {counted('invite', one=seats.pending == 1)} pending" if seats.pending else ""
    if seats.bought is None:
        return Glance("Seats", f"{seats.active:,} active", pending or "unlimited")
    return Glance("Seats", f"{seats.active:,} of {seats.bought:,}", pending or "active of bought")


def _revenue(brief: Brief) -> Glance:
    revenue = brief.revenue
    if revenue is None:
        return Glance("MRR", "not known", "the catalog has no price for it")
    amount = f"{rounded(revenue.amount, revenue.currency):,f} {revenue.currency}"
    return Glance("MRR", amount, "as billing tells it" if revenue.source == "billing" else "by the catalog")


def _age(brief: Brief, zone: tzinfo) -> Glance:
    since = brief.profile.first_purchase_at
    if since is None:
        return Glance("Customer for", "not known", "no first purchase is told")
    days = max(0, (brief.at - since) // DAY)
    if days >= _YEAR:
        years, months = days // _YEAR, days % _YEAR // _MONTH
        text = f"{years} {counted('year', one=years == 1)}" + (f" {months} mo" if months else "")
    else:
        text = _days(days)
    return Glance("Customer for", text, f"since {_day(since, zone)}")


def health_inputs(part: Mapping[str, Any]) -> str:
    """Return what a part of health was measured by: `daily active 3, monthly active 10`."""
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in part.get("inputs", {}).items())
    missing = ", ".join(name.replace("_", " ") for name in part.get("missing", ()))
    return told + (f"; not known: {missing}" if missing and told else f"not known: {missing}" if missing else "")


def use_text(use: MeterUse) -> tuple[str, str, str]:
    """Return what a meter came to in the quarter, in the one before, and how that compares."""
    growth = use.growth
    compared = "new" if growth is None else change_text(growth)
    return _amount(use.quarter, use), _amount(use.before, use), compared


def use_note(use: MeterUse) -> str:
    """Return how to read the amounts of a meter."""
    match use.meter.aggregation:
        case "max":
            return "highest"
        case "latest":
            return "last"
        case _:
            return "net change" if use.meter.per == "never" and use.meter.aggregation == "sum" else "in all"


def _amount(amount: int | None, use: MeterUse) -> str:
    return "none" if amount is None else shown(amount, use.meter)


def case_of(each: Opportunity) -> str:
    """Return how strong an opportunity is: `5 triggers, blocked 2 times, 3 people`."""
    said = [f"{each.times:,} {counted('trigger', one=each.times == 1)}"]
    if each.blocked:
        said.append("blocked once" if each.blocked == 1 else f"blocked {each.blocked:,} times")
    if each.people:
        said.append(f"{each.people:,} {'person' if each.people == 1 else 'people'}")
    return ", ".join(said)


def step_of(each: Opportunity) -> str:
    """Return the recommended step with its price and what the account gains."""
    if each.step is None:
        return "The catalog has no step that solves it: listen, and tell the product team."
    gain = f" Gain: {each.step['gain']}." if each.step.get("gain") else ""
    compared = [
        f"{offer_words.step(other)} {offer_words.money(other['sum'])}" for other in each.step.get("compared", ())
    ]
    weighed = f" Weighed for one period: {', '.join(compared)}." if compared else ""
    return f"Offer {offer_words.offer(each.step)}.{gain}{weighed}"


def months_of(uses: Sequence[MeterUse]) -> tuple[str, str]:
    """Return the names of both quarters: `Aug to Oct 2026`, `May to Jul 2026`."""
    months = [month for month, _ in uses[0].months]
    return _named(months[3:]), _named(months[:3])


def _named(months: Sequence[Any]) -> str:
    first, last = months[0], months[-1]
    year = "" if first.year == last.year else f" {first.year}"
    return f"{_MONTHS[first.number - 1]}{year} to {_MONTHS[last.number - 1]} {last.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def month_name(number: int) -> str:
    """Return a month's short name."""
    return _MONTHS[number - 1]


def _days(days: int) -> str:
    return f"{days:,} {counted('day', one=days == 1)}"


def _day(instant: int, zone: tzinfo) -> str:
    # Without the time of day, which `moment` adds where it is not midnight.
    return " ".join(moment(instant, zone).split()[:3])
