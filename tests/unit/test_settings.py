from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr
from redis.asyncio import SSLConnection
from redis.asyncio.connection import parse_url

from expansion_signals.errors import RejectedSettings
from expansion_signals.security import PLAINTEXT, KafkaSecurity
from expansion_signals.settings import SECURITY, Settings, WorkerSettings, load_settings
from servers.certificates import Authority

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Read neither this machine's environment nor a `.env` beside the checkout."""
    monkeypatch.chdir(str(tmp_path))


def test_every_setting_has_a_default_that_works() -> None:
    assert load_settings().kafka == "localhost:9092"


def test_a_variable_of_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_KAFKA", "a:9092,b:9093")
    assert load_settings().kafka == "a:9092,b:9093"


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_PREFIX", "one-")
    assert load_settings(prefix="two-").prefix == "two-"


def test_a_host_and_port_name_a_redis() -> None:
    assert load_settings(redis=SecretStr("cache:6379")).redis.get_secret_value() == "redis://cache:6379"


@pytest.mark.parametrize("url", ["redis://:secret@cache:6379/1", "rediss://cache:6380", "unix:///run/redis.sock"])
def test_a_url_of_redis_stays_as_it_is(url: str) -> None:
    assert load_settings(redis=SecretStr(url)).redis.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    [
        "redis+cluster://a:7000",
        "redis+cluster://user:secret@a:7000,b:7001,c:7002",
        "rediss+cluster://a:1?ssl_cert_reqs=none",
    ],
)
def test_nodes_of_a_cluster_are_separated_by_commas(url: str) -> None:
    assert load_settings(redis=SecretStr(url)).redis.get_secret_value() == url


@pytest.mark.parametrize(
    "url",
    ["redis+cluster://a", "redis+cluster://:secret@a:7000,b", "redis+cluster://a:7000/1", "http+cluster://a:7000"],
)
def test_a_cluster_of_nodes_without_a_port_or_with_a_database_is_refused(url: str) -> None:
    with pytest.raises(RejectedSettings, match=r"expected redis\+cluster://host:port") as rejected:
        load_settings(redis=SecretStr(url))
    assert "secret" not in str(rejected.value)


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(load_settings(redis=SecretStr("redis://:secret@cache:6379")))


def test_a_password_in_a_wrong_url_is_not_repeated() -> None:
    with pytest.raises(RejectedSettings) as rejected:
        load_settings(redis=SecretStr("http://:secret@cache"))
    assert "secret" not in str(rejected.value)


WRONG = {
    "KAFKA": "nowhere",
    "REDIS": "http://cache",
    "HTTP": "127.0.0.1:99999",
    "PREFIX": "a{b}",
    "SHARDS": "0",
    "ACCEPTANCE_HOURS": "841",
    "LOG_LEVEL": "loud",
}


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_what_cannot_work_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"EXPANSION_SIGNALS_{name}", value)
    with pytest.raises(RejectedSettings, match=f"^EXPANSION_SIGNALS_{name}: "):
        load_settings()


def test_everything_wrong_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in WRONG.items():
        monkeypatch.setenv(f"EXPANSION_SIGNALS_{name}", value)
    with pytest.raises(RejectedSettings) as rejected:
        load_settings()
    assert len(str(rejected.value).splitlines()) == len(WRONG)


def test_identities_are_remembered_at_least_as_long_as_events_are_accepted() -> None:
    with pytest.raises(RejectedSettings, match="must not be shorter"):
        load_settings(acceptance_hours=48, deduplication_hours=24)


def test_a_window_shorter_by_default_than_what_is_accepted_is_refused() -> None:
    with pytest.raises(RejectedSettings, match="DEDUPLICATION_HOURS: 24 must not be shorter"):
        load_settings(acceptance_hours=48)


# ----------------------------------------------------------------------------------------- all at once


def told(kind: type[Settings] = Settings) -> list[str]:
    """Return the names that are refused, in order."""
    with pytest.raises(RejectedSettings) as rejected:
        load_settings(kind)
    return [line.partition(": ")[0].removeprefix("EXPANSION_SIGNALS_") for line in str(rejected.value).splitlines()]


def test_two_windows_that_do_not_fit_are_told_beside_a_setting_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_SHARDS", "0")
    monkeypatch.setenv("EXPANSION_SIGNALS_ACCEPTANCE_HOURS", "48")
    assert sorted(told()) == ["DEDUPLICATION_HOURS", "SHARDS"]


def test_a_configuration_that_is_not_there_is_told_beside_a_setting_that_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_SHARDS", "0")
    assert sorted(told(WorkerSettings)) == ["CONFIG", "SHARDS"]


def test_what_is_misspelt_is_told_beside_a_setting_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_SHARD", "8")
    monkeypatch.setenv("EXPANSION_SIGNALS_KAFKA_URL", "a:9092")
    monkeypatch.setenv("EXPANSION_SIGNALS_SHARDS", "0")
    assert sorted(told()) == ["KAFKA_URL", "SHARD", "SHARDS"]


def test_only_a_worker_needs_its_configuration() -> None:
    assert str(load_settings().config) == "config"


# ------------------------------------------------------------------------------------------- misspelt


@pytest.mark.parametrize(
    ("name", "meant"), [("KAKFA", "KAFKA"), ("REDIS_URL", "REDIS"), ("acceptance_hour", "ACCEPTANCE_HOURS")]
)
def test_a_misspelt_variable_is_told_with_the_one_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, name: str, meant: str
) -> None:
    monkeypatch.setenv(f"EXPANSION_SIGNALS_{name}", "1")
    with pytest.raises(RejectedSettings, match=rf"^EXPANSION_SIGNALS_{name.upper()}: .* EXPANSION_SIGNALS_{meant}\?$"):
        load_settings()


def test_a_misspelt_variable_like_no_other_is_told_with_all_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_XYZZY", "1")
    with pytest.raises(RejectedSettings, match=r"EXPANSION_SIGNALS_KAFKA, .*EXPANSION_SIGNALS_TRACES$"):
        load_settings()


def test_a_misspelt_line_of_the_settings_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EXPANSION_SIGNALS_KAKFA=a:9092\nOTHER_KAKFA=b:9092\n")
    assert told() == ["KAKFA"]


def test_the_value_of_a_misspelt_variable_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPANSION_SIGNALS_REDSI", "redis://:secret@cache")
    with pytest.raises(RejectedSettings) as rejected:
        load_settings()
    assert "secret" not in str(rejected.value)


@pytest.mark.parametrize(
    "name",
    [
        "SERVICE_HOST",
        "SERVICE_PORT_HTTP",
        "PORT",
        "PORT_8080_TCP_ADDR",
        "WORKER_SERVICE_PORT",
        "KAFKA_PORT_9092_TCP",
        "TEST_KAFKA",
        "TEST_REDIS",
        "REQUIRE_SERVERS",
    ],
)
def test_what_kubernetes_and_the_tests_set_behind_the_same_prefix_is_let_be(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(f"EXPANSION_SIGNALS_{name}", "tcp://10.0.0.1:8080")
    assert load_settings().shards == 64


# ------------------------------------------------------------------------------------------- security


LOGIN = {"KAFKA_SECURITY": "sasl_tls", "KAFKA_MECHANISM": "SCRAM-SHA-512", "KAFKA_USER": "worker"}


def given(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"EXPANSION_SIGNALS_{name}", value)


def test_without_a_word_nothing_is_encrypted_and_nobody_asked() -> None:
    assert load_settings().security == PLAINTEXT


@pytest.mark.parametrize(("name", "protocol"), [("SASL_SSL", "sasl_tls"), ("ssl", "tls"), ("PLAINTEXT", "plaintext")])
def test_kafkas_own_names_of_protocols_are_taken(name: str, protocol: str) -> None:
    assert Settings.model_validate({"kafka_security": name} | SASL_OF.get(protocol, {})).kafka_security == protocol


SASL_OF = {"sasl_tls": {"kafka_mechanism": "PLAIN", "kafka_user": "u", "kafka_password": "p"}}


def test_a_login_with_a_password_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret\n")
    given(monkeypatch, **LOGIN, KAFKA_PASSWORD_FILE=str(tmp_path / "password"))
    expected = KafkaSecurity(tls=True, mechanism="SCRAM-SHA-512", user="worker", password="s3cret")  # noqa: S106 -- made up
    assert load_settings().security == expected


def test_a_key_of_user_ids_that_can_be_guessed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, USER_KEY="s3cret")
    with pytest.raises(RejectedSettings, match=r"USER_KEY: is too short: at least 16 characters") as rejected:
        load_settings()
    assert "s3cret" not in str(rejected.value)


def test_a_password_that_is_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cret")
    given(monkeypatch, **LOGIN, KAFKA_PASSWORD_FILE=str(tmp_path / "password"), KAFKA_PASSWORD="s3cret")  # noqa: S106 -- the same
    with pytest.raises(RejectedSettings, match=r"KAFKA_PASSWORD: stands in .*KAFKA_PASSWORD_FILE as well") as rejected:
        load_settings()
    assert "s3cret" not in str(rejected.value)


def test_a_secret_is_in_no_text_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, **LOGIN, KAFKA_PASSWORD="s3cret", REDIS_PASSWORD="s3cret")  # noqa: S106 -- the same
    settings = load_settings()
    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()} {settings.security!r}"


def test_a_login_that_lacks_all_its_parts_is_told_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, KAFKA_SECURITY="sasl_tls")
    assert sorted(told()) == ["KAFKA_MECHANISM", "KAFKA_PASSWORD", "KAFKA_USER"]


def test_what_would_be_ignored_without_tls_and_sasl_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ca = Authority(tmp_path, "ours").file
    given(monkeypatch, KAFKA_CA=str(ca), KAFKA_USER="worker", KAFKA_PASSWORD="s3cret")  # noqa: S106 -- the same
    assert sorted(told()) == ["KAFKA_CA", "KAFKA_PASSWORD", "KAFKA_USER"]


def test_files_that_are_not_there_or_hold_something_else_are_each_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no certificate")
    notes, nothing = str(tmp_path / "notes.txt"), str(tmp_path / "nothing")
    given(monkeypatch, **LOGIN, KAFKA_CA=notes, KAFKA_PASSWORD_FILE=nothing, REDIS_CA=nothing, KAFKA_CERTIFICATE=notes)
    assert sorted(told()) == ["KAFKA_CA", "KAFKA_KEY", "KAFKA_PASSWORD_FILE", "REDIS_CA"]


def test_what_is_empty_is_not_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("EXPANSION_SIGNALS_KAFKA_USER=worker\nEXPANSION_SIGNALS_REDIS_PASSWORD=s3cret\n")
    given(monkeypatch, **{name.upper(): "" for name in SECURITY})
    assert (load_settings().security, load_settings().redis.get_secret_value()) == (
        *(PLAINTEXT, "redis://localhost:6379/0"),
    )


def test_a_key_of_another_certificate_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ours")
    one, other = authority.signs("one"), authority.signs("other")
    given(monkeypatch, KAFKA_SECURITY="tls", KAFKA_CERTIFICATE=str(one.certificate), KAFKA_KEY=str(other.key))
    with pytest.raises(RejectedSettings, match=r"KAFKA_KEY: .*expected a certificate and its own key in PEM"):
        load_settings()


def test_a_key_with_a_passphrase_is_refused_and_nobody_asked_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = Authority(tmp_path, "ours").signs("one")
    locked = tmp_path / "locked.key"
    lock = ["openssl", "pkcs8", "-topk8", "-in", str(made.key), "-out", str(locked), "-passout", "pass:s3cret"]
    subprocess.run(lock, check=True)
    given(monkeypatch, KAFKA_SECURITY="tls", KAFKA_CERTIFICATE=str(made.certificate), KAFKA_KEY=str(locked))
    with pytest.raises(RejectedSettings, match=r"KAFKA_KEY: .*without a passphrase"):
        load_settings()


def test_user_password_and_certificates_are_put_into_the_address_of_redis(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ca = Authority(tmp_path, "ours").file
    given(monkeypatch, REDIS="rediss://cache:6380/1", REDIS_USER="me", REDIS_PASSWORD="a/b@c", REDIS_CA=str(ca))  # noqa: S106 -- made up
    whole = load_settings().redis.get_secret_value()
    assert parse_url(whole) == {
        "username": "me",
        "password": "a/b@c",
        "host": "cache",
        "port": 6380,
        "db": 1,
        "ssl_ca_certs": str(ca),
        "connection_class": SSLConnection,
    }


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"REDIS": "redis://:s3cret@cache", "REDIS_PASSWORD": "s3cret"}, "has a user or a password in it"),
        ({"REDIS_USER": "me"}, "REDIS_USER is set without a password"),
        ({"REDIS": "redis://cache", "REDIS_CA": "ours.pem"}, "has no TLS, which REDIS_CA would be for"),
    ],
)
def test_what_does_not_go_together_with_the_address_of_redis_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: dict[str, str], words: str
) -> None:
    Authority(tmp_path, "ours")
    given(monkeypatch, **settings)
    with pytest.raises(RejectedSettings, match=words) as rejected:
        load_settings()
    assert "s3cret" not in str(rejected.value)
