"""`expansion-signals watch`: follow triggers."""

from __future__ import annotations

from typing import Annotated

import typer

from expansion_signals.cli.completing import trigger_types


def watch(
    kind: Annotated[
        str | None,
        typer.Option(
            "--type", metavar="TYPE", autocompletion=trigger_types, help="Only of this type, such as limit.reached."
        ),
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="Only triggers about this account.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One whole CloudEvent a line.")] = False,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Also what is on the topics already.")
    ] = False,
) -> None:
    """Follow triggers as they come, until Ctrl-C.

    Each with the time of the event behind it, as this machine's clock has it; --json has it in UTC.

    Example: expansion-signals watch --type limit.reached --account acct-1
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.following import follow, trigger_type  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    wanted = trigger_type(kind) if kind else None
    asyncio.run(follow(load_settings(), kind=wanted, account=account, as_json=as_json, from_beginning=from_beginning))
