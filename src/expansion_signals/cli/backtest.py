"""`expansion-signals backtest`: what rules would have done with recorded events."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration

_Config = Annotated[
    Path,
    typer.Option("--config", metavar="DIR", exists=True, file_okay=False, help="The rules and the catalog to try."),
]
_Input = Annotated[
    Path,
    typer.Option(
        "--input",
        metavar="FILE.jsonl",
        exists=True,
        dir_okay=False,
        readable=True,
        help="A CloudEvent a line, in order: usage, account updates, reports of prompts.",
    ),
]


def backtest(
    config: _Config,
    input_: _Input,
    *,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Stop at this instant (RFC 3339).")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line for each event that would have been published, with its topic.")
    ] = False,
) -> None:
    """Play recorded events through the same code as the worker's, in memory; nothing is published.

    The clock is the greatest event time seen. Without --json a report tells what each rule fired, and the difference
    to the rules in force, where EXPANSION_SIGNALS_CONFIG names others.

    Example: expansion-signals backtest --config config --input events.jsonl
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.backtesting import played, printed, reported  # noqa: PLC0415 -- the same
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- the same

    configuration = load_directory(config)
    end = _instant(until)
    if as_json:
        asyncio.run(printed(configuration, input_, end))
        return
    tried = asyncio.run(played(configuration, input_, end))
    in_force = _in_force(configuration)
    before = asyncio.run(played(in_force, input_, end)) if in_force else None
    reported(tried, before)


def _instant(text: str | None) -> Instant | None:
    from expansion_signals.model.instants import parse_instant  # noqa: PLC0415 -- `--help` answers at once

    if text is None:
        return None
    try:
        return parse_instant(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--until") from None


def _in_force(tried: Configuration) -> Configuration | None:
    """Return the configuration that the settings name, if there is one and it means something else."""
    import os  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- the same
    from expansion_signals.settings import ENVIRONMENT_PREFIX  # noqa: PLC0415 -- the same

    directory = os.environ.get(f"{ENVIRONMENT_PREFIX}CONFIG")
    configuration = load_directory(Path(directory)) if directory else None
    return configuration if configuration and configuration.fingerprint != tried.fingerprint else None
