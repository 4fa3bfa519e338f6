"""The connection to Redis: one server, or a Cluster over whose nodes the shards are spread by their hash tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from hiredis import pack_command
from redis.asyncio import Connection as AsyncConnection
from redis.asyncio import Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

if TYPE_CHECKING:
    from collections.abc import Mapping

Connection: TypeAlias = Redis | RedisCluster
"""What stores are made with; who makes them need not know redis-py."""

CLUSTER = "+cluster"
"""Ends the scheme of a Cluster's address: `redis+cluster://host:port,host:port`, `rediss+cluster://` for TLS."""

_ANSWER_SECONDS = 5.0
"""A server that takes longer is away: the step is repeated."""

_CLUSTER_RETRIES = 2
"""One for the first sight of the nodes, one for another: whoever asked repeats the step, and says what it waits for."""


def connect(url: str) -> Connection:
    """Return a client; nothing is sent yet. Answers are bytes."""
    if urlsplit(url).scheme.endswith(CLUSTER):
        return _cluster(url)
    client = Redis.from_url(
        url,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
        connection_class=PackingConnection,
        driver_info=None,  # CLIENT SETINFO would be one more command that its user has to be granted
    )
    if client.connection_pool.connection_class is SSLConnection:  # an address with TLS names it, and no other
        client.connection_pool.connection_class = PackingTlsConnection
    return client


class PackingConnection(AsyncConnection):
    """A connection that has hiredis write commands, as the synchronous client does: a script is called with 30 keys."""

    def pack_command(self, *args: Any) -> list[bytes]:  # noqa: ANN401 -- what a command may hold
        """Return the bytes of a command; the first argument may be two words, as in CONFIG GET."""
        name, *others = args
        return [pack_command((*name.split(), *others) if isinstance(name, str) else args)]


class PackingTlsConnection(PackingConnection, SSLConnection):
    """The same over TLS."""


async def reports(client: Connection, section: str) -> Mapping[str, Mapping[str, object]]:
    """Return this section of `INFO`, of every node by its `host:port`, or path."""
    if isinstance(client, Redis):
        named = client.connection_pool.connection_kwargs
        name = named["path"] if "path" in named else f"{named.get('host', 'localhost')}:{named.get('port', 6379)}"
        return {name: await client.info(section)}
    await client.initialize()
    return {node.name: await client.execute_command("INFO", section, target_nodes=node) for node in client.get_nodes()}


def _cluster(url: str) -> RedisCluster:
    """Return a client of the Cluster that any of these nodes belongs to.

    The nodes of the URL, not those that were found, are asked where all are: addresses may change, names do not.
    """
    parts = urlsplit(url)
    credentials, at, nodes = parts.netloc.rpartition("@")
    first, *others = nodes.split(",")
    one = parts._replace(scheme=parts.scheme.removesuffix(CLUSTER), netloc=f"{credentials}{at}{first}")
    return RedisCluster.from_url(
        one.geturl(),
        startup_nodes=[ClusterNode(host, int(port)) for host, _, port in (node.rpartition(":") for node in others)],
        dynamic_startup_nodes=False,
        retry=Retry(NoBackoff(), _CLUSTER_RETRIES),
        driver_info=None,
        socket_timeout=_ANSWER_SECONDS,
        socket_connect_timeout=_ANSWER_SECONDS,
    )
