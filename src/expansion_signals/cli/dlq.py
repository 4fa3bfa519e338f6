"""`expansion-signals dlq`: dead letters listed, shown and replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from expansion_signals.cli.completing import dead_letter_codes, topics_read
from expansion_signals.cli.manual import Chapter, Page

if TYPE_CHECKING:
    from expansion_signals.cli.letter_listing import Options
    from expansion_signals.cli.replaying import How, Replay
    from expansion_signals.settings import Settings

app = typer.Typer(
    cls=Chapter,
    help="Dead letters: records that could never be counted.\n\nExample: expansion-signals dlq list --since 2h",
    no_args_is_help=True,
)

_REFUSED = 1

_Code = Annotated[
    str | None,
    typer.Option(
        metavar="CODE", autocompletion=dead_letter_codes, help="Only those with this code, such as invalid_data."
    ),
]
_Topic = Annotated[
    str | None,
    typer.Option(metavar="TOPIC", autocompletion=topics_read, help="Only records of this topic, such as usage-events."),
]
_Partition = Annotated[int | None, typer.Option(min=0, metavar="N", help="Only records of this partition.")]
_Account = Annotated[
    str | None, typer.Option(metavar="ID", help="Only this account: the event's subject, or the record's key.")
]
_Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Since so long ago (2h, 3d), or an instant (RFC 3339); else all.")
]
_Until = Annotated[str | None, typer.Option(metavar="TIME", help="Until so long ago, or an instant; else until now.")]
_Json = Annotated[bool, typer.Option("--json", help="Write JSON; nothing else on stdout.")]
_Place = Annotated[
    str, typer.Argument(metavar="PLACE", help="TOPIC/PARTITION/OFFSET of the record, or of the dead letter itself.")
]


@app.command("list", cls=Page)
def list_(  # noqa: PLR0913 -- each is an option
    *,
    code: _Code = None,
    topic: _Topic = None,
    partition: _Partition = None,
    account: _Account = None,
    since: _Since = None,
    until: _Until = None,
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="How many to show at most.")] = 50,
    as_json: _Json = False,
) -> None:
    """List dead letters: when, where, why and whose.

    With --json all of them, one a line; else the last ones, with times in UTC. Reads the topic only: neither Redis nor
    a worker need run.

    Example: expansion-signals dlq list --code invalid_data --since 2h
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.letter_listing import Options, listed  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    options = Options(code, topic, partition, account, since, until)
    asyncio.run(listed(load_settings(), options, limit, as_json=as_json))


@app.command("show", cls=Page)
def show(place: _Place, *, as_json: _Json = False) -> None:
    """Show one dead letter whole: cause, key, headers and value.

    A value is indented where it is JSON. Whatever a terminal would obey is escaped. Exits with 1 if there is none.

    Example: expansion-signals dlq show usage-events/3/41
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.letter_document import document_of, line_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.letter_reading import letters_at, place_of  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    settings = load_settings()
    found = asyncio.run(letters_at(settings, place_of(place, settings.prefix)))
    if as_json:
        typer.echo(line_of(document_of(found[-1], settings.prefix)))
        return
    from expansion_signals.cli.letter_view import lines_of  # noqa: PLC0415 -- only a person waits for it
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- the same

    print_lines(lines_of(found[-1]), whole=True)


@app.command("replay", cls=Page)
def replay(  # noqa: PLR0913 -- each is an option
    place: Annotated[
        str | None, typer.Argument(metavar="PLACE", help="Only this one: TOPIC/PARTITION/OFFSET, as for `show`.")
    ] = None,
    *,
    code: _Code = None,
    topic: _Topic = None,
    partition: _Partition = None,
    account: _Account = None,
    since: _Since = None,
    until: _Until = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was replayed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send nothing; tell what would be replayed.")] = False,
    as_json: _Json = False,
) -> None:
    """Send dead letters once more to the topics they came from.

    The same bytes, key and headers, so the same identity. What was counted meanwhile is a duplicate; what fails again
    is a dead letter with one attempt more. No letter is replayed twice without --again. Exits with 1 if some cannot be
    replayed, and says why.

    Example: expansion-signals dlq replay --code precision --dry-run
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.letter_listing import Options  # noqa: PLC0415 -- the same
    from expansion_signals.cli.replaying import How  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    options = Options(code, topic, partition, account, since, until)
    if place is not None and options != Options():
        raise typer.BadParameter("one letter is named by its place alone: leave the other options out")
    done = asyncio.run(_replayed(load_settings(), place, options, How(again=again, dry_run=dry_run)))
    _tell(done, dry_run=dry_run, as_json=as_json)
    if done.refused:
        raise typer.Exit(_REFUSED)


async def _replayed(settings: Settings, place: str | None, options: Options, how: How) -> Replay:
    from expansion_signals.cli.letter_listing import asked_for  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.cli.letter_reading import letters_at, place_of  # noqa: PLC0415 -- the same
    from expansion_signals.cli.replaying import replay, replay_these  # noqa: PLC0415 -- the same

    if place is None:
        return await replay(settings, *asked_for(options, settings.prefix), how)
    return await replay_these(settings, await letters_at(settings, place_of(place, settings.prefix)), how)


def _tell(done: Replay, *, dry_run: bool, as_json: bool) -> None:
    from expansion_signals.cli.replay_told import document_of, lines_of  # noqa: PLC0415 -- `--help` answers at once

    if as_json:
        from expansion_signals.cli.letter_document import line_of  # noqa: PLC0415 -- the same

        typer.echo(line_of(document_of(done, dry_run=dry_run)))
        return
    for line in lines_of(done, dry_run=dry_run):
        typer.echo(line)
