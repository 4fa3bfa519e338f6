"""`expansion-signals topics`: create and check the topics of `schemas/topics/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from expansion_signals.cli.manual import Chapter, Page

if TYPE_CHECKING:
    from expansion_signals.settings import Settings

app = typer.Typer(
    cls=Chapter,
    help="Create and check the topics this program reads and writes.\n\nExample: expansion-signals topics create",
    no_args_is_help=True,
)

_DIFFERENT = 1

_Json = Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")]


@app.command("create", cls=Page)
def create(
    replication: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Replicas of each topic; never more than there are brokers.")
    ] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Create every topic that is missing.

    Those that exist are left as they are: `topics check` tells how they differ.

    Example: expansion-signals topics create --replication 3
    """
    from expansion_signals.cli.waiting import waiting_for  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.log.topics import create_topics  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same
    from expansion_signals.wire.topic_files import topics  # noqa: PLC0415 -- the same

    settings = load_settings()
    wanted = topics()
    with waiting_for(f"creating topics on {settings.kafka}"):
        _refuse_embedded(settings)
        created = create_topics(settings.kafka, settings.prefix, wanted, replication, settings.security)
    names = [settings.prefix + topic.name for topic in wanted]
    if as_json:
        typer.echo(json.dumps({"topics": [{"topic": name, "created": name in created} for name in names]}))
        return
    for name in names:
        typer.echo(f"{name}: {'created' if name in created else 'exists'}")


@app.command("check", cls=Page)
def check(*, as_json: _Json = False) -> None:
    """Compare the topics of the broker with their files.

    Exits with 1 if they differ.

    Example: expansion-signals topics check --json
    """
    from expansion_signals.cli.waiting import waiting_for  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.log.topics import check_topics  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same
    from expansion_signals.wire.topic_files import topics  # noqa: PLC0415 -- the same

    settings = load_settings()
    with waiting_for(f"comparing topics on {settings.kafka}"):
        _refuse_embedded(settings)
        differences = check_topics(settings.kafka, settings.prefix, topics(), settings.security)
    if as_json:
        typer.echo(json.dumps({"differences": [asdict(difference) for difference in differences]}))
    else:
        typer.echo("\n".join(map(str, differences)) or "every topic is as its file says")
    if differences:
        raise typer.Exit(_DIFFERENT)


def _refuse_embedded(settings: Settings) -> None:
    """Say of the embedded broker that it has nothing to ask; asked all the same, it would seem to be away."""
    from expansion_signals.errors import RejectedState  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.log.topics import is_embedded  # noqa: PLC0415 -- the same

    if is_embedded(settings.kafka, settings.security):
        raise RejectedState(
            f"Kafka at {settings.kafka} is the embedded broker of `expansion-signals dev`: it has every topic from the "
            "start, and no settings to compare; go on with `expansion-signals emit --help`"
        )
