from __future__ import annotations

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.model.events import Evidence
from expansion_signals.model.facts import AccountFacts, Changed, Marks, Moved
from expansion_signals.model.readings import Counter
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from expansion_signals.state.packing import guard_text, marks_chunks, pack, pack_evidence, read_facts, read_marks
from expansion_signals.state.profile_texts import pack_profile, read_profile
from sample_batches import NOVEMBER, NOW, profile

ARMS = st.builds(
    Arm,
    st.sampled_from(("armed", "fired", "already_past")),
    st.integers(1, 99),
    st.lists(st.integers(-(2**60), 2**60), max_size=2).map(tuple),
    st.none() | st.integers(1, 2**63 - 1),
    st.integers(0, 2**60),
    st.booleans(),
)
MARKS = st.builds(
    Marks,
    st.none() | st.integers(-(2**63 - 1), 2**63 - 1),
    st.dictionaries(st.builds(ArmKey, st.text(max_size=20), st.text(max_size=20)), ARMS, max_size=6),
)
EVIDENCE = Evidence("ünï", "/apps/web", NOW, user=None, session="s", traceparent="00-1-2-01")


@given(MARKS)
def test_marks_read_back_as_they_were(marks: Marks) -> None:
    assert read_marks("".join(marks_chunks(marks))) == marks


@given(MARKS)
def test_marks_are_cut_so_that_the_last_chunk_is_the_only_short_one(marks: Marks) -> None:
    *full, last = (len(chunk.encode()) for chunk in marks_chunks(marks))
    assert set(full) <= {64}
    assert last < 64


@pytest.mark.parametrize(
    ("guard", "text"),
    [
        (Guard(None, None), "3::"),
        (Guard(-5, None), "3:-5:"),
        (Guard(None, 0), "3::0"),
        (Guard(1, 2**63 - 1), "3:1:9223372036854775807"),
    ],
)
def test_a_guard_stands_with_its_epoch_and_without_a_number_where_it_has_no_end(guard: Guard, text: str) -> None:
    assert guard_text(3, guard) == text


def test_bytes_and_texts_are_packed_alike_because_old_servers_know_one_kind() -> None:
    assert pack(("a" * 40, b"b" * 40)) == msgpack.packb(("a" * 40, "b" * 40), use_bin_type=False)


def test_a_profile_reads_back_as_it_was() -> None:
    assert read_profile(pack_profile(profile(3, "team"))) == profile(3, "team")


def test_a_profile_takes_a_quarter_of_its_json() -> None:
    assert len(pack_profile(profile(3, "team"))) * 4 <= len(profile(3, "team").model_dump_json(exclude_defaults=True))


def test_a_profile_that_stands_as_plain_json_is_read() -> None:
    assert read_profile(profile(3, "team").model_dump_json().encode()) == profile(3, "team")


def test_the_vocabulary_of_profiles_in_use_is_what_it_was() -> None:
    stands = bytes.fromhex("01c3ee7b63b8efc1dea3d81d8604dd0100")
    assert read_profile(stands) == profile(3, "team")


@pytest.mark.parametrize("text", [b"", None])
def test_nothing_reads_as_no_profile(text: bytes | None) -> None:
    assert (pack_profile(None), read_profile(text)) == (b"", None)


def test_facts_read_back_as_they_were_written() -> None:
    moved = ["m", "n1", 2, "calls", str(NOVEMBER // 1_000_000), "-7", "0", str(2**62), pack_evidence(EVIDENCE), NOW, 1]
    changed = ["c", "n2", 3, b"", pack_profile(profile(1)), pack_evidence(EVIDENCE), NOW]
    suffix = str(NOVEMBER // 1_000_000).encode()
    answer = [b"acct", b"4", [b"5", pack(moved), b"6", pack(changed)], [b"calls", suffix, b"[9]", b"files", b"", b""]]
    counter = Counter("calls", "", NOVEMBER)
    assert read_facts(answer, profile(1)) == AccountFacts(
        "acct",
        4,
        [
            Moved(5, "n1", 2, counter, -7, 0, 2**62, EVIDENCE, NOW, estimated=True),
            Changed(6, "n2", 3, None, profile(1), EVIDENCE, NOW),
        ],
        {counter: Marks(9)},
        profile(1),
    )
