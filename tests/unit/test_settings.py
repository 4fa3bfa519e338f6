from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from expansion_signals.errors import RejectedSettings
from expansion_signals.settings import Settings, WorkerSettings, load_settings

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
    with pytest.raises(RejectedSettings, match=r"EXPANSION_SIGNALS_KAFKA, .*EXPANSION_SIGNALS_LOG_LEVEL$"):
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
