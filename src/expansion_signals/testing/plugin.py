"""The pytest plugin: the fixture `expansion` is a pipeline in memory under the project's own catalog and rules.

A run that asks for no such fixture imports nothing of it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from expansion_signals.testing.pipeline import Pipeline

_PLAYED: pytest.StashKey[Pipeline] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the project say where its rules are."""
    parser.addini(
        "expansion_signals_config",
        help="The directory with catalog.yaml and rules.yaml, from the project's root: for the fixture `expansion`.",
        default="config",
    )


@pytest.fixture(scope="session")
def expansion_signals_config(pytestconfig: pytest.Config) -> Path:
    """The directory with catalog.yaml and rules.yaml; override it where tests have other rules."""
    return pytestconfig.rootpath / str(pytestconfig.getini("expansion_signals_config"))


@pytest.fixture
def expansion(request: pytest.FixtureRequest, expansion_signals_config: Path) -> Pipeline:
    """A pipeline in memory that has seen no event; its clock stands at 2026-01-01T00:00:00Z."""
    # kafka-python, which comes with the SDK's triggers, is read by a function that Python deprecated and took back.
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        from expansion_signals.errors import RejectedConfiguration  # noqa: PLC0415 -- only a test that asks waits
        from expansion_signals.testing.pipeline import Pipeline  # noqa: PLC0415 -- the same

    try:
        played = Pipeline(expansion_signals_config)
    except RejectedConfiguration as rejected:
        pytest.fail(f"catalog and rules are not valid:\n{rejected}", pytrace=False)
    request.node.stash[_PLAYED] = played
    return played


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a test that fails what was sent, and what came of it."""
    report = yield
    if report.failed and _PLAYED in item.stash:
        report.sections.append(("what was sent, and what came of it", item.stash[_PLAYED].transcript()))
    return report
