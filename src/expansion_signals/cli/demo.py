"""`expansion-signals demo`: everything on this machine, nothing to install by hand."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    seconds: Annotated[float, typer.Option(metavar="N", min=1, help="How long the simulated product runs.")] = 60,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One trigger a line, then a summary object; nothing else on stdout.")
    ] = False,
) -> None:
    """Show triggers of a simulated product as they happen.

    What its customers used on the days before is imported, and judged within seconds; then they go on live: they reach
    their limits, and some upgrade. Starts an embedded Kafka broker, an embedded Redis and the
    worker; all of it is gone when the demo ends. Exits with 1 if a family of triggers never fired.

    Example: expansion-signals demo --seconds 40 --json
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.demonstration import demonstrate  # noqa: PLC0415 -- the same
    from expansion_signals.cli.screens import chosen_screen  # noqa: PLC0415 -- the same

    raise typer.Exit(asyncio.run(demonstrate(seconds, chosen_screen(as_json=as_json))))
