"""Many rules cost metering no more per event than few: they are found by meter and type. Counted in steps, not in time.

A step is one instruction of Python, so a loop over rules shows, on however busy a machine.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from counted_steps import counted_steps
from expansion_signals.detect.gates import ATTEMPTED
from expansion_signals.detect.metering import contributions
from expansion_signals.detect.own_attempts import own_attempts
from expansion_signals.model.events import USAGE_RECORDED, UsageEvent
from expansion_signals.model.instants import DAY
from expansion_signals.model.notes import Note
from expansion_signals.model.records import Partition, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.pipeline.noting import noted, watched
from expansion_signals.pipeline.work import Item
from expansion_signals.rules.loading import load
from sample_batches import NOW, profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.rules.configuration import Configuration

EVENTS, METERS = 50, 4
KNOWN = {"acct-1": profile(1)}
SHOWN = "com.acme.paywall.shown"
KINDS = (
    "limit_reached, meter: m{meter}, at: [{number}], when: account_age > {number}",
    "limit_reached, meter: m{meter}, at: [{number}], max_firing_age: 2h",
    "milestone, meter: m{meter}, at: [{number}, 1000000]",
    "feature_gated, feature: f{number}",
    f"feature_gated, feature: f{{number}}, event: {SHOWN}, where: {{{{screen: f{{number}}}}}}",
)


TYPES = (ATTEMPTED, SHOWN, "com.acme.page.viewed", USAGE_RECORDED, USAGE_RECORDED)
LEAD = "pql, qualify_at: 5, criteria: [{id: a, when: active_users > 3 and limit_hits > 1, points: 5}]"
ASKING = "limit_reached, meter: m0, at: [5], when: active_users > 3"


@cache
def configured(rules: int, meters: int = METERS, further: tuple[str, ...] = ()) -> Configuration:
    """Return a configuration with so many rules, of every kind and in equal parts, and so many meters."""
    names = [f"m{number}" for number in range(meters)]
    fed = f"event: {USAGE_RECORDED}, aggregation: sum, value: value"
    catalog = {
        "currency": "USD",
        "meters": "".join(f"\n  {name}: {{{fed}, where: {{meter: {name}}}}}" for name in names),
        "features": "".join(f"\n  f{number}: {{}}" for number in range(rules + 1)),
        "plans": "[{key: free, price: 0}]",
    }
    written = [
        KINDS[number % len(KINDS)].format(meter=number // len(KINDS) % METERS, number=number + 1)
        for number in range(rules)
    ]
    written += further
    return load(
        {
            "catalog.yaml": "".join(f"{part}: {text}\n" for part, text in catalog.items()),
            "rules.yaml": "rules:\n" + "".join(f"  - {{id: r{n}, signal: {rule}}}\n" for n, rule in enumerate(written)),
        }
    )


def meter(configuration: Configuration, kinds: Sequence[str]) -> None:
    """Do with some events what metering does with each before the state is asked; their types come in turn."""
    items = []
    for number in range(EVENTS):
        kind = kinds[number % len(kinds)]
        content = {"meter": f"m{number % METERS}", "value": "1", "user": "u-42", "feature": "f4", "screen": "f5"}
        event = UsageEvent("/apps/web", f"e-{number}", kind, "acct-1", NOW, content)
        record = Record("usage-events", 0, number, None, b"", (), NOW)
        added = contributions(event, configuration) or ()
        tried = own_attempts(event, configuration)
        item = Item(record, Partition("usage-events", 0), "counted", event, contributions=added, attempts=tried)
        items.append(item)
    usage_asked(items, KNOWN, Lanes(configuration, DAY))
    notes = {("acct-1", subject): Note(0, "") for subject in ("gate:f4", "gate:f5")}
    noted(watched(items, KNOWN, configuration), notes)


def steps(configuration: Configuration, kinds: Sequence[str] = TYPES) -> int:
    """Return how many instructions that takes, once everything that is kept has been made."""
    meter(configuration, kinds)
    return counted_steps(lambda: meter(configuration, kinds))


@pytest.mark.parametrize("configuration", [configured(200), configured(10, meters=100)], ids=["rules", "meters"])
def test_many_cost_an_event_as_much_as_few(configuration: Configuration) -> None:
    assert steps(configuration) <= 1.1 * steps(configured(10))


@pytest.mark.parametrize("asks", [LEAD, ASKING], ids=["a lead", "a condition"])
def test_usage_costs_as_much_where_somebody_asks_what_accounts_do(asks: str) -> None:
    with_it = steps(configured(10, further=(asks,)), [USAGE_RECORDED])
    # One limit rule more than ten is the condition itself.
    assert with_it <= 1.1 * steps(configured(10), [USAGE_RECORDED])


@pytest.mark.parametrize("noun", ["user.active", "support.ticket_opened", "data.exported", "feature.used"])
def test_what_nobody_asks_for_costs_as_much_as_an_event_that_nothing_watches(noun: str) -> None:
    kind = f"expansion.{noun}.v1"
    assert steps(configured(10), [kind]) <= 1.1 * steps(configured(10), ["com.acme.unwatched"])
