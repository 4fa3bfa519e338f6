"""The deployment as somebody finds it who only reads: how it is cut, and the configuration epoch in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.errors import RejectedState
from expansion_signals.state.keys import STATE_FORMAT, deployment_key

if TYPE_CHECKING:
    from expansion_signals.state.scripts import Scripts


class StandingDeployment(NamedTuple):
    """How many shards it has, and its configuration epoch."""

    shards: int
    epoch: int


async def standing_deployment(scripts: Scripts, prefix: str) -> StandingDeployment:
    """Return the deployment with this prefix; none is made.

    Raises:
        StateUnavailable: Redis does not answer.
        RejectedState: there is none, or its state is of another format.
    """
    (stands,) = await scripts.commands([("HGETALL", deployment_key(prefix))], "the deployment")
    if not stands:
        raise RejectedState(
            f"no worker has ever started in this Redis under the prefix {prefix!r}: check "
            "EXPANSION_SIGNALS_REDIS and EXPANSION_SIGNALS_PREFIX, or start one: expansion-signals worker"
        )
    if int(stands.get(b"format", STATE_FORMAT)) != STATE_FORMAT:
        raise RejectedState(
            f"the state in Redis has format {stands[b'format'].decode()}, this program reads {STATE_FORMAT}; "
            "run the version that wrote it: expansion-signals --version"
        )
    if b"epoch" not in stands:
        raise RejectedState(
            "this deployment has not accepted a configuration yet; start a worker: expansion-signals worker"
        )
    return StandingDeployment(int(stands[b"shards"]), int(stands[b"epoch"]))
