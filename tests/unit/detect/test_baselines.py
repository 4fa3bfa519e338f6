"""Levels that come with a profile (semantics 2.9)."""

from __future__ import annotations

import pytest

from expansion_signals.detect.baselines import ScaledBaseline, baselines
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.accounts import Account
from expansion_signals.rules.loading import load

CATALOG = """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: sum, value: value, precision: 2, unit: call}
  users: {event: com.acme.called, aggregation: unique, value: user, unit: user}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: 0, includes: {calls: {limit: 5}}}
"""
CATALOG_READ = load({"catalog.yaml": CATALOG, "rules.yaml": "rules: []\n"}).catalog
CALLS = CATALOG_READ.meters["calls"]


def account(**levels: object) -> Account:
    usage = {meter: {"value": level, "as_of": 7} for meter, level in levels.items()}
    return Account.model_validate({"version": 1, "plan": "free", "usage": usage})


def test_a_baseline_is_scaled_by_the_precision_of_its_meter() -> None:
    assert baselines(account(calls="12.5"), None, CATALOG_READ) == [ScaledBaseline(CALLS, 1250, 7)]


def test_a_baseline_that_is_repeated_sets_nothing() -> None:
    assert baselines(account(calls="12.5"), account(calls="12.50"), CATALOG_READ) == []


def test_a_baseline_that_changed_sets_its_level() -> None:
    assert baselines(account(calls="13"), account(calls="12.5"), CATALOG_READ) == [ScaledBaseline(CALLS, 1300, 7)]


def test_a_baseline_of_a_meter_that_nobody_knows_is_passed_over() -> None:
    assert baselines(account(unheard="13"), None, CATALOG_READ) == []


def test_a_number_of_members_names_nobody_and_is_passed_over() -> None:
    assert baselines(account(users="13"), None, CATALOG_READ) == []


@pytest.mark.parametrize(("level", "code"), [("0.005", "precision"), ("1e30", "overflow")])
def test_a_level_that_the_meter_cannot_stand_at_is_refused(level: str, code: str) -> None:
    with pytest.raises(RejectedRecord) as refused:
        baselines(account(calls=level), None, CATALOG_READ)
    assert refused.value.code == code
