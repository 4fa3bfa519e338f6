"""Profiles that name what no catalog has are counted, told once, and read as any other."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from expansion_signals.model.instants import parse_instant
from expansion_signals.model.records import Record
from expansion_signals.pipeline.epochs import Epochs
from expansion_signals.rules.loading import load
from expansion_signals.state.memory_archive import MemoryArchive
from expansion_signals.worker.metrics import Metrics
from expansion_signals.worker.status import Status
from expansion_signals.worker.told_profiles import ProfileTellingCodec

if TYPE_CHECKING:
    import pytest

FILES = {"catalog.yaml": "currency: USD\nplans: [{key: free, price: 0}]", "rules.yaml": "rules: []"}
NOW = parse_instant("2026-11-22T10:00:00Z")


class Reading:
    """A worker's codec and its metrics page."""

    def __init__(self) -> None:
        self._metrics = Metrics()
        self._codec = ProfileTellingCodec(Epochs(MemoryArchive(), 1, load(FILES)), self._metrics)

    def read(self, **snapshot: object) -> str:
        """Return the plan of the profile that was read."""
        event = {
            "specversion": "1.0",
            "id": "u-1",
            "source": "/billing",
            "type": "expansion.account.updated.v1",
            "subject": "acct-1",
            "time": "2026-11-22T10:00:00Z",
            "data": {"version": 1, "plan": "free"} | snapshot,
        }
        found = self._codec.account_update(
            Record("account-updates", 0, 0, b"acct-1", json.dumps(event).encode(), (), NOW)
        )
        assert found.snapshot is not None
        return found.snapshot.plan

    def told(self, metric: str) -> float:
        page = self._metrics.page(Status(), None).decode()
        (line,) = (each for each in page.splitlines() if each.startswith(f"expansion_signals_{metric}_total "))
        return float(line.split()[1])


def test_a_profile_of_an_unknown_plan_is_read_and_counted() -> None:
    reading = Reading()
    assert (reading.read(plan="gold"), reading.told("profiles_of_unknown_plans")) == ("gold", 1)


def test_a_profile_with_unknown_limits_and_add_ons_is_counted_once() -> None:
    reading = Reading()
    reading.read(limits={"cals": "5"}, add_ons={"moar": 1})
    assert (reading.told("profiles_with_unknown_names"), reading.told("profiles_of_unknown_plans")) == (1, 0)


def test_a_profile_that_names_only_what_is_sold_is_not_counted() -> None:
    reading = Reading()
    reading.read()
    assert (reading.told("profiles_with_unknown_names"), reading.told("profiles_of_unknown_plans")) == (0, 0)


def test_each_name_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    reading = Reading()
    with caplog.at_level(logging.WARNING):
        for plan in ("gold", "gold", "silver"):
            reading.read(plan=plan)
    assert [record.args[0] for record in caplog.records] == ["'plan gold'", "'plan silver'"]


def test_a_name_cannot_write_to_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Reading().read(plan="\x1b[2Jgold")
    assert "\x1b" not in caplog.text
