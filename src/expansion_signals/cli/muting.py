"""Muting: what is asked is checked against the configuration in force, then written; what stands is told."""

from __future__ import annotations

import json
from datetime import UTC
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

import typer

from expansion_signals.cli.account_words import moment
from expansion_signals.errors import RejectedSettings
from expansion_signals.model.instants import format_instant
from expansion_signals.rules.loading import load
from expansion_signals.state.connection import connect
from expansion_signals.state.deployment import Deployment
from expansion_signals.state.mutes import RedisMutes
from expansion_signals.state.scripts import Scripts
from expansion_signals.state.standing_deployment import standing_deployment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.settings import Settings
    from expansion_signals.state.connection import Connection


class Place(NamedTuple):
    """What is silent: a rule, an account, or a rule for an account; None is any."""

    rule: str | None
    account: str | None

    def __str__(self) -> str:
        """Return it in words."""
        rule = f"rule {self.rule}" if self.rule else "every rule"
        return rule + (f" for account {self.account}" if self.account else " for every account")


async def listed(settings: Settings, now: Instant) -> Mapping[Place, Instant]:
    """Return what is muted, and until when.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is no such deployment.
    """
    redis = connect(settings.redis.get_secret_value())
    try:
        await standing_deployment(Scripts(redis), settings.prefix)
        return await _standing(RedisMutes(redis, prefix=settings.prefix), now)
    finally:
        await redis.aclose()


async def changed(settings: Settings, place: Place, until: Instant | None, now: Instant) -> Mapping[Place, Instant]:
    """Mute a place, or end that it is (`until` None); return what is muted then. Repeated, it changes nothing.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is no such deployment.
        RejectedSettings: the configuration in force has no such rule; what is muted may be ended all the same.
    """
    redis = connect(settings.redis.get_secret_value())
    try:
        mutes = RedisMutes(redis, prefix=settings.prefix)
        known = await _rules(redis, settings.prefix)
        if until is None:
            await mutes.unmute(*place)
        else:
            if place.rule is not None:
                _refuse_unknown(place.rule, known)
            await mutes.mute(*place, until)
        for ended in [each for each, end in (await mutes.mutes()).items() if end <= now]:
            await mutes.unmute(*ended)
        return await _standing(mutes, now)
    finally:
        await redis.aclose()


def told(standing: Mapping[Place, Instant], *, as_json: bool) -> None:
    """Write what is muted, the first to end first."""
    ordered = sorted(standing.items(), key=lambda each: each[1])
    if as_json:
        muted = [{**place._asdict(), "until": format_instant(until)} for place, until in ordered]
        typer.echo(json.dumps({"muted": muted}, ensure_ascii=False))
        return
    lines = [f"muted: {place}, until {moment(until, UTC)}" for place, until in ordered]
    typer.echo("\n".join(lines) or "nothing is muted")


async def _standing(mutes: RedisMutes, now: Instant) -> Mapping[Place, Instant]:
    return {Place(*place): until for place, until in (await mutes.mutes()).items() if until > now}


async def _rules(redis: Connection, prefix: str) -> Iterable[str]:
    deployment = await standing_deployment(Scripts(redis), prefix)
    texts = await Deployment(redis, prefix=prefix, shards=deployment.shards).texts(deployment.epoch)
    return load(texts).rule_versions.keys()


def _refuse_unknown(rule: str, known: Iterable[str]) -> None:
    names = sorted(known)
    if rule not in names:
        near = get_close_matches(rule, names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names)}"
        raise RejectedSettings(f"--rule: the configuration in force has no rule {rule[:80]!r}; {hint}")
