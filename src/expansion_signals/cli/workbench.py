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
from expansion_signals.model.events import USAGE_RECORDED
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from expansion_signals.local.stack import Ports
    from expansion_signals.model.catalog import Meter

_INSTRUCTIONS = """
Kafka   {kafka}
Redis   {redis}
worker  http://{http}/readyz and /metrics; its log is {log}
rules   {config}

In another terminal:
  export EXPANSION_SIGNALS_KAFKA={kafka} EXPANSION_SIGNALS_REDIS={redis}
  expansion-signals watch
  expansion-signals emit acct-1 --type expansion.account.updated.v1 --data '{{"version":1,"plan":"{plan}"}}'
  expansion-signals emit acct-1 {usage}

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
            plan, usage = next(iter(catalog.plans)), _options_of(next(iter(catalog.meters.values())))
            typer.echo(json.dumps(places) if as_json else _INSTRUCTIONS.format(**places, plan=plan, usage=usage))
            await stack.worker.wait()
            stack.refuse_dead_worker()


def _options_of(meter: Meter) -> str:
    """Return the options with which `emit` sends usage of a meter: a product's own event is sent as it is."""
    if meter.event == USAGE_RECORDED:
        return f"--meter {meter.where.get('meter', meter.key)} --value 800"
    told: dict[str, object] = {name.removeprefix("dimensions."): value for name, value in meter.where.items()}
    if meter.value is not None:
        told[meter.value] = 800
    return f"--type {meter.event} --data '{json.dumps(told)}'"
