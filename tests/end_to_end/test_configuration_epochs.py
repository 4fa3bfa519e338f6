"""Two workers with different files: the later ones hold for both, and nobody fights over a limit (epochs)."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.counters import counters
from outside.deployment import CONFIGURATION, TRIGGERS, Deployment
from outside.product import usage_event
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from outside.reading import Found
    from outside.worker import Worker
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

MANY = 12
"""Accounts of each kind: enough that each worker has some of them."""
NEARLY = [f"nearly-{number}" for number in range(MANY)]
LOWERED = [f"lowered-{number}" for number in range(MANY)]
BACK = "back-again"
EXPORTER = "exporter"
EARLY = "early"
"""On a plan that only the newer files sell."""


class Fired(NamedTuple):
    """What a trigger says: all that was crossed, and of what limit."""

    crossed: tuple[str, ...]
    limit: str
    cause: str


class Seen(NamedTuple):
    before: dict[str, list[Fired]]
    followed: int
    """The process id of the first worker, once it judges under the later epoch."""
    began: int
    later: dict[str, list[Fired]]
    ids: list[str]
    unmatched: int
    exports: dict[str, int]
    refused: tuple[int, str]
    accepted_epoch: int
    back: dict[str, list[Fired]]
    refused_in_turn: tuple[int, str]


def older_and_newer(directory: Path) -> tuple[Path, Path]:
    """Return two sets of files.

    The newer has a threshold more, 90 %, a lower limit of `pro`, 1500 instead of 2000, a plan `team`, and no meter
    `exports`.
    """
    older, newer = (shutil.copytree(CONFIGURATION, directory / age) for age in ("older", "newer"))
    for file, old, new in (
        ("rules.yaml", r"(meter: api_calls, at: )\[80%, 100%\]", r"\1[80%, 90%, 100%]"),
        ("rules.yaml", r".*meter: exports.*\n", ""),
        ("catalog.yaml", r"limit: 2000", "limit: 1500"),
        ("catalog.yaml", r"plans:", 'plans:\n  - {key: team, price: "9", includes: {api_calls: {limit: 1000}}}'),
        ("catalog.yaml", r"\n *exports: .*", ""),
        ("catalog.yaml", r", exports: (\{.*?\}|unlimited)", ""),
    ):
        text, found = re.subn(old, new, (newer / file).read_text())
        assert found
        (newer / file).write_text(text)
    return older, newer


def exported(count: int) -> list[dict[str, Any]]:
    return [usage_event(EXPORTER, 0, type="com.acme.report.exported", data={}) for _ in range(count)]


def by_account(records: Sequence[Found]) -> dict[str, list[Fired]]:
    found: dict[str, list[Fired]] = {}
    for record in records:
        data = record.event["data"]
        crossed = tuple(threshold["value"] for threshold in data["crossed"])
        found.setdefault(record.event["subject"], []).append(Fired(crossed, data["limit"], data["cause"]))
    return found


def refusal(worker: Worker) -> tuple[int, str]:
    """Start a worker that must not start; return how it left, and what it said in this life."""
    before = len(worker.log())
    code = worker.start().ended()
    return code, worker.log()[before:]


def until_followed(deployment: Deployment, worker: Worker, other: Worker) -> None:
    """Let the other judge something under its epoch, and wait until the worker has met that and judges under it too."""
    for _ in range(2):
        deployment.product.send(*(usage_event(account, 1) for account in (*NEARLY, *LOWERED)))
        other.until_settled(len(deployment.product.sent))
    until(lambda: epoch(worker) == epoch(other), seconds=20, waiting_for="the worker to follow")


def epoch(worker: Worker) -> int:
    found: int = worker.readiness()["configuration_epoch"]
    return found


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("epochs")
    with Deployment(kafka.bootstrap, redis_server.url, directory) as deployment:
        product, triggers = deployment.product, deployment.topic(TRIGGERS)
        first, second = (deployment.worker(CONFIG=str(files)) for files in older_and_newer(directory))
        first.start().until_ready()
        for account in (*NEARLY, BACK, EXPORTER):
            product.profile(account, "free")
        for account in LOWERED:
            product.profile(account, "pro")
        product.profile(EARLY, "team")
        product.send(*(usage_event(account, 850) for account in NEARLY))
        product.send(*(usage_event(account, 1300) for account in LOWERED), usage_event(EARLY, 850), *exported(5))
        first.until_settled(len(product.sent))
        before = by_account(triggers.until(lambda _: True, count=MANY))

        began = first.pid
        second.start().until_ready()
        until_followed(deployment, first, second)
        followed = first.pid
        product.send(*(usage_event(account, 60) for account in NEARLY))
        product.send(*(usage_event(account, 10) for account in LOWERED), usage_event(EARLY, 1), *exported(2))
        triggers.until(lambda _: True, count=3 * MANY + 1)
        first.until_settled(len(product.sent))
        second.until_settled(len(product.sent))
        records = triggers.to_end()
        later, ids = by_account(records), [record.event["id"] for record in records]
        unmatched = first.tallies()["unmatched"]
        exports = counters(redis_server.url, deployment.prefix, [EXPORTER], "exports")

        first.stop()
        second.stop()
        refused = refusal(first)
        first.start("--accept").until_ready()
        accepted_epoch = epoch(first)
        product.send(usage_event(BACK, 920), *exported(3))
        first.until_settled(len(product.sent))
        triggers.until(lambda record: record.event["subject"] in {BACK, EXPORTER}, count=2)
        yield Seen(
            before,
            followed,
            began,
            later,
            ids,
            unmatched,
            exports,
            refused,
            accepted_epoch,
            by_account(triggers.to_end()),
            refusal(second),
        )


def test_the_first_worker_judges_by_its_own_files(seen: Seen) -> None:
    fired = {account: [(each.crossed, each.limit) for each in triggers] for account, triggers in seen.before.items()}
    assert fired == {account: [(("80",), "1000")] for account in NEARLY}


def test_the_first_worker_follows_the_later_files_without_a_restart(seen: Seen) -> None:
    assert seen.followed == seen.began


def test_a_threshold_that_was_added_fires_on_both_workers(seen: Seen) -> None:
    assert {account: seen.later[account][1:] for account in NEARLY} == {
        account: [Fired(("90",), "1000", "usage")] for account in NEARLY
    }


def test_a_limit_that_was_lowered_fires_what_it_passes_on_both_workers(seen: Seen) -> None:
    assert {account: seen.later[account] for account in LOWERED} == {
        account: [Fired(("80",), "1500", "limit_changed")] for account in LOWERED
    }


def test_two_workers_on_different_files_make_one_set_of_triggers(seen: Seen) -> None:
    assert len(seen.ids) == len(set(seen.ids)) == 3 * MANY + 1


def test_a_plan_that_the_catalog_comes_to_know_is_judged(seen: Seen) -> None:
    assert (seen.before.get(EARLY), seen.later[EARLY]) == (None, [Fired(("80",), "1000", "limit_changed")])


def test_usage_of_a_meter_that_was_removed_is_unmatched_and_its_counter_stays(seen: Seen) -> None:
    assert (seen.unmatched, seen.exports) == (2, {EXPORTER: 5})


def test_a_meter_that_is_put_back_counts_on(seen: Seen) -> None:
    assert [(each.crossed, each.limit) for each in seen.back[EXPORTER]] == [(("80",), "10")]


def test_a_worker_with_replaced_files_is_refused_with_the_command_that_accepts_them(seen: Seen) -> None:
    code, said = seen.refused
    assert (code, "expansion-signals worker --accept" in said, "Traceback" in said) == (1, True, False), said


def test_files_that_are_accepted_again_are_a_further_epoch(seen: Seen) -> None:
    assert seen.accepted_epoch == 3


def test_files_that_are_accepted_again_are_judged_by(seen: Seen) -> None:
    assert [(each.crossed, each.limit) for each in seen.back[BACK]] == [(("80",), "1000")]


def test_files_that_were_the_later_ones_are_refused_in_turn(seen: Seen) -> None:
    code, said = seen.refused_in_turn
    assert (code, "expansion-signals worker --accept" in said) == (1, True), said
