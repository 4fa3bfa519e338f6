"""Kafka and Redis that ask who is there: TLS, a login, certificates, and no more rights than the documents say."""

from __future__ import annotations

import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import redis
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from documents import ROOT, code, rows, section
from emitted import until_emitters_ended
from expansion_signals.errors import Rejected, RejectedState
from expansion_signals.sdk import Emitter, KafkaSecurity, Subscriber, Trigger
from outside.deployment import TRIGGERS, Deployment
from outside.product import usage_event
from outside.subscribers import PARKED
from outside.worker import Worker, command
from servers.absence import ServerAbsentError, missing
from servers.secured import REDIS_USER, Keys, SecuredKafka, SecuredRedis
from servers.waiting import until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

pytestmark = pytest.mark.servers

ACCOUNT, TRIED = "acct-1", "acct-2"
SECRETS = {who: f"secret-of-{who}-%/@" for who in ("worker", "operator", "app", "mailer")}
REDIS_SECRET = "secret of redis: %/@"  # noqa: S105 -- of a server that this test starts
WRONG = "secret-that-is-wrong"
YESTERDAY = datetime.now(UTC) - timedelta(days=1)
RESOURCES = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactional id": ResourceType.TRANSACTIONAL_ID,
}
OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
}


class Servers(NamedTuple):
    """Both servers, what opens them, and a deployment on them."""

    kafka: SecuredKafka
    redis: SecuredRedis
    keys: Keys
    deployment: Deployment
    directory: Path

    def login(self, who: str = "worker", **other: str) -> dict[str, str]:
        """Return settings with which `who` logs in by a password that stands in a file; Redis by its own."""
        password = self.directory / f"password-{who}"
        password.write_text(f"{SECRETS[who]}\n")
        kafka = {
            "KAFKA": self.kafka.login,
            "KAFKA_SECURITY": "sasl_tls",
            "KAFKA_CA": str(self.keys.authority.file),
            "KAFKA_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_USER": who,
            "KAFKA_PASSWORD_FILE": str(password),
        }
        return _without_empty(self._common | kafka | other)

    def certificate(self, **other: str) -> dict[str, str]:
        """Return settings with which the worker shows its certificate to Kafka."""
        kafka = {
            "KAFKA": self.kafka.mutual,
            "KAFKA_SECURITY": "tls",
            "KAFKA_CA": str(self.keys.authority.file),
            "KAFKA_CERTIFICATE": str(self.keys.worker.certificate),
            "KAFKA_KEY": str(self.keys.worker.key),
        }
        return _without_empty(self._common | kafka | other)

    @property
    def _common(self) -> dict[str, str]:
        password = self.directory / "password-redis"
        password.write_text(f"{REDIS_SECRET}\n")
        return {
            **self.deployment.settings,
            "REDIS": self.redis.address,
            "REDIS_CA": str(self.keys.authority.file),
            "REDIS_CERTIFICATE": str(self.keys.worker.certificate),
            "REDIS_KEY": str(self.keys.worker.key),
            "REDIS_USER": REDIS_USER,
            "REDIS_PASSWORD_FILE": str(password),
            "LOG_LEVEL": "debug",
        }


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    directory, prefix = tmp_path_factory.mktemp("secured"), f"t{uuid.uuid4().hex[:10]}-"
    try:
        keys = Keys(directory / "keys")
        kafka = SecuredKafka(directory / "kafka", keys, SECRETS)
        redis_server = SecuredRedis(directory / "redis", keys, password=REDIS_SECRET, prefix=prefix)
        try:
            redis_server.start()
            kafka.start()
            _grant(kafka.bootstrap, prefix)
            with Deployment(kafka.bootstrap, redis_server.url, directory, prefix=prefix) as deployment:
                servers = Servers(kafka, redis_server, keys, deployment, directory)
                deployment.product.profile(TRIED, "free")
                deployment.product.send(usage_event(TRIED, "800"))
                with Worker(servers.login(), directory / "first.log") as worker:
                    worker.run_dry()  # commands ask for what a worker has left
                yield servers
        finally:
            kafka.remove()
            redis_server.remove()
    except ServerAbsentError as absent:
        missing(absent)


def _grant(kafka: str, prefix: str) -> None:
    """Let everybody do what the table of `docs/operations.md` says, and nothing else."""
    rules = []
    for who, resource, names, operations in rows(section(ROOT / "docs/operations.md", "### What each may do in Kafka")):
        for name in code(names):
            kind = ResourcePatternType.PREFIXED if name.endswith("*") else ResourcePatternType.LITERAL
            of = (RESOURCES[resource], prefix + name.removesuffix("*"), kind, f"User:{who}", "*")
            rules += [AclBinding(*of, OPERATIONS[each], AclPermissionType.ALLOW) for each in code(operations)]
    admin = AdminClient({"bootstrap.servers": kafka})  # a temporary would be gone before it is answered
    for granted in admin.create_acls(rules).values():
        granted.result(timeout=20)


def _without_empty(settings: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if value}


def _without_secrets(said: str) -> str:
    """Return what was said, once no secret of anybody is in it."""
    assert [secret for secret in (*SECRETS.values(), REDIS_SECRET, WRONG) if secret in said] == []
    assert "secret" not in said.replace(str(Path(__file__).parent), "").replace("/secured", "")
    return said


def told(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command and return what it said, which has no secret in it."""
    done = command(settings, *arguments)
    _without_secrets(done.stdout + done.stderr)
    return done


# ------------------------------------------------------------------------------------------ let in


@pytest.mark.parametrize("way", ["login", "certificate"])
def test_an_event_becomes_a_trigger(servers: Servers, way: str) -> None:
    account, log = f"{ACCOUNT}-{way}", servers.directory / f"{way}.log"
    settings = servers.login() if way == "login" else servers.certificate()
    with Worker(settings, log) as worker:
        worker.start().until_ready()
        servers.deployment.product.profile(account, "free")
        servers.deployment.product.send(usage_event(account, "800"))
        servers.deployment.topic(TRIGGERS).until(lambda found: found.key == account.encode())
        assert worker.stop() == 0
    assert "Traceback" not in _without_secrets(log.read_text())
    assert servers.redis.refused() == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_every_mechanism_lets_in(servers: Servers, mechanism: str) -> None:
    done = told(servers.login("operator", KAFKA_MECHANISM=mechanism), "topics", "check", "--json")
    assert (done.returncode, done.stdout) == (0, '{"differences": []}\n'), done.stderr


def test_a_password_of_the_environment_opens_as_one_of_a_file_does(servers: Servers) -> None:
    settings = servers.login("operator", KAFKA_PASSWORD_FILE="", KAFKA_PASSWORD=SECRETS["operator"])
    assert told(settings, "topics", "check").returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("topics", "create"),
        ("topics", "check"),
        ("emit", TRIED, "--type", "expansion.account.updated.v1", "--data", '{"version": 2, "plan": "free"}'),
        ("emit", TRIED, "--meter", "api_calls", "--value", "1"),
        ("account", "show", TRIED),
        ("account", "brief", TRIED),
        ("explain", TRIED),
        ("report",),
        ("config", "history"),
        ("mute", "--account", TRIED, "--until", "1h"),
        ("mute",),
        ("mute", "--account", TRIED, "--off"),
        ("user", "forget", TRIED, "u-1", "--yes"),
        ("account", "forget", TRIED, "--yes"),
    ],
    ids=" ".join,
)
def test_a_command_has_all_the_rights_it_needs(servers: Servers, arguments: tuple[str, ...]) -> None:
    done = told(servers.login("operator"), *arguments)
    assert (done.returncode, servers.redis.refused()) == (0, []), done.stderr


def test_day_totals_are_imported(servers: Servers, tmp_path: Path) -> None:
    totals = tmp_path / "totals.jsonl"
    totals.write_text('{"account":"acct-7","meter":"exports","day":"2026-11-20","value":"1"}\n')
    done = told(servers.login("operator"), "import", str(totals), "--json")
    assert (done.returncode, servers.redis.refused()) == (0, []) or "days back" in done.stdout, (
        done.stderr + done.stdout
    )


def test_a_subscriber_is_handed_triggers_and_is_done_with_them_or_parks_them(servers: Servers) -> None:
    account, keys = "acct-5", servers.keys
    with Worker(servers.login(), servers.directory / "subscriber.log") as worker:
        worker.start().until_ready()
        servers.deployment.product.profile(account, "free")
        servers.deployment.product.send(usage_event(account, "800"))
        servers.deployment.topic(TRIGGERS).until(lambda found: found.key == account.encode())
    security = KafkaSecurity(
        tls=True, ca=keys.authority.file, mechanism="SCRAM-SHA-512", user="mailer", password=SECRETS["mailer"]
    )
    prefix = servers.deployment.prefix
    with Subscriber(servers.kafka.login, "mailer", [TRIGGERS], prefix=prefix, security=security) as subscriber:
        parked = []

        def act(trigger: Trigger) -> None:
            if trigger.account == account:
                parked.append(trigger.id)
                subscriber.stop()
                raise Rejected("no address")

        subscriber.run(act)
    [found] = servers.deployment.topic(PARKED).until(lambda record: record.key is not None)
    assert [found.key] == [f"{prefix}mailer\x1f{trigger}".encode() for trigger in parked]
    handed_back = told(servers.login("operator"), "parked", "replay", "--group", "mailer", "--json")
    assert handed_back.stdout.startswith('{"dry_run": false, "replayed": 1, '), handed_back.stderr


def _as_app(servers: Servers, tmp_path: Path, password: str) -> Emitter:
    security = KafkaSecurity(
        tls=True, ca=servers.keys.authority.file, mechanism="SCRAM-SHA-512", user="app", password=password
    )
    prefix = servers.deployment.prefix
    return Emitter(servers.kafka.login, source="/apps/web", prefix=prefix, spool=tmp_path, security=security)


def test_an_emitter_with_the_rights_of_an_app_sends(servers: Servers, tmp_path: Path) -> None:
    with _as_app(servers, tmp_path, SECRETS["app"]) as emit:
        emit.usage("acct-6", meter="api_calls", value=1)
        assert emit.flush(20)


@pytest.mark.parametrize("operation", [AclOperation.WRITE, AclOperation.DESCRIBE])
def test_what_an_app_may_not_emit_waits_in_order_and_keeps_nothing_else_waiting(
    servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture, operation: AclOperation
) -> None:
    prompts = servers.deployment.topic("prompt-events")
    rule = (ResourceType.TOPIC, prompts.name, ResourcePatternType.LITERAL, "User:app", "*", operation)
    admin = AdminClient({"bootstrap.servers": servers.kafka.bootstrap})
    denied = AclBinding(*rule, AclPermissionType.DENY)
    admin.create_acls([denied])[denied].result(timeout=20)
    with _as_app(servers, tmp_path, SECRETS["app"]) as emit:
        for number in range(3):
            emit.prompt_shown("acct-8", trigger="t", user="u", id=f"{operation.name}-{number}")
            emit.usage("acct-8", meter="api_calls", value=1)
            until(lambda sent=number + 1: emit.counts["sent"] == sent, seconds=20, waiting_for="the usage event")
        anew = AclBindingFilter(*rule, AclPermissionType.DENY)
        admin.delete_acls([anew])[anew].result(timeout=20)
        assert emit.flush(60)
    found = [each.event["id"] for each in prompts.to_end() if each.event["id"].startswith(operation.name)]
    assert found == [f"{operation.name}-{number}" for number in range(3)]
    assert f"events for {prompts.name} wait: " in caplog.text


# -------------------------------------------------------------------------------------- not let in


def _refused(servers: Servers, case: str) -> dict[str, str]:
    keys, wrong = servers.keys, {"KAFKA_PASSWORD_FILE": "", "KAFKA_PASSWORD": WRONG}
    no_login = dict.fromkeys(("KAFKA_MECHANISM", "KAFKA_USER", "KAFKA_PASSWORD_FILE"), "")
    no_certificate = {"KAFKA_CERTIFICATE": "", "KAFKA_KEY": ""}
    late, stranger = (
        {"KAFKA_CERTIFICATE": str(each.certificate), "KAFKA_KEY": str(each.key)}
        for each in (keys.late_worker, keys.stranger)
    )
    return {
        "a wrong password": servers.login(**wrong),
        "a wrong password, sent as it is": servers.login(KAFKA_MECHANISM="PLAIN", **wrong),
        "another authority": servers.login(KAFKA_CA=str(keys.other.file)),
        "no authority": servers.login(KAFKA_CA=""),
        "another name": servers.login(KAFKA=servers.kafka.login.replace("127.0.0.1", "localhost")),
        "no login": servers.login(KAFKA_SECURITY="tls", **no_login),
        "no TLS": servers.login(KAFKA_SECURITY="plaintext", KAFKA_CA="", **no_login),
        "TLS where there is none": servers.login(KAFKA=servers.kafka.bootstrap, KAFKA_SECURITY="tls", **no_login),
        "a login where there is none": servers.login(
            KAFKA=servers.kafka.bootstrap, KAFKA_SECURITY="sasl_plaintext", KAFKA_CA=""
        ),
        "no certificate": servers.certificate(**no_certificate),
        "a certificate out of date": servers.certificate(**late),
        "a certificate of another authority": servers.certificate(**stranger),
        "a server's certificate out of date": servers.certificate(KAFKA=servers.kafka.expired),
    }[case]


REFUSALS = {
    "a wrong password": "refuses user 'worker' with this password (SCRAM-SHA-512)",
    "a wrong password, sent as it is": "refuses user 'worker' with this password (PLAIN)",
    "another authority": "its certificate is not trusted (unable to get local issuer certificate)",
    "no authority": "its certificate is not trusted (unable to get local issuer certificate)",
    "another name": "its certificate is not trusted (Hostname mismatch",
    "no login": "it asks for a login by SASL",
    "no TLS": "it speaks TLS on this port",
    "TLS where there is none": "it does not speak TLS on this port",
    "a login where there is none": "it knows no login by SASL on this port",
    "no certificate": "it asks for a certificate of ours",
    "a certificate out of date": "it asks for a certificate of ours",
    "a certificate of another authority": "it asks for a certificate of ours",
    "a server's certificate out of date": "its certificate is not trusted (certificate has expired)",
}


EMIT = ("emit", TRIED, "--meter", "api_calls", "--value", "1")


@pytest.mark.parametrize(
    ("arguments", "case"),
    [
        *((EMIT, case) for case in REFUSALS),
        # The other ways in: kafka-python, which tries for five seconds by itself, and the other parts of the log.
        (("worker",), "a wrong password"),
        (("worker",), "another authority"),
        (("worker",), "no certificate"),
        (("watch",), "a wrong password"),
        (("report",), "no certificate"),
        (("account", "forget", TRIED, "--yes"), "another authority"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_whom_kafka_does_not_let_in_is_told_why_and_does_not_try_again(
    servers: Servers, case: str, arguments: tuple[str, ...]
) -> None:
    done = told(_refused(servers, case) | {"LOG_LEVEL": "info"}, *arguments)
    last = done.stderr.strip().splitlines()[-1]
    assert (done.returncode, REFUSALS[case] in last, "docs/operations.md" in last, "Traceback" in done.stderr) == (
        *(1, True, True, False),
    ), done.stderr


REFUSED_BY_REDIS = {
    "a wrong password": (
        {"REDIS_PASSWORD_FILE": "", "REDIS_PASSWORD": WRONG},
        "Redis does not let us in: invalid username-password",
    ),
    "an unknown user": ({"REDIS_USER": "nobody"}, "Redis does not let us in: invalid username-password"),
    "another authority": ({"REDIS_CA": "other"}, "Redis does not let us in: its certificate is not trusted"),
    "no certificate": ({"REDIS_CERTIFICATE": "", "REDIS_KEY": ""}, "it asks for a certificate of ours"),
    "keys of another prefix": ({"PREFIX": "another-"}, "Redis does not let our user do what is needed"),
}
SHOW = ("account", "show", TRIED)


@pytest.mark.parametrize(
    ("arguments", "case"),
    [
        # Redis hangs up on whom it asks for a certificate: a command that asks once may see no more than that.
        *((SHOW, case) for case in REFUSED_BY_REDIS if case != "no certificate"),
        # A worker under another prefix misses its topics first.
        *((("worker",), case) for case in REFUSED_BY_REDIS if case != "keys of another prefix"),
    ],
    ids=lambda value: value if isinstance(value, str) else value[0],
)
def test_whom_redis_does_not_let_in_is_told_why_and_does_not_try_again(
    servers: Servers, case: str, arguments: tuple[str, ...]
) -> None:
    other, words = REFUSED_BY_REDIS[case]
    files = {"other": str(servers.keys.other.file)}
    done = told(servers.login(**{name: files.get(value, value) for name, value in other.items()}), *arguments)
    with redis.Redis.from_url(servers.redis.url) as client:
        client.acl_log_reset()
    assert (done.returncode, words in done.stderr, "Traceback" in done.stderr) == (1, True, False), done.stderr


def test_a_subscriber_with_a_wrong_password_is_told_so(servers: Servers) -> None:
    security = KafkaSecurity(
        tls=True, ca=servers.keys.authority.file, mechanism="SCRAM-SHA-512", user="mailer", password=WRONG
    )
    prefix = servers.deployment.prefix
    with (
        closing(Subscriber(servers.kafka.login, "mailer", [TRIGGERS], prefix=prefix, security=security)) as subscriber,
        pytest.raises(RejectedState, match="refuses user 'mailer' with this password") as refused,
    ):
        next(subscriber)
    _without_secrets(str(refused.value))


def test_an_emitter_with_a_wrong_password_tells_so_and_keeps_its_events(
    servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with _as_app(servers, tmp_path, WRONG) as emit:
        emit.usage("acct-6", meter="api_calls", value=1)
        until(lambda: "refuses user 'app' with this password" in caplog.text, seconds=30, waiting_for="why")
        emit.close(0)
    until_emitters_ended()
    assert emit.counts == {"taken": 1, "spooled": 1}
    _without_secrets(caplog.text)


# ----------------------------------------------------------------------------------- no more rights


@pytest.mark.parametrize(
    "words",
    [
        ("FLUSHALL",),
        ("CONFIG", "GET", "*"),
        ("KEYS", "*"),
        ("ACL", "LIST"),
        ("GET", "another:key"),
        ("EVAL", "return redis.call('FLUSHALL')", "0"),
        ("EVAL", "return redis.call('GET', KEYS[1])", "1", "another:key"),
    ],
    ids=" ".join,
)
def test_redis_refuses_its_user_all_else(servers: Servers, words: tuple[str, ...]) -> None:
    keys = servers.keys
    with (
        redis.Redis.from_url(
            servers.redis.address,
            username=REDIS_USER,
            password=REDIS_SECRET,
            ssl_ca_certs=str(keys.authority.file),
            ssl_certfile=str(keys.worker.certificate),
            ssl_keyfile=str(keys.worker.key),
            driver_info=None,
        ) as client,
        pytest.raises(redis.ResponseError, match=r"permission|can't run this command|No permissions"),
    ):
        client.execute_command(*words)
    with redis.Redis.from_url(servers.redis.url) as client:
        client.acl_log_reset()


def test_kafka_refuses_an_app_what_is_the_workers(servers: Servers) -> None:
    done = told(servers.login("app"), "report")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
