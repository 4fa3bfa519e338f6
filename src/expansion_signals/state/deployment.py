"""What all workers of a deployment share in Redis: state format, shard count, and configuration epochs.

An epoch is a whole number that stands for one accepted configuration. Only an explicit accept makes one: a worker
started with files never seen before, or an operator's word. Shards move forward only, so two workers with different
files never fight over limits (architecture, Configuration epochs). The texts are kept under their epoch: a fact
is judged under the epoch written in it, by whichever worker finds it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from redis.asyncio import RedisCluster

from expansion_signals.checks.deployment_cut import judge_cut, judge_topic_names
from expansion_signals.checks.findings import refuse
from expansion_signals.checks.redis_server import judge_eviction, judge_half_a_cluster
from expansion_signals.errors import RejectedState
from expansion_signals.state.connection import reports
from expansion_signals.state.keys import STATE_FORMAT, configurations_key, deployment_key, shard_keys
from expansion_signals.state.scripts import redis_failures, script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.state.connection import Connection


class Accepted(NamedTuple):
    """The epoch of the configuration that was asked for, and the epoch in force."""

    epoch: int
    in_force: int


class Origin(NamedTuple):
    """When a configuration was accepted, and the git revision that its files were of; None where that is not known."""

    at: Instant | None = None
    revision: str | None = None


class AcceptedTexts(NamedTuple):
    """The texts of an accepted configuration by file name, and where they came from."""

    texts: Mapping[str, str]
    origin: Origin


_ORIGIN = "@origin"
"""What stands in place of a file's name: no file is called so."""


class Deployment:
    """One deployment in Redis, named by its prefix; `people` is the fingerprint of the key that hides their names."""

    def __init__(self, client: Connection, *, prefix: str, shards: int, people: str = "") -> None:
        self._client = client
        self._prefix = prefix
        self._shards = shards
        self._people = people

    async def check(self) -> bool:
        """Check that what stands fits this worker; say whether the deployment was ever complete.

        Raises:
            StateUnavailable: Redis does not answer.
            RejectedState: eviction is on; one node of a Cluster was named as if it were all; format, shard count or the
                key of pseudonyms differ from what this worker was started with.
        """
        with redis_failures("opening the deployment"):
            await self._refuse_half_a_cluster()
            await self._refuse_eviction()
            key = deployment_key(self._prefix)
            # Whoever comes first says how the deployment is cut.
            if await self._run("HSETNX", key, "shards", self._shards):
                await self._run("HSET", key, "format", STATE_FORMAT, "people", self._people)
            stands = dict(_decoded(await self._run("HGETALL", key)))
            refuse(judge_cut(stands, shards=self._shards, state_format=STATE_FORMAT, people=self._people))
            return bool(await self._run("HEXISTS", key, "complete"))

    async def open(self) -> None:
        """Make the shards of a deployment that never was complete; later, a shard without `m` is lost.

        Raises what `check` raises.
        """
        if await self.check():
            return
        with redis_failures("opening the deployment"):
            for shard in range(self._shards):
                await self._run("HSETNX", shard_keys(self._prefix, shard).state, "format", STATE_FORMAT)
            await self._run("HSET", deployment_key(self._prefix), "complete", 1)

    async def recognise(self, topics: Mapping[str, str], *, accept: bool = False) -> None:
        """Check that topics are the ones whose watermarks stand here; with `accept` they are from now on.

        `topics` maps a topic to its id, or to its name where the broker gives none.

        Raises:
            RejectedState: a topic was deleted and made again: its offsets are those of another log.
        """
        key = deployment_key(self._prefix)
        with redis_failures("the topics' ids"):
            for topic, name in topics.items():
                if accept:
                    await self._run("HSET", key, f"topic:{topic}", name)
                elif not await self._run("HSETNX", key, f"topic:{topic}", name):
                    known = {f"topic:{topic}": _text(await self._run("HGET", key, f"topic:{topic}"))}
                    refuse(judge_topic_names(known, {topic: name}))

    async def accept(
        self, configuration: Configuration, *, force: bool = False, origin: Origin | None = None
    ) -> Accepted:
        """Give this configuration an epoch, or find the one it has; `origin` is kept beside the texts of a new one.

        `force` makes a configuration that was replaced the newest again: a roll-back by an operator's word.
        """
        texts = [part for name, text in sorted(configuration.texts.items()) for part in (name, text)]
        if origin is not None:
            texts += [_ORIGIN, json.dumps(origin._asdict())]
        keys = (deployment_key(self._prefix), configurations_key(self._prefix))
        arguments = (configuration.fingerprint, 1 if force else 0, *texts)
        with redis_failures("accepting the configuration"):
            epoch, in_force = await self._run("EVAL", script("accept"), len(keys), *keys, *arguments)
        return Accepted(int(epoch), int(in_force))

    async def texts(self, epoch: int) -> Mapping[str, str]:
        """Return file name → text of the configuration accepted under this epoch.

        Raises:
            RejectedState: no such epoch is known here.
        """
        found = (await self.history()).get(epoch)
        if found is None:
            raise RejectedState(
                f"configuration epoch {epoch} is named in the state but its texts are gone; "
                "restart a worker with the newest files and --accept"
            )
        return found.texts

    async def history(self) -> Mapping[int, AcceptedTexts]:
        """Return every configuration that was ever accepted, by epoch, the first one first.

        Raises:
            StateUnavailable: Redis does not answer.
        """
        with redis_failures("reading configurations"):
            fields = dict(_decoded(await self._run("HGETALL", configurations_key(self._prefix))))
        kept: defaultdict[int, dict[str, str]] = defaultdict(dict)
        for field, text in fields.items():
            epoch, _, name = field.partition(":")
            kept[int(epoch)][name] = text
        return {epoch: _accepted(texts) for epoch, texts in sorted(kept.items())}

    async def _refuse_half_a_cluster(self) -> None:
        if isinstance(self._client, RedisCluster):
            return
        for name, said in (await reports(self._client, "cluster")).items():
            refuse(judge_half_a_cluster(name, said))

    async def _refuse_eviction(self) -> None:
        # INFO, not CONFIG GET: managed offerings forbid the latter.
        for name, said in (await reports(self._client, "memory")).items():
            refuse(judge_eviction(name, said))

    async def _run(self, *command: Any) -> Any:  # noqa: ANN401 -- Redis commands and their answers
        return await cast("Any", self._client).execute_command(*command)


def _accepted(texts: dict[str, str]) -> AcceptedTexts:
    origin = json.loads(texts.pop(_ORIGIN, "{}"))
    return AcceptedTexts(texts, Origin(origin.get("at"), origin.get("revision")))


def _decoded(flat: Any) -> list[tuple[str, str]]:  # noqa: ANN401 -- what redis-py hands out
    pairs = flat.items() if isinstance(flat, dict) else zip(flat[::2], flat[1::2], strict=True)
    return [(_text(name), _text(value)) for name, value in pairs]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
