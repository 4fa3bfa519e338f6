"""`expansion-signals explain`: an account's story, for people who talk to customers."""

from __future__ import annotations

from typing import Annotated

import typer


def explain(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account, as events name it in `subject`.")],
    since: Annotated[
        str, typer.Option(metavar="TIME", help="From when on: so long ago (30d, 12h), or an instant (RFC 3339).")
    ] = "30d",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Tell the story of an account, and what comes next.

    What was found about it, what was decided and why, and what came of it. Reads the audit topics and Redis; a worker
    need not run. Exits with 1 if nothing is known of the account.

    Example: expansion-signals explain acct-1 --since 7d
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once
    import json  # noqa: PLC0415 -- the same
    import time  # noqa: PLC0415 -- the same

    from expansion_signals.cli.explaining import explained  # noqa: PLC0415 -- the same
    from expansion_signals.cli.since import instant_before  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    now = time.time_ns() // 1_000
    begin = instant_before(since, now, "--since")
    found = asyncio.run(explained(load_settings(), account, begin, now))
    if as_json:
        from expansion_signals.cli.story_document import document_of  # noqa: PLC0415 -- the same

        typer.echo(json.dumps(document_of(found), ensure_ascii=False))
        return
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- only a person waits for it
    from expansion_signals.cli.story_view import lines_of  # noqa: PLC0415 -- the same

    print_lines(lines_of(found))
