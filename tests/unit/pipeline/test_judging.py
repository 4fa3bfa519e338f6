"""Facts are judged in order, each under the profile in force at it."""

from __future__ import annotations

from expansion_signals.model.facts import AccountFacts, Changed, Moved
from expansion_signals.model.instants import DAY, HOUR
from expansion_signals.model.readings import Counter
from expansion_signals.pipeline.judging import judge_facts
from expansion_signals.rules.loading import load
from sample_batches import EVIDENCE, NOW, profile
from simulated_log import TEXTS
from simulated_workers import CONFIGURATIONS

TODAY = Counter("calls", "", NOW // DAY * DAY)
TWO_AGES = """
rules:
  - {id: prompt, signal: limit_reached, meter: calls, at: [80%]}
  - {id: patient, signal: limit_reached, meter: calls, at: [80%], max_firing_age: 6h}
"""


def moved(number: int, before: int, firing: int) -> Moved:
    return Moved(number, "n", 1, TODAY, before, 0, firing, EVIDENCE, NOW)


def crossed(*facts: Moved | Changed, plan_now: str) -> list[tuple[str, list[str]]]:
    """Return the limit each signal was judged under, and what it says was crossed."""
    judged = judge_facts(AccountFacts("acct", 0, facts, {}, profile(2, plan_now)), {1: CONFIGURATIONS[0]})
    reached = [signal.data for signal in judged.signals if signal.type == "limit.reached"]
    return [(data["limit"], [each["value"] for each in data["crossed"]]) for data in reached]


def test_what_is_too_old_for_one_rule_of_its_meter_and_not_for_another_fires_for_that_one_alone() -> None:
    texts = TEXTS[0] | {"rules.yaml": TWO_AGES}
    two_hours_late = Moved(1, "n", 1, TODAY, 0, 0, 8, EVIDENCE._replace(time=NOW - 2 * HOUR), NOW)
    facts = AccountFacts("acct", 0, [two_hours_late], {}, profile(2, "free"))
    judged = judge_facts(facts, {1: load(texts)})
    assert [(signal.data["rule"]["id"], signal.data.get("past")) for signal in judged.signals] == [
        ("prompt", "too_old_to_fire"),
        ("patient", None),
    ]


def test_a_fact_before_a_change_is_judged_under_the_profile_before_it() -> None:
    upgrade = Changed(2, "n", 1, profile(1, "free"), profile(2, "team"), EVIDENCE, NOW)
    assert crossed(moved(1, 0, 8), upgrade, moved(3, 8, 0), plan_now="team") == [("10", ["80"])]


def test_a_fact_after_a_change_is_judged_under_the_profile_after_it() -> None:
    upgrade = Changed(1, "n", 1, profile(1, "free"), profile(2, "team"), EVIDENCE, NOW)
    assert crossed(upgrade, moved(2, 0, 21), plan_now="team") == [("25", ["80"])]


def test_without_a_change_the_profile_now_is_in_force() -> None:
    assert crossed(moved(1, 0, 10), plan_now="free") == [("10", ["80", "100"])]


def test_each_fact_knows_what_the_one_before_it_fired() -> None:
    assert crossed(moved(1, 0, 8), moved(2, 8, -1), moved(3, 7, 3), plan_now="free") == [
        ("10", ["80"]),
        ("10", ["80", "100"]),
    ]


def test_what_fires_again_within_one_call_is_of_the_next_generation() -> None:
    """As one key it would be told once, though it has happened twice."""
    facts = AccountFacts("acct", 0, [moved(1, 0, 8), moved(2, 8, -1), moved(3, 7, 1)], {}, profile(2, "free"))
    judged = judge_facts(facts, {1: CONFIGURATIONS[0]})
    reached = [signal for signal in judged.signals if signal.type == "limit.reached"]
    assert [told.generation for signal in reached for told in signal.arms] == [1, 2]


def test_a_dip_that_stays_above_the_lower_edge_fires_nothing_again() -> None:
    assert crossed(moved(1, 0, 9), moved(2, 9, -1), moved(3, 8, 2), plan_now="free") == [
        ("10", ["80"]),
        ("10", ["100"]),
    ]
