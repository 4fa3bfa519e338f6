"""The report of a backtest as scripts see it: all counts are numbers, times and days RFC 3339.

What is `more` fires with the rules that were tried and not with those in force, `fewer` the other way round: told apart
by the ids of triggers, which hang on rule, account, subject, period and threshold, and on no version of the rule.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.cli.played import RulePlayed
from expansion_signals.model.instants import format_day, format_instant
from expansion_signals.rules.differences import differences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.cli.played import Fired, Played
    from expansion_signals.cli.recorded import Recorded
    from expansion_signals.rules.configuration import Configuration

EXAMPLES = 5
"""Triggers that are shown of each rule, and of each difference: the first ones."""


class Tried(NamedTuple):
    """A configuration, where it stands, and what came of it."""

    place: str
    configuration: Configuration
    played: Played


def document_of(recorded: Recorded, tried: Tried, in_force: Tried | None) -> Mapping[str, Any]:
    """Return the report of rules that were tried, beside those in force where these are others."""
    played = tried.played
    return {
        **came_of(recorded.name, played),
        "configuration": {"directory": tried.place, "fingerprint": tried.configuration.fingerprint},
        "in_force": None if in_force is None else _compared(tried, in_force),
    }


def came_of(source: str, played: Played) -> Mapping[str, Any]:
    """Return what came of a play."""
    return {
        "input": {
            "source": source,
            "from": None if played.since is None else format_instant(played.since),
            "until": None if played.since is None else format_instant(played.until),
            "records": {"received": played.records.total(), **played.records},
        },
        "totals": totals(played),
        "days": _days(played.rules.values()),
        "rules": [_rule(name, rule) for name, rule in sorted(played.rules.items())],
        "accounts": _accounts(played.rules),
        "signals": dict(played.signals.most_common()),
        "dead_letters": {
            "codes": dict(played.codes.most_common()),
            "first": [letter._asdict() for letter in played.letters],
        },
    }


def totals(played: Played) -> Mapping[str, int]:
    """Return the sums over all rules; what is tried out is in `shadow` and nowhere else."""
    decided = [rule for rule in played.rules.values() if not rule.shadow]
    return {
        "fired": sum(len(rule.fired) for rule in decided),
        "silent": sum(rule.silent.total() for rule in decided),
        "held": sum(rule.held for rule in decided),
        "withdrawn": sum(rule.withdrawn for rule in decided),
        "shadow": sum(len(rule.fired) for rule in played.rules.values() if rule.shadow),
        "accounts": len({account for rule in played.rules.values() for account in rule.accounts}),
    }


def _rule(name: str, rule: RulePlayed) -> Mapping[str, Any]:
    return {
        "rule": name,
        "shadow": rule.shadow,
        "fired": len(rule.fired),
        "silent": dict(rule.silent.most_common()),
        "held": rule.held,
        "withdrawn": rule.withdrawn,
        "days": _days([rule]),
        "accounts": _accounts({name: rule}),
        "examples": examples(rule.fired),
    }


def _days(rules: Iterable[RulePlayed]) -> Sequence[Mapping[str, Any]]:
    days: dict[int, Counter[str]] = {}
    for rule in rules:
        for day, counts in rule.days.items():
            days.setdefault(day, Counter()).update(counts)
    return [
        {"day": format_day(day), "fired": counts["fired"], "silent": counts["silent"]}
        for day, counts in sorted(days.items())
    ]


def _accounts(rules: Mapping[str, RulePlayed]) -> Sequence[Mapping[str, Any]]:
    """Return the accounts, first those of which most fired."""
    accounts: dict[str, Counter[str]] = {}
    for rule in rules.values():
        for account, counts in rule.accounts.items():
            accounts.setdefault(account, Counter()).update(counts)
    ranked = sorted(accounts.items(), key=lambda each: (-each[1]["fired"], -each[1]["silent"], each[0]))
    return [{"account": account, "fired": counts["fired"], "silent": counts["silent"]} for account, counts in ranked]


def examples(fired: Mapping[str, Fired]) -> Sequence[Mapping[str, Any]]:
    """Return the first triggers of these, with their ids."""
    first = sorted(fired.items(), key=lambda each: (each[1].time, each[0]))[:EXAMPLES]
    return [
        {
            "trigger": trigger,
            "account": each.account,
            "time": format_instant(each.time),
            "type": each.type,
            "why": each.why,
        }
        for trigger, each in first
    ]


def _compared(tried: Tried, in_force: Tried) -> Mapping[str, Any]:
    after, before = tried.played.rules, in_force.played.rules
    return {
        "directory": in_force.place,
        "fingerprint": in_force.configuration.fingerprint,
        "changes": list(differences(in_force.configuration, tried.configuration)),
        "totals": totals(in_force.played),
        "days": _days(before.values()),
        "rules": [
            _difference(name, after.get(name, RulePlayed()), before.get(name, RulePlayed()))
            for name in sorted(after.keys() | before.keys())
        ],
    }


def _difference(name: str, after: RulePlayed, before: RulePlayed) -> Mapping[str, Any]:
    more = {trigger: each for trigger, each in after.fired.items() if trigger not in before.fired}
    fewer = {trigger: each for trigger, each in before.fired.items() if trigger not in after.fired}
    return {
        "rule": name,
        "fired": len(before.fired),
        "silent": dict(before.silent.most_common()),
        "held": before.held,
        "more": len(more),
        "fewer": len(fewer),
        "examples_more": examples(more),
        "examples_fewer": examples(fewer),
    }
