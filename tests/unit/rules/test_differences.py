"""What a log tells of a changed configuration."""

from __future__ import annotations

from expansion_signals.rules.differences import differences
from expansion_signals.rules.loading import load

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count, unit: call}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 10}}}
"""
RULES = """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [80%, 100%]}
"""


def told(catalog: str = CATALOG, rules: str = RULES) -> list[str]:
    before = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})
    return list(differences(before, load({"catalog.yaml": catalog, "rules.yaml": rules})))


def test_the_same_meaning_in_other_words_is_no_difference() -> None:
    assert told(rules=RULES.replace("[80%, 100%]", "[100%, 80%]")) == []


def test_a_changed_rule_is_told() -> None:
    assert told(rules=RULES.replace("80%", "90%")) == ["rule quota: changed"]


def test_a_rule_under_another_id_is_one_that_is_gone_and_one_that_is_new() -> None:
    assert told(rules=RULES.replace("quota", "calls-quota")) == ["rule calls-quota: new", "rule quota: gone"]


def test_a_changed_plan_is_told() -> None:
    assert told(CATALOG.replace("limit: 10", "limit: 20")) == ["plan free: changed"]


def test_another_currency_is_told() -> None:
    assert told(CATALOG.replace("USD", "EUR")) == ["currency: USD is now EUR"]
