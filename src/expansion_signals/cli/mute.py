"""`expansion-signals mute`: the switch for an incident."""

from __future__ import annotations

from typing import Annotated

import typer

from expansion_signals.cli.completing import rules


def mute(
    rule: Annotated[
        str | None, typer.Option(metavar="RULE", autocompletion=rules, help="This rule; without it, every rule.")
    ] = None,
    account: Annotated[str | None, typer.Option(metavar="ID", help="This account; without it, every account.")] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Until when: in so long (2h, 3d), or an instant (RFC 3339).")
    ] = None,
    *,
    off: Annotated[bool, typer.Option("--off", help="End what was muted so.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Silence rules or accounts for a while, or list what is muted.

    A rule, an account, a rule for an account, or everything; without options it lists. Usage is counted and decided on
    as always; what is due is suppressed, with the reason `muted`. Workers know of it with their next poll.

    Example: expansion-signals mute --rule api-quota --until 2h
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import time  # noqa: PLC0415 -- the same

    from expansion_signals.cli.muting import Place, changed, listed, told  # noqa: PLC0415 -- the same
    from expansion_signals.cli.since import instant_after  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    now = time.time_ns() // 1_000
    end = None if until is None else instant_after(until, now, "--until")
    if end is not None and off:
        raise typer.BadParameter("what ends now has no other end", param_hint="--off, --until")
    if end is None and not off:
        if rule or account:
            raise typer.BadParameter("expected how long, such as 2h; or --off to end it", param_hint="--until")
        told(asyncio.run(listed(load_settings(), now)), as_json=as_json)
        return
    told(asyncio.run(changed(load_settings(), Place(rule, account), end, now)), as_json=as_json)
