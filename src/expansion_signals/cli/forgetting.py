"""Erasure: of an account, or of one person of it; what is reached, and what stays until its time is over."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, NamedTuple

import typer

from expansion_signals.log.tombstones import bury
from expansion_signals.model.instants import DAY, MILLISECOND
from expansion_signals.model.units import counted
from expansion_signals.state.connection import connect
from expansion_signals.state.erasure import Erasure
from expansion_signals.state.mutes import RedisMutes
from expansion_signals.wire.pseudonyms import pseudonyms_of
from expansion_signals.wire.topic_files import topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from expansion_signals.settings import Settings
    from expansion_signals.state.erasure import ErasedAccount, ErasedUser

UPDATES = "account-updates"


class Stays(NamedTuple):
    """A topic that erasure cannot reach into, and for how many days it keeps a record."""

    topic: str
    days: int


def confirm(question: str, *, yes: bool) -> None:
    """Ask a person, unless they have said yes beforehand.

    Raises:
        BadParameter: nobody is there to be asked.
        Abort: they said no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("it cannot be undone, and nobody is here to confirm it: say --yes", param_hint="--yes")
    typer.confirm(question, abort=True, err=True)


def stays(prefix: str) -> Sequence[Stays]:
    """Return the topics whose records name accounts and people until retention takes them."""
    return [
        Stays(prefix + topic.name, int(topic.config["retention.ms"]) * MILLISECOND // DAY)
        for topic in topics()
        if "retention.ms" in topic.config
    ]


async def account_forgotten(settings: Settings, account: str) -> tuple[ErasedAccount, int]:
    """Erase an account in Redis, end its mutes, and bury its updates; return what went, and how many tombstones.

    Redis comes first: a worker that read the tombstone before would publish the profile once more, as one that is gone.

    Raises:
        StateUnavailable, LogUnavailable: Redis or Kafka does not answer; the same command goes on where it ended.
        RejectedState: there is no such deployment, or the topic is missing.
    """
    redis = connect(settings.redis.get_secret_value())
    try:
        erased = await Erasure(redis, prefix=settings.prefix).account(account)
        mutes = RedisMutes(redis, prefix=settings.prefix)
        for rule, of in await mutes.mutes():
            if of == account:
                await mutes.unmute(rule, of)
    finally:
        await redis.aclose()
    return erased, await bury(settings.kafka, settings.prefix + UPDATES, account.encode(), settings.security)


async def user_forgotten(settings: Settings, account: str, user: str) -> ErasedUser:
    """Erase a person of an account in Redis, whatever they are called there.

    Raises:
        StateUnavailable: Redis does not answer; the same command may be run again.
        RejectedState: there is no such deployment.
    """
    redis = connect(settings.redis.get_secret_value())
    pseudonyms = pseudonyms_of(settings.user_key)
    called = user if pseudonyms is None else pseudonyms.person(user)
    try:
        return await Erasure(redis, prefix=settings.prefix).user(account, called)
    finally:
        await redis.aclose()


def tell_account(settings: Settings, account: str, erased: ErasedAccount, tombstones: int, *, as_json: bool) -> None:
    """Write what went, and what stays."""
    facts = {"keys": erased.keys, "facts": erased.facts, "looks": erased.looks, "tombstones": tombstones}
    gone = (_number(erased.keys, "key"), _number(erased.facts, "waiting fact"), _number(erased.looks, "look"))
    buried = f"{_number(tombstones, 'tombstone')} on {settings.prefix}{UPDATES}"
    line = f"{account}: {', '.join(gone)} erased; {buried}"
    _tell(settings, {"account": account, **facts}, line, list(_left_of_account(erased)), as_json=as_json)


def tell_user(settings: Settings, account: str, user: str, erased: ErasedUser, *, as_json: bool) -> None:
    """Write where the person was taken out of, and where not."""
    where = ", ".join(dict.fromkeys(erased.parts)) or "nothing of them was kept"
    facts = {"account": account, "user": user, "parts": list(erased.parts)}
    line = f"{user} of {account}: {'erased from ' if erased.parts else ''}{where}"
    _tell(settings, facts, line, list(_left_of_user(settings.prefix, erased)), as_json=as_json)


def _left_of_account(erased: ErasedAccount) -> Iterator[str]:
    yield "identities of its events: hashes of account, source and id, until they expire"
    for key in erased.doubtful:
        yield f"{key}: another account that stands may own it"


def _left_of_user(prefix: str, erased: ErasedUser) -> Iterator[str]:
    yield f"{prefix}{UPDATES}: the last profile, until billing sends one without them"
    if erased.sketched:
        yield "sketches of members: they hold no names, and nobody can be taken out"
    if erased.waiting:
        waiting = _number(erased.waiting, "record")
        yield f"{waiting} being judged or published: run this again in a minute, with a worker running"


def _tell(settings: Settings, facts: Mapping[str, Any], line: str, left: Sequence[str], *, as_json: bool) -> None:
    kept = stays(settings.prefix)
    if as_json:
        document = {**facts, "left": list(left), "topics": [each._asdict() for each in kept]}
        typer.echo(json.dumps(document, ensure_ascii=False))
        return
    typer.echo(line)
    typer.echo("What stays:")
    for thing in left:
        typer.echo(f"  {thing}")
    for days in sorted({each.days for each in kept}):
        names = ", ".join(each.topic for each in kept if each.days == days)
        typer.echo(f"  records of up to {_number(days, 'day')} ago, until retention takes them: {names}")


def _number(number: int, noun: str) -> str:
    *before, last = noun.split()
    return " ".join((f"{number:,}", *before, counted(last, one=number == 1)))
