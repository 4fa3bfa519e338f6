"""`expansion-signals watch`: follow triggers."""

from __future__ import annotations

from typing import Annotated

import typer


def watch(
    kind: Annotated[
        str | None, typer.Option("--type", metavar="TYPE", help="Only triggers of this type, such as limit.reached.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only triggers about this account.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One whole CloudEvent a line.")] = False,
    from_beginning: Annotated[bool, typer.Option(help="Also what is on the topics already.")] = False,
) -> None:
    """Follow all trigger topics until Ctrl-C.

    Example: expansion-signals watch --type limit.reached --account acct-1
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.following import follow, trigger_type  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    wanted = trigger_type(kind) if kind else None
    asyncio.run(follow(load_settings(), kind=wanted, account=account, as_json=as_json, from_beginning=from_beginning))
