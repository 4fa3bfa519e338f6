"""`expansion-signals worker`: count usage, publish triggers."""

from __future__ import annotations

from typing import Annotated

import typer


def worker(
    once_idle: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="Exit with 0 after so long with nothing left to read."),
    ] = None,
    *,
    accept: Annotated[
        bool, typer.Option("--accept", help="Go back to this configuration, which a later one has replaced.")
    ] = False,
    accept_log: Annotated[
        bool, typer.Option("--accept-log", help="Go on with the log as it is, where it does not fit the state.")
    ] = False,
) -> None:
    """Count usage events and publish triggers.

    Settings are read from EXPANSION_SIGNALS_* (KAFKA, REDIS, CONFIG, PREFIX, HTTP, ...) and from .env.

    Example: EXPANSION_SIGNALS_KAFKA=broker:9092 EXPANSION_SIGNALS_CONFIG=config expansion-signals worker
    """
    from expansion_signals.settings import WorkerSettings, load_settings  # noqa: PLC0415 -- `--help` answers at once

    settings = load_settings(WorkerSettings)

    from expansion_signals.worker.run import run_worker  # noqa: PLC0415 -- so does a wrong setting

    run_worker(settings, once_idle, force=accept, accept_log=accept_log)
