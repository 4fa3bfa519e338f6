"""`expansion-signals config`: begin with catalog and rules, check them, and show what they mean."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from expansion_signals.cli.completing import rules
from expansion_signals.cli.manual import Chapter, Page

if TYPE_CHECKING:
    from expansion_signals.errors import RejectedConfiguration
    from expansion_signals.rules.configuration import Configuration

app = typer.Typer(
    cls=Chapter,
    help="Begin with catalog and rules, check and show them.\n\nExample: expansion-signals config check config",
    no_args_is_help=True,
)

_REJECTED = 2

_Directory = Annotated[
    Path | None,
    typer.Argument(
        metavar="DIR",
        help="The directory with catalog.yaml and rules.yaml; without it, EXPANSION_SIGNALS_CONFIG.",
        show_default=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Write one JSON object; nothing else on stdout.")]


@app.command("init", cls=Page)
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made where it is missing.")],
    *,
    as_json: _Json = False,
) -> None:
    """Write a catalog and rules to begin with.

    The sample with its comments, and beside each file its schema, by which an editor completes it. Nothing is
    overwritten: exits with 2 if one of the files is there.

    Example: expansion-signals config init config
    """
    from expansion_signals.cli.starting_configuration import begin  # noqa: PLC0415 -- `--help` answers at once

    written = [str(path) for path in begin(directory)]
    if as_json:
        _write_json({"written": written})
        return
    typer.echo(f"wrote {', '.join(written)}")
    typer.echo(f"next: expansion-signals config check {quote(str(directory))}")


@app.command("check", cls=Page)
def check(directory: _Directory = None, *, as_json: _Json = False) -> None:
    """Tell every error of catalog and rules at once.

    Each with its line, and what was expected there. Exits with 0 if the worker would take them, with 2 if not.

    Example: expansion-signals config check config
    """
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.errors import RejectedConfiguration  # noqa: PLC0415 -- the same

    place = _place(directory)
    try:
        configuration = load_directory(place)
    except RejectedConfiguration as rejected:
        if as_json:
            _write_json(
                {"valid": False, "problems": [asdict(problem) for problem in rejected.problems], "warnings": []}
            )
        else:
            _tell_problems(rejected)
        raise typer.Exit(_REJECTED) from None
    if as_json:
        _write_json({"valid": True, "problems": [], "warnings": list(configuration.warnings)})
        return
    _tell_warnings(configuration)
    typer.echo(_summary(place, configuration))


@app.command("show", cls=Page)
def show(directory: _Directory = None, *, as_json: _Json = False) -> None:
    """Show meters, plans with their limits, and the rules in force.

    Example: expansion-signals config show config --json
    """
    from expansion_signals.cli.configuration_view import tables_of, view_of  # noqa: PLC0415 -- `--help` answers at once
    from expansion_signals.configuration_files import load_directory  # noqa: PLC0415 -- the same

    configuration = load_directory(_place(directory))
    if as_json:
        _write_json(view_of(configuration))
        return
    from expansion_signals.cli.printing import print_lines  # noqa: PLC0415 -- only a person waits for it

    print_lines(each for table in tables_of(configuration) for each in (table, ""))
    _tell_warnings(configuration)


@app.command("history", cls=Page)
def history(
    rule: Annotated[
        str | None,
        typer.Option(metavar="RULE", autocompletion=rules, help="Only the versions of this rule, with its text."),
    ] = None,
    *,
    as_json: _Json = False,
) -> None:
    """Show every configuration that was accepted, and what changed.

    With when that was, from which git revision, and the hashes of its files. Decisions and triggers name the version of
    their rule; --rule shows what such a version said. Reads Redis.

    Example: expansion-signals config history --rule api-quota
    """
    import asyncio  # noqa: PLC0415 -- `--help` answers at once

    from expansion_signals.cli import config_history  # noqa: PLC0415 -- the same
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- the same

    epochs = asyncio.run(config_history.epochs(load_settings()))
    if rule is None:
        if as_json:
            _write_json(config_history.document_of(epochs))
        else:
            typer.echo("\n".join(config_history.lines_of(epochs)))
        return
    versions = config_history.versions_of(rule, epochs)
    if as_json:
        _write_json(config_history.document_of_rule(rule, versions))
    else:
        typer.echo("\n".join(config_history.lines_of_rule(rule, versions)))


def _place(directory: Path | None) -> Path:
    from expansion_signals.settings import load_settings  # noqa: PLC0415 -- `--help` answers at once

    return directory if directory is not None else load_settings().config


def _tell_problems(rejected: RejectedConfiguration) -> None:
    for problem in rejected.problems:
        typer.echo(str(problem))
    count = _counted(len(rejected.problems), "problem")
    typer.echo(f"{count}: nothing takes effect until all are solved", err=True)


def _tell_warnings(configuration: Configuration) -> None:
    for warning in configuration.warnings:
        typer.echo(f"warning: {warning}", err=True)


def _summary(directory: Path, configuration: Configuration) -> str:
    from expansion_signals.cli.rules_view import rules_in_force  # noqa: PLC0415 -- `--help` answers at once

    catalog = configuration.catalog
    said = ", ".join(
        (
            _counted(len(catalog.meters), "meter"),
            _counted(len(catalog.features), "feature"),
            _counted(len(catalog.plans), "plan"),
            _counted(len(catalog.add_ons), "add-on"),
            _counted(len(list(rules_in_force(configuration))), "rule") + " in force",
        )
    )
    return f"{directory} is valid: {said}. Fingerprint {configuration.fingerprint[:12]}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _write_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False))
