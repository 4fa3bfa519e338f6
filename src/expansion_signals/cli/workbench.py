"""Everything on fixed ports, until it is interrupted."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import typer

from expansion_signals.configuration_files import read_directory
from expansion_signals.local.stack import local_stack
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.local.stack import Ports

_INSTRUCTIONS = """
Kafka   {kafka}
Redis   {redis}
worker  http://{http}/readyz and /metrics; its log is {log}
rules   {config}

In another terminal:
  export EXPANSION_SIGNALS_KAFKA={kafka} EXPANSION_SIGNALS_REDIS={redis}
  expansion-signals watch
  expansion-signals emit acct-1 --type expansion.account.updated.v1 --data '{{"version":1,"plan":"{plan}"}}'
  expansion-signals emit acct-1 --meter {meter} --value 800

Records are kept in memory only (5 MiB a partition), and gone when this ends. Ctrl-C ends it."""


async def keep_running(config: Path, ports: Ports, *, as_json: bool) -> None:
    """Run everything until cancelled; say where it is once it runs.

    Raises:
        RejectedConfiguration: the configuration cannot take effect.
        RejectedSettings: a port is taken, or the extra `[local]` is not installed.
        StackUnavailable: the broker, Redis or the worker did not start, or the worker ended.
    """
    catalog = load(read_directory(config)).catalog
    with TemporaryDirectory(prefix="expansion-signals-") as directory:
        async with local_stack(Path(directory), config, ports, partial(typer.echo, err=as_json)) as stack:
            places = {
                "kafka": stack.kafka,
                "redis": stack.redis,
                "http": stack.http,
                "log": str(stack.worker.output),
                "config": str(config),
            }
            plan, meter = next(iter(catalog.plans)), next(iter(catalog.meters))
            typer.echo(json.dumps(places) if as_json else _INSTRUCTIONS.format(**places, plan=plan, meter=meter))
            await stack.worker.wait()
            stack.refuse_dead_worker()
