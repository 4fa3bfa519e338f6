"""One frozen `Settings`, read once from the environment (`EXPANSION_SIGNALS_*`) or a file, validated whole."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from expansion_signals.errors import RejectedSettings

if TYPE_CHECKING:
    from pydantic import ValidationInfo

ENVIRONMENT_PREFIX = "EXPANSION_SIGNALS_"

_NOT_OURS = re.compile(
    r"\w*(service_host|service_port(_\w+)?|port|port_\d+_(tcp|udp|sctp)(_(proto|port|addr))?)|test_\w+|require_servers"
)
"""Names behind our prefix that are no settings: Kubernetes makes some for each service whose name begins with ours,
and the tests are told by others which servers to use.
"""

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


def _directory(value: Path) -> Path:
    if not value.is_dir():
        found = "is not a directory" if value.exists() else "does not exist"
        raise ValueError(f"{value} {found}; expected the directory with catalog.yaml and rules.yaml")
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
    deduplication_hours: Annotated[float, Field(gt=0, le=36 * 24, validate_default=True)] = 24
    identity_conflicts: bool = True
    dead_letter_ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    dead_letter_records: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    poll_records: Annotated[int, Field(ge=1, le=50_000)] = 12_000
    session_timeout_seconds: Annotated[float, Field(ge=1, le=300)] = 10
    fetch_wait_seconds: Annotated[float, Field(gt=0, le=5)] = 0.04
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("deduplication_hours")
    @classmethod
    def _covers_acceptance(cls, hours: float, valid: ValidationInfo) -> float:
        """Compare the two as soon as both are numbers, whatever is wrong with the others (semantics 1.3)."""
        acceptance = valid.data.get("acceptance_hours", 0)
        if hours < acceptance:
            raise ValueError(
                f"{hours:g} must not be shorter than {ENVIRONMENT_PREFIX}ACCEPTANCE_HOURS ({acceptance:g}): a late "
                "retry would be counted twice"
            )
        return hours


class WorkerSettings(Settings):
    """The settings of a worker, which cannot do without its configuration."""

    config: Annotated[Path, AfterValidator(_directory), Field(validate_default=True)] = Path("config")


def load_settings(kind: type[Settings] = Settings, **overrides: object) -> Settings:
    """Read the settings; `overrides` (from the command line) win over the environment.

    Raises:
        RejectedSettings: every variable that is wrong or that nothing reads, one a line, with what it takes.
    """
    lines = _misspelt(kind)
    try:
        settings = kind(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        lines += [_line(problem) for problem in error.errors(include_url=False, include_input=False)]
    if lines:
        raise RejectedSettings("\n".join(lines)) from None
    return settings


def _misspelt(kind: type[Settings]) -> list[str]:
    """Tell of variables with our prefix that name no setting: their values would be ignored in silence."""
    prefix, names = ENVIRONMENT_PREFIX.lower(), list(kind.model_fields)
    found = {**DotEnvSettingsSource(kind).env_vars, **EnvSettingsSource(kind).env_vars}
    written = [name.removeprefix(prefix) for name in found if name.startswith(prefix)]
    return [
        f"{_variable(name)}: no such setting; {_meant(name, names)}"
        for name in written
        if name not in names and not _NOT_OURS.fullmatch(name)
    ]


def _meant(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"did you mean {_variable(close[0])}?" if close else f"there are {', '.join(map(_variable, names))}"


def _line(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 -- narrows pydantic's TypedDict for the type checker
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{_variable('_'.join(map(str, problem['loc'])))}: {message}"


def _variable(name: str) -> str:
    return f"{ENVIRONMENT_PREFIX}{name.upper()}"
