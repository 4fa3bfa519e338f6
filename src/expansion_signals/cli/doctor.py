"""`expansion-signals doctor`: what is wrong with the set-up, and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

_WRONG = 1


def doctor(
    *, as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False
) -> None:
    """Say what is wrong with the set-up, and what to do.

    Redis, Kafka, topics, settings, configuration, state and work are looked at, whatever is away; nothing is written.
    Exits with 0 if there is no error (there may be warnings), with 1 if there is one, with 2 if settings are wrong.

    Example: expansion-signals doctor --json
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import json  # noqa: PLC0415 -- the same
    import time  # noqa: PLC0415 -- the same

    from expansion_signals.cli.doctor_view import document_of, is_healthy, lines_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- the same
    from expansion_signals.doctor.examination import examine  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    found = asyncio.run(examine(load_settings(), lambda: time.time_ns() // 1_000))
    if as_json:
        typer.echo(json.dumps(document_of(found), ensure_ascii=False))
    else:
        print_lines(lines_of(found))
    if not is_healthy(found):
        raise typer.Exit(_WRONG)
