"""A worker's `/readyz`, asked for as anybody would."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWER_SECONDS = 3
_EVERYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104 -- compared with, not bound to


def readiness(http: str) -> Mapping[str, Any] | None:
    """Return what the worker that listens on `http` (host:port) says of itself; None where none answers."""
    host, _, port = http.rpartition(":")
    address = f"http://{'127.0.0.1' if host in _EVERYWHERE else host}:{port}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=_ANSWER_SECONDS) as answer:
            return _read(answer.read())
    except urllib.error.HTTPError as refused:  # a worker that is not ready tells why
        with refused:
            return _read(refused.read())
    except OSError:
        return None


def _read(body: bytes) -> Mapping[str, Any] | None:
    """Return the report; None where somebody else answers."""
    try:
        said = json.loads(body)
    except ValueError:
        return None
    return said if isinstance(said, dict) and "stages" in said else None
