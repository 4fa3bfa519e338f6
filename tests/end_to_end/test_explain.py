"""An account's story, told by `explain` from what a worker has published: warned, asked, upgraded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from outside.deployment import DECISIONS, TRIGGERS, Deployment
from outside.product import structured, usage_event, written
from outside.worker import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

ACCOUNT, BEGAN = "acct-1", datetime.now(UTC) - timedelta(minutes=10)
FILES = {
    "catalog.yaml": """
currency: USD
meters:
  calls:
    {event: expansion.usage.recorded.v1, where: {meter: calls}, aggregation: sum, value: value, unit: call}
features:
  calls: {meter: calls}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 1000}}}
  - {key: pro, price: "49", includes: {calls: {limit: 20000}}}
""",
    "rules.yaml": """
rules:
  - {id: quota, signal: limit_reached, meter: calls, at: [80%, 100%]}
  - {id: quiet, signal: limit_reached, meter: calls, at: [80%], holdout: 100%}
""",
}


def used(value: int, minutes: int) -> dict[str, Any]:
    """Return a use of the product, so many minutes after the first."""
    return usage_event(ACCOUNT, value, meter="calls", time=BEGAN + timedelta(minutes=minutes))


def prompt(deed: str, trigger: str, minutes: int) -> bytes:
    """Return the report of a prompt."""
    event = usage_event(ACCOUNT, 0, type=f"expansion.prompt.{deed}.v1", time=BEGAN + timedelta(minutes=minutes))
    return json.dumps(event | {"data": {"trigger": trigger, "user": "u-42"}}).encode()


class Explained(NamedTuple):
    settings: dict[str, str]
    document: dict[str, Any]
    printed: str

    def run(self, *arguments: str) -> CompletedProcess[str]:
        return command(self.settings, "explain", *arguments)

    def account(self, *arguments: str) -> CompletedProcess[str]:
        return command(self.settings, "account", *arguments)

    def report(self, *arguments: str) -> CompletedProcess[str]:
        return command(self.settings, "report", *arguments)

    def says(self, kind: str) -> list[str]:
        return [each["says"] for each in self.document["story"] if each["kind"] == kind]


@pytest.fixture(scope="module")
def explained(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Explained]:
    directory = tmp_path_factory.mktemp("explain")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        worker = deployment.worker().start().until_ready()
        product, triggers, decisions = deployment.product, deployment.topic(TRIGGERS), deployment.topic(DECISIONS)
        product.profile(ACCOUNT, "free", time_zone="Europe/Berlin")
        product.profile("acct-2", "free")
        product.send(used(800, 1))
        [warned] = triggers.until(lambda record: record.key == ACCOUNT.encode())
        for deed in ("shown", "clicked"):
            # Under no key, as a stranger may send it: it counts for its subject.
            report = prompt(deed, warned.event["id"], 2)
            product.raw(report, topic="prompt-events", headers=structured())
        product.send(used(100, 3), usage_event("acct-2", 800, meter="calls"))
        worker.until_settled(3)
        product.profile(ACCOUNT, "pro", version=2, time_zone="Europe/Berlin")
        deployment.topic("expansion-outcomes").until(lambda _: True)
        decisions.until(lambda _: True, count=4)
        shown = command(deployment.settings, "explain", ACCOUNT, "--json")
        assert shown.returncode == 0, shown.stderr
        printed = command({**deployment.settings}, "explain", ACCOUNT).stdout
        yield Explained(deployment.settings, json.loads(shown.stdout), printed)


def test_the_story_goes_from_the_first_profile_to_the_upgrade(explained: Explained) -> None:
    assert [each["kind"] for each in explained.document["story"]] == [
        *("signal", "signal", "prompt", "prompt"),
        *("change", "change", "outcome", "withdrawal"),
    ]


def test_what_fired_tells_what_was_offered_and_to_whom(explained: Explained) -> None:
    [fired] = [each for each in explained.document["story"] if each.get("decision") == "fired"]
    assert (fired["user"], fired["recommendation"]["kind"], fired["recommendation"]["to"]) == ("u-42", "plan", "pro")


def test_what_stayed_silent_tells_why(explained: Explained) -> None:
    [silent] = [each for each in explained.document["story"] if each.get("decision") == "suppressed"]
    assert silent["then"] == [
        "Rule quiet stayed silent: the rule holds this account out, to compare it with those that hear of it."
    ]


def test_prompts_are_told_whatever_their_key(explained: Explained) -> None:
    assert [says.split(" the trigger")[0] for says in explained.says("prompt")] == [
        "u-42 was shown",
        "u-42 clicked on",
    ]


def test_the_outcome_is_told_with_the_trigger_before_it(explained: Explained) -> None:
    [outcome] = [each for each in explained.document["story"] if each["kind"] == "outcome"]
    [fired] = [each for each in explained.document["story"] if each.get("decision") == "fired"]
    assert (outcome["says"], outcome["trigger"]) == (
        "Moved up from plan free to plan pro, +49.00 USD a month",
        fired["trigger"],
    )


def test_the_withdrawal_is_told(explained: Explained) -> None:
    assert explained.says("withdrawal")[0].endswith("(rule quota) was withdrawn: the account has bought more")


def test_what_comes_next_is_told_with_its_level(explained: Explained) -> None:
    assert [(each["rule"]["id"], each["at"]) for each in explained.document["next"]] == [
        ("quota", "16000"),
        ("quiet", "16000"),
    ]


def test_what_is_silent_is_told(explained: Explained) -> None:
    assert [(each["kind"], each["rule"]) for each in explained.document["silent"]] == [("holdout", "quiet")]


def test_the_story_of_another_account_is_another(explained: Explained) -> None:
    assert "u-42 was shown" not in explained.run("acct-2").stdout


def test_a_person_reads_it_within_80_columns(explained: Explained) -> None:
    assert max(map(len, explained.printed.splitlines())) <= 80


def test_a_person_reads_what_fired_under_what_was_found(explained: Explained) -> None:
    lines = [" ".join(line.split()) for line in explained.printed.splitlines()]
    found = next(place for place, line in enumerate(lines) if "800 of 1,000 calls used (80 %)" in line)
    assert any("→ Rule quota fired for u-42, self-serve" in line for line in lines[found : found + 3])


def test_a_story_that_begins_later_lacks_what_was_before(explained: Explained) -> None:
    late = written(datetime.now(UTC))
    shown = json.loads(explained.run(ACCOUNT, "--since", late, "--json").stdout)
    assert (shown["story"], len(shown["next"])) == ([], 2)


def test_an_account_that_nothing_is_known_of_is_told_with_1(explained: Explained) -> None:
    failed = explained.run("acct-9")
    assert (failed.returncode, "nothing is known of account 'acct-9'" in failed.stderr) == (1, True)


def test_a_time_that_is_none_is_told_with_2(explained: Explained) -> None:
    failed = explained.run(ACCOUNT, "--since", "yesterday")
    assert (failed.returncode, "expected a duration such as" in failed.stderr) == (2, True)


# ------------------------------------------------------------------------------- the brief of the same account


def test_the_brief_tells_plan_revenue_and_use(explained: Explained) -> None:
    told = json.loads(explained.account("brief", ACCOUNT, "--json").stdout)
    assert (told["plan"], told["mrr"], told["features"][0]["reading"]) == (
        "pro",
        {"amount": "49.00", "currency": "USD", "source": "catalog"},
        "900 of 20,000 calls",
    )


def test_what_was_bought_since_is_no_opportunity_of_the_brief(explained: Explained) -> None:
    told = json.loads(explained.account("brief", ACCOUNT, "--json").stdout)
    assert told["opportunities"] == []


def test_what_nobody_bought_is_an_opportunity_of_the_brief(explained: Explained) -> None:
    told = json.loads(explained.account("brief", "acct-2", "--json").stdout)
    [step] = told["opportunities"]
    assert (step["recommendation"]["to"], step["case"][0][:31]) == ("pro", "800 of 1,000 calls used (80 %) "[:31])


def test_the_brief_is_markdown_unless_said_otherwise(explained: Explained) -> None:
    assert explained.account("brief", "acct-2").stdout.startswith("# acct-2: account brief\n")


def test_the_brief_is_written_into_a_file(explained: Explained, tmp_path: Path) -> None:
    page = tmp_path / "acct-2.html"
    done = explained.account("brief", "acct-2", "--html", "--out", str(page))
    assert (done.returncode, done.stdout, page.read_text()[:15]) == (0, "", "<!doctype html>")


def test_an_account_without_a_profile_has_no_brief(explained: Explained) -> None:
    failed = explained.account("brief", "acct-9")
    assert (failed.returncode, "no profile of account 'acct-9'" in failed.stderr) == (1, True)


# ------------------------------------------------------------------------------------ the portfolio of both


def test_the_report_tells_each_rule_from_fired_to_bought(explained: Explained) -> None:
    told = json.loads(explained.report("--json").stdout)
    quota, quiet = sorted(told["rules"], key=lambda rule: -rule["fired"])
    names = ("rule", "fired", "shown", "clicked", "outcomes", "accounts", "bought", "withdrawn")
    assert [quota[name] for name in names] == ["quota", 2, 1, 1, 1, 2, 1, 1]
    assert (quiet["silent"], quiet["holdout"]["accounts"]) == ({"holdout": 2}, 2)


def test_the_report_tells_revenue_from_the_profiles(explained: Explained) -> None:
    told = json.loads(explained.report("--json").stdout)
    [usd] = told["revenue"]
    assert (told["accounts"], usd["currency"], usd["start"], usd["new"], usd["now"]) == (
        2,
        "USD",
        "0.00",
        "49.00",
        "49.00",
    )


def test_the_report_reads_no_further_back_than_asked(explained: Explained) -> None:
    told = json.loads(explained.report("--since", written(datetime.now(UTC)), "--json").stdout)
    assert (told["triggers"], told["rules"], told["accounts"]) == (0, [], 2)


def test_a_person_reads_the_report_within_80_columns(explained: Explained) -> None:
    assert max(map(len, explained.report().stdout.splitlines())) <= 80
