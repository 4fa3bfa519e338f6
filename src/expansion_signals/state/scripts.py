"""Scripts and pipelines on one Redis connection, with redis-py's exceptions turned into ours."""

from __future__ import annotations

import functools
from contextlib import contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from redis.exceptions import (
    AuthenticationError,
    AuthenticationWrongNumberOfArgsError,
    BusyLoadingError,
    ClusterError,
    ConnectionError,  # noqa: A004 -- redis-py's own name
    NoPermissionError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    TimeoutError,  # noqa: A004 -- redis-py's own name
)

from expansion_signals.errors import RejectedState, StateUnavailable
from expansion_signals.security import tls_refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from expansion_signals.state.connection import Connection

_PRELUDES = {
    "apply": ("numbers", "pieces", "standing", "changes", "shares", "last_seen", "facts_kept"),
    "mark": ("facts_kept",),
    "facts": ("facts_kept",),
    "accept": (),
    "account": (),
    "forget": (),
    "forget_account": (),
    "forget_user": (),
    "expire": ("reached", "pieces"),
    "fold": ("reached", "numbers", "pieces", "changes"),
    "reserve": ("numbers", "pieces", "standing"),
    "rebuild": ("pieces",),
    "lease": (),
    "look": (),
    "used": (),
    "move": (),
}
_SETTINGS = "EXPANSION_SIGNALS_REDIS"

_REFUSED_FOR_NOW = {
    "OOM",
    "READONLY",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "BUSY",
    # Of a Cluster that changes, or lacks a node.
    "MOVED",
    "ASK",
    "TRYAGAIN",
    "CLUSTERDOWN",
}


@functools.cache
def script(name: str) -> str:
    """Return the text of a script with what it shares before it."""
    folder = files("expansion_signals.state") / "lua"
    return "\n".join((folder / f"{part}.lua").read_text() for part in (*_PRELUDES.get(name, ()), name))


@contextmanager
def redis_failures(what: str) -> Iterator[None]:
    """Turn redis-py's exceptions into ours: what may pass is `StateUnavailable`, the rest a `RejectedState`."""
    try:
        yield
    except NoPermissionError as error:
        raise RejectedState(
            f"Redis does not let our user do what is needed ({what}): {error}; see deploy/redis-acl.conf"
        ) from error
    except (ConnectionError, TimeoutError, BusyLoadingError, AuthenticationWrongNumberOfArgsError, OSError) as error:
        _raise_refusal(error)
        raise StateUnavailable(f"Redis does not answer ({what}): {error}") from error
    except RedisClusterException as error:
        # Said by the client. Its cause, if one of its own, is a first node that answered and knows of no Cluster.
        if isinstance(error.__cause__, RedisClusterException):
            raise RejectedState(f"Redis is no Cluster ({what}): name it redis://host:port") from error
        _raise_refusal(error)
        raise StateUnavailable(f"the Redis Cluster does not answer ({what}): {error}") from error
    except RedisError as error:
        said = _said(error)
        # A bare ClusterError has followed redirections for too long: the Cluster is changing.
        if said.partition(" ")[0] in _REFUSED_FOR_NOW or type(error) is ClusterError:
            raise StateUnavailable(f"Redis cannot serve now ({what}): {said}") from error
        raise RejectedState(f"Redis refused {what}: {said}") from error


def _raise_refusal(error: Exception) -> None:
    """Raise if whoever is there does not let us in: redis-py, and its Cluster, take that for a server that is away."""
    for each in (error, error.__cause__):
        if isinstance(each, AuthenticationError | AuthenticationWrongNumberOfArgsError):
            raise RejectedState(
                f"Redis does not let us in: {each}; check {_SETTINGS}_USER and _PASSWORD, or {_SETTINGS} itself"
            ) from error
    if (reason := tls_refusal(error)) is not None:
        raise RejectedState(f"Redis does not let us in: {reason}; see docs/operations.md, Security") from error


def _said(error: RedisError) -> str:
    """Return the server's answer whole: redis-py takes the first word off where it knows it."""
    return f"{error.status_code} {error}" if error.status_code else str(error)


class Scripts:
    """Runs the scripts of `state/lua`, each loaded where it is missing, and plain commands, in pipelines."""

    def __init__(self, client: Connection) -> None:
        self._client = client
        self._digests: dict[str, str] = {}

    async def call(self, name: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Run a script once for each of `calls` (keys, arguments...) in one pipeline; load it where it is missing.

        In one pipeline one shard may apply while another has lost the script: each answer is judged by itself.
        """
        if not calls:
            return []
        with redis_failures(f"script {name}"):
            if name not in self._digests:
                self._digests[name] = await self._load(name)
            answers = await self._evaluate(name, calls)
            missing = [place for place, answer in enumerate(answers) if isinstance(answer, NoScriptError)]
            if missing:
                await self._load(name)
                again = await self._evaluate(name, [calls[place] for place in missing])
                for place, answer in zip(missing, again, strict=True):
                    answers[place] = answer
            return _without_failures(answers)

    async def _load(self, name: str) -> str:
        """Load a script, in a Cluster on all primaries."""
        return await self._client.script_load(script(name))

    async def _evaluate(self, name: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for keys, *arguments in calls:
            pipeline.execute_command("EVALSHA", self._digests[name], len(keys), *keys, *arguments)
        return list(await pipeline.execute(raise_on_error=False))

    async def commands(self, commands: Iterable[tuple[str, ...]], what: str) -> list[Any]:
        """Run plain commands in one round trip; `what` names them in a failure."""
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        with redis_failures(what):
            # Raised here, not there: redis-py would put the command, with its keys, before what the server said.
            return _without_failures(await pipeline.execute(raise_on_error=False))


def _without_failures(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer
    return answers
