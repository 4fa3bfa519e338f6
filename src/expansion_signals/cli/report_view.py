"""The report as a person reads it: each figure beside the formula that it comes from."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from expansion_signals.cli.offer_words import lasted
from expansion_signals.model.instants import SECOND
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import RenderableType

_NONE = "-"
_MOST_REASONS = 3
_HUNDRED, _TENTH = 100, Decimal("0.1")


def lines_of(document: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what `document_of` holds."""
    told, formulas = document, document["formulas"]
    accounts, triggers = (_counted(told[name], name.removesuffix("s")) for name in ("accounts", "triggers"))
    heading = f"{accounts}, {triggers} since {told['since'][:10]}"
    yield Text(heading, style="bold")
    yield ""
    yield from _revenue(told["revenue"], formulas)
    yield _figures(told, formulas)
    yield ""
    yield _kinds(told["kinds"], formulas)
    yield ""
    yield _split(told["split"], formulas)
    yield ""
    yield _rules(told["rules"])
    for name in ("outcomes", "rate", "holdout.rate", "lift", "seconds_to_outcome"):
        yield Text(f"{name.replace('seconds_to_outcome', 'time')}: {formulas[f'rules.{name}']}", style="dim")
    if told["changes_of_unknown_revenue"]:
        yield Text(f"{told['changes_of_unknown_revenue']:,} changes of which nobody says what they come to", "yellow")


def _revenue(revenues: Sequence[Mapping[str, Any]], formulas: Mapping[str, str]) -> Iterator[RenderableType]:
    for each in revenues:
        table = _table(f"Revenue, {each['currency']} a month", "", "", "Formula")
        for name in ("start", "expansion", "contraction", "churn"):
            table.add_row(name, _amount(each[name]), formulas[f"revenue.{name}"])
        table.add_row("NRR", _percent(each["nrr"]), formulas["revenue.nrr"], style="bold")
        table.add_row("expansion rate", _percent(each["expansion_rate"]), formulas["revenue.expansion_rate"])
        table.add_row("new", _amount(each["new"]), formulas["revenue.new"])
        average = f"{_amount(each['per_account_at_start'])} then, {_amount(each['per_account_now'])} now"
        table.add_row("per account", average, formulas["revenue.per_account"])
        yield table
        yield ""


def _figures(told: Mapping[str, Any], formulas: Mapping[str, str]) -> Table:
    table = _table("Upgrades and seats", "", "", "Formula")
    upgrades, downgrades, seats = told["upgrades"], told["downgrades"], told["seats"]
    rate = f"{_percent(upgrades['rate'])} ({upgrades['count']:,} of {upgrades['eligible']:,})"
    table.add_row("upgrade rate", rate, formulas["upgrades.rate"])
    table.add_row("upgrades", _plain(upgrades["frequency"]), formulas["upgrades.frequency"])
    table.add_row("downgrades", _plain(downgrades["frequency"]), formulas["downgrades.frequency"])
    days = told["days_to_first_expansion"]
    table.add_row("first expansion", _NONE if days is None else f"{days:,} days", formulas["days_to_first_expansion"])
    grown = f"{_percent(seats['rate'])} ({seats['added']:+,} to {seats['at_start']:,})"
    table.add_row("seat expansion rate", grown, formulas["seats.rate"])
    return table


def _kinds(kinds: Sequence[Mapping[str, Any]], formulas: Mapping[str, str]) -> Table:
    table = _table(
        "Kinds of expansion", "Kind", "Signals", "Triggers", "Share", caption=f"share: {formulas['kinds.share']}"
    )
    for each in kinds:
        name = each["kind"].replace("_", "-")
        table.add_row(name, f"{each['signals']:,}", f"{each['triggers']:,}", _percent(each["share"]))
    return table


def _split(split: Mapping[str, Any], formulas: Mapping[str, str]) -> Table:
    table = _table("Who sells", "Way", "Triggers", "Outcomes", "MRR", caption=f"outcomes: {formulas['split.outcomes']}")
    for name, label in (("self_serve", "self-serve"), ("assisted", "sales-assisted")):
        each = split[name]
        table.add_row(label, f"{each['triggers']:,}", f"{each['outcomes']:,}", _sums(each["mrr_change"]))
    table.add_row("without a trigger", _NONE, f"{split['without_a_trigger']:,}", _NONE)
    return table


def _rules(rules: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("Rules", "Rule", "Fired", "Silent", "Shown → clicked", "Bought", "Time", "Rate / holdout", "Lift")
    for each in rules:
        gone = "" if each["in_force"] else " (gone)"
        prompts = f"{each['shown']:,} → {each['clicked']:,}" + (
            f"\n{each['dismissed']:,} dismissed" if each["dismissed"] else ""
        )
        bought = f"{each['outcomes']:,}" + (f"\n{_sums(each['mrr_change'])}" if each["mrr_change"] else "")
        seconds = each["seconds_to_outcome"]
        table.add_row(
            Text(each["rule"] + gone),
            f"{each['fired']:,}",
            _silent(each["silent"]),
            prompts,
            bought,
            _NONE if seconds is None else lasted(seconds * SECOND),
            f"{_percent(each['rate'])} / {_percent(each['holdout']['rate'])}",
            _percent(each["lift"], signed=True),
        )
    return table


def _silent(reasons: Mapping[str, int]) -> str:
    """Return the most frequent reasons: `12: 9 holdout, 3 muted`."""
    if not reasons:
        return _NONE
    shown = list(reasons.items())[:_MOST_REASONS]
    left = sum(reasons.values()) - sum(count for _, count in shown)
    lines = [f"{count:,} {reason.replace('_', ' ')}" for reason, count in shown]
    return "\n".join([*lines, *([f"{left:,} others"] if left else [])])


def _table(title: str, *columns: str, caption: str | None = None) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", caption=caption, caption_justify="left", box=None
    )
    for place, column in enumerate(columns):
        formula = column == "Formula"
        table.add_column(column, overflow="fold", style="cyan" if place == 0 else "dim" if formula else None)
    return table


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {counted(noun, one=number == 1)}"


def _sums(sums: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"{Decimal(each['amount']):+,f} {each['currency']}" for each in sums) or _NONE


def _amount(amount: str | None) -> str:
    return _NONE if amount is None else f"{Decimal(amount):,f}"


def _plain(rate: str | None) -> str:
    return _NONE if rate is None else f"{Decimal(rate).quantize(_TENTH):,f}"


def _percent(rate: str | None, *, signed: bool = False) -> str:
    """Return a rate as a percentage with at most one digit after the point."""
    if rate is None:
        return _NONE
    value = (Decimal(rate) * _HUNDRED).quantize(_TENTH)
    text = f"{value:+,f}" if signed else f"{value:,f}"
    return f"{text.removesuffix('.0')} %"
