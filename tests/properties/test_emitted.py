"""Whatever the emitter takes, the worker takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from emitted import WORDS, as_the_worker_reads_it, said
from expansion_signals.errors import RejectedEvent

NOW = datetime.now(UTC)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(max_size=20),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(
        ["nps", "view", "pro", "2026-11-22T10:00:00Z", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-23:59"]
    ),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=3),
)
SMALL = {"account_updated"}
"""Its numbers have bounds that only the worker knows."""

OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "session": VALUES,
        "id": VALUES,
        "traceparent": VALUES,
        "backfill": VALUES,
        "time": st.sampled_from([None, NOW, NOW - timedelta(hours=1), "2026-02-30T00:00:00Z", 7]),
    },
)


@given(st.sampled_from(sorted(WORDS.keys() - SMALL)), st.data(), VALUES, OPTIONS)
def test_what_the_emitter_takes_the_worker_takes(method: str, data: st.DataObject, account: Any, options: Any) -> None:  # noqa: ANN401 -- anything at all
    names = sorted(WORDS[method][1])
    good = WORDS[method][1]
    told = {name: data.draw(st.one_of(st.just(good[name]), VALUES), label=name) for name in names}
    try:
        event = said(method, account, **told, **options)
    except RejectedEvent:
        return
    as_the_worker_reads_it(event)


@given(st.text(min_size=1, max_size=40), st.dictionaries(st.text(max_size=5), VALUES, max_size=5))
def test_what_the_emitter_takes_of_the_products_own_the_worker_takes(kind: str, data: dict[str, Any]) -> None:
    try:
        event = said("event", "acct-1", kind, data)
    except RejectedEvent:
        return
    as_the_worker_reads_it(event)
