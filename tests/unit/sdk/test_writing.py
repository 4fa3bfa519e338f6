"""What a call emits: the event that the worker reads, or everything that is wrong with it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import pytest

from emitted import SOURCE, WORDS, as_the_worker_reads_it, document, said
from expansion_signals.errors import RejectedEvent
from expansion_signals.sdk.contracts import CONTRACTS
from expansion_signals.sdk.envelope import topic_of
from expansion_signals.wire.contracts import BUILT_IN_TYPES

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OWN = "com.acme.report.exported"


class Meter(StrEnum):
    CALLS = "api_calls"


def usage(**options: Any) -> dict[str, Any]:  # noqa: ANN401 -- whatever the method takes
    return document(said("usage", "acct-1", **({"meter": "api_calls"} | options)))


def problems(method: str, *arguments: object, **options: Any) -> tuple[str, ...]:  # noqa: ANN401 -- the same
    with pytest.raises(RejectedEvent) as rejected:
        said(method, *arguments, **options)
    return rejected.value.problems


@pytest.mark.parametrize("method", WORDS)
def test_the_worker_takes_what_each_method_says_with_all_that_it_takes(method: str) -> None:
    as_the_worker_reads_it(said(method, "acct-1", session="s-1", **WORDS[method][1]))


@pytest.mark.parametrize("method", WORDS)
def test_each_method_says_its_type_with_all_that_it_was_given(method: str) -> None:
    kind, data = WORDS[method]
    event = document(said(method, "acct-1", **data))
    assert (event["type"], event["data"].keys()) == (f"expansion.{kind}.v1", data.keys())


def test_there_is_a_method_for_each_type_that_apps_emit() -> None:
    imported = "expansion.usage.imported.v1"
    assert {f"expansion.{kind}.v1" for kind, _ in WORDS.values()} == set(CONTRACTS)
    assert set(CONTRACTS) > BUILT_IN_TYPES - {imported}


@pytest.mark.parametrize(
    ("method", "topic"),
    [("usage", "usage-events"), ("prompt_shown", "prompt-events"), ("account_updated", "account-updates")],
)
def test_each_type_goes_to_its_topic(method: str, topic: str) -> None:
    assert said(method, "acct-1", **WORDS[method][1]).topic == topic


def test_a_later_version_goes_where_its_type_goes() -> None:
    types = ("expansion.account.updated.v2", "expansion.prompt.shown.v2", "expansion.usage.recorded.v2")
    assert [topic_of(each) for each in types] == ["account-updates", "prompt-events", "usage-events"]


def test_the_key_is_the_account() -> None:
    assert said("usage", "acct-ä", meter="api_calls").key == "acct-ä".encode()


def test_an_event_has_a_uuid_of_version_7_of_its_own() -> None:
    ids = [uuid.UUID(usage()["id"]) for _ in range(1_000)]
    assert ({each.version for each in ids}, len(set(ids))) == ({7}, 1_000)


def test_an_id_carries_the_time_of_its_event() -> None:
    event = usage()
    milliseconds = uuid.UUID(event["id"]).int >> 80
    assert datetime.fromisoformat(event["time"]) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        milliseconds=milliseconds
    )


def test_what_is_not_given_is_left_out() -> None:
    assert usage()["data"] == {"meter": "api_calls", "value": "1"}


@pytest.mark.parametrize(
    ("given", "stands"),
    [
        (3, "3"),
        (0.1, "0.1"),
        (1e22, "1e+22"),
        (Decimal("0.10"), "0.10"),
        ("12.5", "12.5"),
        (-2, "-2"),
        (2**70, str(2**70)),
    ],
)
def test_an_amount_stands_as_its_shortest_text(given: object, stands: str) -> None:
    assert usage(value=given)["data"]["value"] == stands


@pytest.mark.parametrize(
    "given", [float("nan"), float("inf"), Decimal("NaN"), True, "a lot", "1,5", "", " 1", "\u0661", [1]]
)
def test_what_is_no_amount_is_refused(given: object) -> None:
    [problem] = problems("usage", "acct-1", meter="api_calls", value=given)
    assert problem.startswith("data.value: expected a finite number or a decimal text")


def test_a_number_that_python_does_not_write_is_refused() -> None:
    assert problems("usage", "acct-1", meter="api_calls", value=10**5000) == (
        "data.value: expected a finite number or a decimal text such as '12.5', got a number of 16610 bits",
    )


def test_everything_that_is_wrong_with_an_event_is_told_at_once() -> None:
    told = problems("usage", "", meter=None, value="x", user=7, time="noon", id="\n", backfill="yes", sesion="s")
    assert sorted(problem.partition(":")[0] for problem in told) == [
        "account", "backfill", "data.meter", "data.user", "data.value", "id", "sesion", "time",
    ]  # fmt: skip


def test_a_refusal_says_where_to_read_on() -> None:
    with pytest.raises(RejectedEvent, match=r"usage\.recorded\.v1 of account 'acct-1' .*; see docs/emitting\.md$"):
        said("usage", "acct-1", meter="")


def test_the_member_of_an_enum_names_what_its_text_names() -> None:
    assert usage(meter=Meter.CALLS)["data"]["meter"] == "api_calls"


def test_a_datetime_stands_in_utc() -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))
    assert usage(time=noon)["time"] == "2026-11-22T10:00:00Z"


def test_a_datetime_without_a_time_zone_is_refused() -> None:
    [problem] = problems("usage", "acct-1", meter="m", time=datetime(2026, 11, 22))  # noqa: DTZ001 -- the case
    assert "expected a datetime with a time zone" in problem


def test_the_options_of_any_event_stand_where_the_worker_reads_them() -> None:
    event = usage(session="s-1", id="once", traceparent=TRACEPARENT, backfill=True)
    assert (event["id"], event["data"]["session"]) == ("once", "s-1")
    assert (event["traceparent"], event["backfill"], event["source"]) == (TRACEPARENT, True, SOURCE)


def test_a_malformed_traceparent_is_left_out() -> None:
    assert "traceparent" not in usage(traceparent="00-none")


def test_an_event_of_the_products_own_stands_as_it_was_given() -> None:
    given = MappingProxyType({"format": "pdf", "pages": 3, "share": 0.1, "price": Decimal("1.50"), "tags": ["a", None]})
    assert document(said("event", "acct-1", OWN, given))["data"] == {
        "format": "pdf", "pages": 3, "share": 0.1, "price": "1.50", "tags": ["a", None],
    }  # fmt: skip


def test_an_event_of_the_products_own_needs_no_data() -> None:
    as_the_worker_reads_it(said("event", "acct-1", OWN))


@pytest.mark.parametrize(
    "data", [{"at": datetime.now(UTC)}, {"n": float("nan")}, {"half": "\ud800"}, {"s": {1}}, {"d": Decimal("NaN")}]
)
def test_what_has_no_form_in_json_is_refused(data: dict[str, object]) -> None:
    [problem] = problems("event", "acct-1", OWN, data)
    assert problem.startswith("data: has no form in JSON")


def test_an_event_above_a_million_bytes_is_refused() -> None:
    [problem] = problems("event", "acct-1", OWN, {"text": "x" * 1_000_000})
    assert "at most 1000000 are sent" in problem


def test_a_built_in_type_is_judged_the_same_whichever_method_says_it() -> None:
    [problem] = problems("event", "acct-1", "expansion.feature.used.v1", {"user": "u"})
    assert problem == "data.feature: required and missing"


def test_a_type_that_is_almost_built_in_is_told_which_is_meant() -> None:
    [problem] = problems("event", "acct-1", "expansion.usage.record.v1", {})
    assert "is expansion.usage.recorded.v1 meant?" in problem


def test_a_problem_inside_an_object_says_where() -> None:
    [problem] = problems("account_updated", "a", version=1, plan="pro", usage={"calls": {"value": "x", "as_of": 3}})
    assert problem.startswith("data.usage: value: expected a finite number")
    assert "as_of: expected a datetime" in problem
