"""What a subscriber takes, before it connects to anything."""

from __future__ import annotations

import subprocess
import sys

import pytest

from expansion_signals.errors import RejectedSettings
from expansion_signals.sdk import Subscriber

NOT_OURS = ("aiokafka", "faust", "jiter", "msgpack", "pydantic", "redis", "rich", "typer", "yaml")
IMPORT = f"""
import sys
import expansion_signals.sdk
print([name for name in {NOT_OURS} if name in sys.modules])
"""


@pytest.mark.parametrize(
    ("group", "topics"),
    [
        ("", ["expansion-limit-reached"]),
        ("mail\x1fer", ["expansion-limit-reached"]),
        ("mailer", []),
        ("mailer", [""]),
        ("mailer", "expansion-limit-reached"),
    ],
)
def test_names_that_cannot_be_are_refused(group: str, topics: list[str]) -> None:
    with pytest.raises(RejectedSettings):
        Subscriber("localhost:9092", group, topics)


def test_nothing_is_connected_before_the_first_trigger_is_asked_for() -> None:
    with Subscriber("127.0.0.1:1", "mailer", ["expansion-limit-reached"]) as subscriber:
        assert subscriber.dropped == {}


def test_a_closed_subscriber_hands_out_nothing() -> None:
    subscriber = Subscriber("127.0.0.1:1", "mailer", ["expansion-limit-reached"])
    subscriber.close()
    assert list(subscriber) == []


def test_a_product_app_loads_none_of_the_libraries_of_the_worker() -> None:
    said = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
