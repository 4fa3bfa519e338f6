"""README, records and operations, followed word for word on a real Kafka and Redis; only hosts and ports differ."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from documents import ROOT, blocks
from servers.processes import free_port
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

OPERATIONS = ROOT / "docs/operations.md"
RECORDS = ROOT / "docs/records.md"
PREFIX = "readme-"


def _block(part: str, page: Path = ROOT / "README.md") -> str:
    [found] = [block for block in blocks(page) if part in block]
    return found


class Follower:
    """Somebody who types what the README says, in an empty directory beside a clone."""

    def __init__(self, directory: Path, kafka: str, redis: str) -> None:
        self.http = f"127.0.0.1:{free_port()}"
        self.prefix = f"{PREFIX}{free_port()}-"
        self.first = self.second = ""
        self._directory = directory
        self._servers = {"redis://localhost:6379/0": redis, "localhost:9092": kafka, "localhost:8080": self.http}
        self._environment = os.environ | {
            "EXPANSION_SIGNALS_KAFKA": kafka,
            "EXPANSION_SIGNALS_REDIS": redis,
            "EXPANSION_SIGNALS_PREFIX": self.prefix,
            "EXPANSION_SIGNALS_HTTP": self.http,
        }
        (directory / ".venv").symlink_to(ROOT / ".venv")

    def _typed(self, block: str) -> list[str]:
        for written, ours in self._servers.items():
            block = block.replace(written, ours)
        return ["bash", "-ec", f"PATH={ROOT}/.venv/bin:$PATH\n{block.replace(' -t ', f' -t {self.prefix}')}"]

    def type(self, block: str) -> str:
        """Type a block, wait for its end, and return what it wrote."""
        done = subprocess.run(
            self._typed(block), cwd=self._directory, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{block}{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def keep(self, block: str) -> Iterator[subprocess.Popen[str]]:
        """Type a block whose last command runs until it is ended."""
        *before, last = block.strip().splitlines()
        with subprocess.Popen(
            self._typed("\n".join([*before, f"exec {last}"])),
            cwd=self._directory,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.terminate()

    def type_python(self, block: str, *, lines: int) -> list[str]:
        """Run a program that does not end, and return the first lines that it writes."""
        program = block.replace("localhost:9092", self._environment["EXPANSION_SIGNALS_KAFKA"])
        program = program.replace('group="mailer"', f'group="mailer", prefix="{self.prefix}"')
        with subprocess.Popen(
            [ROOT / ".venv/bin/python", "-u", "-c", program], env=self._environment, stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            written = [running.stdout.readline().rstrip() for _ in range(lines)]
            running.terminate()
        return written

    def ready(self) -> bool:
        """Ask the worker's `/readyz`."""
        try:
            with urllib.request.urlopen(f"http://{self.http}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            refused.close()
            return False
        except OSError:
            return False


@pytest.fixture(scope="module")
def follower(
    tmp_path_factory: pytest.TempPathFactory, kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis
) -> Iterator[Follower]:
    if not shutil.which("kcat") and os.environ.get("CI") != "true":
        pytest.skip("no kcat on PATH")
    follower = Follower(tmp_path_factory.mktemp("readme"), kafka.bootstrap, redis_server.url)
    follower.type(_block("config check"))
    with follower.keep(_block("signals worker")):
        until(follower.ready, seconds=30, waiting_for="the worker's /readyz")
        follower.type(_block("emit acct-1"))
        with follower.keep(_block("watch --account")) as watching:
            assert watching.stdout is not None
            watching.stdout.readline()
            follower.first = watching.stdout.readline()
            follower.type(_block("kcat -P"))
            follower.second = watching.stdout.readline()
        yield follower


@pytest.fixture(scope="module")
def triggers(follower: Follower) -> list[dict[str, Any]]:
    return [json.loads(line) for line in follower.type(_block("kcat -C", RECORDS)).splitlines()]


def test_watch_shows_the_triggers_that_the_readme_shows(follower: Follower) -> None:
    [shown] = [block.splitlines() for block in blocks(ROOT / "README.md", "") if "acct-1" in block]
    assert [_without_times(line) for line in (follower.first, follower.second)] == list(map(_without_times, shown))


def test_kcat_shows_80_and_100_percent_once_each(triggers: list[dict[str, Any]]) -> None:
    assert [trigger["data"]["threshold"]["value"] for trigger in triggers] == ["80", "100"]


def test_what_kcat_sent_is_counted(triggers: list[dict[str, Any]]) -> None:
    assert triggers[-1]["data"]["usage"] == "1000"


def test_both_forms_of_an_event_are_counted(follower: Follower) -> None:
    follower.type(_block("emit acct-1").splitlines()[1].replace("acct-1", "acct-2"))
    follower.type(_block('"specversion":"1.0"', RECORDS))
    follower.type(_block("ce_specversion", RECORDS))
    assert _shown(follower, "acct-2", "200 of 1,000 calls (20 %)")


def test_every_trigger_has_what_a_subscriber_is_told_to_look_at(triggers: list[dict[str, Any]]) -> None:
    assert all(trigger["id"] and trigger["expirytime"] and trigger["data"]["why"] for trigger in triggers)


def test_the_subscriber_prints_each_trigger_once(follower: Follower, triggers: list[dict[str, Any]]) -> None:
    [snippet] = [block for block in blocks(ROOT / "README.md", "python") if "Subscriber(" in block]
    assert follower.type_python(snippet, lines=2) == [f"acct-1 {trigger['data']['why']}" for trigger in triggers]


def test_the_account_is_shown_as_it_stands(follower: Follower) -> None:
    assert "1,000 of 1,000 calls (100 %)" in follower.type(_block("account show"))


def test_operations_asks_whether_the_worker_is_ready(follower: Follower) -> None:
    assert json.loads(follower.type(_block("readyz", OPERATIONS)))["ready"] is True


def test_operations_shows_dead_letters_with_their_cause(follower: Follower) -> None:
    follower.type("echo 'no event' | kcat -P -b localhost:9092 -t usage-events")

    def shown() -> str:
        return follower.type(_block("usage-events-dlq", OPERATIONS))

    assert "dlq_code=unparsable" in until(shown, seconds=10, waiting_for="a dead letter")


def test_dead_letters_are_listed_as_operations_says(follower: Follower) -> None:
    assert "unparsable" in follower.type(_block("dlq list", OPERATIONS))


def test_dead_letters_are_replayed_as_operations_says(follower: Follower) -> None:
    said = follower.type(_block("dlq replay", OPERATIONS)).splitlines()
    assert said == ["would replay: no dead letter", "replayed: no dead letter"]


def test_a_held_topic_is_let_through_as_operations_says(follower: Follower) -> None:
    block = _block("DEAD_LETTER_RATIO=1", OPERATIONS)
    assert follower.type(f"EXPANSION_SIGNALS_HTTP=127.0.0.1:{free_port()} {block}") == ""


def test_a_baseline_is_the_level_that_operations_gives(follower: Follower) -> None:
    follower.type(_block("acct-7", OPERATIONS))
    assert _shown(follower, "acct-7", "700 of 1,000 calls (70 %)")


def test_an_import_is_counted_as_operations_says(follower: Follower) -> None:
    follower.type(_block("import totals.jsonl", OPERATIONS))
    assert _shown(follower, "acct-8", "310 of 1,000 calls (31 %)")


def test_the_story_of_the_account_is_told_as_operations_says(follower: Follower) -> None:
    assert "1,000 of 1,000 calls used (100 %)" in " ".join(follower.type(_block("explain acct-1", OPERATIONS)).split())


def test_the_brief_is_written_in_both_forms(follower: Follower) -> None:
    follower.type(_block("account brief", OPERATIONS))
    written = follower.type("head -c 24 acct-1.md acct-1.html")
    assert ("# acct-1: account brief" in written, "<!doctype html>" in written) == (True, True)


def test_the_report_tells_the_rule_of_the_readme(follower: Follower) -> None:
    assert "api-quota" in follower.type(_block("signals report", OPERATIONS))


def test_a_rule_is_muted_for_an_account_and_speaks_again(follower: Follower) -> None:
    listed = [line.partition(", until")[0] for line in follower.type(_block("mute --rule", OPERATIONS)).splitlines()]
    assert listed == ["muted: rule api-quota for account acct-1"] * 2 + ["nothing is muted"]


def test_an_account_is_erased_as_operations_says(follower: Follower) -> None:
    follower.type(
        """expansion-signals emit acct-9 --type expansion.account.updated.v1 --data '{"version":1,"plan":"free"}'"""
    )
    until(
        lambda: "acct-9" in follower.type("expansion-signals account show acct-9 || true"), seconds=10, waiting_for="it"
    )
    follower.type(_block("account forget", OPERATIONS))
    assert "acct-9" not in follower.type("expansion-signals account show acct-9 2>/dev/null || true")


def test_what_a_rule_said_before_is_shown(follower: Follower) -> None:
    assert "at: [80%, 100%, every 5000 after 100%]" in follower.type(_block("config history", OPERATIONS))


def _shown(follower: Follower, account: str, usage: str) -> bool:
    """Say that the account is shown with this usage, once a worker has counted it."""
    command = f"expansion-signals account show {account} || true"
    return until(lambda: usage in follower.type(command), seconds=10, waiting_for=usage)


def test_the_trigger_that_the_rules_show_is_the_one_that_comes(triggers: list[dict[str, Any]]) -> None:
    [shown] = [block for block in blocks(ROOT / "docs/rules.md", "json") if "limit.reached" in block]
    assert _without_this_run(triggers[0]) == _without_this_run(json.loads(shown))


def _without_this_run(trigger: dict[str, Any]) -> dict[str, Any]:
    """Leave out what depends on when it was: ids, times, the period with the days left of it, and what they cost."""
    data = {name: value for name, value in trigger["data"].items() if name not in ("period", "why")}
    data["recommendation"] = {**data["recommendation"], "charge_now": None}
    run = {"id", "time", "recordedtime", "expirytime", "causationid"}
    return {name: value for name, value in trigger.items() if name not in run} | {"data": data}


def _without_times(line: str) -> str:
    """Leave out the time of day, and the days left, which depend on today."""
    return line.split(maxsplit=1)[1].partition(" with ")[0]
