from __future__ import annotations

from typing import Any

import pytest

from expansion_signals.cli.emission import What
from expansion_signals.cli.unforeseen import unforeseen
from expansion_signals.configuration_files import read_directory
from expansion_signals.local.stack import SAMPLE
from expansion_signals.model.events import ACCOUNT_UPDATED, USAGE_RECORDED
from expansion_signals.rules.loading import load

CONFIGURATION = load(read_directory(SAMPLE))


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (USAGE_RECORDED, {"meter": "api_calls"}),
        (ACCOUNT_UPDATED, {"plan": "free"}),
        ("com.acme.report.exported", {}),
        ("expansion.seat.invited.v1", {}),
    ],
)
def test_nothing_is_told_of_what_the_configuration_has(kind: str, data: dict[str, Any]) -> None:
    assert unforeseen(What(kind, data), CONFIGURATION) is None


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        (USAGE_RECORDED, {"meter": "api_call"}, "no meter 'api_call'; did you mean api_calls?"),
        (USAGE_RECORDED, {"meter": "zzz"}, "no meter 'zzz'; there are: api_calls, storage_gb"),
        (ACCOUNT_UPDATED, {"plan": "fre"}, "no plan 'fre'; did you mean free?"),
        (
            "com.acme.reprot.exported",
            {},
            "no event type 'com.acme.reprot.exported'; did you mean com.acme.report.exported?",
        ),
    ],
)
def test_what_it_does_not_have_is_told_with_the_nearest(kind: str, data: dict[str, Any], told: str) -> None:
    assert unforeseen(What(kind, data), CONFIGURATION) == told
