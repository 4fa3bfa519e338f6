"""What account updates ask: hours that become levels (semantics 2.7), and baselines (2.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.accounts import Account, AccountUpdate, Anchor, Profile
from expansion_signals.model.changes import Add, Become, Raise, Replace, See
from expansion_signals.model.events import Evidence
from expansion_signals.model.facts import HourTotals
from expansion_signals.model.instants import DAY, HOUR, day_of, hour_of, parse_instant
from expansion_signals.model.readings import Counter
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.updates import updates_asked
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.batches import Move
    from expansion_signals.model.changes import Change

NOW = parse_instant("2026-11-22T10:30:00Z")
NOVEMBER = parse_instant("2026-11-01T00:00:00Z")
MIDNIGHT, TODAY, THIS_HOUR = NOW // DAY * DAY, day_of(NOW), hour_of(NOW)
METERS = {"calls": "sum", "peak": "max", "size": "latest", "users": "unique"}
CATALOG = "\n".join(
    [
        "currency: USD",
        "meters:",
        *(
            f"  {key}: {{event: com.acme.e, aggregation: {kind}, value: v, per: period}}"
            for key, kind in METERS.items()
        ),
        "features: {calls: {meter: calls}}",
        "plans: [{key: free, price: 0, includes: {calls: {limit: 5}}}]",
        "",
    ]
)
RULES = "rules: [{id: calls-quota, signal: limit_reached, meter: calls, at: [80%]}]\n"
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})
KNOWN = Profile(account=Account(version=1, plan="free"), anchors=(Anchor(valid_from=0, anchor=0, unit="month"),))

Parts = tuple["Change | None", "Change | None"]


def moves(
    *, before: Profile | None = None, hours: Mapping[tuple[str, int], Parts] | None = None, **usage: tuple[int, int]
) -> dict[str, Move]:
    """Return the moves of version 2 by meter; `usage` is level and instant by meter."""
    levels = {meter: {"value": level, "as_of": as_of} for meter, (level, as_of) in usage.items()}
    snapshot = Account.model_validate({"version": 2, "plan": "free", "usage": levels})
    update = AccountUpdate("acct-1", snapshot, Evidence("u-1", "/billing", NOW))
    record = Record("account-updates", 0, 0, None, b"", (), NOW)
    item = Item(record, Partition("account-updates", 0), "counted", update=update)
    totals = HourTotals("n1", [TODAY], hours) if hours else None
    (asked,) = updates_asked([item], {"acct-1": before}, {"acct-1": totals}, CONFIGURATION)
    assert {move.counter for move in asked.moves} == {Counter(move.counter.meter, "", NOVEMBER) for move in asked.moves}
    return {move.counter.meter: move for move in asked.moves}


def quiet_of(meter: str, found: dict[str, Move]) -> Change | None:
    return found[meter].quiet


@pytest.mark.parametrize(
    ("meter", "first", "second", "wanted"),
    [
        ("calls", Add(3), Add(4), Add(7)),
        ("peak", Raise(-3), Raise(-4), Raise(-3)),
        ("size", Replace(3, NOW, 1), Replace(4, NOW - HOUR, 2), Replace(3, NOW, 1)),
        ("users", See((1, 2)), See((2, 3)), See((1, 2, 3))),
    ],
)
def test_hours_of_every_kind_become_the_level_of_their_period(
    meter: str, first: Change, second: Change, wanted: Change
) -> None:
    found = moves(hours={(meter, THIS_HOUR): (first, first), (meter, THIS_HOUR - 1): (second, second)})
    assert (found[meter].quiet, found[meter].firing) == (wanted, wanted)


def test_a_level_that_a_rule_looks_at_is_watched_and_no_other() -> None:
    found = moves(hours={("calls", THIS_HOUR): (None, Add(1)), ("peak", THIS_HOUR): (None, Raise(1))})
    assert {meter: move.watched for meter, move in found.items()} == {"calls": True, "peak": False}


def test_hours_of_a_meter_that_nobody_knows_are_passed_over() -> None:
    assert moves(hours={("unheard", THIS_HOUR): (None, Add(1))}) == {}


def test_a_baseline_of_an_account_known_is_added_to_by_the_days_after_it() -> None:
    found = moves(before=KNOWN, calls=(700, NOW - 3 * DAY))
    assert quiet_of("calls", found) == Become(700, (TODAY - 2, TODAY - 1, TODAY, TODAY + 1))


def test_a_baseline_as_of_midnight_is_added_to_by_its_own_day() -> None:
    assert quiet_of("calls", moves(before=KNOWN, calls=(700, MIDNIGHT))) == Become(700, (TODAY, TODAY + 1))


def test_a_baseline_may_not_fire() -> None:
    assert moves(calls=(700, MIDNIGHT))["calls"].firing is None


def test_a_baseline_is_added_to_by_the_hours_after_it_where_there_are_any() -> None:
    as_of = MIDNIGHT + 7 * HOUR
    amounts = {hour: (Add(hour), Add(100)) for hour in (6, 7, 8)}
    hours = {("calls", hour_of(MIDNIGHT) + hour): parts for hour, parts in amounts.items()}
    assert quiet_of("calls", moves(hours=hours, calls=(5_000, as_of))) == Become(5_215, (TODAY + 1,))


def test_hours_of_days_that_are_added_are_not_added_twice() -> None:
    hours = {("calls", THIS_HOUR): (None, Add(9))}
    assert quiet_of("calls", moves(hours=hours, calls=(700, NOW - DAY))) == Become(700, (TODAY, TODAY + 1))


def test_a_baseline_of_a_highest_level_leaves_what_the_hours_hold() -> None:
    found = moves(hours={("peak", THIS_HOUR): (None, Raise(9))}, peak=(7, NOW))["peak"]
    assert (found.quiet, found.firing) == (Raise(7), Raise(9))


def test_a_baseline_of_a_latest_level_stands_among_the_hours_by_its_time() -> None:
    hours = {("size", THIS_HOUR): (Replace(3, NOW - HOUR, 1), Replace(9, NOW, 2))}
    found = moves(hours=hours, size=(7, NOW - HOUR // 2))["size"]
    assert (found.quiet, found.firing) == (Replace(7, NOW - HOUR // 2, 0), Replace(9, NOW, 2))


def test_a_baseline_of_a_period_that_is_over_sets_nothing() -> None:
    assert moves(before=KNOWN, calls=(700, NOVEMBER - 1)) == {}


def test_a_baseline_of_members_sets_nothing() -> None:
    assert moves(before=KNOWN, users=(700, NOW)) == {}
