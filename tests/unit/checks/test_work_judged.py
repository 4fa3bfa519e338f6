from __future__ import annotations

from typing import Any

import pytest

from expansion_signals.checks.findings import Severity
from expansion_signals.checks.groups_reading import Unread, judge_group
from expansion_signals.checks.late_dead_letters import judge_dead_letters
from expansion_signals.checks.settings_together import judge_settings
from expansion_signals.checks.worker_pages import judge_pages
from expansion_signals.model.instants import DAY, HOUR, MINUTE, SECOND
from expansion_signals.settings import Settings

READY = {"ready": True, "starting": None, "configuration_epoch": 3, "configuration_problems": [], "stages": {}}
SESSIONS = (6 * SECOND, 1_800 * SECOND)


def group(*unread: Unread, members: int = 1) -> list[tuple[Severity, str]]:
    found = judge_group("expansion-metering", members, {f"usage-events/{n}": each for n, each in enumerate(unread)})
    return [(finding.severity, finding.what) for finding in found]


def test_a_group_that_is_at_the_end_is_well() -> None:
    assert group(Unread(0, 5 * DAY, 7 * DAY)) == [(Severity.OK, "workers: 1, records unread: 0")]


def test_a_group_nobody_is_in_is_a_warning() -> None:
    assert group(Unread(0, None, 7 * DAY), members=0) == [
        (Severity.WARNING, "no worker reads: workers: 0, records unread: 0")
    ]


@pytest.mark.parametrize(
    ("waits", "severity", "told"),
    [
        (5 * MINUTE, Severity.OK, "5 min"),
        (5 * MINUTE + 1, Severity.WARNING, "5 min"),
        (59 * SECOND, Severity.OK, "59 s"),
        (3 * HOUR, Severity.WARNING, "3 h"),
    ],
)
def test_a_group_is_behind_once_its_oldest_record_has_waited_for_five_minutes(
    waits: int, severity: Severity, told: str
) -> None:
    assert group(Unread(12, waits, 7 * DAY)) == [
        (severity, f"workers: 1, records unread: 12, the oldest for up to {told}")
    ]


def test_a_group_whose_records_have_waited_for_half_their_retention_is_an_error() -> None:
    found = group(Unread(12, 3 * DAY + 12 * HOUR + 1, 7 * DAY))
    assert [severity for severity, _ in found] == [Severity.ERROR, Severity.WARNING]


def test_a_group_whose_records_are_kept_for_ever_loses_none() -> None:
    assert [severity for severity, _ in group(Unread(12, 300 * DAY, None))] == [Severity.WARNING]


def test_records_that_retention_has_taken_unread_are_an_error() -> None:
    found = group(Unread(12, None, 7 * DAY, gone=40), Unread(0, None, 7 * DAY, gone=2))
    assert found[0] == (Severity.ERROR, "retention has taken 42 records before they were counted")


def test_more_workers_than_partitions_are_a_warning() -> None:
    assert [severity for severity, _ in group(Unread(0, None, None), members=2)] == [Severity.WARNING]


@pytest.mark.parametrize(("count", "severity"), [(0, Severity.OK), (1, Severity.WARNING)])
def test_dead_letters_of_late_are_a_warning(count: int, severity: Severity) -> None:
    assert judge_dead_letters("usage-events-dlq", count).severity is severity


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({}, []),
        ({"session_timeout_seconds": 5}, ["EXPANSION_SIGNALS_SESSION_TIMEOUT_SECONDS"]),
        ({"fetch_wait_seconds": 1}, ["EXPANSION_SIGNALS_FETCH_WAIT_SECONDS"]),
        ({"acceptance_hours": 169, "deduplication_hours": 169}, ["EXPANSION_SIGNALS_DEDUPLICATION_HOURS"]),
    ],
    ids=["usual", "session", "fetch", "window"],
)
def test_settings_that_contradict_each_other_are_named(asked: dict[str, float], wrong: list[str]) -> None:
    found = judge_settings(Settings(**asked), SESSIONS, 7 * DAY)  # type: ignore[arg-type] -- numbers, all of them
    assert [finding.where for finding in found if finding.severity is not Severity.OK] == wrong


def test_a_session_that_the_broker_refuses_is_told_with_the_nearest_it_takes() -> None:
    [finding] = judge_settings(Settings(session_timeout_seconds=5), SESSIONS, None)
    assert finding.do.startswith("set EXPANSION_SIGNALS_SESSION_TIMEOUT_SECONDS=6,")


def test_what_the_broker_does_not_tell_contradicts_nothing() -> None:
    found = judge_settings(Settings(session_timeout_seconds=1), None, None)
    assert [finding.severity for finding in found] == [Severity.OK]


@pytest.mark.parametrize(
    ("said", "severities"),
    [
        (None, [Severity.WARNING]),
        (READY, [Severity.OK]),
        ({**READY, "ready": False, "starting": "Redis does not answer"}, [Severity.ERROR]),
        ({**READY, "ready": False, "stages": {"metering": {"waits_for": "Kafka is away"}}}, [Severity.ERROR]),
        ({**READY, "ready": False, "stages": {"metering": {"waits_for": None}}}, [Severity.WARNING]),
        ({**READY, "configuration_problems": ["rules.yaml:1:1: wrong"]}, [Severity.ERROR, Severity.OK]),
    ],
    ids=["nobody", "ready", "starting", "waiting", "unassigned", "refused files"],
)
def test_a_worker_is_judged_by_its_own_words(said: dict[str, Any] | None, severities: list[Severity]) -> None:
    assert [finding.severity for finding in judge_pages("127.0.0.1:8080", said)] == severities
