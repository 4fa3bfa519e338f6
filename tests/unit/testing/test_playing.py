"""Events that share a poll end as those that are alone: for each, the same is published, in the same order."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from hypothesis import example, given
from hypothesis import strategies as st

from expansion_signals.model.instants import MINUTE, format_instant, parse_instant
from expansion_signals.rules.loading import load
from expansion_signals.testing.arrivals import arrival_of
from expansion_signals.testing.playing import Came, play
from expansion_signals.testing.rehearsal import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONFIGURATION = load(
    {
        "catalog.yaml": """
currency: USD
meters:
  calls: {event: com.acme.called, aggregation: sum, value: value, unit: call, dimensions: [region]}
  stored: {event: com.acme.stored, aggregation: sum, value: value, per: never, unit: GB}
  used: {event: com.acme.measured, aggregation: latest, value: value, unit: GB}
  highest: {event: com.acme.measured, aggregation: max, value: value, unit: GB}
  readers: {event: com.acme.called, aggregation: unique, value: user, unit: reader}
features:
  calls: {meter: calls}
  stored: {meter: stored}
  used: {meter: used}
  readers: {meter: readers}
  seats: {meter: seats}
  sso: {}
plans:
  - {key: free, price: "0", includes: {calls: {limit: 40}, stored: {limit: 30}, used: {limit: 9}, readers: {limit: 3}}}
  - {key: open, price: "49", includes: {calls: unlimited, sso: true}}
""",
        "rules.yaml": """
rules:
  - {id: calls, signal: limit_reached, meter: calls, at: [50%, 100%, every 15 after 100%]}
  - {id: stored, signal: limit_reached, meter: stored, at: [50%, 80%]}
  - {id: used, signal: limit_reached, meter: used, at: [80%]}
  - {id: readers, signal: limit_reached, meter: readers, at: [2 remaining, 100%]}
  - {id: peaks, signal: limit_reached, meter: highest, at: [8]}
  - {id: gates, signal: feature_gated, feature: "*", attempts: 2, users: 2}
  - {id: many, signal: milestone, meter: calls, at: [30, 90]}
  - {id: seats, signal: seat_limit_invited}
  - {id: hits, signal: limit_hit}
  - {id: lead, signal: pql, qualify_at: 20, criteria: [
      {id: a, when: active_users >= 2, within: 7d, points: 25},
      {id: b, when: utilization >= 50% or seats_used >= 2, points: 15},
      {id: c, when: limit_hits >= 2, points: 10}]}
policy: {account_cap: 2 per 1d}
""",
    }
)
BEGIN = parse_instant("2026-09-01T00:00:00Z")
ACCOUNTS = ("ada", "bob", "cyd", "unknown")

amounts = st.integers(-6, 9)
contents = st.one_of(
    st.tuples(
        st.just("com.acme.called"),
        st.fixed_dictionaries(
            {"value": amounts, "user": st.sampled_from("uvw"), "region": st.sampled_from(["eu", "us"])}
        ),
    ),
    st.tuples(st.just("com.acme.stored"), st.fixed_dictionaries({"value": amounts})),
    st.tuples(st.just("com.acme.measured"), st.fixed_dictionaries({"value": st.one_of(amounts, st.just(1 << 62))})),
    st.tuples(st.just("com.acme.called"), st.just({"value": "none"})),
    st.tuples(st.just("com.acme.unheard-of"), st.just({})),
    st.tuples(
        st.sampled_from(["expansion.feature.attempted.v1", "expansion.feature.used.v1"]),
        st.fixed_dictionaries({"feature": st.just("sso"), "user": st.sampled_from("uvw")}),
    ),
    st.tuples(st.just("expansion.user.active.v1"), st.fixed_dictionaries({"user": st.sampled_from("uvw")})),
    st.tuples(st.just("expansion.limit.hit.v1"), st.fixed_dictionaries({"meter": st.just("calls")})),
    st.tuples(
        st.just("expansion.content.shared.v1"),
        st.fixed_dictionaries({"user": st.just("u"), "recipient": st.sampled_from("rst"), "external": st.booleans()}),
    ),
    st.tuples(
        st.just("expansion.seat.invited.v1"),
        st.fixed_dictionaries({"invite": st.sampled_from(["i", "j", "k", "l"]), "user": st.just("u")}),
    ),
)
happenings = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS),
        contents,
        st.sampled_from([0, 0, 0, 1, 1, 2, 20, -30, -2000, 90, 3000]),  # minutes since the one before
        st.integers(0, 60),  # ids, so that some come twice, with another payload as well
    ),
    max_size=60,
)


def lines_of(happened: Sequence[Any]) -> list[bytes]:
    """Return the lines of a file: who the accounts are, then what happens, and one line that is nothing."""
    lines, time = [], BEGIN
    for account in ACCOUNTS[:-1]:
        month = {"unit": "month", "anchor": format_instant(BEGIN)}
        profile = {"version": 1, "plan": "open" if account == "cyd" else "free", "period": month}
        lines.append(line_of(account, "expansion.account.updated.v1", time, profile, "p"))
    for account, (kind, content), minutes, number in happened:
        time = max(time, time + minutes * MINUTE)
        lines.append(line_of(account, kind, time + min(0, minutes) * MINUTE, content, f"e-{number}"))
    return [*lines, b"nothing"]


def line_of(account: str, kind: str, time: int, content: Mapping[str, Any], name: str) -> bytes:
    attributes = {"specversion": "1.0", "id": name, "source": "/test", "type": kind, "subject": account}
    return json.dumps({**attributes, "time": format_instant(time), "data": content}).encode()


async def together(lines: Sequence[bytes]) -> tuple[list[Came], Mapping[str, Any]]:
    rehearsal = Rehearsal(CONFIGURATION)
    numbered = ((number, arrival_of(line)) for number, line in enumerate(lines))
    return [came async for came in play(rehearsal, numbered) if came.published], await rehearsal.tallies()


async def one_by_one(lines: Sequence[bytes]) -> tuple[list[Came], Mapping[str, Any]]:
    rehearsal = Rehearsal(CONFIGURATION)
    all_of_them = [Came(number, await rehearsal.play(line)) for number, line in enumerate(lines)]
    return [came for came in all_of_them if came.published], await rehearsal.tallies()


def called(account: str, value: int, number: int) -> Any:  # noqa: ANN401 -- one of `happenings`
    return (account, ("com.acme.called", {"value": value, "user": "u", "region": "eu"}), 0, number)


@given(happenings)
@example([called("ada", 9, number) for number in range(12)])
@example([called("ada", value, number) for number, value in enumerate((15, 6, -6, 8, -9, 30))])
@example([called("ada", 1, 1), called("bob", 1, 1), called("ada", 2, 1), called("ada", 1, 1), called("cyd", 1, 2)])
def test_events_that_share_polls_publish_what_those_that_are_alone_do(happened: Sequence[Any]) -> None:
    lines = lines_of(happened)
    assert asyncio.run(together(lines)) == asyncio.run(one_by_one(lines))


async def test_a_conflict_under_the_key_of_nobody_is_a_dead_letter_in_its_place() -> None:
    lines = lines_of([called("ada", 1, 1), called("bob", 1, 1), called("ada", 2, 1), called("bob", 1, 2)])[:-1]
    arrivals = [arrival_of(line) for line in lines]
    profiles, usage = arrivals[:3], [arrival._replace(key=b"\xff") for arrival in arrivals[3:]]
    came = [each async for each in play(Rehearsal(CONFIGURATION), enumerate([*profiles, *usage]))]
    letters = [each.number for each in came for record in each.published if record.topic == "usage-events-dlq"]
    assert letters == [5]


def test_silent_events_share_polls() -> None:
    quiet = [called(f"account-{number % 50}", 1, number) for number in range(1_000)]
    polls = 0

    class Counted(Rehearsal):
        async def take_unheard(self, arrivals: Any) -> Any:  # noqa: ANN401 -- as it is
            nonlocal polls
            polls += 1
            return await super().take_unheard(arrivals)

    async def played() -> None:
        async for _ in play(Counted(CONFIGURATION), ((0, arrival_of(line)) for line in lines_of(quiet))):
            pass

    asyncio.run(played())
    assert polls < len(quiet) / 20 + 5
