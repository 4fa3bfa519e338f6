"""`expansion-signals backtest`: what rules would have done with recorded events."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from expansion_signals.cli.recorded import Recorded
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.settings import Settings

_Config = Annotated[
    Path,
    typer.Option("--config", metavar="DIR", exists=True, file_okay=False, help="The rules and the catalog to try."),
]
_Input = Annotated[
    Path | None,
    typer.Option(
        "--input",
        metavar="FILE.jsonl",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A CloudEvent a line, in order: usage, account updates, reports of prompts.",
    ),
]
_FromTopic = Annotated[bool, typer.Option("--from-topic", help="Play what the deployment's topics hold, from --since.")]
_Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="From when on, with --from-topic: so long ago (7d, 36h), or an instant."),
]
_Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        dir_okay=False,
        help="Write the whole report into this file: .html is a page to send to a colleague, .json is for scripts.",
    ),
]


def backtest(  # noqa: PLR0913 -- each is an option
    config: _Config,
    input_: _Input = None,
    *,
    from_topic: _FromTopic = False,
    since: _Since = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Stop at this instant (RFC 3339).")] = None,
    report: _Report = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line for each event that would have been published, with its topic.")
    ] = False,
) -> None:
    """Play recorded events through the same code as the worker's, in memory; nothing is published.

    The clock is the greatest event time seen; of topics, the append time. Without --json a report tells what each rule
    fired, and the difference to the rules in force, where EXPANSION_SIGNALS_CONFIG names others. Events
    may be as old as the deployment accepts them (EXPANSION_SIGNALS_ACCEPTANCE_HOURS).

    Example: expansion-signals backtest --config config --input events.jsonl --report report.html
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.backtest_document import Tried, document_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.backtest_files import report_form, shown, written  # noqa: PLC0415 -- the same
    from expansion_signals.cli.backtesting import played  # noqa: PLC0415 -- the same
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    settings, configuration, end = load_settings(), load_directory(config), _instant(until)
    form = report_form(report) if report is not None else None
    recorded = _recorded(settings, input_, since, from_topic=from_topic)
    play = partial(played, recorded=recorded, until=end, acceptance=settings.acceptance)
    tried = asyncio.run(play(configuration, doing=f"playing {config}", printing=as_json))
    if as_json and report is None:
        return
    others, in_force = _in_force(settings, configuration), None
    if others is not None:
        before = asyncio.run(play(others, doing="playing the rules in force"))
        in_force = Tried(str(settings.config), others, before)
    document = document_of(recorded, Tried(str(config), configuration, tried), in_force)
    if report is not None and form is not None:
        written(document, form, report)
    if not as_json:
        shown(document)


def _recorded(settings: Settings, input_: Path | None, since: str | None, *, from_topic: bool) -> Recorded:
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import time  # noqa: PLC0415 -- the same

    from expansion_signals.cli.recorded import RecordedFile, recorded_topics  # noqa: PLC0415 -- the same
    from expansion_signals.cli.since import instant_before  # noqa: PLC0415 -- the same

    if (input_ is None) is not from_topic:
        raise typer.BadParameter("expected one of the two: what is to be played", param_hint="--input, --from-topic")
    if (since is None) is from_topic:
        raise typer.BadParameter("the one goes with the other", param_hint="--from-topic, --since")
    if input_ is not None:
        return RecordedFile(input_)
    assert since is not None  # noqa: S101 -- looked at above
    begin = instant_before(since, time.time_ns() // 1_000, "--since")
    return asyncio.run(recorded_topics(settings, begin, since))


def _instant(text: str | None) -> Instant | None:
    from expansion_signals.model.instants import parse_instant  # noqa: PLC0415 -- `--help` answers at once

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--until") from None


def _in_force(settings: Settings, tried: Configuration) -> Configuration | None:
    """Return the configuration that the settings name, where they name one that means something else."""
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- `--help` answers at once

    if "config" not in settings.model_fields_set:
        return None
    configuration = load_directory(settings.config)
    return None if configuration.fingerprint == tried.fingerprint else configuration
