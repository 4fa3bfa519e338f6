"""Addresses of servers in settings: host and port, and Redis's URL with all that is said of the connection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST_PORT = re.compile(r"[\w.-]+:\d+(/\d+)?", re.ASCII)

_HIGHEST_PORT = 65_535

_CLUSTER = re.compile(r"rediss?\+cluster://(?:[^/?#]*@)?(?P<nodes>[^/?#@]+)/?(?:\?.*)?")
"""There is no path: a Cluster has no databases to choose from."""

_OF_CONNECTION = {"ssl_ca_certs": "redis_ca", "ssl_certfile": "redis_certificate", "ssl_keyfile": "redis_key"}
"""How redis-py calls in an address what settings name."""


def is_server(text: str) -> bool:
    """Say whether this is `host:port`."""
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT


def redis_url(value: SecretStr) -> SecretStr:
    """Take a URL of Redis, or host:port for short; the value itself may hold a password and is not repeated."""
    text = value.get_secret_value()
    if _HOST_PORT.fullmatch(text):
        return SecretStr(f"redis://{text}")
    if "+cluster:" in text.partition("//")[0]:
        cluster = _CLUSTER.fullmatch(text)
        if cluster is None or not all(map(is_server, cluster["nodes"].split(","))):
            raise ValueError(
                "expected redis+cluster://host:port, several nodes separated by commas, and no database behind them; "
                "rediss+cluster:// for TLS"
            )
    elif not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError(
            "expected host:port, or a URL: redis://host:port/db, rediss:// for TLS, unix://path, "
            "redis+cluster://host:port,host:port for a Cluster"
        )
    return value


def whole_redis_url(url: str, settings: Mapping[str, Any]) -> str:
    """Return the address with what other settings say of the connection, as redis-py reads it."""
    return _with_certificates(_with_login(url, settings), settings)


def _with_login(url: str, settings: Mapping[str, Any]) -> str:
    user, password = settings.get("redis_user"), settings.get("redis_password")
    if user is None and password is None:
        return url
    scheme, _, rest = url.partition("://")
    if "@" in urlsplit(url).netloc:
        raise ValueError("has a user or a password in it, and REDIS_USER or REDIS_PASSWORD is set as well")
    if password is None or not password.get_secret_value():
        raise ValueError("REDIS_USER is set without a password: set REDIS_PASSWORD or REDIS_PASSWORD_FILE")
    secret = quote(password.get_secret_value(), safe="")
    return f"{scheme}://{quote(user or '', safe='')}:{secret}@{rest}"


def _with_certificates(url: str, settings: Mapping[str, Any]) -> str:
    files = {name: str(settings[each]) for name, each in _OF_CONNECTION.items() if settings.get(each) is not None}
    if not files:
        return url
    if not url.startswith("rediss"):
        given = ", ".join(each.upper() for each in _OF_CONNECTION.values() if settings.get(each) is not None)
        raise ValueError(f"has no TLS, which {given} would be for: begin it with rediss://")
    return f"{url}{'&' if '?' in url else '?'}{urlencode(files)}"
