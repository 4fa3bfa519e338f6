"""docs/emitting.md, followed word for word: each recipe puts on its topic what the worker takes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from documents import ROOT, blocks
from emitted import as_the_worker_reads_it
from expansion_signals.log.topics import create_topics
from expansion_signals.model.events import UsageEvent
from expansion_signals.sdk.writing import WrittenEvent
from expansion_signals.wire.topic_files import topics
from outside.reading import Found, Topic
from servers.absence import ServerAbsentError
from servers.kafka_jars import POM, kafka_jars
from servers.npm_packages import installed, node
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from servers.chosen import GivenKafka, Kafka

PAGE = ROOT / "docs/emitting.md"
EMITTED_TO = ("usage-events", "account-updates", "prompt-events")


def _block(language: str, part: str = "") -> str:
    [found] = [block for block in blocks(PAGE, language) if part in block]
    return found


def _run(*command: str, folder: Path) -> None:
    environment = os.environ | {"XDG_STATE_HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _python(text: str, folder: Path) -> None:
    _run(sys.executable, "-c", text, folder=folder)


def _kcat(text: str, folder: Path) -> None:
    if shutil.which("kcat") is None and os.environ.get("CI") != "true":
        pytest.skip("kcat is not on PATH")
    _run("bash", "-ec", text, folder=folder)


def _java(text: str, folder: Path) -> None:
    if shutil.which("javac") is None:
        pytest.skip("there is a Java that runs, but none that compiles")
    (folder / "Emit.java").write_text(text)
    _run("java", "-XX:TieredStopAtLevel=1", "-cp", f"{kafka_jars()}/*", "Emit.java", folder=folder)


def _node(text: str, folder: Path) -> None:
    try:
        program, packages = node(), installed(POM.parent / "kafkajs")
    except ServerAbsentError as absent:
        pytest.skip(str(absent))
    (folder / "node_modules").symlink_to(packages / "node_modules")
    (folder / "emit.mjs").write_text(text)
    _run(program, "emit.mjs", folder=folder)


RECIPES: dict[str, tuple[str, str, Callable[[str, Path], None], int]] = {
    "python": ("python", "", _python, 3),
    "kcat": ("sh", "kcat", _kcat, 1),
    "java": ("java", "", _java, 1),
    "node": ("js", "", _node, 1),
}
"""Of each: the language of its block, a part of it, how it is run, and how many usage events it sends."""


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_worker_takes_what_each_recipe_sends(
    kafka: GivenKafka | Kafka, prefix: str, tmp_path: Path, recipe: str
) -> None:
    language, part, run, count = RECIPES[recipe]
    create_topics(kafka.bootstrap, prefix, [topic for topic in topics() if topic.name in EMITTED_TO])
    text = _block(language, part).replace("localhost:9092", kafka.bootstrap)
    text = text.replace("usage-events", f"{prefix}usage-events").replace("source=", f'prefix="{prefix}", source=')
    run(text, tmp_path)
    with Topic(kafka.bootstrap, f"{prefix}usage-events") as topic:
        until(lambda: len(topic.read()) >= count, seconds=10, waiting_for="what it sends")
        found = topic.to_end()
    assert [_seen(each) for each in found] == [("acct-1", "acct-1")] * count


def test_the_slim_distribution_is_built_as_the_page_says(tmp_path: Path) -> None:
    _run("bash", "-ec", _block("sh", "hatchling").replace("../dist", str(tmp_path)), folder=ROOT)
    assert [wheel.name.partition("-")[0] for wheel in tmp_path.iterdir()] == ["expansion_signals_sdk"]


def _seen(found: Found) -> tuple[str, str]:
    """Return key and account, once the worker has taken the record as a structured usage event."""
    assert found.header["content-type"] == b"application/cloudevents+json"
    event = as_the_worker_reads_it(WrittenEvent("usage-events", found.key or b"", found.value or b""))
    assert isinstance(event, UsageEvent)
    return (found.key or b"").decode(), event.account
