"""The command `expansion-signals`: one file for each command.

Exit codes: 0 done; 1 what was asked for did not come about, because a server is away or holds what does not fit: the
same command may succeed later; 2 the input is wrong: it never will; 130 stopped by Ctrl-C. A command's file imports
what it needs when it runs, so that `--help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
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
    parked,
    report,
    shadow,
    topics,
    user,
    watch,
    worker,
)
from expansion_signals.cli.manual import Chapter, Page
from expansion_signals.errors import LogUnavailable, Rejected, RejectedState, Retryable, StateUnavailable

FAILED = 1
REJECTED = 2
INTERRUPTED = 130

app = typer.Typer(
    cls=Chapter,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help in half the time
    pretty_exceptions_enable=False,  # a defect of ours is told with its plain traceback
)
_TRY, _RUN, _EVENTS, _RULES, _ACCOUNTS = "Try it", "Run it", "Events and triggers", "Rules", "Accounts"

app.command("demo", cls=Page, rich_help_panel=_TRY)(demo.demo)
app.command("dev", cls=Page, rich_help_panel=_TRY)(dev.dev)
app.command("worker", cls=Page, rich_help_panel=_RUN)(worker.worker)
app.command("doctor", cls=Page, rich_help_panel=_RUN)(doctor.doctor)
app.add_typer(topics.app, name="topics", rich_help_panel=_RUN)
app.add_typer(dlq.app, name="dlq", rich_help_panel=_RUN)
app.add_typer(parked.app, name="parked", rich_help_panel=_RUN)
app.command("emit", cls=Page, rich_help_panel=_EVENTS)(emit.emit)
app.command("watch", cls=Page, rich_help_panel=_EVENTS)(watch.watch)
app.command("import", cls=Page, rich_help_panel=_EVENTS)(imports.import_)
app.add_typer(config.app, name="config", rich_help_panel=_RULES)
app.command("backtest", cls=Page, rich_help_panel=_RULES, short_help="Try rules on recorded events.")(backtest.backtest)
app.command("shadow", cls=Page, rich_help_panel=_RULES, short_help="Tell what rules in shadow would have published.")(
    shadow.shadow
)
app.command("mute", cls=Page, rich_help_panel=_RULES)(mute.mute)
app.command("explain", cls=Page, rich_help_panel=_ACCOUNTS)(explain.explain)
app.add_typer(account.app, name="account", rich_help_panel=_ACCOUNTS)
app.add_typer(user.app, name="user", rich_help_panel=_ACCOUNTS)
app.command("report", cls=Page, rich_help_panel=_ACCOUNTS)(report.report)


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
    """Find the moment an existing customer is ready for more, from product usage on Kafka.

    Settings are read from EXPANSION_SIGNALS_* (KAFKA, REDIS, CONFIG, PREFIX, ...) and from .env. Exit codes: 0 done;
    1 failed, and may succeed later; 2 the input is wrong; 130 ended by Ctrl-C.

    Example: expansion-signals demo
    """


def main() -> NoReturn:
    """Run one command and exit; what fails ends in one message on stderr and an exit code."""
    _write_any_letter()
    try:
        # A supervisor's SIGTERM ends a command as Ctrl-C does, so that it leaves nothing running behind it. A script's
        # `&` starts us with SIGINT ignored; then neither would end us.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        app()
    except KeyboardInterrupt:  # while typer gathers the commands: it sees to one that runs
        sys.exit(INTERRUPTED)
    except LogUnavailable as error:
        _fail(_with_next_step(error, "KAFKA"), FAILED)
    except StateUnavailable as error:
        _fail(_with_next_step(error, "REDIS"), FAILED)
    except (Retryable, RejectedState) as error:
        _fail(error, FAILED)
    except Rejected as error:
        _fail(error, REJECTED)
    sys.exit()


def _write_any_letter() -> None:
    """Write UTF-8 into pipes, as JSON must be; a terminal that lacks a letter shows `?`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="replace")


def _with_next_step(error: Retryable, setting: str) -> str:
    said = str(error).rstrip(".")
    return f"{said}; is it running there? EXPANSION_SIGNALS_{setting} names another; expansion-signals doctor looks"


def _fail(error: Exception | str, code: int) -> NoReturn:
    typer.echo(f"{error}", err=True)
    sys.exit(code)
