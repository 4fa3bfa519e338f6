"""One frozen `Settings`, read once from the environment (`EXPANSION_SIGNALS_*`) or a file, validated whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from expansion_signals.errors import RejectedSettings

ENVIRONMENT_PREFIX = "EXPANSION_SIGNALS_"

_HOST_PORT = re.compile(r"[\w.-]+:\d+(/\d+)?", re.ASCII)

_HIGHEST_PORT = 65_535

_CLUSTER = re.compile(r"rediss?\+cluster://(?:[^/?#]*@)?(?P<nodes>[^/?#@]+)/?(?:\?.*)?")
"""There is no path: a Cluster has no databases to choose from."""


def _servers(value: str) -> str:
    for server in value.split(","):
        if not _is_server(server.strip()):
            raise ValueError(f"expected host:port or a comma-separated list of them, got {server.strip()!r}")
    return value


def _is_server(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT


def _redis_url(value: SecretStr) -> SecretStr:
    """Take a URL of Redis, or host:port for short; the value itself may hold a password and is not repeated."""
    text = value.get_secret_value()
    if _HOST_PORT.fullmatch(text):
        return SecretStr(f"redis://{text}")
    if "+cluster:" in text.partition("//")[0]:
        cluster = _CLUSTER.fullmatch(text)
        if cluster is None or not all(map(_is_server, cluster["nodes"].split(","))):
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


def _prefix(value: str) -> str:
    if any(not (letter.isascii() and (letter.isalnum() or letter in "._-")) for letter in value):
        raise ValueError("a prefix goes before topic names and Redis keys: letters, digits, '.', '_' and '-' only")
    return value


class Settings(BaseSettings):
    """Everything about a deployment that is not a rule. Ages and windows are in hours, time-outs in seconds."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, env_file=".env", extra="ignore", frozen=True)

    kafka: Annotated[str, AfterValidator(_servers)] = "localhost:9092"
    redis: Annotated[SecretStr, AfterValidator(_redis_url)] = SecretStr("redis://localhost:6379/0")
    config: Path = Path("config")
    prefix: Annotated[str, AfterValidator(_prefix)] = ""
    http: Annotated[str, AfterValidator(_servers)] = "127.0.0.1:8080"
    shards: Annotated[int, Field(ge=1, le=4096)] = 64
    acceptance_hours: Annotated[float, Field(gt=0, le=35 * 24)] = 24
    deduplication_hours: Annotated[float, Field(gt=0, le=36 * 24)] = 24
    identity_conflicts: bool = True
    poll_records: Annotated[int, Field(ge=1, le=50_000)] = 4_000
    session_timeout_seconds: Annotated[float, Field(ge=1, le=300)] = 10
    fetch_wait_seconds: Annotated[float, Field(gt=0, le=5)] = 0.5
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @model_validator(mode="after")
    def _deduplication_covers_acceptance(self) -> Self:
        if self.deduplication_hours < self.acceptance_hours:
            raise ValueError(
                f"{ENVIRONMENT_PREFIX}DEDUPLICATION_HOURS ({self.deduplication_hours:g}) must not be shorter than "
                f"{ENVIRONMENT_PREFIX}ACCEPTANCE_HOURS ({self.acceptance_hours:g}): a late retry would be counted twice"
            )
        return self


def load_settings(**overrides: object) -> Settings:
    """Read the settings; `overrides` (from the command line) win over the environment.

    Raises:
        RejectedSettings: every variable that is wrong, one a line, with what it takes.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_line(problem) for problem in error.errors(include_url=False, include_input=False)]
        raise RejectedSettings("\n".join(lines)) from None


def _line(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 -- narrows pydantic's TypedDict for the type checker
    variable = ENVIRONMENT_PREFIX + "_".join(str(part) for part in problem["loc"]).upper() if problem["loc"] else ""
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{variable}: {message}" if variable else message
