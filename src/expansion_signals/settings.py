"""One frozen `Settings`, read once from the environment (`EXPANSION_SIGNALS_*`) or a file, validated whole."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, SettingsConfigDict

from expansion_signals.addresses import is_server, redis_url, whole_redis_url
from expansion_signals.errors import RejectedSettings
from expansion_signals.model.instants import HOUR
from expansion_signals.security import KafkaSecurity, Mechanism, tls_context

if TYPE_CHECKING:
    from pydantic import ValidationInfo

    from expansion_signals.model.instants import Duration

ENVIRONMENT_PREFIX = "EXPANSION_SIGNALS_"

_NOT_OURS = re.compile(
    r"\w*(service_host|service_port(_\w+)?|port|port_\d+_(tcp|udp|sctp)(_(proto|port|addr))?)|test_\w+|require_servers"
)
"""Names behind our prefix that are no settings: Kubernetes makes some for each service whose name begins with ours,
and the tests are told by others which servers to use.
"""


def _servers(value: str) -> str:
    for server in value.split(","):
        if not is_server(server.strip()):
            raise ValueError(f"expected host:port or a comma-separated list of them, got {server.strip()!r}")
    return value


def _protocol(value: object) -> object:
    """Take Kafka's own names as well: providers print them."""
    return {"ssl": "tls", "sasl_ssl": "sasl_tls"}.get(str(value).lower(), str(value).lower())


def _file(value: Path) -> Path:
    try:
        value.open("rb").close()
    except OSError as error:
        raise ValueError(f"{value}: {error.strerror}; expected a file that can be read") from None
    return value


def _authorities(value: Path) -> Path:
    """Refuse a file without certificates now, not when the first connection is made."""
    _pem(_file(value))
    return value


def _pem(ca: Path | None = None, certificate: Path | None = None, key: Path | None = None) -> None:
    try:
        tls_context(ca, certificate, key)
    except RejectedSettings as rejected:
        raise ValueError(str(rejected)) from None


def _prefix(value: str) -> str:
    if any(not (letter.isascii() and (letter.isalnum() or letter in "._-")) for letter in value):
        raise ValueError("a prefix goes before topic names and Redis keys: letters, digits, '.', '_' and '-' only")
    return value


def _directory(value: Path) -> Path:
    if not value.is_dir():
        found = "is not a directory" if value.exists() else "does not exist"
        raise ValueError(f"{value} {found}; expected the directory with catalog.yaml and rules.yaml")
    return value


Protocol: TypeAlias = Literal["plaintext", "tls", "sasl_plaintext", "sasl_tls"]

_File: TypeAlias = Annotated[Path, AfterValidator(_file)]
_Authorities: TypeAlias = Annotated[Path, AfterValidator(_authorities)]


SECURITY = (
    *(
        f"{server}_{part}"
        for server, parts in {
            "kafka": ("ca", "certificate", "key", "mechanism", "user", "password_file", "password"),
            "redis": ("ca", "certificate", "key", "user", "password_file", "password"),
        }.items()
        for part in parts
    ),
    "user_key_file",
    "user_key",
)
"""Settings that are not set, or empty, where a server asks for nothing, and where people are called as they come."""

SHORTEST_KEY = 16
"""Characters of a key of user ids: who can guess it can find out whose pseudonym is whose."""


class Settings(BaseSettings):
    """Everything about a deployment that is not a rule. Ages and windows are in hours, time-outs in seconds."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_file=".env", extra="ignore", frozen=True, validate_default=True
    )

    kafka: Annotated[str, AfterValidator(_servers)] = "localhost:9092"
    kafka_security: Annotated[Protocol, BeforeValidator(_protocol)] = "plaintext"
    kafka_ca: _Authorities | None = None
    kafka_certificate: _File | None = None
    kafka_key: _File | None = None
    kafka_mechanism: Mechanism | None = None
    kafka_user: str | None = None
    kafka_password_file: _File | None = None
    kafka_password: SecretStr | None = None
    # Before `redis`: what stands in them is put into its address.
    redis_ca: _Authorities | None = None
    redis_certificate: _File | None = None
    redis_key: _File | None = None
    redis_user: str | None = None
    redis_password_file: _File | None = None
    redis_password: SecretStr | None = None
    redis: Annotated[SecretStr, AfterValidator(redis_url)] = SecretStr("redis://localhost:6379/0")
    config: Path = Path("config")
    prefix: Annotated[str, AfterValidator(_prefix)] = ""
    http: Annotated[str, AfterValidator(_servers)] = "127.0.0.1:8080"
    shards: Annotated[int, Field(ge=1, le=4096)] = 64
    acceptance_hours: Annotated[float, Field(gt=0, le=35 * 24)] = 24
    deduplication_hours: Annotated[float, Field(gt=0, le=36 * 24)] = 24
    identity_conflicts: bool = True
    user_key_file: _File | None = None
    user_key: SecretStr | None = None
    dead_letter_ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    dead_letter_records: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    poll_records: Annotated[int, Field(ge=1, le=50_000)] = 24_000
    session_timeout_seconds: Annotated[float, Field(ge=1, le=300)] = 10
    fetch_wait_seconds: Annotated[float, Field(gt=0, le=5)] = 0.04
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"
    traces: Literal["off", "otlp"] = "off"

    @property
    def security(self) -> KafkaSecurity:
        """How every client connects to Kafka."""
        return KafkaSecurity(
            tls=self.kafka_security.endswith("tls"),
            ca=self.kafka_ca,
            certificate=self.kafka_certificate,
            key=self.kafka_key,
            mechanism=self.kafka_mechanism,
            user=self.kafka_user,
            password=self.kafka_password.get_secret_value() if self.kafka_password is not None else None,
        )

    @field_validator(*SECURITY, mode="before")
    @classmethod
    def _is_none_if_empty(cls, given: object) -> object:
        """Take an empty variable for one that is not set: compose files, and `dev` beside a `.env`, leave some so."""
        return None if given == "" else given

    # Fields are validated in their order, also where one before is wrong: so everything wrong is told at once.

    @field_validator("kafka_ca", "kafka_certificate", "kafka_key")
    @classmethod
    def _is_of_tls(cls, file: Path | None, valid: ValidationInfo) -> Path | None:
        if file is not None and not str(valid.data.get("kafka_security", "tls")).endswith("tls"):
            raise ValueError(f"has no meaning without TLS: set {_variable('kafka_security')} to tls or sasl_tls")
        return file

    @field_validator("kafka_key", "redis_key")
    @classmethod
    def _fits_its_certificate(cls, key: Path | None, valid: ValidationInfo) -> Path | None:
        name = f"{str(valid.field_name).partition('_')[0]}_certificate"
        if name not in valid.data:  # it is wrong itself
            return key
        certificate: Path | None = valid.data[name]
        if (certificate is None) is not (key is None):
            raise ValueError(f"goes together with {_variable(name)}: set both, or neither")
        if certificate is not None:
            _pem(certificate=certificate, key=key)
        return key

    @field_validator("kafka_password", "redis_password", "user_key")
    @classmethod
    def _may_stand_in_a_file(cls, password: SecretStr | None, valid: ValidationInfo) -> SecretStr | None:
        name = f"{valid.field_name}_file"
        file: Path | None = valid.data.get(name)
        if file is None:
            return password
        if password is not None:
            raise ValueError(f"stands in {_variable(name)} as well: set one of them")
        try:
            return SecretStr(file.read_text().strip("\r\n"))
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"cannot be read as text from {_variable(name)} {file}") from None

    @field_validator("kafka_mechanism", "kafka_user", "kafka_password")
    @classmethod
    def _is_of_sasl(cls, given: Any, valid: ValidationInfo) -> Any:  # noqa: ANN401 -- of three types
        protocol = valid.data.get("kafka_security")
        if protocol is None or (valid.field_name == "kafka_password" and "kafka_password_file" not in valid.data):
            return given  # wrong itself
        if given is not None and not protocol.startswith("sasl"):
            raise ValueError(f"has no meaning without SASL: set {_variable('kafka_security')} to sasl_tls")
        if protocol.startswith("sasl") and not (given.get_secret_value() if isinstance(given, SecretStr) else given):
            raise ValueError(f"is missing: {_variable('kafka_security')} is {protocol}")
        return given

    @field_validator("user_key")
    @classmethod
    def _is_hard_to_guess(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < SHORTEST_KEY:
            raise ValueError(f"is too short: at least {SHORTEST_KEY} characters, such as `openssl rand -hex 32` prints")
        return key

    @field_validator("redis")
    @classmethod
    def _is_whole(cls, redis: SecretStr, valid: ValidationInfo) -> SecretStr:
        """Put the user, the password and the certificates into the address."""
        return SecretStr(whole_redis_url(redis.get_secret_value(), valid.data))

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

    @property
    def acceptance(self) -> Duration:
        """How old an event may be (semantics 1.3)."""
        return int(self.acceptance_hours * HOUR)


class WorkerSettings(Settings):
    """The settings of a worker, which cannot do without its configuration."""

    config: Annotated[Path, AfterValidator(_directory)] = Path("config")


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
    # As text, REDIS_URL is nearer to REDIS_USER.
    close = [each for each in names if name == f"{each}_url"] or get_close_matches(name, names, n=1)
    return f"did you mean {_variable(close[0])}?" if close else f"there are {', '.join(map(_variable, names))}"


def _line(problem: object) -> str:
    assert isinstance(problem, dict)  # noqa: S101 -- narrows pydantic's TypedDict for the type checker
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{_variable('_'.join(map(str, problem['loc'])))}: {message}"


def _variable(name: str) -> str:
    return f"{ENVIRONMENT_PREFIX}{name.upper()}"
