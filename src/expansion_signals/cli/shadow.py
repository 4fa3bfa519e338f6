"""`expansion-signals shadow`: what rules that are tried out would have published."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer looks at it when it runs
from typing import Annotated

import typer


def shadow(
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From when on: so long ago (7d, 36h), or an instant (RFC 3339).")
    ] = "7d",
    *,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write the report into this file: .html or .json."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Tell what rules with `shadow: true` would have published, by rule, day and account.

    Reads expansion-shadow; a worker need not run. No cap and no dismissal holds a rule back that is tried out.

    Example: expansion-signals shadow --since 30d --report shadow.html
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import json  # noqa: PLC0415 -- the same
    import time  # noqa: PLC0415 -- the same

    from expansion_signals.cli.backtest_files import report_form, shown, written  # noqa: PLC0415 -- the same
    from expansion_signals.cli.shadowing import tried_out  # noqa: PLC0415 -- the same
    from expansion_signals.cli.since import instant_before  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    now = time.time_ns() // 1_000
    begin, form = instant_before(since, now, "--since"), report_form(report) if report is not None else None
    document = asyncio.run(tried_out(load_settings(), begin, now))
    if report is not None and form is not None:
        written(document, form, report)
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False))
    else:
        shown(document)
