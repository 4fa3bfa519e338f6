"""`expansion-signals user`: one person of an account."""

from __future__ import annotations

from typing import Annotated

import typer

from expansion_signals.cli.manual import Chapter, Page

app = typer.Typer(cls=Chapter, no_args_is_help=True)


@app.callback()
def _user() -> None:
    """One person of an account: their erasure.

    Example: expansion-signals user forget acct-1 u-42
    """


@app.command("forget", cls=Page)
def forget(
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whose person it is.")],
    user: Annotated[str, typer.Argument(metavar="USER", help="The person, as events name them in `user`.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")] = False,
) -> None:
    """Erase a person from all that is kept of an account.

    From lists, seats, notes, members, and what deciding remembers. What was counted stays counted, of nobody. Tells
    what it cannot reach. Run again, it finds nothing more.

    Example: expansion-signals user forget acct-1 u-42 --yes
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.forgetting import confirm, tell_user, user_forgotten  # noqa: PLC0415 -- the same
    from expansion_signals.cli.waiting import waiting_for  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    settings = load_settings()
    confirm(f"Erase {user} from account {account}? This cannot be undone.", yes=yes)
    with waiting_for(f"erasing {user}"):
        erased = asyncio.run(user_forgotten(settings, account, user))
    tell_user(settings, account, user, erased, as_json=as_json)
