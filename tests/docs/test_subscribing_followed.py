"""docs/subscribing.md, followed: every program and command, on a real Kafka."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from documents import ROOT, blocks
from expansion_signals.errors import Rejected
from expansion_signals.sdk import Subscriber, Trigger
from outside.subscribers import TRIGGERS, Following
from outside.worker import command

if TYPE_CHECKING:
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

PAGE = ROOT / "docs/subscribing.md"
PROGRAMS = blocks(PAGE, "python")
FOLLOWERS = [program for program in PROGRAMS if "import Subscriber" in program]


def typed(program: str, following: Following, number: int) -> subprocess.Popen[str]:
    """Start a program of the page, in a group of its own."""
    for group in ("mailer", "crm", "prompts"):
        ours = f'group="{group}{number}", prefix="{following.prefix}"'
        program = program.replace(f'group="{group}"', ours)
    program = program.replace("localhost:9092", following.kafka)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


def first_line(running: subprocess.Popen[str]) -> str:
    with running:
        assert running.stdout is not None
        line = running.stdout.readline()
        running.kill()
    return line


def test_every_program_gets_the_trigger(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> None:
    with Following(kafka.bootstrap, prefix, tmp_path) as following:
        following.publish("a")
        running = [typed(program, following, number) for number, program in enumerate(FOLLOWERS)]
        assert ["800 of 1,000 calls used" in first_line(each) for each in running] == [True] * len(FOLLOWERS)


def test_what_is_parked_is_listed_and_handed_back(kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path) -> None:
    with (
        Following(kafka.bootstrap, prefix, tmp_path) as following,
        Subscriber(following.kafka, "mailer0", [TRIGGERS], prefix=prefix) as subscriber,
    ):
        following.publish("a")

        def refuse(_: Trigger) -> None:
            subscriber.stop()
            raise Rejected("no address")

        subscriber.run(refuse)
        settings = {"KAFKA": following.kafka, "PREFIX": prefix}
        [listing, *replays] = [line for block in blocks(PAGE) for line in block.splitlines() if "parked" in line]
        listed, would = (
            command(settings, *line.replace("mailer", "mailer0").split()[1:]).stdout for line in (listing, replays[0])
        )
        [program] = [program for program in PROGRAMS if "import Parking" in program]
        told, _ = typed(program, following, 0).communicate()
        handed_back = command(settings, *replays[1].replace("mailer", "mailer0").split()[1:]).stdout
    assert "limit.reached: Rejected: no address" in listed
    assert (would, handed_back) == ("would hand back: 1 limit.reached\n", "handed back: no parked trigger\n")
    assert told.endswith("acct-1 Rejected: no address\n")


def test_the_examples_are_typed_as_they_are_run() -> None:
    [starts] = [block for block in blocks(PAGE) if "examples/" in block]
    for line in starts.splitlines():
        _, example, *_ = line.split()
        assert line.removeprefix("python ") in (ROOT / example).read_text()
