"""Knocking at Kafka: why a broker does not let us in, asked once a client could not connect.

Both drivers retry a wrong certificate or password as they retry a broker that is away, and keep the reason to
themselves. This goes through the door by itself, as far as the login, and tells what was said there. It needs no
driver, so that the log and the SDK say the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import socket
import ssl
import struct
from typing import TYPE_CHECKING

from expansion_signals.security import PLAINTEXT, tls_refusal

if TYPE_CHECKING:
    from expansion_signals.security import KafkaSecurity

_SECONDS = 3.0
"""For each step with each broker."""

_LONGEST_ANSWER = 1 << 20

_SASL_HANDSHAKE, _SASL_AUTHENTICATE = (17, 1), (36, 0)
_ACCEPTED, _UNSUPPORTED_MECHANISM, _NO_SASL_HERE = 0, 33, 34
_ALERT = b"\x15\x03"
"""How a listener with TLS begins to answer who does not speak it."""


class _RefusedError(Exception):
    """The broker has said no, in words."""


def refusal(servers: str, security: KafkaSecurity) -> str | None:
    """Say why the brokers do not let us in, and what to do; None if one does, or none says why.

    Blocks for some seconds a broker at most.

    Raises:
        RejectedSettings: a file of certificates cannot be read.
    """
    said: list[str] = []
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            _knock(host.strip("[]"), int(port), security)
        except _RefusedError as refused:
            said.append(str(refused))
        except OSError as error:
            words = tls_refusal(error)
            if words is None and security.tls and _speaks_without_tls(host.strip("[]"), int(port)):
                words = "it does not speak TLS on this port"
            if words is not None:
                said.append(words)
        else:
            return None
    return said[0] if said else None


def _knock(host: str, port: int, security: KafkaSecurity) -> None:
    context = security.context() if security.tls else None
    with socket.create_connection((host, port), _SECONDS) as bare:
        if context is None:
            _log_in(bare, security)
        else:
            with context.wrap_socket(bare, server_hostname=host) as stream:
                _log_in(stream, security)


def _speaks_without_tls(host: str, port: int) -> bool:
    """Say whether a broker that hung up on TLS answers without it; nothing secret is sent."""
    try:
        _knock(host, port, PLAINTEXT)
    except _RefusedError:
        return True
    except OSError:
        return False
    return True


def _log_in(stream: socket.socket, security: KafkaSecurity) -> None:
    # Whoever has no login asks as well: the answer tells whether one is asked for here.
    answer = _asked(stream, _SASL_HANDSHAKE, _text(security.mechanism or "PLAIN"))
    (code,) = struct.unpack_from(">h", answer)
    if security.mechanism is None:
        if code in {_ACCEPTED, _UNSUPPORTED_MECHANISM}:
            raise _RefusedError(f"it asks for a login by SASL ({_offered(answer)}): name a user and a password")
        return
    if code == _NO_SASL_HERE:
        raise _RefusedError("it knows no login by SASL on this port")
    if code == _UNSUPPORTED_MECHANISM:
        raise _RefusedError(f"it does not offer {security.mechanism}, but {_offered(answer)}")
    user, password = security.user or "", security.password or ""
    if security.mechanism == "PLAIN":
        _authenticated(stream, f"\0{user}\0{password}".encode(), security)
    else:
        _scram(stream, user, password, security)


def _scram(stream: socket.socket, user: str, password: str, security: KafkaSecurity) -> None:
    """Log in by SCRAM (RFC 5802); that the broker knows the password as well is left to the driver."""
    digest = (security.mechanism or "").removeprefix("SCRAM-").replace("-", "").lower()
    name = user.replace("=", "=3D").replace(",", "=2C")
    first = f"n={name},r={secrets.token_hex(16)}"
    answer = _authenticated(stream, f"n,,{first}".encode(), security).decode()
    given = dict(part.split("=", 1) for part in answer.split(","))
    salted = hashlib.pbkdf2_hmac(digest, password.encode(), base64.b64decode(given["s"]), int(given["i"]))
    key = hmac.digest(salted, b"Client Key", digest)
    last = f"c=biws,r={given['r']}"
    signature = hmac.digest(hashlib.new(digest, key).digest(), f"{first},{answer},{last}".encode(), digest)
    proof = base64.b64encode(bytes(ours ^ theirs for ours, theirs in zip(key, signature, strict=True))).decode()
    _authenticated(stream, f"{last},p={proof}".encode(), security)


def _authenticated(stream: socket.socket, token: bytes, security: KafkaSecurity) -> bytes:
    answer = _asked(stream, _SASL_AUTHENTICATE, struct.pack(">i", len(token)) + token)
    code, said = struct.unpack_from(">hh", answer)
    if code != _ACCEPTED:
        raise _RefusedError(f"it refuses user {security.user!r} with this password ({security.mechanism})")
    start = 4 + max(0, said)
    (length,) = struct.unpack_from(">i", answer, start)
    return answer[start + 4 : start + 4 + length]


def _asked(stream: socket.socket, request: tuple[int, int], body: bytes) -> bytes:
    """Send one request and return its answer's body."""
    sent = struct.pack(">hhi", *request, 1) + _text("expansion-signals") + body
    stream.sendall(struct.pack(">i", len(sent)) + sent)
    head = _read(stream, 4)
    if head.startswith(_ALERT) and not isinstance(stream, ssl.SSLSocket):
        raise _RefusedError("it speaks TLS on this port: ask for it")
    (length,) = struct.unpack(">i", head)
    if not 0 < length < _LONGEST_ANSWER:
        raise _RefusedError("it does not speak Kafka's protocol on this port")
    return _read(stream, length)[4:]  # behind the number of the request


def _read(stream: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = stream.recv(length - len(found))
        if not part:
            raise ConnectionResetError("closed")
        found += part
    return found


def _text(text: str) -> bytes:
    return struct.pack(">h", len(text.encode())) + text.encode()


def _offered(answer: bytes) -> str:
    """Return the mechanisms that a broker names in its answer."""
    (count,) = struct.unpack_from(">i", answer, 2)
    names, place = [], 6
    for _ in range(count):
        (length,) = struct.unpack_from(">h", answer, place)
        names.append(answer[place + 2 : place + 2 + length].decode())
        place += 2 + length
    return ", ".join(names)
