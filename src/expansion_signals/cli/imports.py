"""`expansion-signals import`: totals of the days before a product sent its events here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from expansion_signals.cli.importing import Imported
    from expansion_signals.settings import Settings

_REJECTED = 2

_File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE.jsonl",
        exists=True,
        dir_okay=False,
        readable=True,
        help="One total a line: account, meter, day (UTC) and value.",
    ),
]


def import_(
    file: _File,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Send day totals of the days before the first live event.

    Of up to 62 days back, and of each account before its own first event. They count and fire nothing: thresholds that
    they pass are already past. A line looks like this:
    {"account":"acct-1","meter":"api_calls","day":"2026-11-21","value":"310"}

    Nothing is sent unless all lines are right. The same file may be imported again: each total counts once.
    Meters are those of EXPANSION_SIGNALS_CONFIG; a worker must have started once.

    Example: expansion-signals import totals.jsonl
    """
    from dataclasses import asdict  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.errors import RejectedImport  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    settings = load_settings()
    try:
        imported = _imported(settings, file)
    except RejectedImport as rejected:
        if not as_json:
            raise
        typer.echo(json.dumps({"sent": 0, "problems": [asdict(each) for each in rejected.problems]}))
        raise typer.Exit(_REJECTED) from None
    summary = _summary(imported)
    if as_json:
        typer.echo(json.dumps(summary, ensure_ascii=False))
        return
    typer.echo(
        f"sent {summary['sent']:,} of {summary['lines']:,} day totals to {settings.prefix}usage-events "
        f"(meters: {', '.join(summary['meters'])}; accounts: {summary['accounts']:,}; "
        f"days: {summary['from']} to {summary['to']})"
    )
    if imported.counted:
        typer.echo(f"passed over {summary['counted']:,} that are counted already")
    if imported.sent:
        account = imported.sent[0].account
        typer.echo(f"next: a worker counts them as it reads them: expansion-signals account show {account}")


def _imported(settings: Settings, file: Path) -> Imported:
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import time  # noqa: PLC0415 -- the same

    from rich.console import Console  # noqa: PLC0415 -- the same
    from rich.progress import Progress  # noqa: PLC0415 -- the same

    from expansion_signals.cli.day_total_file import read_day_totals  # noqa: PLC0415 -- the same
    from expansion_signals.cli.importing import Deployment, import_day_totals  # noqa: PLC0415 -- the same
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- the same
    from expansion_signals.model.instants import day_of  # noqa: PLC0415 -- the same

    catalog = load_directory(settings.config).catalog
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        with progress.open(file, "rb", description="reading") as lines:
            totals = read_day_totals(str(file), lines, catalog, day_of(time.time_ns() // 1_000))
        deployment = Deployment(settings.kafka, settings.redis.get_secret_value(), settings.prefix, settings.security)
        return asyncio.run(import_day_totals(deployment, str(file), totals, progress))


def _summary(imported: Imported) -> dict[str, Any]:
    from expansion_signals.model.instants import format_day  # noqa: PLC0415 -- `--help` answers at once

    totals = [*imported.sent, *imported.counted]
    days = [total.day for total in totals]
    return {
        "lines": len(totals),
        "accounts": len({total.account for total in totals}),
        "meters": sorted({total.meter.key for total in totals}),
        "from": format_day(min(days)),
        "to": format_day(max(days)),
        "sent": len(imported.sent),
        "counted": len(imported.counted),
    }
