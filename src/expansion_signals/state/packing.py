"""How nouns stand in Redis and in the arguments of its scripts: MessagePack, JSON and short texts.

Amounts travel as decimal strings, because Lua's numbers are doubles; strings travel raw, because Redis 7.0 does not
know MessagePack's `bin`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgpack
from msgspec.msgpack import Encoder

from expansion_signals.model.events import Evidence
from expansion_signals.model.facts import AccountFacts, Changed, Fact, Found, Marks, Moved
from expansion_signals.model.notes import Note
from expansion_signals.model.signals import Signal, Told
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from expansion_signals.state.keys import counter_of
from expansion_signals.state.profile_texts import read_profile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.readings import Counter

_pack = msgpack.Packer(use_bin_type=False).pack
_encode = Encoder().encode
_CHUNK = 64
_STATES = {"a": "armed", "f": "fired", "p": "already_past"}
_LETTERS = {state: letter for letter, state in _STATES.items()}


def pack(value: object) -> bytes:
    """Pack for a script: strings and bytes alike become raw strings."""
    packed: bytes = _pack(value)
    return packed


def pack_evidence(evidence: Evidence) -> bytes:
    """Pack evidence to an opaque text that scripts store and hand back unread."""
    return _encode(evidence)


def read_watermarks(flat: Sequence[bytes]) -> dict[str, int | None]:
    """Read the watermarks in a script's answer: partition, next offset or nothing, and so on."""
    return {
        partition.decode(): int(offset) if offset else None
        for partition, offset in zip(flat[::2], flat[1::2], strict=True)
    }


def pack_signal(signal: Signal) -> bytes:
    """Pack a signal to an opaque text that scripts store and hand back unread."""
    return pack(
        (
            signal.id,
            signal.type,
            signal.account,
            tuple(signal.evidence),
            json.dumps(signal.data, ensure_ascii=False, separators=(",", ":")),
            signal.keys,
            [tuple(told) for told in signal.arms],
            signal.shadow,
        )
    )


def _signal(packed: bytes) -> Signal:
    signal_id, kind, account, evidence, content, keys, arms, shadow = msgpack.unpackb(packed, raw=False)
    told = tuple(Told(*arm) for arm in arms)
    return Signal(signal_id, kind, account, Evidence(*evidence), json.loads(content), tuple(keys), told, shadow)


def read_note(text: bytes | None) -> Note:
    """Read what `apply.lua` keeps of a note."""
    revision, _, remembered = (text or b"0|").decode().partition("|")
    return Note(int(revision), remembered)


def guard_text(epoch: int, guard: Guard) -> str:
    """Return a guard as scripts read it: `epoch:low:high`, without a number where it has no end."""
    return f"{epoch}:{'' if guard.low is None else guard.low}:{'' if guard.high is None else guard.high}"


def read_guard(text: str) -> tuple[int, Guard]:
    """Read what `guard_text` wrote: the epoch it was computed under, and the guard."""
    epoch, low, high = text.split(":")
    return int(epoch), Guard(int(low) if low else None, int(high) if high else None)


def marks_chunks(marks: Marks) -> list[str]:
    """Return marks as texts of at most 64 bytes, so that the account's hash keeps its compact form.

    The last chunk is shorter than 64 bytes; a text that fills its last chunk is followed by an empty one.
    """
    arms = [
        [
            key.rule,
            key.threshold,
            _LETTERS[arm.state],
            arm.generation,
            *_rest(arm),
        ]
        for key, arm in sorted(marks.arms.items())
    ]
    text = json.dumps([marks.limit, *arms], separators=(",", ":"))
    return [text[place : place + _CHUNK] for place in range(0, len(text) + 1, _CHUNK)]


def read_marks(text: str) -> Marks:
    """Read what `marks_chunks` wrote, joined."""
    limit, *arms = json.loads(text)
    return Marks(limit, {ArmKey(rule, threshold): _arm(letter, rest) for rule, threshold, letter, *rest in arms})


def _rest(arm: Arm) -> list[object]:
    """Return what most arms do not have."""
    if arm.held or arm.waits:
        return [arm.falls, arm.step, arm.held, *([True] if arm.waits else [])]
    return [arm.falls, arm.step] if arm.falls or arm.step is not None else []


def _arm(letter: str, rest: Sequence[Any]) -> Arm:
    generation, *more = rest
    falls, step, *held_and_waits = more or ((), None)
    return Arm(_STATES[letter], generation, tuple(falls), step, *held_and_waits)  # type: ignore[arg-type]


def read_facts(answer: Sequence[Any], profile: Profile | None) -> AccountFacts:
    """Read the facts of one account as `facts_kept.lua` hands them out."""
    account, marked, facts, marks = answer[:4]
    numbered = zip(facts[::2], facts[1::2], strict=True)
    known: dict[Counter, Marks] = {
        counter_of(meter.decode(), suffix.decode()): read_marks(text.decode())
        for meter, suffix, text in zip(marks[::3], marks[1::3], marks[2::3], strict=True)
        if text
    }
    return AccountFacts(
        account=account.decode(),
        marked=int(marked),
        facts=[_fact(int(number), msgpack.unpackb(packed, raw=True)) for number, packed in numbered],
        marks=known,
        profile=profile,
    )


def _fact(number: int, body: Sequence[Any]) -> Fact:
    if body[0] == b"f":
        _, nonce, epoch, signal = body
        return Found(number, nonce.decode(), epoch, _signal(signal))
    if body[0] == b"c":
        _, nonce, epoch, before, after, evidence, appended = body
        return Changed(
            number, nonce.decode(), epoch, read_profile(before), read_profile(after), _evidence(evidence), appended
        )
    _, nonce, epoch, meter, suffix, before, quiet, firing, evidence, appended, estimated = body
    return Moved(
        number,
        nonce.decode(),
        epoch,
        counter_of(meter.decode(), suffix.decode()),
        int(before),
        int(quiet),
        int(firing),
        _evidence(evidence),
        int(appended),
        estimated == 1,
    )


def _evidence(packed: bytes) -> Evidence:
    return Evidence(*msgpack.unpackb(packed, raw=False))
