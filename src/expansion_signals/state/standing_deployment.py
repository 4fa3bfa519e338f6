"""The deployment as somebody finds it who only reads: how it is cut, and the configuration epoch in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedState
from expansion_signals.state.keys import STATE_FORMAT, deployment_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.state.scripts import Scripts


class StandingDeployment(NamedTuple):
    """How many shards it has, and its configuration epoch."""

    shards: int
    epoch: int


async def deployment_fields(scripts: Scripts, prefix: str) -> Mapping[str, str]:
    """Return all that the deployment with this prefix says of itself; empty where there is none.

    Raises:
        StateUnavailable: Redis does not answer.
    """
    (stands,) = await scripts.commands([("HGETALL", deployment_key(prefix))], "the deployment")
    return {name.decode(): value.decode() for name, value in stands.items()}


async def standing_deployment(scripts: Scripts, prefix: str) -> StandingDeployment:
    """Return the deployment with this prefix; none is made.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is none, or its state is of another format.
    """
    stands = await deployment_fields(scripts, prefix)
    if not stands:
        raise RejectedState(
            f"no worker has ever started in this Redis under the prefix {prefix!r}: check "
            "EXPANSION_SIGNALS_REDIS and EXPANSION_SIGNALS_PREFIX, or start one: expansion-signals worker"
        )
    if int(stands.get("format", STATE_FORMAT)) != STATE_FORMAT:
        raise RejectedState(
            f"the state in Redis has format {stands['format']}, this program reads {STATE_FORMAT}; "
            "run the version that wrote it: expansion-signals --version"
        )
    if "epoch" not in stands:
        raise RejectedState(
            "this deployment has not accepted a configuration yet; start a worker: expansion-signals worker"
        )
    return StandingDeployment(int(stands["shards"]), int(stands["epoch"]))
