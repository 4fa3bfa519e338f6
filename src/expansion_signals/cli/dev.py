"""`expansion-signals dev`: a broker, a Redis and a worker to build against."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads the annotations
from typing import Annotated

import typer


def dev(
    kafka_port: Annotated[int, typer.Option(metavar="PORT", help="Port of the embedded broker.")] = 9092,
    redis_port: Annotated[int, typer.Option(metavar="PORT", help="Port of the embedded Redis.")] = 6379,
    http_port: Annotated[int, typer.Option(metavar="PORT", help="Port of the worker's health and metrics.")] = 8080,
    config: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Your catalog.yaml and rules.yaml; default: the sample.")
    ] = None,
    *,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Once all runs, write one JSON object of where it is; nothing else on stdout."),
    ] = False,
) -> None:
    """Run broker, Redis and worker to build against.

    All three are embedded, on fixed ports, until Ctrl-C. Everything is kept in memory and a temporary directory, and
    gone afterwards.

    Example: expansion-signals dev --kafka-port 19092 --config config
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.workbench import keep_running  # noqa: PLC0415 -- the same
    from expansion_signals.local.stack import SAMPLE, Ports  # noqa: PLC0415 -- the same

    ports = Ports(kafka_port, redis_port, http_port)
    asyncio.run(keep_running(config.resolve() if config else SAMPLE, ports, as_json=as_json))
