"""`expansion-signals topics`: create and check the topics of `schemas/topics/`."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

app = typer.Typer(help="Create and check the topics this program reads and writes.", no_args_is_help=True)

_DIFFERENT = 1


@app.command(epilog="Example: expansion-signals topics create --replication 3")
def create(
    replication: Annotated[
        int | None, typer.Option(min=1, help="Replicas of each topic; never more than there are brokers.")
    ] = None,
) -> None:
    """Create every topic that is missing; leave the others as they are."""
    from expansion_signals.log.topics import create_topics  # noqa: PLC0415 -- --help must not wait for the client
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same
    from expansion_signals.wire.topic_files import topics  # noqa: PLC0415 -- the same

    settings = load_settings()
    wanted = topics()
    created = create_topics(settings.kafka, settings.prefix, wanted, replication, settings.security)
    for topic in wanted:
        name = settings.prefix + topic.name
        typer.echo(f"{name}: {'created' if name in created else 'exists'}")


@app.command(epilog="Example: expansion-signals topics check --json")
def check(*, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Compare the broker's topics with their files; exit 1 if they differ."""
    from expansion_signals.log.topics import check_topics  # noqa: PLC0415 -- --help must not wait for the client
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same
    from expansion_signals.wire.topic_files import topics  # noqa: PLC0415 -- the same

    settings = load_settings()
    differences = check_topics(settings.kafka, settings.prefix, topics(), settings.security)
    if as_json:
        typer.echo(json.dumps({"differences": [asdict(difference) for difference in differences]}))
    else:
        typer.echo("\n".join(map(str, differences)) or "every topic is as its file says")
    if differences:
        raise typer.Exit(_DIFFERENT)
