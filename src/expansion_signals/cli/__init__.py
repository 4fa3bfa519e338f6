"""The command `expansion-signals`: one file for each command.

Exit codes: 0 done; 1 what was asked for did not come about, because a server is away or holds what does not fit: the
same command may succeed later; 2 the input is wrong: it never will; 130 stopped by Ctrl-C. A command's file imports
what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from typing import Annotated, NoReturn

import typer

from expansion_signals.cli import (
    account,
    backtest,
    config,
    demo,
    dev,
    dlq,
    doctor,
    emit,
    explain,
    imports,
    mute,
    report,
    shadow,
    topics,
    user,
    watch,
    worker,
)
from expansion_signals.errors import Rejected, RejectedState, Retryable

FAILED = 1
REJECTED = 2

app = typer.Typer(
    help="Finds the moment an existing customer is ready for more, from product usage on Kafka.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help in half the time
    pretty_exceptions_enable=False,  # a defect of ours is told with its plain traceback
)
app.command("backtest")(backtest.backtest)
app.command("demo")(demo.demo)
app.command("dev")(dev.dev)
app.command("doctor")(doctor.doctor)
app.command("emit")(emit.emit)
app.command("explain")(explain.explain)
app.command("import")(imports.import_)
app.command("mute")(mute.mute)
app.command("report")(report.report)
app.command("shadow")(shadow.shadow)
app.command("watch")(watch.watch)
app.command("worker")(worker.worker)
app.add_typer(account.app, name="account")
app.add_typer(config.app, name="config")
app.add_typer(dlq.app, name="dlq")
app.add_typer(topics.app, name="topics")
app.add_typer(user.app, name="user")


def _version(asked: bool) -> None:  # noqa: FBT001 -- typer calls it with the option's value
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 -- only those who ask wait for it

        typer.echo(f"expansion-signals {version('expansion-signals')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def main() -> NoReturn:
    """Run one command and exit; what fails ends in one message on stderr and an exit code."""
    # A supervisor's SIGTERM ends a command as Ctrl-C does, so that it leaves nothing running behind it. A script's `&`
    # starts us with SIGINT ignored; then neither would end us.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        app()
    except (Retryable, RejectedState) as error:
        _fail(error, FAILED)
    except Rejected as error:
        _fail(error, REJECTED)
    sys.exit()


def _fail(error: Exception, code: int) -> NoReturn:
    typer.echo(f"{error}", err=True)
    sys.exit(code)
