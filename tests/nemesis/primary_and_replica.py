"""A Redis with a replica that may be behind when it is promoted, as where a service fails over by itself."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from redis import Redis

from nemesis.proxy import HERE, Proxy
from servers.redis import RedisProcess
from servers.waiting import lasting, until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLLOWS_SECONDS = 60


class PrimaryAndReplica:
    """Clients come through `proxy`, which leads to the primary, whichever of the two that is."""

    def __init__(self, directory: Path) -> None:
        # A replica that comes back is fed at once, not after the 5 s in which others might come.
        options = ("--repl-diskless-sync-delay", "0")
        self._primary, self._replica = (RedisProcess(directory / f"redis-{one}", options=options) for one in (1, 2))
        self.proxy = Proxy(self._primary.port)
        self._link = Proxy(self._primary.port)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        for server in (self._primary, self._replica):
            self._open.callback(server.remove)
            server.start()
        for proxy in (self.proxy, self._link):
            self._open.enter_context(proxy)
        self._follow()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def address(self) -> str:
        """Where clients find it, whatever happens."""
        return f"redis://{HERE}:{self.proxy.port}/0"

    @property
    def url(self) -> str:
        """Where the primary of now is, for who must not be harmed."""
        return self._primary.url

    @property
    def nodes(self) -> Sequence[RedisProcess]:
        """What holds state that is not elsewhere."""
        return (self._primary,)

    def start(self) -> None:
        """Start the primary, if it is down."""
        self._primary.start()

    def promote(self, behind_seconds: float) -> None:
        """Have the replica hear nothing for so long, kill the primary, and lead everybody to the replica."""
        until(self._follows, seconds=FOLLOWS_SECONDS, waiting_for="the replica to have caught up")
        with self._link.silent():
            lasting(behind_seconds)
            self._primary.kill()
        with Redis.from_url(self._replica.url) as client:
            client.replicaof("NO", "ONE")
        self._primary, self._replica = self._replica, self._primary
        self.proxy.target = self._link.target = self._primary.port
        self.proxy.cut()
        self._replica.start()
        self._follow()

    def _follow(self) -> None:
        with Redis.from_url(self._replica.url) as client:
            client.replicaof(HERE, str(self._link.port))

    def _follows(self) -> bool:
        with Redis.from_url(self._replica.url) as client:
            return bool(client.info("replication")["master_link_status"] == "up")
