"""`expansion-signals account`: what is kept of one account."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from expansion_signals.cli.manual import Chapter, Page
from expansion_signals.model.windows import DAYS_KEPT, last_days

if TYPE_CHECKING:
    from expansion_signals.cli.account_overview import Overview
    from expansion_signals.settings import Settings

_Out = Annotated[
    Path | None, typer.Option(metavar="FILE", dir_okay=False, help="Write it into this file, not on stdout.")
]

app = typer.Typer(
    cls=Chapter,
    help="One account: how it stands, its brief, its erasure.\n\nExample: expansion-signals account show acct-1",
    no_args_is_help=True,
)


@app.command("show", cls=Page)
def show(
    account: Annotated[str, typer.Argument(metavar="ID", help="The account, as events name it in `subject`.")],
    days: Annotated[int, typer.Option(metavar="N", min=1, max=DAYS_KEPT, help="How many days of use to show.")] = 14,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Show counters and limits, what fired and what comes next.

    As Redis holds it now. Reads only; a worker need not run. Exits with 1 if nothing is kept of the account.

    Example: expansion-signals account show acct-1
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    overview = asyncio.run(_overview(load_settings(), account, days))
    if as_json:
        from expansion_signals.cli.account_document import document_of  # noqa: PLC0415 -- the same

        typer.echo(json.dumps(document_of(overview), ensure_ascii=False))
        return
    from expansion_signals.cli.account_view import lines_of  # noqa: PLC0415 -- only a person waits for it
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- the same

    print_lines(lines_of(overview))


@app.command("brief", cls=Page)
def brief(
    account: Annotated[str, typer.Argument(metavar="ID", help="The account, as events name it in `subject`.")],
    out: _Out = None,
    *,
    html: Annotated[bool, typer.Option("--html", help="One page of HTML, to print or to send; else Markdown.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Write the brief of an account for a quarterly review.

    From the evidence alone: plan, seats, revenue, health; use against the quarter before; readiness; opportunities with
    their case; questions. Reads Redis and the audit topics of 90 days; a worker need not run. Exits with 1 if the
    account is not known.

    Example: expansion-signals account brief acct-1 --html --out acct-1.html
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.briefing import briefed, written  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    if html and as_json:
        raise typer.BadParameter("a brief is either HTML or JSON", param_hint="--html, --json")
    made, zone = asyncio.run(briefed(load_settings(), account))
    text = written(made, zone, "html" if html else "json" if as_json else "markdown")
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"wrote {out}", err=True)


@app.command("forget", cls=Page)
def forget(
    account: Annotated[str, typer.Argument(metavar="ID", help="The account, as events name it in `subject`.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Erase everything that is kept of an account.

    Its account updates are buried with tombstones. Tells what stays on topics until retention takes it. Events that
    still arrive make it known anew: stop them first. Run again, it finds nothing more.

    Example: expansion-signals account forget acct-1 --yes
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.forgetting import account_forgotten, confirm, tell_account  # noqa: PLC0415 -- the same
    from expansion_signals.cli.waiting import waiting_for  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    settings = load_settings()
    confirm(f"Erase everything that is kept of account {account}? This cannot be undone.", yes=yes)
    with waiting_for(f"erasing {account}"):
        erased, tombstones = asyncio.run(account_forgotten(settings, account))
    tell_account(settings, account, erased, tombstones, as_json=as_json)


async def _overview(settings: Settings, account: str, days: int) -> Overview:
    """Read the account and the configuration in force.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is no such deployment, or nothing is kept of the account.
    """
    import time  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.account_overview import WITHIN_DAYS, overview_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.account_words import under  # noqa: PLC0415 -- the same
    from expansion_signals.errors import RejectedState  # noqa: PLC0415 -- the same
    from expansion_signals.rules.built_in import SEATS  # noqa: PLC0415 -- the same
    from expansion_signals.rules.loading import load  # noqa: PLC0415 -- the same
    from expansion_signals.state.connection import connect  # noqa: PLC0415 -- the same
    from expansion_signals.state.deployment import Deployment  # noqa: PLC0415 -- the same
    from expansion_signals.state.inspection import Inspection  # noqa: PLC0415 -- the same

    now = time.time_ns() // 1_000
    redis = connect(settings.redis.get_secret_value())
    try:
        windows = [last_days(now, days) for days in WITHIN_DAYS]
        inspection = Inspection(redis, prefix=settings.prefix)
        standing = await inspection.account(account, last_days(now, DAYS_KEPT), windows, [SEATS])
        if standing.is_empty:
            raise RejectedState(
                f"nothing is kept of account {account!r}{under(settings.prefix)}: no event of it was "
                "counted yet, or all has expired. Is the ID written as events have it in `subject`?"
            )
        deployment = Deployment(redis, prefix=settings.prefix, shards=settings.shards)
        configuration = load(await deployment.texts(standing.epoch))
    finally:
        await redis.aclose()
    return overview_of(standing, configuration, now, last_days(now, days))
