"""Listing dead letters: which are asked for, and how they are told."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple, get_args

import typer

from expansion_signals.cli.dead_letter import Wanted
from expansion_signals.cli.letter_document import line_of, summary_of
from expansion_signals.cli.letter_reading import letters
from expansion_signals.cli.letter_view import table_of, told_of
from expansion_signals.cli.printing import print_lines
from expansion_signals.cli.since import instant_before
from expansion_signals.errors import DeadLetterCode

if TYPE_CHECKING:
    from expansion_signals.cli.dead_letter import Letter
    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings


class Options(NamedTuple):
    """What was said on the command line; None where nothing was."""

    code: str | None = None
    topic: str | None = None
    partition: int | None = None
    account: str | None = None
    since: str | None = None
    until: str | None = None


def asked_for(options: Options, prefix: str) -> tuple[Wanted, Instant]:
    """Return which letters are asked for, and since when.

    Raises:
        BadParameter: there is no such code, or a time is none.
    """
    codes = get_args(DeadLetterCode)
    if options.code is not None and options.code not in codes:
        said = f"no dead letter has the code {options.code[:64]!r}; there are: {', '.join(codes)}"
        raise typer.BadParameter(said, param_hint="--code")
    now = time.time_ns() // 1_000
    since = 0 if options.since is None else instant_before(options.since, now, "--since")
    until = None if options.until is None else instant_before(options.until, now, "--until")
    topic = None if options.topic is None else prefix + options.topic.removeprefix(prefix)
    return Wanted(options.code, topic, options.partition, options.account, until), since


async def listed(settings: Settings, options: Options, limit: int, *, as_json: bool) -> None:
    """Write the letters that are asked for: in JSON all, as they are read; in a table the last ones.

    Raises:
        LogUnavailable: the broker does not answer.
        RejectedState: the topic is missing, or the broker refuses us.
    """
    wanted, since = asked_for(options, settings.prefix)
    last: deque[Letter] = deque(maxlen=limit)
    by_code: Counter[str] = Counter()
    async with letters(settings, wanted, since) as batches:
        async for some in batches:
            if as_json:
                for letter in some:
                    typer.echo(line_of(summary_of(letter, settings.prefix)))
                continue
            last.extend(some)
            by_code.update("unreadable" if letter.cause is None else letter.cause.code for letter in some)
    if not as_json:
        _tell(last, by_code, chosen=options != Options())


def _tell(last: deque[Letter], by_code: Counter[str], *, chosen: bool) -> None:
    if last:
        print_lines([table_of(sorted(last, key=lambda letter: letter.record.appended))])
    print_lines(told_of(by_code, len(last), chosen=chosen))
