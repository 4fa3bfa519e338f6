"""A counter over the account's life, beside those of its periods, where a milestone rule watches the meter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.detect.metering import contributions
from expansion_signals.model.accounts import Account, AccountUpdate
from expansion_signals.model.batches import HourMove
from expansion_signals.model.changes import Add
from expansion_signals.model.events import USAGE_IMPORTED, UsageEvent
from expansion_signals.model.facts import AccountFacts, HourTotals, Marks, Moved
from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of
from expansion_signals.model.readings import Counter
from expansion_signals.model.records import Partition, Record
from expansion_signals.model.thresholds import Arm, ArmKey
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.judging import judge_facts
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.updates import updates_asked
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from sample_batches import EVIDENCE, NOVEMBER, NOW, OCTOBER, profile

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import AccountBatch, Move
    from expansion_signals.rules.configuration import Configuration

CATALOG = """\
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: count}
  files: {event: com.acme.filed, aggregation: count, per: never}
features: {calls: {meter: calls}, files: {meter: files}}
plans:
  - {key: free, price: 0, includes: {calls: {limit: 10}, files: {limit: 20}}}
  - {key: pro, price: 9, includes: {calls: {limit: 10}, files: {limit: 20}}}
"""
RULES = """\
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [8]}
  - {id: thousand, signal: milestone, meter: calls, at: [8], max_firing_age: 6h}
  - {id: first-files, signal: milestone, meter: files, at: [10]}
  - {id: nearly-full, signal: limit_reached, meter: files, at: [80%]}
"""
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})
UNWATCHED = load(
    {"catalog.yaml": CATALOG, "rules.yaml": RULES.replace("meter: calls, at: [8], max", "meter: files, at: [8], max")}
)
PERIOD, LIFE, FILES = Counter("calls", "", NOVEMBER), Counter("calls", "", None), Counter("files", "", None)
KNOWN = profile(1, "free")


def called(*, at: int = NOW, appended: int = NOW, kind: str = "com.acme.called", **others: object) -> Item:
    """Return one call."""
    event = UsageEvent("/apps/web", "e-1", kind, "acct-1", at, others.pop("data", {}), **others)
    return Item(
        Record("usage-events", 0, 1, None, b"", (), appended),
        Partition("usage-events", 0),
        "counted",
        event=event,
        contributions=contributions(event, CONFIGURATION) or (),
    )


def asked(
    item: Item, known: Profile | None = KNOWN, configuration: Configuration = CONFIGURATION, acceptance: int = 2 * DAY
) -> AccountBatch:
    (found,) = usage_asked([item], {"acct-1": known}, Lanes(configuration, acceptance))
    return found.apart()


def moves(item: Item, **others: object) -> dict[Counter, tuple[object, object]]:
    """Return the quiet and the firing part that an event moves each counter by."""
    return {move.counter: (move.quiet, move.firing) for move in asked(item, **others).moves}


def updated(**usage: object) -> list[Move]:
    """Return the moves of an account's first profile, after ten hours of one call each that may fire."""
    update = AccountUpdate("acct-1", Account.model_validate({"version": 1, "plan": "free"} | usage), EVIDENCE)
    record = Record("account-updates", 0, 0, None, b"", (), NOW)
    item = Item(record, Partition("account-updates", 0), "counted", update=update)
    totals = {("calls", hour_of(NOW) - place): (Add(2), Add(1)) for place in range(10)}
    (found,) = updates_asked(
        [item], {"acct-1": None}, {"acct-1": HourTotals("n", [day_of(NOW)], totals)}, CONFIGURATION
    )
    return list(found.moves)


def found(counter: Counter, firing: int, *, before: int = 0, quiet: int = 0, **others: object) -> list[tuple[str, str]]:
    """Return the rule and the type of each signal that one change of a counter leads to; if it is past, also why."""
    fact = Moved(1, "n", 1, counter, before, quiet, firing, EVIDENCE._replace(time=NOW), NOW)
    marks = others.pop("marks", {})
    known = others.pop("known", KNOWN)
    configuration = others.pop("configuration", CONFIGURATION)
    judged = judge_facts(AccountFacts("acct-1", 0, [fact], marks, known), {1: configuration}, **others)
    return [
        (signal.data["rule"]["id"], ": ".join([signal.type, *([signal.data["past"]] if "past" in signal.data else [])]))
        for signal in judged.signals
    ]


# ------------------------------------------------------------------------------------ what is counted


def test_an_event_counts_for_its_period_and_for_the_accounts_life() -> None:
    assert moves(called()) == {PERIOD: (None, Add(1)), LIFE: (None, Add(1))}


def test_a_meter_without_milestones_has_no_counter_of_its_life() -> None:
    assert moves(called(), configuration=UNWATCHED) == {PERIOD: (None, Add(1))}


def test_a_stock_has_one_counter() -> None:
    assert moves(called(kind="com.acme.filed")) == {FILES: (None, Add(1))}


def test_backfill_counts_for_both_quietly() -> None:
    assert moves(called(backfill=True)) == {PERIOD: (Add(1), None), LIFE: (Add(1), None)}


def test_an_import_counts_for_both_quietly() -> None:
    imported = called(kind=USAGE_IMPORTED, data={"meter": "calls", "value": 7}, backfill=True)
    assert moves(imported) == {PERIOD: (Add(7), None), LIFE: (Add(7), None)}


def test_each_counter_is_quiet_by_the_age_of_its_own_rules() -> None:
    assert moves(called(at=NOW - 2 * HOUR)) == {PERIOD: (Add(1), None), LIFE: (None, Add(1))}


def test_the_life_goes_on_where_a_period_is_over() -> None:
    late = called(at=NOVEMBER - 1, appended=NOVEMBER + HOUR)
    assert moves(late) == {Counter("calls", "", OCTOBER): (Add(1), None), LIFE: (None, Add(1))}


def test_what_comes_too_late_for_its_period_counts_for_the_life() -> None:
    assert moves(called(at=NOVEMBER - 1, appended=NOVEMBER + 3 * DAY)) == {LIFE: (Add(1), None)}


def test_an_account_not_yet_known_counts_hours() -> None:
    batch = asked(called(), known=None)
    assert (batch.moves, batch.hours) == ([], [HourMove("calls", hour_of(NOW), None, Add(1))])


def test_hours_become_the_level_of_the_life_as_well() -> None:
    assert {(move.counter, move.quiet, move.firing) for move in updated()} == {
        (PERIOD, Add(20), Add(10)),
        (LIFE, Add(20), Add(10)),
    }


def test_a_baseline_of_a_period_leaves_the_life_alone() -> None:
    found = updated(usage={"calls": {"value": 500, "as_of": NOW - HOUR}})
    assert [move.quiet for move in found if move.counter == LIFE] == [Add(20)]


# ------------------------------------------------------------------------------------ what is judged


def test_a_period_is_judged_by_limits_alone() -> None:
    assert found(PERIOD, 9) == [("quota", "limit.reached")]


def test_a_life_is_judged_by_milestones_alone() -> None:
    assert found(LIFE, 9) == [("thousand", "milestone.reached")]


def test_a_stock_is_judged_by_both_on_one_reading() -> None:
    assert found(FILES, 16) == [("nearly-full", "limit.reached"), ("first-files", "milestone.reached")]


def test_the_guard_of_a_stock_ends_at_what_comes_first() -> None:
    fact = Moved(1, "n", 1, FILES, 0, 0, 1, EVIDENCE, NOW)
    judged = judge_facts(AccountFacts("acct-1", 0, [fact], {}, KNOWN), {1: CONFIGURATION})
    assert judged.mark.guards[FILES][1].high == 10


def test_a_milestone_rule_that_is_added_finds_past_what_the_stock_stands_at() -> None:
    marks = {FILES: Marks(20, {ArmKey("nearly-full", "80%"): Arm("fired")})}
    assert found(FILES, 1, before=16, marks=marks) == [("first-files", "milestone.reached: rule_added")]


def test_a_life_rebuilt_from_a_log_that_begins_later_fires_nothing() -> None:
    assert found(LIFE, 9, since=NOW - DAY) == []


def test_a_baseline_of_its_period_does_not_make_it_complete() -> None:
    told = {"version": 1, "plan": "free", "usage": {"calls": {"value": 3, "as_of": NOW - HOUR}}}
    known = KNOWN.model_copy(update={"account": Account.model_validate(told)})
    assert found(LIFE, 9, since=NOW - DAY, known=known) == []


@pytest.mark.parametrize(("plan", "rules"), [("free", ["for-free"]), ("pro", ["for-pro"])])
def test_a_plan_has_rules_of_its_own(plan: str, rules: list[str]) -> None:
    rules_of_plans = """\
rules:
  - {id: for-free, signal: limit_reached, meter: calls, at: [50%, 80%], when: plan = free}
  - {id: for-pro, signal: limit_reached, meter: calls, at: [80%], when: plan = pro}
"""
    configuration = load({"catalog.yaml": CATALOG, "rules.yaml": rules_of_plans})
    judged = found(PERIOD, 9, known=profile(1, plan), configuration=configuration)
    assert [rule for rule, _ in judged] == rules


def test_utilization_is_that_of_the_reading() -> None:
    rules = "rules: [{id: a, signal: limit_reached, meter: calls, at: [5], when: utilization >= 70%}]"
    configuration = load({"catalog.yaml": CATALOG, "rules.yaml": rules})
    judged = [found(PERIOD, level, configuration=configuration) for level in (6, 7)]
    assert judged == [[], [("a", "limit.reached")]]
