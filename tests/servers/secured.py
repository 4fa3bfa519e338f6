"""A Kafka and a Redis that let in whom they know: TLS, certificates of clients, SASL, ACLs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from servers.certificates import Authority
from servers.kafka import KafkaProcess
from servers.processes import free_port
from servers.redis import RedisProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

    from servers.certificates import Certificate

REDIS_ACL = Path(__file__).parents[2] / "deploy/redis-acl.conf"
REDIS_USER = "expansion-signals"
STRICT = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    # Who comes by the listener without TLS, which is the broker itself and the test, may do anything.
    "super.users": "User:ANONYMOUS",
}
LISTENERS = ("LOGIN", "MUTUAL", "EXPIRED")


@dataclass
class Keys:
    """Every certificate of a test; `worker` and `app` are clients', `stranger` is signed by another authority."""

    directory: Path
    authority: Authority = field(init=False)
    other: Authority = field(init=False)

    def __post_init__(self) -> None:
        self.authority, self.other = Authority(self.directory, "ours"), Authority(self.directory / "other", "theirs")
        self.server, self.worker = self.authority.signs("server"), self.authority.signs("worker")
        self.late_server, self.late_worker = (
            self.authority.signs("late-server", days=-1),
            self.authority.signs("late-worker", days=-1),
        )
        self.stranger = self.other.signs("stranger")


class SecuredKafka(KafkaProcess):
    """A broker with four doors: one open, for the test itself, and three that ask who is there.

    `login` asks for SASL over TLS, `mutual` for a certificate, `expired` shows a certificate that is out of date.
    `users` are names with their passwords. Without a rule of `StandardAuthorizer`, they may do nothing.
    """

    def __init__(self, directory: Path, keys: Keys, users: Mapping[str, str]) -> None:
        ports = {name: free_port() for name in LISTENERS}
        self.login, self.mutual, self.expired = (f"127.0.0.1:{port}" for port in ports.values())
        super().__init__(
            directory,
            properties={
                "listeners": ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items()),
                "listener.security.protocol.map": (
                    "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL,EXPIRED:SSL"
                ),
                "inter.broker.listener.name": "PLAINTEXT",
                "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512,PLAIN",
                "listener.name.mutual.ssl.client.auth": "required",
                "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/,DEFAULT",
                **_keystore("login", keys, keys.server),
                **_keystore("mutual", keys, keys.server),
                **_keystore("expired", keys, keys.late_server),
                **_logins(users),
                **STRICT,
            },
            scram=[
                f"SCRAM-SHA-{bits}=[name={user},password={password}]"
                for user, password in users.items()
                for bits in ("256", "512")
            ],
        )


class SecuredRedis(RedisProcess):
    """A Redis with two doors: one open, for the test itself, and one with TLS that asks for a certificate.

    Its user is that of `deploy/redis-acl.conf`, with this password, for keys of this prefix.
    """

    def __init__(self, directory: Path, keys: Keys, *, password: str, prefix: str) -> None:
        tls_port = free_port()
        self.address = f"rediss://127.0.0.1:{tls_port}/0"
        self._grant = (REDIS_USER, "resetpass", f">{password}", "resetkeys", f"~{prefix}es:*")
        directory.mkdir(parents=True, exist_ok=True)
        tls = {
            "port": tls_port,
            "cert-file": keys.server.certificate,
            "key-file": keys.server.key,
            "ca-cert-file": keys.authority.file,
            "auth-clients": "yes",
        }
        options = [part for name, value in tls.items() for part in (f"--tls-{name}", str(value))]
        super().__init__(directory, options=["--include", str(REDIS_ACL), *options])

    def start(self) -> None:
        """Start it, and let its user in."""
        super().start()
        with redis.Redis.from_url(self.url) as client:
            client.execute_command("ACL SETUSER", *self._grant)

    def refused(self) -> list[str]:
        """Return what the user was refused: the command or key of each entry of `ACL LOG`."""
        with redis.Redis.from_url(self.url) as client:
            return [f"{entry['reason']} {entry['object']}" for entry in client.acl_log()]


def _keystore(listener: str, keys: Keys, own: Certificate) -> dict[str, str]:
    name = f"listener.name.{listener}.ssl"
    return {
        f"{name}.keystore.type": "PEM",
        f"{name}.keystore.location": str(own.both),
        f"{name}.truststore.type": "PEM",
        f"{name}.truststore.location": str(keys.authority.file),
    }


def _logins(users: Mapping[str, str]) -> dict[str, str]:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    plain = " ".join(f'user_{user}="{password}"' for user, password in users.items())
    name = "listener.name.login"
    return {
        f"{name}.scram-sha-256.sasl.jaas.config": scram,
        f"{name}.scram-sha-512.sasl.jaas.config": scram,
        f"{name}.plain.sasl.jaas.config": f"org.apache.kafka.common.security.plain.PlainLoginModule required {plain};",
    }
