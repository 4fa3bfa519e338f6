"""`expansion-signals emit`: send one event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from expansion_signals.cli.completing import event_types, meters

if TYPE_CHECKING:
    from expansion_signals.cli.emission import What


def emit(  # noqa: PLR0913, PLR0917 -- each is an attribute of the event
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whose usage it is.")],
    meter: Annotated[
        str | None, typer.Option(metavar="METER", autocompletion=meters, help="Which meter was used.")
    ] = None,
    value: Annotated[str, typer.Option(metavar="AMOUNT", help="How much of it: a decimal.")] = "1",
    user: Annotated[str | None, typer.Option(metavar="USER", help="Who in the account used it.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--type", metavar="TYPE", autocompletion=event_types, help="Any other event type, with its --data."
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(metavar="JSON", help="The event's data, with --type.")] = None,
    event_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Send an id again to see it counted once.")
    ] = None,
    time: Annotated[str | None, typer.Option(metavar="TIME", help="When it happened (RFC 3339); default: now.")] = None,
    source: Annotated[str, typer.Option(metavar="SOURCE", help="Which app sends it.")] = "/cli",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the event that was sent, and nothing else.")] = False,
) -> None:
    """Send one usage event, as a product app would.

    Example: expansion-signals emit acct-1 --meter api_calls --value 800

    Example: expansion-signals emit acct-1 --type com.acme.report.exported --data '{"format":"pdf"}'

    Example: expansion-signals emit acct-1 --type expansion.account.updated.v1 --data '{"version":1,"plan":"free"}'
    """
    if (meter is None) == (kind is None):
        raise typer.BadParameter("say either --meter, or --type for any other event")
    if data is not None and kind is None:
        raise typer.BadParameter("--data goes with --type")

    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli.emission import Origin, own_event, send, usage_event  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    what = usage_event(meter, value, user) if meter is not None else own_event(kind or "", data or "{}", user)
    sent = asyncio.run(send(load_settings(), account, what, Origin(source, event_id, time)))
    _tell_unforeseen(what)
    if as_json:
        typer.echo(sent.text)
    else:
        typer.echo(f"sent {sent.type} {sent.id} for {account} to {sent.topic}")
        typer.echo(f"next: expansion-signals watch --account {account} --from-beginning")


def _tell_unforeseen(what: What) -> None:
    """Tell of a misspelled meter: the worker may run with other files, so the event is sent all the same."""
    from expansion_signals.cli.configuration_at_hand import configuration_at_hand  # noqa: PLC0415 -- `--help` is quick
    from expansion_signals.cli.unforeseen import unforeseen  # noqa: PLC0415 -- the same

    configuration = configuration_at_hand()
    told = unforeseen(what, configuration) if configuration else None
    if told is not None:
        typer.echo(f"note: the configuration here has {told}", err=True)
