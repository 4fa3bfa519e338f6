"""The Helm chart: what it says of the program is true; and, where helm is there, what comes out of it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from expansion_signals.settings import SECURITY, Settings
from rendered_chart import CHART, ROOT, needs_helm, rendered

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

EXAMPLES = sorted((ROOT / "deploy/helm/examples").glob("*.yaml"))
SAMPLE = "src/expansion_signals/local/sample"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
TEMPLATES = "".join(path.read_text() for path in sorted((CHART / "templates").rglob("*.*")))


def _rendered(*arguments: str) -> subprocess.CompletedProcess[str]:
    return rendered("signals", str(CHART), *arguments)


def _manifests(example: str, *arguments: str) -> dict[str, dict[str, Any]]:
    """Return what an example becomes, by kind."""
    done = _rendered("--values", f"deploy/helm/examples/{example}.yaml", *arguments)
    assert done.returncode == 0, done.stderr
    return {each["kind"]: each for each in yaml.safe_load_all(done.stdout)}


def _files(name: str = SAMPLE) -> list[str]:
    return [
        word for file in ("catalog", "rules") for word in ("--set-file", f"configuration.{file}={name}/{file}.yaml")
    ]


def _pod(manifest: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = manifest["spec"]
    return spec if manifest["kind"] == "Pod" else spec["template"]["spec"]


def _variables(manifest: dict[str, Any]) -> dict[str, str]:
    (container,) = _pod(manifest)["containers"]
    return {each["name"].removeprefix("EXPANSION_SIGNALS_").lower(): each["value"] for each in container["env"]}


def test_the_chart_has_the_version_of_the_program() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (VERSION, VERSION)


def test_every_variable_of_a_template_is_a_setting() -> None:
    named = {name.lower() for name in re.findall(r"EXPANSION_SIGNALS_([A-Z]+(?:_[A-Z]+)*)\b", TEMPLATES)}
    assert named - set(Settings.model_fields) == set()


def test_the_files_of_a_secret_are_those_that_a_setting_takes() -> None:
    files = {"kafka", "redis"}
    taken = {name.partition("_")[2].removesuffix("_file") for name in SECURITY if name.partition("_")[0] in files}
    schema = (CHART / "values.schema.json").read_text()
    held = set(yaml.safe_load(schema)["definitions"]["files"]["properties"])
    assert held == taken - {"mechanism", "user"}


@needs_helm
@pytest.mark.parametrize("example", ["smallest", "managed"])
@pytest.mark.parametrize("kind", ["Deployment", "Job", "Pod"])
def test_every_pod_has_no_root_no_token_and_nothing_to_write_on_but_tmp(example: str, kind: str) -> None:
    pod = _pod(_manifests(example, *_files())[kind])
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["seccompProfile"]) == (
        True,
        {"type": "RuntimeDefault"},
    )
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")] == ["/tmp"]  # noqa: S108 -- the one it may write on


@needs_helm
def test_passwords_are_files_of_secrets_that_are_there() -> None:
    manifests = _manifests("managed", *_files())
    variables = _variables(manifests["Deployment"])
    assert (variables["kafka_password_file"], variables["redis_ca"]) == (
        "/run/secrets/kafka/password",
        "/run/secrets/redis/ca",
    )
    assert "Secret" not in manifests


@needs_helm
def test_topics_are_created_with_the_operators_login() -> None:
    manifests = _manifests("managed", *_files())
    volumes = {volume["name"]: volume for volume in _pod(manifests["Job"])["volumes"]}
    assert (_variables(manifests["Job"])["kafka_user"], volumes["kafka"]["secret"]["secretName"]) == (
        "operator",
        "kafka-operator",
    )


@needs_helm
def test_the_topics_need_nothing_that_is_installed_after_them() -> None:
    manifests = _manifests("smallest", *_files())
    assert manifests["Job"]["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert [volume for volume in _pod(manifests["Job"])["volumes"] if "configMap" in volume] == []


@needs_helm
def test_the_configuration_is_that_of_the_files() -> None:
    carried = _manifests("smallest", *_files())["ConfigMap"]["data"]
    assert carried == {name: (ROOT / SAMPLE / name).read_text() for name in ("catalog.yaml", "rules.yaml")}


@needs_helm
def test_a_change_of_the_configuration_restarts_no_worker(tmp_path: Path) -> None:
    for name in ("catalog.yaml", "rules.yaml"):
        (tmp_path / name).write_text((ROOT / SAMPLE / name).read_text() + "# changed\n")
    before, after = _manifests("smallest", *_files()), _manifests("smallest", *_files(str(tmp_path)))
    assert before["ConfigMap"] != after["ConfigMap"]
    assert before["Deployment"] == after["Deployment"]


@needs_helm
def test_lag_is_that_of_both_stages_under_the_prefix() -> None:
    triggers = _manifests("managed", *_files())["ScaledObject"]["spec"]["triggers"]
    assert {(each["metadata"]["consumerGroup"], each["metadata"]["topic"]) for each in triggers} == {
        ("prod-expansion-metering", "prod-usage-events"),
        ("prod-expansion-deciding", "prod-expansion-signals"),
    }


@needs_helm
def test_who_scales_decides_the_number_of_workers_alone() -> None:
    assert "replicas" not in _manifests("managed", *_files())["Deployment"]["spec"]


@needs_helm
def test_the_network_is_open_to_the_ports_that_are_named() -> None:
    (egress,) = _manifests("certificates")["NetworkPolicy"]["spec"]["egress"]
    assert [rule["port"] for rule in egress["ports"]] == [53, 53, 8080, 9093, 6380]


@needs_helm
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "kafka.servers is missing"),
        (["--set", "kafka.servers=kafka:9092", "--set", "redis.url=redis://redis"], "configuration.catalog is missing"),
        (["--set", "kafka.security=sasl_tls"], "mechanism"),
        (["--set", "redis.url=redis://:secret@redis:6379"], "/redis/url"),
        (["--set", "replica=3"], "replica"),
        (["--set", "settings.KAFKA=kafka:9092"], "KAFKA"),
        (["--set", "autoscaling.onLag.min=0", "--set", "autoscaling.onLag.enabled=true"], "min"),
        (
            ["--set", "autoscaling.onLag.enabled=true", "--set", "autoscaling.onCpu.enabled=true"],
            "enable one of them",
        ),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(values: list[str], said: str) -> None:
    complete = ["--values", "deploy/helm/examples/smallest.yaml", *_files()]
    done = _rendered(*([] if "is missing" in said else complete), *values)
    assert (done.returncode != 0, bool(re.search(said, done.stderr))) == (True, True), done.stderr


@needs_helm
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_renders(example: Path) -> None:
    files = [] if "existingConfigMap" in example.read_text() else _files()
    done = _rendered("--values", str(example), *files)
    assert done.returncode == 0, done.stderr
