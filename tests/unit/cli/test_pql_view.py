"""Rules that qualify leads, as `config show` tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.cli.pql_view import document_of_pql, facets_of_pql
from expansion_signals.cli.rules_view import document_of, rules_in_force
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.rules.configuration import Configuration

CATALOG = """\
currency: USD
meters: {calls: {event: com.acme.called, aggregation: count}}
features: {calls: {meter: calls}}
plans: [{key: free, price: "0", includes: {calls: {limit: 1000}}}]
"""
EVERY_OPTION = (
    "half_life: 7d, hysteresis: 5, cooldown: 36h, disqualify_when: health < 60, "
    "cap: 1 per 7d, when: plan = free, holdout: 10%, shadow: true"
)


def _configuration(options: str = "hysteresis: 10") -> Configuration:
    growth = "{id: growth, when: usage_growth > 50%, points: 25}"
    hits = "{id: hits, when: limit_hits >= 3, within: 1w, points: 35}"
    rules = f"rules:\n  - {{id: leads, signal: pql, qualify_at: 50, criteria: [{growth}, {hits}], {options}}}\n"
    return load({"catalog.yaml": CATALOG, "rules.yaml": rules})


def test_a_rule_is_told_by_its_score_and_its_criteria() -> None:
    ((rule,), (view,)) = _configuration().pql_rules, rules_in_force(_configuration())
    assert view.at == ("a score of 50", "25: usage_growth > 50%", "35: limit_hits >= 3 within 7d")
    assert (view.id, view.signal, view.options, facets_of_pql(rule)) == ("leads", "pql", (), (view.at, view.options))


def test_options_are_told_that_are_not_at_their_default() -> None:
    (view,) = rules_in_force(_configuration(EVERY_OPTION))
    assert view.options == (
        "half after 7d",
        "until 5 below",
        "cooldown 36h",
        "never when health < 60",
        "1 per 7d",
        "under a condition",
        "10% held out",
        "tried out",
    )


def test_the_document_has_every_option_with_its_default() -> None:
    configuration = _configuration()
    (rule,) = configuration.pql_rules
    assert document_of(configuration) == [{**document_of_pql(rule), "copy": []}]
    assert document_of_pql(rule) == {
        "id": "leads",
        "version": rule.version,
        "signal": "pql",
        "qualify_at": 50,
        "criteria": [
            {"id": "growth", "when": "usage_growth > 50%", "within": None, "points": 25},
            {"id": "hits", "when": "limit_hits >= 3", "within": 604_800, "points": 35},
        ],
        "half_life": 1_209_600,
        "hysteresis": 10,
        "cooldown": 2_592_000,
        "tiers": {"A": 85, "B": 70},
        "disqualify_when": None,
        "cap": None,
        "conditional": False,
        "shadow": False,
        "holdout": None,
    }
