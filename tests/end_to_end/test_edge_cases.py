"""Edge cases that others got wrong, seen from outside: two workers, one deployment, an account for each case.

The numbers are those of the table in `docs/semantics.md`, which names the tests of the other cases.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from redis import Redis as Client

from outside.counters import counters
from outside.deployment import DEAD_LETTERS, TRIGGERS, Deployment
from outside.product import Product, structured, usage_event, written
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

CATALOG = """
currency: USD
meters:
  calls: {event: expansion.usage.recorded.v1, where: {meter: calls}, aggregation: sum, value: value, unit: call}
  jobs: {event: expansion.usage.recorded.v1, where: {meter: jobs}, aggregation: sum, value: value, unit: job}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}}}
  - {key: pro, price: "49", includes: {calls: {limit: 2000}}}
  - {key: zero, price: "1", includes: {calls: {limit: 0}}}
  - {key: without, price: "2", includes: {}}
  - {key: open, price: "99", includes: {calls: unlimited}}
"""
RULES = """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [80%, 100%]}
  - {id: many-jobs, signal: limit_reached, meter: jobs, at: [10, 50, 100]}
  - {id: each-three-jobs, signal: limit_reached, meter: jobs, at: [every 3]}
"""

BERLIN = ZoneInfo("Europe/Berlin")
PRODUCERS, INCREMENTS = 5, 500
UPGRADED = [f"upgraded-{number}" for number in range(10)]
NEXT_PERIOD_SECONDS = 12
PLANS = {"zero": "zero", "granted-later": "without", "unlimited": "open"}
STEPWISE = ("exact", "reset", "falls", *PLANS, *UPGRADED)


class Seen(NamedTuple):
    fired: dict[str, list[dict[str, Any]]]
    ids: dict[str, list[str]]
    levels: dict[str, int]
    dead: list[bytes | None]
    passing: list[str]
    """Keys of Redis that a clock will delete."""

    def crossed(self, account: str) -> list[tuple[str, list[str]]]:
        """Return usage and what was crossed, for each of the account's triggers."""
        return [(each["usage"], [way["value"] for way in each["crossed"]]) for each in self.fired[account]]


def used(account: str, value: object, **attributes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return usage_event(account, value, **{"meter": "calls", **attributes})


class Course:
    """What the accounts do, one step after the other; `settle` lets both workers take a step in."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment, self.product = deployment, deployment.product
        self.workers = [deployment.worker().start() for _ in range(2)]
        for worker in self.workers:
            worker.until_ready()
        self.triggers = deployment.topic(TRIGGERS)
        self.beside = 0
        self.next_period = datetime.now(UTC)

    def settle(self) -> None:
        for worker in self.workers:
            worker.until_settled(len(self.product.sent) + self.beside)

    def until_fired(self, account: str, count: int) -> None:
        self.triggers.until(lambda record: record.event["subject"] == account and not record.is_withdrawal, count=count)

    def begin(self) -> None:
        recently = {"unit": "month", "anchor": written(datetime.now(UTC) - timedelta(days=10))}
        for account in ("late", "ahead"):
            self.product.profile(account, "free", period=recently)
        month_end = {"unit": "month", "anchor": written(datetime(2026, 1, 31, tzinfo=BERLIN))}
        self.product.profile("month-end", "free", period=month_end, time_zone=str(BERLIN))
        for account in ("nearly", "burst", "neighbours", "corrected", "apart", "jumps"):
            self.product.profile(account, "free")
        for account in STEPWISE:
            self.product.profile(account, PLANS.get(account, "free"))
        # As late as possible: what is sent next must still be within the period before it.
        self.next_period = datetime.now(UTC) + timedelta(seconds=NEXT_PERIOD_SECONDS)
        self.product.profile("next-period", "free", period={"unit": "day", "anchor": written(self.next_period)})
        self.settle()

    def first_step(self) -> None:
        now = datetime.now(UTC)
        self.product.send(
            used("next-period", 900),
            used("exact", 800),
            used("nearly", 799),
            used("reset", 850),
            used("falls", 1050),
            used("jumps", 120, meter="jobs"),
            used("zero", 1),
            used("granted-later", 1500),
            used("unlimited", 1_000_000),
            used("late", 900, time=now - timedelta(hours=2)),
            used("late", 150),
            used("ahead", 850, time=now + timedelta(minutes=4)),
            used("ahead", 1),
            used("month-end", 800),
        )
        self.product.send(used("neighbours", 400, id="one"), used("neighbours", "0.5"), used("neighbours", 7, id="one"))
        self.product.send(used("neighbours", 400))
        self.product.send(used("corrected", "0.5", id="refused-first"), used("corrected", 1, id="refused-first"))
        # Joined without a separator, or with a dash, all three would be one.
        self.product.send(
            used("apart", 10, source="/a-b", id="c"),
            used("apart", 5, source="/a", id="b-c"),
            used("apart", 1, source="/a-", id="bc"),
        )
        for account in ("next-period", "exact", "reset", "falls"):
            self.until_fired(account, 1)

    def second_step(self) -> None:
        reset = {"unit": "month", "anchor": written(datetime.now(UTC))}
        for version in (2, 2, 3):
            self.product.profile("reset", "free", version=version, period=reset)
        self.product.profile("granted-later", "free", version=2)
        self._upgrade_while_judging()
        self._increment_at_once()
        self.product.send(used("exact", 200), used("falls", -200))
        self.until_fired("exact", 2)
        self.settle()

    def third_step(self) -> None:
        self.product.send(used("reset", 850), used("falls", -850))
        self.until_fired("reset", 2)
        self.settle()
        self.product.send(used("falls", 820))
        self.until_fired("falls", 2)
        until(lambda: datetime.now(UTC) > self.next_period, seconds=NEXT_PERIOD_SECONDS, waiting_for="the next period")
        self.product.send(used("next-period", 950))
        self.until_fired("next-period", 2)
        self.settle()

    def _upgrade_while_judging(self) -> None:
        billing = Product(self.deployment.kafka, self.deployment.prefix)
        with ThreadPoolExecutor() as both:
            upgrades = both.submit(lambda: [billing.profile(account, "pro", version=2) for account in UPGRADED])
            usage = both.submit(lambda: [self.product.send(used(account, 900)) for account in UPGRADED])
        upgrades.result()
        usage.result()

    def _increment_at_once(self) -> None:
        """Send one account's 500 increments from several producers to all partitions, so to both workers."""

        def produce(number: int) -> None:
            product = Product(self.deployment.kafka, self.deployment.prefix)
            for place in range(INCREMENTS // PRODUCERS):
                value = json.dumps(used("burst", 2)).encode()
                product.raw(value, key=f"{number}-{place}".encode(), headers=structured())

        with ThreadPoolExecutor(PRODUCERS) as producers:
            list(producers.map(produce, range(PRODUCERS)))
        self.beside += INCREMENTS


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory: Path = tmp_path_factory.mktemp("edges")
    (directory / "catalog.yaml").write_text(CATALOG)
    (directory / "rules.yaml").write_text(RULES)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        course = Course(deployment)
        course.begin()
        course.first_step()
        course.second_step()
        course.third_step()
        fired: dict[str, list[dict[str, Any]]] = {}
        ids: dict[str, list[str]] = {}
        for record in deployment.triggers():
            fired.setdefault(record.event["subject"], []).append(record.event["data"])
            ids.setdefault(record.event["subject"], []).append(record.event["id"])
        accounts = {event["subject"] for event in course.product.sent} | {"burst"}
        yield Seen(
            fired,
            ids,
            counters(redis_server.url, deployment.prefix, accounts, "calls"),
            [record.key for record in deployment.records(DEAD_LETTERS)],
            keys_that_a_clock_deletes(redis_server.url, deployment.prefix),
        )


def keys_that_a_clock_deletes(url: str, prefix: str) -> list[str]:
    with Client.from_url(url, decode_responses=True) as client:
        keys = list(client.scan_iter(f"{prefix}*", count=1_000))
        assert keys
        return [key for key in keys if client.ttl(key) != -1]


def test_1_exactly_80_and_exactly_100_percent_fire(seen: Seen) -> None:
    assert seen.crossed("exact") == [("800", ["80"]), ("1000", ["100"])]


def test_1_one_below_80_percent_is_silent(seen: Seen) -> None:
    assert "nearly" not in seen.fired


def test_2_a_new_period_that_starts_above_the_old_ones_last_reading_fires(seen: Seen) -> None:
    assert seen.crossed("next-period") == [("900", ["80"]), ("950", ["80"])]


def test_2_the_same_threshold_of_two_periods_has_two_ids(seen: Seen) -> None:
    assert len(set(seen.ids["next-period"])) == 2


@pytest.mark.parametrize("account", UPGRADED)
def test_3_a_plan_upgraded_while_its_usage_is_judged_mixes_no_two_plans(seen: Seen, account: str) -> None:
    """900 of 1000 calls may have been judged before the upgrade; 900 of 2000 reach nothing."""
    said = [(each["plan"], each["limit"], each["utilization"]) for each in seen.fired.get(account, ())]
    assert said in ([], [("free", "1000", "0.9")])


def test_4_a_period_that_is_reset_twice_fires_once_more(seen: Seen) -> None:
    assert seen.crossed("reset") == [("850", ["80"]), ("850", ["80"])]


def test_5_500_increments_at_once_are_all_counted(seen: Seen) -> None:
    assert seen.levels["burst"] == 2 * INCREMENTS


def test_5_500_increments_at_once_cross_each_threshold_once(seen: Seen) -> None:
    assert sorted(value for _, crossed in seen.crossed("burst") for value in crossed) == ["100", "80"]


def test_6_an_identity_whose_event_was_refused_is_not_claimed(seen: Seen) -> None:
    assert seen.levels["corrected"] == 1


def test_9_falling_to_85_percent_is_silent_and_back_to_nothing_arms_again(seen: Seen) -> None:
    assert seen.crossed("falls") == [("1050", ["80", "100"]), ("820", ["80"])]


def test_9_what_was_armed_again_has_another_id(seen: Seen) -> None:
    assert len(set(seen.ids["falls"])) == 2


def test_10_one_event_over_several_thresholds_is_one_trigger_that_lists_them_and_of_steps_the_highest(
    seen: Seen,
) -> None:
    assert sorted(seen.crossed("jumps")) == [("120", ["10", "50", "100"]), ("120", ["120"])]


def test_11_of_a_limit_of_zero_the_first_call_reaches_100_percent_and_divides_by_nothing(seen: Seen) -> None:
    [trigger] = seen.fired["zero"]
    assert (seen.crossed("zero"), trigger["utilization"]) == ([("1", ["100"])], None)


def test_11_a_limit_that_is_granted_later_fires_what_is_reached(seen: Seen) -> None:
    [trigger] = seen.fired["granted-later"]
    assert (seen.crossed("granted-later"), trigger["cause"]) == ([("1500", ["80", "100"])], "limit_changed")


def test_11_an_unlimited_plan_fires_nothing(seen: Seen) -> None:
    assert "unlimited" not in seen.fired


def test_12_what_is_two_hours_late_counts_and_fires_nothing(seen: Seen) -> None:
    assert seen.crossed("late") == [("1050", ["100"])]


def test_12_a_producer_whose_clock_is_four_minutes_ahead_of_anothers_harms_nobody(seen: Seen) -> None:
    assert (seen.levels["ahead"], seen.ids["ahead"]) == (851, seen.ids["ahead"][:1])


def test_14_bad_events_between_good_ones_take_nothing_with_them(seen: Seen) -> None:
    assert (seen.levels["neighbours"], seen.crossed("neighbours")) == (800, [("800", ["80"])])


def test_14_each_bad_event_is_a_dead_letter(seen: Seen) -> None:
    assert seen.dead.count(b"neighbours") == 2


def test_15_no_clock_deletes_anything_in_redis(seen: Seen) -> None:
    assert seen.passing == []


def test_16_source_and_id_that_join_to_one_text_are_three_events(seen: Seen) -> None:
    assert seen.levels["apart"] == 10 + 5 + 1


def test_26_a_month_from_the_31st_begins_and_ends_on_the_31st_or_the_last_day_at_local_midnight(seen: Seen) -> None:
    [trigger] = seen.fired["month-end"]
    assert [trigger["period"][name] for name in ("start", "end")] == [written(each) for each in month_ends_around_now()]


def month_ends_around_now() -> Sequence[datetime]:
    """Return the midnights in Berlin at which the period from the 31st began and will end."""
    now = datetime.now(BERLIN)
    midnights = (
        datetime(year, month, 28, tzinfo=BERLIN)
        for year in (now.year - 1, now.year, now.year + 1)
        for month in range(1, 13)
    )
    ends = [last_day_of_month(midnight) for midnight in midnights]
    following = next(place for place, end in enumerate(ends) if end > now)
    return ends[following - 1 : following + 1]


def last_day_of_month(midnight: datetime) -> datetime:
    """Return midnight of the last day, counted on the wall."""
    return max(later for days in range(4) if (later := midnight + timedelta(days=days)).month == midnight.month)
