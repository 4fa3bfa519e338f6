from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from expansion_signals.local.product import Product
from expansion_signals.model.catalog import Catalog, Entitlement, Feature, Meter, Plan
from expansion_signals.model.events import LIMIT_HIT, USAGE_RECORDED
from expansion_signals.model.instants import DAY, HOUR, SECOND, parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.local.product import Sending

STARTED = parse_instant("2026-11-22T10:00:00Z")

METERS = (
    Meter("api_calls", USAGE_RECORDED, "sum", "call", value="value", where={"meter": "api_calls"}),
    Meter("storage_gb", USAGE_RECORDED, "sum", "GB", value="value", where={"meter": "storage_gb"}, precision=3),
    Meter("exports", "com.acme.report.exported", "count", "export"),
    Meter("projects", "com.acme.project.created", "count", "project", per="never"),
)


def _plan(key: str, factor: int, kind: str = "hard") -> Plan:
    limits = {"api_calls": 1000, "storage_gb": 5, "exports": 10, "projects": 3}
    includes = {key: Entitlement(Decimal(limit * factor), kind) for key, limit in limits.items()}  # type: ignore[arg-type]
    return Plan(key, includes, Decimal(factor))


CATALOG = Catalog(
    currency="USD",
    meters={meter.key: meter for meter in METERS},
    features={meter.key: Feature(meter.key, meter.key) for meter in METERS},
    plans={plan.key: plan for plan in (_plan("free", 1), _plan("team", 20), _plan("business", 500, "soft"))},
    add_ons={},
)


@cache
def _run(seconds: int, seed: int = 7, rate: float = 300) -> list[Sending]:
    until = STARTED + seconds * SECOND
    product = Product(CATALOG, seed=seed, now=STARTED, rate=rate)
    return [*product.profiles(), *takewhile(lambda sending: sending.due < until, product.sendings(STARTED))]


def _documents(sendings: list[Sending]) -> Iterator[dict[str, object]]:
    for sending in sendings:
        headers = dict(sending.record.headers)
        assert sending.record.value is not None
        try:
            value = json.loads(sending.record.value)
        except ValueError:
            continue
        if "ce_id" in headers:
            yield {name.removeprefix("ce_"): raw.decode() for name, raw in headers.items()} | {"data": value}
        else:
            yield value


def test_the_same_seed_gives_the_same_records() -> None:
    assert _run(5) == _run.__wrapped__(5)


def test_another_seed_gives_other_records() -> None:
    assert _run(5) != _run(5, seed=8)


def test_every_account_is_told_of_at_once() -> None:
    told = Product(CATALOG, seed=1, now=STARTED).profiles()
    assert {(sending.record.topic, sending.due) for sending in told} == {("account-updates", STARTED)}
    assert len({sending.record.key for sending in told}) == 240


def test_records_come_in_the_order_they_are_due() -> None:
    dues = [sending.due for sending in _run(20)]
    assert dues == sorted(dues)


def test_the_rate_is_kept_over_whole_days() -> None:
    usage = [sending for sending in _run(40) if sending.record.topic == "usage-events"]
    assert 0.8 * 300 * 40 < len(usage) < 1.2 * 300 * 40


def test_days_have_a_rhythm() -> None:
    day, night = _run(10), [sending for sending in _run(20) if sending.due >= STARTED + 10 * SECOND]
    assert len(day) > 1.5 * len(night)


def test_some_events_are_sent_twice() -> None:
    ids = Counter(sending.event for sending in _run(20))
    assert 2 in ids.values()


def test_some_retries_carry_another_time() -> None:
    seen: dict[object, set[object]] = {}
    for document in _documents(_run(20)):
        seen.setdefault(document["id"], set()).add(document["time"])
    assert any(len(times) > 1 for times in seen.values())


def test_some_events_come_late() -> None:
    lateness = {STARTED - parse_instant(str(document["time"])) for document in _documents(_run(20))}
    assert any(0 < late < HOUR for late in lateness)


def test_both_forms_of_cloudevents_are_written() -> None:
    forms = {"ce_id" in dict(sending.record.headers) for sending in _run(5)}
    assert forms == {True, False}


def test_some_records_are_no_json() -> None:
    run = _run(40)
    assert len(list(_documents(run))) < len(run)


def test_some_records_lack_the_account() -> None:
    assert any("subject" not in document for document in _documents(_run(40)))


def test_usage_that_is_refused_is_told() -> None:
    assert any(document["type"] == LIMIT_HIT for document in _documents(_run(40)))


def test_some_customers_upgrade_at_a_limit() -> None:
    updates = [document for document in _documents(_run(40)) if document["type"] == "expansion.account.updated.v1"]
    assert {document["data"]["version"] for document in updates} == {1, 2}  # type: ignore[index]


def test_first_limits_are_reached_within_seconds() -> None:
    used: Counter[object] = Counter()
    free = set()
    before = Product(CATALOG, seed=7, now=STARTED).days_before
    for document in _documents(_run(12)):
        subject, data = document.get("subject"), document["data"]
        assert isinstance(data, dict)
        if "period" in data:
            anchor = parse_instant(data["period"]["anchor"])
            days = [use for use in before if use.account == subject and use.meter.key == "api_calls"]
            used[subject] += sum(int(use.value) for use in days if use.day * DAY >= anchor)
        if data.get("plan") == "free":
            free.add(subject)
        if document["type"] == USAGE_RECORDED and data.get("meter") == "api_calls" and subject in free:
            used[subject] += int(data["value"]) if str(data["value"]).isdecimal() else 0
    assert any(level >= 800 for level in used.values())
