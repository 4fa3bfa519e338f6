"""`expansion-signals report`: the portfolio, and what came of its triggers."""

from __future__ import annotations

from typing import Annotated

import typer


def report(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From when on: so long ago (90d, 4w), or an instant (RFC 3339).")
    ] = "90d",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Tell what came of all triggers, each figure with its formula.

    Kinds of expansion, self-serve and sales-assisted, each rule from fired to bought with its lift against its holdout,
    net revenue retention and its parts, upgrades, seats. Reads the audit topics and Redis; a worker need not run.

    Example: expansion-signals report --since 30d
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import json  # noqa: PLC0415 -- the same
    import time  # noqa: PLC0415 -- the same

    from expansion_signals.cli.reporting import reported  # noqa: PLC0415 -- the same
    from expansion_signals.cli.since import instant_before  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    begin = instant_before(since, time.time_ns() // 1_000, "--since")
    document = asyncio.run(reported(load_settings(), begin))
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- only a person waits for it
    from expansion_signals.cli.report_view import lines_of  # noqa: PLC0415 -- the same

    print_lines(lines_of(document))
