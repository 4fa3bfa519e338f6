"""What rules that are tried out have left on their topic, told by `expansion-signals shadow`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.local.broker import EmbeddedBroker
from expansion_signals.log.publisher import LogPublisher
from expansion_signals.model.records import Outgoing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TOPIC = "expansion-shadow"


def trigger(name: str, account: str, time: str) -> bytes:
    data = {"rule": {"id": "growing", "version": "1"}, "family": "trend", "why": "12 % more calls than the week before"}
    kind = {"specversion": "1.0", "source": "/expansion-signals", "type": "expansion.usage.accelerated.v1"}
    return json.dumps({**kind, "id": name, "subject": account, "time": time, "data": data}).encode()


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as broker:
        yield broker


async def published(broker: EmbeddedBroker, values: Sequence[bytes]) -> None:
    publisher = LogPublisher(broker.servers)
    await publisher.publish([Outgoing(TOPIC, b"a", value) for value in values])
    await publisher.stop()


def told(broker: EmbeddedBroker, *values: bytes) -> dict[str, Any]:
    """Return the report after these records, written by a worker."""
    asyncio.run(published(broker, values))
    said = subprocess.run(
        [sys.executable, "-m", "expansion_signals", "shadow", "--since", "1d", "--json"],
        env=os.environ | {"EXPANSION_SIGNALS_KAFKA": broker.servers, "EXPANSION_SIGNALS_FETCH_WAIT_SECONDS": "0.02"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    document: dict[str, Any] = json.loads(said.stdout)
    return document | {"stderr": said.stderr}


def test_a_trigger_of_a_shadow_rule_is_told_once_however_often_it_is_there(broker: EmbeddedBroker) -> None:
    once = trigger("t-1", "acct-1", "2026-11-22T10:00:00Z")
    document = told(broker, once, once, trigger("t-2", "acct-2", "2026-11-23T10:00:00Z"))
    [rule] = document["rules"]
    assert (rule["rule"], rule["shadow"], rule["fired"], document["totals"]["shadow"]) == ("growing", True, 2, 2)


def test_what_nobody_can_read_there_is_said(broker: EmbeddedBroker) -> None:
    document = told(broker, b"nothing", trigger("t-1", "acct-1", "2026-11-22T10:00:00Z"))
    assert (document["totals"]["shadow"], "1 records could not be read" in document["stderr"]) == (1, True)
