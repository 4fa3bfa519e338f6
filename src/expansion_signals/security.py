"""How a client of Kafka proves who it is, and knows whom it talks to: TLS, mutual TLS, SASL.

Every client of ours gets it as one value. It needs no library, for the SDK has it as well.
"""

from __future__ import annotations

import logging
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias, get_args

from expansion_signals.errors import RejectedSettings

if TYPE_CHECKING:
    from pathlib import Path

Mechanism: TypeAlias = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

MECHANISMS: tuple[Mechanism, ...] = get_args(Mechanism)

_CLOSED = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""A server that goes away in the middle of a handshake: it may come back."""

_A_PAIR = "a certificate and its own key in PEM, without a passphrase"

_LOGINS = ("SaslAuthenticateRequest", "SaslBytesRequest")

_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST", "UNKNOWN_PROTOCOL")


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSecurity:
    """What a connection to Kafka is made with; by default nothing: no TLS, no login.

    `ca` is a file with the authorities that are trusted, in PEM; None: those of this machine. `certificate` and `key`
    (PEM, without a passphrase) prove who we are (mutual TLS), `mechanism`, `user` and `password` do so by SASL. A
    server's name is always checked.

    Raises:
        RejectedSettings: what is given does not go together; the files are read when a connection is made.
    """

    tls: bool = False
    ca: Path | str | None = None
    certificate: Path | str | None = None
    key: Path | str | None = None
    mechanism: Mechanism | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what would be ignored in silence."""
        if not self.tls and (self.ca or self.certificate or self.key):
            raise RejectedSettings("KafkaSecurity: ca, certificate and key are of a connection with tls=True")
        if bool(self.certificate) is not bool(self.key):
            raise RejectedSettings("KafkaSecurity: certificate and key are given together")
        if self.mechanism is None and (self.user is not None or self.password is not None):
            raise RejectedSettings(f"KafkaSecurity: user and password need a mechanism: {', '.join(MECHANISMS)}")
        if self.mechanism is not None and (self.mechanism not in MECHANISMS or not self.user or not self.password):
            raise RejectedSettings(
                f"KafkaSecurity: expected a mechanism ({', '.join(MECHANISMS)}) with a user and a password"
            )

    def options(self) -> dict[str, Any]:
        """Return the settings of a connection, by the names that aiokafka and kafka-python both know.

        The files are read anew each time: a certificate that was renewed holds from the next connection on.

        Raises:
            RejectedSettings: a file is not there, or not what it should be.
        """
        protocol = "SSL" if self.tls else "PLAINTEXT"
        options: dict[str, Any] = {}
        if self.mechanism is not None:
            protocol = "SASL_SSL" if self.tls else "SASL_PLAINTEXT"
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        if self.tls:
            options["ssl_context"] = self.context()
        return {"security_protocol": protocol, **options}

    def context(self) -> ssl.SSLContext:
        """Return what TLS is spoken with.

        Raises:
            RejectedSettings: as `options`.
        """
        return tls_context(self.ca, self.certificate, self.key)


PLAINTEXT = KafkaSecurity()


def tls_context(
    ca: Path | str | None = None, certificate: Path | str | None = None, key: Path | str | None = None
) -> ssl.SSLContext:
    """Return a context that trusts these authorities alone (None: this machine's) and checks a server's name.

    Raises:
        RejectedSettings: a file cannot be read, or is not what it should be.
    """
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise RejectedSettings(f"{ca}: {_unreadable(error, 'certificates of authorities in PEM')}") from error
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key, password=_no_passphrase)
        except OSError as error:
            raise RejectedSettings(f"{certificate} with {key}: {_unreadable(error, _A_PAIR)}") from error
    return context


def tls_refusal(error: BaseException | None) -> str | None:
    """Say in words why TLS came to nothing, and what to do; None where this may pass, or was not the reason.

    Looks through the causes of an error: drivers wrap them.
    """
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    if error is None or isinstance(error, _CLOSED) or "EOF" in (error.reason or ""):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"its certificate is not trusted ({error.verify_message.rstrip('.')}): name the authority that signed it, "
            "or have the certificate renewed"
        )
    reason = error.reason or str(error)
    if reason in _NO_TLS:
        return "it does not speak TLS on this port"
    if "ALERT" in reason:
        alert = reason.partition("ALERT_")[2].replace("_", " ").lower()
        return f"it asks for a certificate of ours that it trusts and that is in date ({alert}): name one, with its key"
    return f"TLS failed ({reason.replace('_', ' ').lower()})"


def _unreadable(error: OSError, expected: str) -> str:
    # What ssl says of a file's contents is of no use: its text never names the file, and often not the reason.
    reason = f"expected {expected}" if isinstance(error, ssl.SSLError) or not error.strerror else error.strerror
    return f"{reason[0].lower()}{reason[1:]}"


def _no_passphrase() -> NoReturn:
    """Refuse, where OpenSSL would ask at a terminal."""
    raise ssl.SSLError("the key has a passphrase")


def _is_no_login(record: logging.LogRecord) -> bool:
    """Keep logins out of a log: kafka-python writes every request there where it is set to debug, this one as well."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    return not any(type(each).__name__.startswith(_LOGINS) for each in arguments)


logging.getLogger("kafka.net.connection").addFilter(_is_no_login)
