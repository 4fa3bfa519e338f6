"""What goes together in a connection to Kafka, and what is said of it."""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from kafka.protocol.sasl import SaslAuthenticateRequest

import expansion_signals.sdk  # noqa: F401 -- what an app imports
from expansion_signals.errors import RejectedSettings
from expansion_signals.security import KafkaSecurity, tls_refusal
from servers.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path

LOGIN: dict[str, Any] = {"mechanism": "PLAIN", "user": "me", "password": "s3cret"}


@pytest.mark.parametrize(
    "parts",
    [
        {"ca": "ca.pem"},
        {"tls": True, "certificate": "c.pem"},
        {"tls": True, "key": "k.pem"},
        {"user": "me", "password": "s3cret"},
        {"mechanism": "PLAIN", "user": "me"},
        {"mechanism": "PLAIN", "password": "s3cret"},
        {**LOGIN, "mechanism": "GSSAPI"},
    ],
    ids="+".join,
)
def test_what_would_be_ignored_or_lacks_something_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(RejectedSettings) as refused:
        KafkaSecurity(**parts)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("security", "protocol"),
    [
        (KafkaSecurity(), "PLAINTEXT"),
        (KafkaSecurity(tls=True), "SSL"),
        (KafkaSecurity(**LOGIN), "SASL_PLAINTEXT"),
        (KafkaSecurity(tls=True, **LOGIN), "SASL_SSL"),
    ],
)
def test_the_protocol_follows_from_what_is_given(security: KafkaSecurity, protocol: str) -> None:
    assert security.options()["security_protocol"] == protocol


def test_a_server_is_always_asked_for_a_certificate_of_its_name() -> None:
    context = KafkaSecurity(tls=True).context()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)


def test_no_authority_is_trusted_but_the_one_that_is_named(tmp_path: Path) -> None:
    context = KafkaSecurity(tls=True, ca=Authority(tmp_path, "ours").file).context()
    assert len(context.get_ca_certs()) == 1


def test_a_server_that_goes_away_in_a_handshake_has_not_refused_anybody() -> None:
    assert tls_refusal(ssl.SSLEOFError("EOF occurred in violation of protocol")) is None


def test_a_password_is_not_shown() -> None:
    assert "s3cret" not in repr(KafkaSecurity(**LOGIN))


def test_the_driver_does_not_log_a_login_even_where_an_app_has_it_log_everything(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="kafka")
    request = SaslAuthenticateRequest(b"\0me\0s3cret")
    logging.getLogger("kafka.net.connection").debug("%s Request %d: %s", "connection", 1, request)
    assert "s3cret" not in caplog.text
