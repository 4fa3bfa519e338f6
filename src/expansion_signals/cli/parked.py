"""`expansion-signals parked`: what subscribers gave up, listed, shown and handed back."""

from __future__ import annotations

from typing import Annotated

import typer

from expansion_signals.cli.completing import trigger_types
from expansion_signals.cli.manual import Chapter, Page

app = typer.Typer(
    cls=Chapter,
    help="Parked triggers: those that a subscriber could not act on.\n\nExample: expansion-signals parked list",
    no_args_is_help=True,
)

_REFUSED = 1

_Group = Annotated[str | None, typer.Option(metavar="GROUP", help="Only what this group of subscribers has parked.")]
_Type = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", autocompletion=trigger_types, help="Only of this type, such as limit.reached."
    ),
]
_Account = Annotated[str | None, typer.Option(metavar="ID", help="Only triggers about this account.")]
_Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Parked since so long ago (2h, 3d), or an instant (RFC 3339).")
]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON; nothing else on stdout.")]


@app.command("list", cls=Page)
def list_(  # noqa: PLR0913 -- each is an option
    *,
    group: _Group = None,
    kind: _Type = None,
    account: _Account = None,
    since: _Since = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="How many to show at most.")] = 50,
    as_json: _Json = False,
) -> None:
    """List parked triggers: when, by whom, whose and why.

    With --json all of them, one a line; else the last ones, with times in UTC. Reads the topic only: neither Redis, nor
    a worker, nor the subscriber need run.

    Example: expansion-signals parked list --group mailer --since 2h
    """
    from expansion_signals.cli.letter_document import line_of  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.cli.parked_document import summary_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.parked_triggers import Options, parked_triggers  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    options = Options(group, kind, account, since)
    with parked_triggers(load_settings(), options) as found:
        if as_json:
            for each in found:
                typer.echo(line_of(summary_of(each)))
            return
        from expansion_signals.cli.parked_view import lines_of_all  # noqa: PLC0415 -- only a person waits for it
        from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- the same

        print_lines(lines_of_all(found, limit, chosen=options != Options()))


@app.command("show", cls=Page)
def show(
    trigger: Annotated[str, typer.Argument(metavar="ID", help="The trigger's id, as `parked list` tells it.")],
    *,
    group: _Group = None,
    as_json: _Json = False,
) -> None:
    """Show one parked trigger whole, with why it was given up.

    Where several groups have parked it, the last of them, or that of --group. Whatever a terminal would obey is
    escaped. Exits with 1 if there is none.

    Example: expansion-signals parked show 3f1c0a52e84b4d0f9a6be2b4c1d7a980
    """
    from expansion_signals.cli.letter_document import line_of  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.cli.parked_document import document_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.parked_triggers import Options, parked_trigger  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    with parked_trigger(load_settings(), Options(group), trigger) as found:
        if as_json:
            typer.echo(line_of(document_of(found[-1])))
            return
        from expansion_signals.cli.parked_view import lines_of  # noqa: PLC0415 -- only a person waits for it
        from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- the same

        print_lines(lines_of(found[-1]), whole=True)


@app.command("replay", cls=Page)
def replay(  # noqa: PLR0913 -- each is an option
    trigger: Annotated[str | None, typer.Argument(metavar="ID", help="Only this one, as for `show`.")] = None,
    *,
    group: _Group = None,
    kind: _Type = None,
    account: _Account = None,
    since: _Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Hand back nothing; tell what would be.")] = False,
    as_json: _Json = False,
) -> None:
    """Hand parked triggers back to the groups that parked them.

    Each goes back on its topic, and off the parking topic, in one transaction; other groups that have done it drop it.
    Exits with 1 if some cannot be handed back, and says why.

    Example: expansion-signals parked replay --group mailer --dry-run
    """
    from expansion_signals.cli.handing_back import document_of, hand_back, lines_of  # noqa: PLC0415 -- `--help` answers
    from expansion_signals.cli.letter_document import line_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.parked_triggers import Options, parked_trigger, parked_triggers  # noqa: PLC0415 -- so
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    settings, options = load_settings(), Options(group, kind, account, since)
    asked = parked_triggers(settings, options) if trigger is None else parked_trigger(settings, options, trigger)
    with asked as found:
        done = hand_back(found, settings.prefix, dry_run=dry_run)
    if as_json:
        typer.echo(line_of(document_of(done, dry_run=dry_run)))
    else:
        for line in lines_of(done, dry_run=dry_run):
            typer.echo(line)
    if done.refused:
        raise typer.Exit(_REFUSED)
