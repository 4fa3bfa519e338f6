"""What is past when found, through the whole pipeline: one signal, one decision, no trigger (semantics 3.8, 7.1)."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from expansion_signals.model.events import ACCOUNT_UPDATED
from expansion_signals.model.instants import DAY, HOUR, format_day, format_instant, parse_instant
from expansion_signals.rules.loading import load
from expansion_signals.testing.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXTS = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls: {event: com.acme.called, aggregation: sum, value: value, unit: call}
  projects: {event: com.acme.project.created, aggregation: count, per: never, unit: project}
features: {api_calls: {meter: api_calls}, seats: {meter: seats}, sso: {}}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, seats: {limit: 2}}}
  - {key: pro, price: "49", includes: {api_calls: {limit: 2000}, seats: {limit: 20}, sso: true}}
  - {key: enterprise, contact_sales: true, includes: {api_calls: unlimited, seats: unlimited, sso: true}}
""",
    "rules.yaml": """
rules:
  - {id: quota, signal: limit_reached, meter: api_calls, at: [80%, 100%]}
  - {id: seat-invite, signal: seat_limit_invited}
  - {id: gates, signal: feature_gated, feature: sso}
  - {id: first-projects, signal: milestone, meter: projects, at: [2, 5]}
""",
}
START = parse_instant("2026-11-22T10:00:00Z")
NOT_FOR_TRIGGERS = {"expansion-signals", "expansion-decisions", "expansion-outcomes"}
CALLED, CREATED = "com.acme.called", "com.acme.project.created"
INVITED, ATTEMPTED = "expansion.seat.invited.v1", "expansion.feature.attempted.v1"
IMPORTED = "expansion.usage.imported.v1"


class Sent(NamedTuple):
    """One record: `after` is its distance from `START` in µs; `backfill` its flag."""

    kind: str
    data: Mapping[str, Any]
    after: int = 0
    backfill: bool = False
    account: str = "acct-1"


class Run(NamedTuple):
    """What was published."""

    signals: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    triggers: list[dict[str, Any]]

    @property
    def past(self) -> list[tuple[str, str]]:
        """What is told as past, and why."""
        return [(_short(each), each["data"]["past"]) for each in self.signals if "past" in each["data"]]

    @property
    def decided(self) -> list[tuple[str, str]]:
        """Each decision that something is already past, and its reason."""
        found = [each["data"] for each in self.decisions if each["data"]["decision"] == "already_past"]
        return [(each["rule"]["id"], each["reason"]) for each in found]

    @property
    def fired(self) -> list[tuple[str, list[str]]]:
        """What fired, and the thresholds that it crossed."""
        return [
            (_short(each), [crossed["value"] for crossed in each["data"].get("crossed", ())]) for each in self.triggers
        ]


def _short(event: Mapping[str, Any]) -> str:
    return event["type"].removeprefix("expansion.").removeprefix("signal.").removesuffix(".v1")


def profile(version: int = 1, plan: str = "free", after: int = 0, **others: object) -> Sent:
    return Sent(ACCOUNT_UPDATED, {"version": version, "plan": plan, **others}, after)


def calls(value: int, after: int = 0, *, backfill: bool = False) -> Sent:
    return Sent(CALLED, {"value": value}, after, backfill)


def day_of_calls(value: int, days_ago: int) -> Sent:
    day = format_day((START - days_ago * DAY) // DAY)
    return Sent(IMPORTED, {"meter": "api_calls", "day": day, "value": str(value)})


def elsewhere(after: int) -> Sent:
    """Return what another account does: from then on, what happened before is late."""
    return Sent(CALLED, {"value": 1}, after, account="acct-2")


def played(*sent: Sent) -> Run:
    return asyncio.run(_played(sent))


async def _played(sent: Sequence[Sent]) -> Run:
    rehearsal, numbers, found = Rehearsal(load(TEXTS), acceptance=35 * DAY), count(), []
    for each in sent:
        found += await rehearsal.play(_line(each, next(numbers)))
    published = [(record.topic, json.loads(record.value or b"")) for record in found]
    return Run(
        [event for topic, event in published if topic == "expansion-signals"],
        [event for topic, event in published if topic == "expansion-decisions"],
        [event for topic, event in published if topic not in NOT_FOR_TRIGGERS],
    )


def _line(sent: Sent, number: int) -> bytes:
    event = {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "/apps/web",
        "type": sent.kind,
        "subject": sent.account,
        "time": format_instant(START + sent.after),
        "data": sent.data,
    }
    return json.dumps({**event, "backfill": True} if sent.backfill else event).encode()


def invite(number: int, after: int = 0) -> Sent:
    return Sent(INVITED, {"invite": f"i-{number}", "user": "ada"}, after)


def attempt(user: str, after: int = 0) -> Sent:
    return Sent(ATTEMPTED, {"feature": "sso", "user": user}, after)


def project(after: int = 0) -> Sent:
    return Sent(CREATED, {}, after)


KINDS = {
    "limit.reached": ("quota", [], calls(850)),
    "milestone.reached": ("first-projects", [project()], project()),
    "seat_limit.invited": ("seat-invite", [], invite(1)),
    "feature.gated": ("gates", [attempt("ada")], attempt("bob")),
}
"""By kind: its rule, what happens before, and the event that reaches it."""

FULL = profile(members=["ada", "bob"])
every_kind = pytest.mark.parametrize("kind", sorted(KINDS))


@every_kind
def test_in_time_it_fires(kind: str) -> None:
    _, before, last = KINDS[kind]
    run = played(FULL, *before, last)
    assert ([each for each, _ in run.fired], run.past) == ([kind], [])


@every_kind
def test_by_backfill_it_is_one_signal_one_decision_and_no_trigger(kind: str) -> None:
    rule, before, last = KINDS[kind]
    run = played(FULL, *before, last._replace(backfill=True))
    assert (run.past, run.decided, run.fired) == ([(kind, "backfill")], [(rule, "backfill")], [])


@every_kind
def test_by_backfill_of_hours_ago_it_is_the_same(kind: str) -> None:
    rule, before, last = KINDS[kind]
    run = played(FULL, *before, elsewhere(5 * HOUR), last._replace(backfill=True))
    assert (run.past, run.decided, run.fired) == ([(kind, "backfill")], [(rule, "backfill")], [])


@every_kind
def test_by_a_late_event_it_is_one_signal_one_decision_and_no_trigger(kind: str) -> None:
    rule, before, last = KINDS[kind]
    run = played(FULL, *before, elsewhere(2 * HOUR), last)
    assert (run.past, run.decided, run.fired) == ([(kind, "too_old_to_fire")], [(rule, "too_old_to_fire")], [])


@every_kind
def test_each_signal_that_is_past_has_one_decision_that_names_it(kind: str) -> None:
    _, before, last = KINDS[kind]
    run = played(FULL, *before, last._replace(backfill=True))
    (told,) = (each["id"] for each in run.signals if "past" in each["data"])
    assert [each["data"]["signal"] for each in run.decisions] == [told]


def test_what_a_baseline_of_a_first_profile_passes_is_past() -> None:
    usage = {"api_calls": {"value": "850", "as_of": format_instant(START - HOUR)}}
    run = played(profile(usage=usage))
    assert (run.past, run.decided, run.fired) == ([("limit.reached", "backfill")], [("quota", "backfill")], [])


def test_what_a_baseline_of_a_later_profile_passes_is_past() -> None:
    usage = {"api_calls": {"value": "850", "as_of": format_instant(START)}}
    run = played(profile(), profile(2, after=HOUR, usage=usage))
    assert (run.past, run.decided, run.fired) == ([("limit.reached", "backfill")], [("quota", "backfill")], [])


def test_what_backfill_led_to_before_the_profile_came_is_past() -> None:
    run = played(calls(850, backfill=True), profile(after=HOUR))
    assert (run.past, run.decided, run.fired) == ([("limit.reached", "backfill")], [("quota", "backfill")], [])


def test_what_usage_led_to_before_the_profile_came_fires() -> None:
    run = played(calls(850), profile(after=HOUR))
    assert (run.past, run.fired) == ([], [("limit.reached", ["80"])])


def test_an_import_of_days_tells_each_threshold_once() -> None:
    run = played(profile(after=-21 * DAY), *(day_of_calls(60, days_ago) for days_ago in range(20, 0, -1)))
    assert (run.past, run.decided) == ([("limit.reached", "backfill")] * 2, [("quota", "backfill")] * 2)
    assert run.fired == []


def test_what_is_past_fires_when_usage_falls_and_comes_back() -> None:
    run = played(FULL, calls(850, backfill=True), calls(-800, HOUR), calls(800, 2 * HOUR))
    assert (run.decided, run.fired) == ([("quota", "backfill")], [("limit.reached", ["80"])])


def test_what_is_past_fires_under_a_higher_limit_in_the_same_generation() -> None:
    upgraded = profile(2, "pro", HOUR)
    run = played(FULL, calls(850, backfill=True), upgraded, calls(750, 2 * HOUR))
    (told,), (fires,) = ([each for each in run.signals if each["id"] == signal] for signal in _ids(run))
    assert (run.fired, fires["data"]["keys"]) == ([("limit.reached", ["80"])], told["data"]["keys"])


def _ids(run: Run) -> list[str]:
    """Return the ids of signals that were decided, in the order of their decisions."""
    return [each["data"]["signal"] for each in run.decisions]


def test_a_gate_that_backfill_reached_fires_after_its_cooldown() -> None:
    again = [attempt("ada", 31 * DAY), attempt("bob", 31 * DAY + HOUR)]
    run = played(FULL, attempt("ada"), attempt("bob")._replace(backfill=True), *again)
    assert (run.decided, run.fired) == ([("gates", "backfill")], [("feature.gated", [])])


def test_the_next_milestone_fires() -> None:
    run = played(FULL, project(), project()._replace(backfill=True), *(project(HOUR) for _ in range(3)))
    assert (run.decided, run.fired) == ([("first-projects", "backfill")], [("milestone.reached", ["5"])])
