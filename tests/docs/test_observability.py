"""What the page on observability, the alerts and the dashboard name is what a running worker tells."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from documents import ROOT, blocks, code, rows, section
from outside.deployment import SIGNALS, TRIGGERS, Deployment
from outside.product import structured, usage_event
from promql import missing, samples, scraped
from servers.processes import free_port
from servers.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

PAGE = ROOT / "docs/observability.md"
DEPLOYED = ROOT / "deploy/observability"
ALERTS = yaml.safe_load((DEPLOYED / "alerts.yaml").read_text())["groups"][0]["rules"]
ALERT_TESTS = yaml.safe_load((DEPLOYED / "alerts.test.yaml").read_text())["tests"]
PANELS = [panel for panel in json.loads((DEPLOYED / "dashboard.json").read_text())["panels"] if "targets" in panel]
ACCOUNT = "acct-of-somebody"
TRACE, APP_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
HAS_OTEL = find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None

with_otel = pytest.mark.skipif(not HAS_OTEL, reason="the extra [otel] is not installed")


class Seen(NamedTuple):
    scrape: str
    log: str
    signal: Found
    trigger: Found
    exported: Sequence[bytes]
    port: int


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """A worker after one trigger and one dead letter, still running."""
    directory = tmp_path_factory.mktemp("observed")
    with (
        collector() as (endpoint, exported),
        pytest.MonkeyPatch.context() as environment,
        Deployment(kafka.bootstrap, redis_server.url, directory) as deployment,
    ):
        environment.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        environment.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        worker = deployment.worker(TRACES="otlp" if HAS_OTEL else "off").start().until_ready()
        triggers, product = deployment.topic(TRIGGERS), deployment.product
        product.profile(ACCOUNT, "free")
        product.send(usage_event(ACCOUNT, "1", traceparent=f"00-{TRACE}-{'c' * 16}-01"))
        product.send(usage_event(ACCOUNT, "800", traceparent=f"00-{TRACE}-{APP_SPAN}-01"))
        [trigger] = triggers.until(lambda _: True)
        product.raw(b"{", key=ACCOUNT.encode(), headers=structured())
        worker.until_settled(3)
        if HAS_OTEL:
            until(lambda: any(b"send " in each for each in exported), seconds=10, waiting_for="spans")
        [signal] = [each for each in deployment.records(SIGNALS) if each.event["type"].endswith("limit.reached.v1")]
        yield Seen(worker.page("/metrics").body, worker.log(), signal, trigger, exported, worker.port)


@contextmanager
def collector() -> Iterator[tuple[str, Sequence[bytes]]]:
    """Take what is exported over OTLP, as it comes."""
    exported: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            exported.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", exported
        server.shutdown()


def told() -> dict[str, tuple[str, set[str]]]:
    """Return the metrics of the page by name, with type and labels."""
    found = {}
    for name, kind, _ in rows(section(PAGE, "## Metrics")):
        match = re.fullmatch(r"(\w+)(?:\{([\w,]+)\})?", code(name)[0])
        assert match is not None, name
        found[match[1]] = (kind, set((match[2] or "").split(",")) - {""})
    return found


# ------------------------------------------------------------------------------------------------ the files


def test_every_alert_has_a_runbook_of_its_name() -> None:
    headings = re.findall(r"^### (\w+)$", section(PAGE, "## Alerts"), re.MULTILINE)
    assert [rule["alert"] for rule in ALERTS] == headings
    assert [rule["annotations"]["runbook"] for rule in ALERTS] == [
        f"docs/observability.md#{heading.lower()}" for heading in headings
    ]


def test_every_alert_is_tried_on_a_course_in_which_it_is_raised_and_on_one_in_which_not() -> None:
    tried = [case for test in ALERT_TESTS for case in test["alert_rule_test"]]
    for raised in (True, False):
        names = {case["alertname"] for case in tried if bool(case["exp_alerts"]) is raised}
        assert names == {rule["alert"] for rule in ALERTS}


def test_panels_have_a_title_and_say_what_they_show() -> None:
    assert [panel["id"] for panel in PANELS if not (panel["title"] and panel["description"].endswith("."))] == []


def test_promtool_finds_the_rules_right_and_sees_them_raised() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    [typed] = [block for block in blocks(PAGE) if "promtool" in block]
    ran = subprocess.run(["bash", "-ec", typed], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, "FAILED" in ran.stdout + ran.stderr) == (0, False), ran.stdout + ran.stderr


# ------------------------------------------------------------------------------------------------ a worker


def test_the_table_of_metrics_is_what_a_worker_tells(seen: Seen) -> None:
    told_by_worker = {name: (family.type, set(family.labels) - {"le"}) for name, family in scraped(seen.scrape).items()}
    assert told_by_worker == told()


def test_every_alert_asks_for_what_a_worker_tells(seen: Seen) -> None:
    there = samples(seen.scrape)
    texts = {rule["alert"]: rule["annotations"]["summary"] for rule in ALERTS}
    assert [lack for rule in ALERTS for lack in missing(rule["expr"], texts[rule["alert"]], there)] == []


def test_every_panel_asks_for_what_a_worker_tells(seen: Seen) -> None:
    there = samples(seen.scrape)
    targets = [target for panel in PANELS for target in panel["targets"]]
    assert [lack for each in targets for lack in missing(each["expr"], each["legendFormat"], there)] == []


def test_no_metric_names_an_account_or_a_user(seen: Seen) -> None:
    assert [line for line in seen.scrape.splitlines() if ACCOUNT in line or "u-42" in line] == []


def test_the_trigger_was_timed(seen: Seen) -> None:
    assert "expansion_signals_event_to_trigger_seconds_count 1.0" in seen.scrape


def test_the_decision_was_counted(seen: Seen) -> None:
    assert 'expansion_signals_decisions_total{decision="fired",reason="none"} 1.0' in seen.scrape


def test_the_dead_letter_was_counted_under_its_code(seen: Seen) -> None:
    assert 'expansion_signals_dead_letters_total{code="unparsable"} 1.0' in seen.scrape


def test_no_alert_is_raised_of_a_worker_that_is_well_and_every_panel_shows_something(
    seen: Seen, tmp_path: Path
) -> None:
    if shutil.which("prometheus") is None:
        pytest.skip("prometheus is not installed")
    with prometheus(seen.port, tmp_path) as ask:
        until(lambda: ask("rate(expansion_signals_read_total[1m])"), seconds=30, waiting_for="two scrapes")
        raised = [rule["alert"] for rule in ALERTS if ask(rule["expr"])]
        empty = [target["expr"] for panel in PANELS for target in panel["targets"] if not ask(_chosen(target["expr"]))]
    assert (raised, empty) == ([], [])


# ------------------------------------------------------------------------------------------------ traces, logs


@with_otel
def test_the_trigger_is_sent_in_a_span_of_the_apps_trace(seen: Seen) -> None:
    assert [(each.header["traceparent"] or b"").decode()[3:35] for each in (seen.signal, seen.trigger)] == [TRACE] * 2


@with_otel
def test_the_spans_of_signal_and_trigger_are_exported(seen: Seen) -> None:
    exported = b"".join(seen.exported)
    spans = [bytes.fromhex((each.header["traceparent"] or b"").decode()[36:52]) for each in (seen.signal, seen.trigger)]
    assert [span in exported for span in (bytes.fromhex(APP_SPAN), *spans)] == [True] * 3


@with_otel
def test_what_is_exported_names_nobody(seen: Seen) -> None:
    exported = b"".join(seen.exported)
    assert [name for name in (ACCOUNT, "u-42") if name.encode() in exported] == []


def test_the_event_keeps_the_span_of_the_app(seen: Seen) -> None:
    assert seen.trigger.event["traceparent"] == f"00-{TRACE}-{APP_SPAN}-01"


def test_every_line_of_the_log_is_a_json_object_with_time_level_logger_and_message(seen: Seen) -> None:
    lines: list[dict[str, Any]] = [json.loads(line) for line in seen.log.splitlines()]
    assert lines
    assert [line for line in lines if list(line)[:4] != ["time", "level", "logger", "message"]] == []


def test_the_line_shown_on_the_page_is_as_the_worker_writes_it(seen: Seen) -> None:
    shown = json.loads(section(PAGE, "## Logs").split("```")[1])
    [said] = [line for line in map(json.loads, seen.log.splitlines()) if "codes" in line]
    assert (list(said), said["codes"]) == (list(shown), {"unparsable": 1})
    assert said["message"][1:] == shown["message"][1:]


@contextmanager
def prometheus(port: int, directory: Path) -> Iterator[Any]:
    """Have a Prometheus scrape the worker, and yield how it is asked."""
    own = free_port()
    target = {"job_name": "es", "scrape_interval": "1s", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    (directory / "prometheus.yaml").write_text(yaml.safe_dump({"scrape_configs": [target]}))
    arguments = ("config.file=prometheus.yaml", "storage.tsdb.path=data", f"web.listen-address=127.0.0.1:{own}")
    with (
        (directory / "log").open("w") as log,
        subprocess.Popen(
            ["prometheus", *(f"--{each}" for each in arguments)], cwd=directory, stdout=log, stderr=log
        ) as running,
    ):

        def ask(expression: str) -> Sequence[Mapping[str, Any]]:
            address = f"http://127.0.0.1:{own}/api/v1/query?{urlencode({'query': expression})}"
            with urlopen(address, timeout=5) as answer:
                found: Sequence[Mapping[str, Any]] = json.load(answer)["data"]["result"]
            return found

        def up() -> bool:
            try:
                return bool(ask("vector(1)"))
            except OSError:
                return False

        try:
            until(up, seconds=20, waiting_for="Prometheus")
            yield ask
        finally:
            running.terminate()


def _chosen(expression: str) -> str:
    """Fill in what Grafana does."""
    return expression.replace("$job", ".*").replace("$__rate_interval", "1m")
