"""`parked list`, `show` and `replay` as an operator types them, on what two groups of subscribers have given up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.errors import Rejected
from expansion_signals.sdk import Subscriber, Trigger
from outside.subscribers import TRIGGERS, Following, trigger_event
from outside.worker import command

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

    Done = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.servers


class Desk:
    """An operator of a deployment whose subscribers have parked triggers."""

    def __init__(self, following: Following) -> None:
        self.following = following

    def park(self, *triggers: str, group: str) -> None:
        """Have the group give up what is published, up to the last of these."""

        def refuse(trigger: Trigger) -> None:
            if trigger.id == triggers[-1]:
                subscriber.stop()
            raise Rejected("no address\x1b[31m")

        with Subscriber(
            self.following.kafka, group, [TRIGGERS], prefix=self.following.prefix, session_timeout_seconds=2
        ) as subscriber:
            subscriber.run(refuse, workers=1)

    def type(self, *arguments: str) -> Done:
        """Type `expansion-signals parked`, and these words."""
        return command({"KAFKA": self.following.kafka, "PREFIX": self.following.prefix}, "parked", *arguments)

    def listed(self, *arguments: str) -> Sequence[Any]:
        """Return what is listed as JSON."""
        done = self.type("list", "--json", *arguments)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def desk(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> Iterator[Desk]:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        following.publish("a", "b")
        desk = Desk(following)
        desk.park("a", "b", group="mailer")
        desk.park("a", "b", group="crm")
        yield desk


def test_what_every_group_has_parked_is_listed(desk: Desk) -> None:
    assert sorted((each["group"], each["id"]) for each in desk.listed()) == [
        ("crm", "a"),
        ("crm", "b"),
        ("mailer", "a"),
        ("mailer", "b"),
    ]
    assert [each["id"] for each in desk.listed("--group", "crm", "--type", "limit.reached")] == ["a", "b"]
    assert desk.listed("--account", "acct-2") == []
    table = desk.type("list", "--limit", "1").stdout
    assert "limit.reached: Rejected: no address\\x1b[31m" in table
    assert table.endswith(
        "4 parked triggers: 2 by mailer, 2 by crm\nthe last 1 are shown; --limit shows more, --json all\n"
    )


def test_one_is_shown_whole(desk: Desk) -> None:
    shown = json.loads(desk.type("show", "a", "--group", "mailer", "--json").stdout)
    assert (shown["group"], shown["topic"]) == ("mailer", desk.following.prefix + TRIGGERS)
    assert json.loads(shown["value"])["id"] == "a"
    assert desk.type("show", "a").stdout.startswith("Rejected: no address\\x1b[31m\nparked by crm after 1 attempt, ")


def test_what_nobody_has_parked_is_said_to_be_there_no_more(desk: Desk) -> None:
    done = desk.type("show", "c")
    assert (done.returncode, "'c' does not lie on" in done.stderr) == (1, True)


def test_what_is_handed_back_comes_to_its_group_again(desk: Desk) -> None:
    dry, done = (desk.type("replay", "a", "--group", "crm", *more) for more in (["--dry-run"], []))
    assert (dry.stdout, done.stdout) == ("would hand back: 1 limit.reached\n", "handed back: 1 limit.reached\n")
    assert [each["id"] for each in desk.listed("--group", "crm")] == ["b"]
    with Subscriber(desk.following.kafka, "crm", [TRIGGERS], prefix=desk.following.prefix) as subscriber:
        assert next(subscriber).id == "a"


def test_a_group_is_handed_back_its_own_and_no_other(desk: Desk) -> None:
    assert desk.type("replay", "--group", "crm").stdout == "handed back: 2 limit.reached\n"
    assert sorted(each["group"] for each in desk.listed()) == ["mailer", "mailer"]


def test_names_of_others_are_shown_as_they_are_written(desk: Desk) -> None:
    topic = desk.following.prefix + TRIGGERS
    desk.following.forge(trigger_event("forged"), group="x[/y]", topic=topic, reason=":x: [bold]gone[/bold]")
    done = desk.type("list", "--group", "x[/y]")
    assert (done.returncode, done.stderr) == (0, "")
    assert ":x: [bold]gone[/bold]" in done.stdout
    assert done.stdout.endswith("1 parked trigger: 1 by x[/y]\n")


def test_what_expired_or_is_of_no_topic_of_triggers_is_not_handed_back(desk: Desk) -> None:
    late = trigger_event("late", expirytime="2026-01-02T00:00:00Z")
    for event, topic in ((late, desk.following.prefix + TRIGGERS), (trigger_event("forged"), "payroll")):
        desk.following.forge(event, group="web", topic=topic)
    done = desk.type("replay", "--group", "web", "--json")
    told = {each["first"]: each["reason"] for each in json.loads(done.stdout)["refused"]}
    assert done.returncode == 1
    assert told == {
        "late": "it has expired: its group would drop it",
        "forged": "it is not of a topic of triggers of this deployment",
    }
