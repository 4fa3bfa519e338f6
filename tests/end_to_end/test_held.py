"""A topic that goes bad: the worker pauses instead of emptying it into the dead letters, and loses nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.counters import counters
from outside.deployment import DEAD_LETTERS, Deployment
from outside.product import structured, usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from outside.reading import Found
    from outside.worker import Answer
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

ACCOUNT = "acct-1"
MOST = 10
"""Of 20 records, half."""

BAD, GOOD_BEFORE, GOOD_BEHIND = 30, 5, 40
USAGE = GOOD_BEFORE + BAD + GOOD_BEHIND


class Seen(NamedTuple):
    ready: Answer
    readiness: Mapping[str, Any]
    metrics: str
    held: Sequence[Found]
    taken_while_held: int
    other_stage: bool
    log: str
    stopped: int
    letters: Sequence[Found]
    outcomes: Mapping[str, int]
    level: int


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    settings = {"DEAD_LETTER_RECORDS": str(2 * MOST)}
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("held"), settings) as deployment:
        worker, product = deployment.worker().start().until_ready(), deployment.product
        product.profile(ACCOUNT, "enterprise")
        product.send(*(usage_event(ACCOUNT, 1) for _ in range(GOOD_BEFORE)))
        worker.until_settled(GOOD_BEFORE)
        bad = json.dumps(usage_event(ACCOUNT, "many")).encode()
        for _ in range(BAD):
            product.begin_raw(bad, key=ACCOUNT.encode(), headers=structured())
        product.begin(*(usage_event(ACCOUNT, 1) for _ in range(GOOD_BEHIND)))
        product.flush()
        until(lambda: _held(worker.readiness()), seconds=30, waiting_for="the hold")
        ready, readiness, metrics = worker.page("/readyz"), worker.readiness(), worker.page("/metrics").body
        taken, held = sum(worker.tallies().values()), deployment.records(DEAD_LETTERS)
        stopped = worker.stop()
        deployment.worker(DEAD_LETTER_RATIO="1").run_dry()
        after = deployment.worker().start().until_ready()
        after.until_settled(USAGE)
        yield Seen(
            ready,
            readiness,
            metrics,
            held,
            taken,
            readiness["stages"]["deciding"]["held"] is None,
            worker.log(),
            stopped,
            deployment.records(DEAD_LETTERS),
            after.tallies(),
            counters(redis_server.url, deployment.prefix, [ACCOUNT])[ACCOUNT],
        )


def _held(readiness: Mapping[str, Any]) -> bool:
    return bool(readiness and readiness["stages"]["metering"]["held"])


def test_a_stage_that_is_held_is_not_ready(seen: Seen) -> None:
    assert seen.ready.status == 503


def test_it_says_where_why_and_what_to_do(seen: Seen) -> None:
    said = seen.readiness["stages"]["metering"]["held"]
    assert [part in said for part in ("usage-events/", "invalid_data", "docs/operations.md")] == [True] * 3


def test_it_says_so_in_its_log_once(seen: Seen) -> None:
    assert seen.log.count("HELD: ") == 1


def test_it_says_so_in_a_metric(seen: Seen) -> None:
    assert 'expansion_signals_held{stage="metering"} 1.0' in seen.metrics


def test_it_keeps_its_partitions(seen: Seen) -> None:
    assert seen.readiness["stages"]["metering"]["assigned"]


def test_the_other_stage_goes_on(seen: Seen) -> None:
    assert seen.other_stage


def test_no_more_records_become_dead_letters_than_may(seen: Seen) -> None:
    assert len(seen.held) <= MOST


def test_nothing_behind_the_hold_is_passed(seen: Seen) -> None:
    assert seen.taken_while_held == GOOD_BEFORE + len(seen.held)


def test_a_held_worker_ends_when_it_is_told_to(seen: Seen) -> None:
    assert seen.stopped == 0


def test_once_they_are_let_through_every_bad_record_is_a_dead_letter_once(seen: Seen) -> None:
    places = [(each.header["dlq_partition"], each.header["dlq_offset"]) for each in seen.letters]
    assert (len(places), len(set(places))) == (BAD, BAD)


def test_once_they_are_let_through_every_good_record_counts_once(seen: Seen) -> None:
    assert seen.level == GOOD_BEFORE + GOOD_BEHIND


def test_the_books_balance(seen: Seen) -> None:
    assert seen.outcomes == {
        "counted": GOOD_BEFORE + GOOD_BEHIND,
        "duplicate": 0,
        "unmatched": 0,
        "dead_lettered": BAD,
    }
