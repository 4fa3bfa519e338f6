"""Reading what was told of accounts, with a line of progress where it takes long."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from expansion_signals.errors import RejectedRecord
from expansion_signals.log.past import LogPast
from expansion_signals.wire import audit, prompts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from expansion_signals.model.happenings import Happening
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import Record
    from expansion_signals.settings import Settings


class AccountPast(NamedTuple):
    """What was told of one account, and how many of its records could not be read."""

    happenings: Sequence[Happening]
    unreadable: int = 0


async def past_of_account(
    settings: Settings, account: str, since: Instant, topics: Collection[str] = audit.TOPICS
) -> AccountPast:
    """Return what these topics tell of an account since then.

    Raises:
        LogUnavailable: Kafka does not answer.
        RejectedState: topics are missing.
    """
    found: list[Happening] = []
    key, unreadable = account.encode(), 0
    async with reading(settings, topics, since) as batches:
        async for records in batches:
            for record in records:
                # All but reports of prompts are keyed by us; these count for their subject, whatever their key.
                if record.key != key and record.topic != prompts.TOPIC:
                    continue
                try:
                    happening = audit.read(record)
                except RejectedRecord:
                    unreadable += record.key == key
                    continue
                if happening.what.account == account:
                    found.append(happening)
    return AccountPast(found, unreadable)


@asynccontextmanager
async def reading(
    settings: Settings, topics: Collection[str], since: Instant
) -> AsyncIterator[AsyncIterator[Sequence[Record]]]:
    """Read records of these topics since then; a terminal shows how far that is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    past = LogPast(
        settings.kafka,
        topics,
        since=since,
        clock=_now,
        prefix=settings.prefix,
        fetch_wait_seconds=settings.fetch_wait_seconds,
        security=settings.security,
    )
    async with past:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("reading", total=past.total)

            async def batches() -> AsyncIterator[Sequence[Record]]:
                async for records, passed in past.records():
                    progress.update(task, completed=passed)
                    yield records

            yield batches()


def _now() -> int:
    return time.time_ns() // 1_000
