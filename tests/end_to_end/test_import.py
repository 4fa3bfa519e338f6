"""Day totals from before the first live event, imported and counted, seen from outside."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import DEAD_LETTERS, SIGNALS, TRIGGERS, Deployment
from outside.product import usage_event
from outside.worker import command
from servers.waiting import until

if TYPE_CHECKING:
    import subprocess
    from collections import Counter
    from collections.abc import Iterator

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

TODAY = datetime.now(UTC).date()
KNOWN, WAITING, TWICE = "known", "not-known-yet", "told-twice"
ACCOUNTS = (KNOWN, WAITING)
DAYS = 40
IN_PERIOD = 20
A_DAY = 45
"""20 days of it are 900 of 1,000: past 80 %, and 100 away from 100 %."""


class Seen(NamedTuple):
    imported: subprocess.CompletedProcess[str]
    before: dict[str, Any]
    quiet: int
    """Triggers before the first live event."""
    again: subprocess.CompletedProcess[str]
    refused: subprocess.CompletedProcess[str]
    after: dict[str, Any]
    triggers: dict[str, Any]
    tallies: Counter[str]
    dead: list[Found]


def day(back: int) -> str:
    return (TODAY - timedelta(days=back)).isoformat()


class Operator:
    """Somebody who adopts, with a directory for their files."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def imports(self, *totals: tuple[str, int, int]) -> subprocess.CompletedProcess[str]:
        """Import totals: account, days back, value."""
        lines = [
            {"account": who, "meter": "api_calls", "day": day(back), "value": value} for who, back, value in totals
        ]
        file = self._deployment.directory / "totals.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return command(self._deployment.settings, "import", str(file), "--json")

    def shown(self, account: str) -> dict[str, Any]:
        """Return what `account show` tells of the API calls of the period that runs."""
        told = command(self._deployment.settings, "account", "show", account, "--days", "62", "--json")
        [calls] = [each for each in json.loads(told.stdout)["counters"] if each["meter"] == "api_calls"]
        return calls


def adopted(deployment: Deployment, account: str, count: int) -> None:
    """Tell the account's profile, whose period began 20 days ago, and wait until so many are known."""
    period = {"unit": "month", "anchor": f"{day(IN_PERIOD)}T00:00:00Z"}
    deployment.product.profile(account, "free", period=period)
    with deployment.topic(SIGNALS) as signals:
        signals.until(lambda record: record.event["type"].endswith("account.changed.v1"), count=count)


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    with Deployment(kafka.bootstrap, redis_server.url, tmp_path_factory.mktemp("import")) as deployment:
        worker, operator = deployment.worker().start().until_ready(), Operator(deployment)
        history = [(account, back, A_DAY) for account in ACCOUNTS for back in range(DAYS, 0, -1)]

        adopted(deployment, KNOWN, 1)
        imported = operator.imports(*history)
        worker.until_settled(len(history))
        adopted(deployment, WAITING, 2)
        until(lambda: operator.shown(WAITING)["thresholds"][0]["state"] != "due", seconds=10, waiting_for="its marks")
        before = {account: operator.shown(account) for account in ACCOUNTS}
        quiet = len(deployment.records(TRIGGERS))

        again = operator.imports(*history)
        deployment.product.send(*(usage_event(account, 100) for account in ACCOUNTS))
        triggers = deployment.topic(TRIGGERS).until(lambda _: True, count=2)
        worker.until_settled(len(history) + len(ACCOUNTS))
        refused = operator.imports((KNOWN, 0, 7), (KNOWN, 1, A_DAY), (KNOWN, 2, A_DAY + 1), (WAITING, 50, 7))

        worker.stop()
        for value in (7, 7, 8):
            operator.imports((TWICE, 3, value))
        worker.start().until_ready()
        worker.until_settled(len(history) + len(ACCOUNTS) + 3)
        yield Seen(
            imported,
            before,
            quiet,
            again,
            refused,
            {account: operator.shown(account) for account in ACCOUNTS},
            {record.event["subject"]: record.event["data"] for record in triggers},
            worker.tallies(),
            deployment.records(DEAD_LETTERS),
        )


def test_the_summary_says_what_was_sent(seen: Seen) -> None:
    assert (seen.imported.returncode, json.loads(seen.imported.stdout)) == (
        0,
        {
            "lines": 80,
            "accounts": 2,
            "meters": ["api_calls"],
            "from": day(DAYS),
            "to": day(1),
            "sent": 80,
            "counted": 0,
        },
    )


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_days_of_the_period_that_runs_are_its_level(seen: Seen, account: str) -> None:
    assert seen.before[account]["usage"] == str(IN_PERIOD * A_DAY)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_day_stands_in_its_bucket(seen: Seen, account: str) -> None:
    counted = {each["day"] for each in seen.before[account]["days"] if each["value"] == str(A_DAY)}
    assert counted == {day(back) for back in range(1, DAYS + 1)}


def test_an_import_fires_nothing(seen: Seen) -> None:
    assert seen.quiet == 0


@pytest.mark.parametrize("account", ACCOUNTS)
def test_what_it_passes_is_already_past(seen: Seen, account: str) -> None:
    states = {each["written"]: each["state"] for each in seen.before[account]["thresholds"]}
    assert states == {"80%": "already_past", "100%": "armed"}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_first_live_event_fires_the_next_threshold(seen: Seen, account: str) -> None:
    trigger = seen.triggers[account]
    assert (trigger["usage"], [each["value"] for each in trigger["crossed"]]) == ("1000", ["100"])


def test_the_same_file_again_sends_nothing(seen: Seen) -> None:
    told = json.loads(seen.again.stdout)
    assert (seen.again.returncode, told["sent"], told["counted"]) == (0, 0, 80)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_the_same_file_again_changes_nothing(seen: Seen, account: str) -> None:
    assert seen.after[account]["usage"] == "1000"


def test_days_that_stand_otherwise_are_refused_line_by_line(seen: Seen) -> None:
    told = json.loads(seen.refused.stdout)
    assert (seen.refused.returncode, told["sent"], [problem["line"] for problem in told["problems"]]) == (2, 0, [1, 3])


def test_what_was_sent_twice_before_it_was_counted_is_a_duplicate(seen: Seen) -> None:
    assert seen.tallies["duplicate"] == 1


def test_another_value_of_a_day_is_an_identity_conflict(seen: Seen) -> None:
    [letter] = seen.dead
    assert letter.header["dlq_code"] == b"identity_conflict"
