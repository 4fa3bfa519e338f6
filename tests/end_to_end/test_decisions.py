"""Why what was found is not sent, seen from outside: an account for each reason, and the decision that names it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from redis import Redis as Client

from outside.deployment import DECISIONS, PROMPTS, TRIGGERS, Deployment
from outside.product import prompt_event, usage_event, written
from outside.schemas import violations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from outside.reading import Found
    from servers.chosen import GivenKafka, GivenRedis, Kafka, Redis

pytestmark = pytest.mark.servers

GATES, MILESTONES, RETENTION = "expansion-feature-gated", "expansion-usage-milestone", "expansion-contraction-risk"
TREND = "expansion-account-trend"
SESSION = "s-1"
TOOLS = ("sso", "audit_log", "sandbox", "branding", "backups")
MOST = 4
"""Triggers shown to people of an account in a day."""

FILES = {
    "catalog.yaml": """
currency: USD
meters:
  api_calls: {event: expansion.usage.recorded.v1, where: {meter: api_calls}, aggregation: sum, value: value, unit: call}
  storage: {event: expansion.usage.recorded.v1, where: {meter: storage}, aggregation: sum, value: value, unit: GB}
  exports: {event: expansion.usage.recorded.v1, where: {meter: exports}, aggregation: sum, value: value, unit: export}
features:
  api_calls: {meter: api_calls}
  storage: {meter: storage}
  sso: {}
  audit_log: {}
  sandbox: {}
  branding: {}
  backups: {}
plans:
  - {key: free, price: "0", includes: {api_calls: {limit: 1000}, storage: {limit: 100}}}
  - key: pro
    price: "49"
    includes:
      {api_calls: {limit: 5000}, storage: {limit: 500}, sso: true, audit_log: true, sandbox: true, branding: true,
       backups: true}
""",
    "rules.yaml": f"""
policy: {{account_cap: {MOST} per 1d, expires: {{limit: 2d}}}}
rules:
  - {{id: quota, signal: limit_reached, meter: api_calls, at: [81%, 83%, 90%, 100%]}}
  - {{id: space, signal: limit_reached, meter: storage, at: [80%, 100%], cap: 1 per 7d}}
  - {{id: compared, signal: milestone, meter: exports, at: [5], holdout: 100%}}
  - {{id: first-export, signal: milestone, meter: exports, at: [1]}}
  - {{id: gates, signal: feature_gated, feature: "*", attempts: 1}}
  - {{id: integrations, signal: integration_connected, cap: 1 per 7d}}
  - {{id: leaving, signal: cancel_requested}}
""",
}

SUPPRESSED = {
    "paused": ("quota", ["account_status"]),
    "opted-out": ("quota", ["opted_out"]),
    "held-out": ("compared", ["holdout"]),
    "muted": ("quota", ["muted"]),
    "on-the-top-plan": ("quota", ["plan_cannot_grow"]),
    "leaving": ("quota", ["cancel_pending"]),
    "snoozes": ("space", ["snoozed"]),
    "dismisses": ("space", ["dismissed"]),
    "capped": ("integrations", ["rule_cap"]),
    "shown-enough": ("space", ["session_cap"]),
    "busy": ("gates", ["account_cap"]),
    "for-three-reasons": ("quota", ["account_status", "opted_out", "plan_cannot_grow"]),
}
"""What is suppressed once for each account: by its rule, for all reasons that apply; the first is the one named."""

PROFILES: dict[str, dict[str, Any]] = {
    **{account: {"plan": "free"} for account in SUPPRESSED},
    "paused": {"plan": "free", "status": "paused"},
    "opted-out": {"plan": "free", "opted_out": ["ada"]},
    "on-the-top-plan": {"plan": "pro"},
    "rises": {"plan": "free"},
    "for-three-reasons": {"plan": "pro", "status": "cancelled", "opted_out": ["ada"]},
}


def used(account: str, value: int, meter: str = "api_calls", **more: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return usage_event(account, 0, data={"meter": meter, "value": value, "user": "ada", **more})


def happened(kind: str, account: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    return usage_event(account, 0, type=f"expansion.{kind}.v1", data={"user": "ada", **data})


class Seen(NamedTuple):
    decisions: list[Found]
    triggers: list[Found]

    def decided(self, account: str, decision: str) -> Sequence[dict[str, Any]]:
        """Return the account's decisions of this kind."""
        found = [each.event for each in self.decisions if each.event["subject"] == account]
        return [event["data"] for event in found if event["data"]["decision"] == decision]

    def fired(self, account: str) -> Sequence[tuple[str, str]]:
        """Return the rule and the highest threshold of each limit that the account was told of."""
        found = [each.event["data"] for each in self.triggers if each.event["subject"] == account]
        return [(data["rule"]["id"], data["threshold"]["value"]) for data in found if data["family"] == "limit"]


class Course:
    """What the accounts do, and what is reported of the prompts that they see."""

    def __init__(self, deployment: Deployment) -> None:
        self.product, self.worker = deployment.product, deployment.worker().start().until_ready()
        self.topics = {name: deployment.topic(name) for name in (TRIGGERS, GATES, MILESTONES)}
        self.reported = 0
        for account, profile in PROFILES.items():
            self.product.profile(account, **profile)
        self.worker.until_told("account-updates", len(PROFILES))

    def happen(self, *events: dict[str, Any]) -> None:
        self.product.send(*events)
        self.worker.until_settled(len(self.product.sent))

    def trigger(self, account: str, topic: str = TRIGGERS, count: int = 1) -> dict[str, Any]:
        """Return the trigger that is the account's latest of so many."""
        return self.topics[topic].until(lambda record: record.event["subject"] == account, count=count)[-1].event

    def report(self, deed: str, trigger: dict[str, Any], **more: Any) -> None:  # noqa: ANN401 -- any JSON
        self.product.prompts(prompt_event(deed, trigger, "ada", **more))
        self.reported += 1
        self.worker.until_told(PROMPTS, self.reported)

    def of_profiles(self) -> None:
        for account in ("paused", "opted-out", "muted"):
            self.happen(used(account, 820))
        self.happen(used("held-out", 7, "exports"))
        for account in ("on-the-top-plan", "for-three-reasons"):
            self.happen(used(account, 4100))
        self.happen(happened("subscription.cancel_requested", "leaving"))
        self.happen(used("leaving", 820))

    def of_prompts(self) -> None:
        for count, value in enumerate((820, 20, 80), 1):
            self.happen(used("dismisses", value))
            self.report("dismissed", self.trigger("dismisses", count=count))
        self.happen(used("dismisses", 85, "storage"))
        self.happen(used("dismisses", 100))

        self.happen(used("snoozes", 820))
        self.report("snoozed", self.trigger("snoozes"), until=written(datetime.now(UTC) + timedelta(days=1)))
        self.happen(used("snoozes", 85, "storage"))

        self.happen(used("shown-enough", 820), used("shown-enough", 1, "exports"))
        self.happen(happened("feature.attempted", "shown-enough", feature=TOOLS[0]))
        for topic in (TRIGGERS, GATES, MILESTONES):
            self.report("shown", self.trigger("shown-enough", topic), session=SESSION)
        self.happen(used("shown-enough", 100, "storage", session=SESSION))

    def of_caps(self) -> None:
        for value in (85, 20):
            self.happen(used("rises", value, "storage"))
        for integration in ("chat", "wiki"):
            self.happen(happened("integration.connected", "capped", integration=integration))
        for tool in TOOLS:
            self.happen(happened("feature.attempted", "busy", feature=tool))


def mute(url: str, prefix: str, account: str) -> None:
    """Silence an account for an hour."""
    until = datetime.now(UTC) + timedelta(hours=1)
    with Client.from_url(url) as client:
        client.hset(f"{prefix}es:{{deployment}}:mutes", f"|{account}", str(int(until.timestamp() * 1_000_000)))


@pytest.fixture(scope="module")
def seen(
    kafka: GivenKafka | Kafka, redis_server: GivenRedis | Redis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    directory = tmp_path_factory.mktemp("decisions")
    for name, text in FILES.items():
        (directory / name).write_text(text)
    with Deployment(kafka.bootstrap, redis_server.url, directory, {"CONFIG": str(directory)}) as deployment:
        course = Course(deployment)
        mute(redis_server.url, deployment.prefix, "muted")
        course.of_profiles()
        course.of_prompts()
        course.of_caps()
        triggers = [
            each for topic in (TRIGGERS, GATES, MILESTONES, TREND, RETENTION) for each in deployment.records(topic)
        ]
        yield Seen(deployment.records(DECISIONS), triggers)


@pytest.mark.parametrize("account", SUPPRESSED)
def test_what_is_suppressed_is_a_decision_with_its_reason_and_all_that_apply(seen: Seen, account: str) -> None:
    rule, reasons = SUPPRESSED[account]
    assert [
        (decision["rule"]["id"], decision["reason"], decision["reasons"])
        for decision in seen.decided(account, "suppressed")
    ] == [(rule, reasons[0], reasons)]


def test_what_is_suppressed_is_on_no_topic_of_triggers(seen: Seen) -> None:
    suppressed = {decision["trigger"] for account in SUPPRESSED for decision in seen.decided(account, "suppressed")}
    assert (len(suppressed), suppressed & {each.event["id"] for each in seen.triggers}) == (len(SUPPRESSED), set())


@pytest.mark.parametrize("account", ["paused", "opted-out", "muted", "on-the-top-plan", "leaving"])
def test_who_is_not_to_be_asked_is_told_of_no_limit(seen: Seen, account: str) -> None:
    assert seen.fired(account) == []


def test_three_dismissals_silence_what_approaches_and_not_what_is_reached(seen: Seen) -> None:
    assert seen.fired("dismisses") == [("quota", "81"), ("quota", "83"), ("quota", "90"), ("quota", "100")]


def test_a_snooze_holds_for_its_family_whatever_is_counted(seen: Seen) -> None:
    [suppressed] = seen.decided("snoozes", "suppressed")
    assert (suppressed["rule"]["id"], seen.fired("snoozes")) == ("space", [("quota", "81")])


def test_a_request_to_cancel_itself_is_told(seen: Seen) -> None:
    told = [each.event["type"] for each in seen.triggers if each.event["subject"] == "leaving"]
    assert told == ["expansion.cancel.requested.v1"]


def test_a_cap_of_one_lets_the_first_through(seen: Seen) -> None:
    told = [each.event["data"]["integration"] for each in seen.triggers if each.event["subject"] == "capped"]
    assert told == ["chat"]


def test_a_higher_threshold_is_not_swallowed_by_the_cap_of_a_lower_one(seen: Seen) -> None:
    assert seen.fired("rises") == [("space", "80"), ("space", "100")]


def test_triggers_last_as_long_as_the_policy_says(seen: Seen) -> None:
    events = [each.event for each in seen.triggers if each.event["data"]["family"] == "limit"]
    lasts = {datetime.fromisoformat(each["expirytime"]) - datetime.fromisoformat(each["time"]) for each in events}
    assert lasts == {timedelta(days=2)}


def test_an_account_is_shown_as_many_triggers_a_day_as_its_cap_says(seen: Seen) -> None:
    assert len(seen.decided("busy", "fired")) == MOST


def test_each_trigger_has_its_decision(seen: Seen) -> None:
    fired = {each.event["data"]["trigger"] for each in seen.decisions if each.event["data"]["decision"] == "fired"}
    assert fired == {each.event["id"] for each in seen.triggers}


def test_every_record_fulfils_its_schemas(seen: Seen) -> None:
    assert [wrong for record in (*seen.decisions, *seen.triggers) for wrong in violations(record)] == []
