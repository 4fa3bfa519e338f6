from __future__ import annotations

import pytest

from expansion_signals.checks.configuration_in_force import judge_epoch, judge_files, judge_problems
from expansion_signals.checks.deployment_cut import judge_deployment, judge_topic_names
from expansion_signals.checks.findings import Finding, Severity
from expansion_signals.checks.shards_standing import judge_shards
from expansion_signals.errors import Problem
from expansion_signals.model.instants import DAY
from expansion_signals.model.shards import ShardStanding

NOW = 20_780 * DAY
WELL = ShardStanding({})


def deployment(**stands: str) -> list[Finding]:
    return list(judge_deployment(stands, "p-", shards=64, state_format=1, people="4f1e"))


@pytest.mark.parametrize(
    ("stands", "stops"),
    [
        ({}, [False]),
        ({"shards": "64", "format": "1", "people": "4f1e"}, [False]),
        ({"shards": "16", "format": "1", "people": "4f1e"}, [True]),
        ({"shards": "64", "format": "2", "people": "4f1e"}, [True]),
        ({"shards": "16", "format": "2"}, [True, True, True]),
        ({"shards": "64", "format": "1", "people": "1234"}, [True]),
    ],
)
def test_a_deployment_of_another_cut_or_format_stops_the_worker(stands: dict[str, str], stops: list[bool]) -> None:
    assert [finding.stops for finding in deployment(**stands)] == stops


def test_another_number_of_shards_is_told_with_the_setting_to_make() -> None:
    [finding] = deployment(shards="16", people="4f1e")
    assert finding.do == "the number is fixed: set EXPANSION_SIGNALS_SHARDS=16"


def test_a_topic_that_was_made_again_stops_the_worker() -> None:
    found = judge_topic_names({"topic:usage-events": "old"}, {"usage-events": "new", "prompt-events": "other"})
    assert [(finding.where, finding.stops) for finding in found] == [("usage-events", True)]


@pytest.mark.parametrize(
    ("stands", "severity", "said"),
    [
        ({}, Severity.OK, "makes them epoch 1"),
        ({"epoch": "3", "fingerprint:abc": "3"}, Severity.OK, "in force, as epoch 3"),
        ({"epoch": "3", "fingerprint:other": "3"}, Severity.OK, "makes them epoch 4"),
        ({"epoch": "3", "fingerprint:abc": "2"}, Severity.ERROR, "these files are epoch 2, which epoch 3 has replaced"),
    ],
)
def test_files_are_judged_by_the_epoch_in_force(stands: dict[str, str], severity: Severity, said: str) -> None:
    [finding] = judge_epoch("config", "abc", stands)
    assert (finding.severity, said in finding.what) == (severity, True)


def test_every_problem_of_the_files_is_an_error_at_its_place() -> None:
    found = judge_problems([Problem("rules.yaml", 3, 7, "no such meter"), Problem("rules.yaml", 9, 1, "no such plan")])
    assert [(finding.where, finding.severity) for finding in found] == [
        ("rules.yaml:3:7", Severity.ERROR),
        ("rules.yaml:9:1", Severity.ERROR),
    ]


def test_warnings_of_the_files_are_warnings() -> None:
    assert [finding.severity for finding in judge_files("config", ["a"])] == [Severity.OK, Severity.WARNING]


@pytest.mark.parametrize(
    ("shards", "severities"),
    [
        ({0: WELL, 1: WELL}, [Severity.OK]),
        ({0: WELL}, [Severity.WARNING]),
        ({0: WELL, 1: ShardStanding({}, frozenset({"metering"}))}, [Severity.WARNING]),
        ({0: WELL, 1: ShardStanding({}, since=NOW - 30 * DAY)}, [Severity.WARNING]),
        ({0: WELL, 1: ShardStanding({}, since=NOW - 31 * DAY)}, [Severity.OK]),
    ],
    ids=["whole", "lost", "late", "incomplete", "incomplete long ago"],
)
def test_shards_are_judged_by_what_waits_and_what_is_incomplete(
    shards: dict[int, ShardStanding], severities: list[Severity]
) -> None:
    assert [finding.severity for finding in judge_shards(shards, 2, NOW)] == severities
