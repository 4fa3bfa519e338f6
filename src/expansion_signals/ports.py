"""What the core needs from outside, each in at most six methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from expansion_signals.decide.decided import Decided, Reserved, ShardReservation
    from expansion_signals.decide.restored import RestoredShard
    from expansion_signals.model.accounts import AccountUpdate, Profile
    from expansion_signals.model.batches import Answer, Behind, Gap, Lost, ShardBatch
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.day_used import DayUsed
    from expansion_signals.model.decisions import Decision, Verdict
    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.facts import AccountFacts, AccountMark, HourTotals
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.last_seen import Active
    from expansion_signals.model.looks import History, Look
    from expansion_signals.model.notes import Note
    from expansion_signals.model.outcomes import Outcome, Withdrawal
    from expansion_signals.model.prompts import Prompt
    from expansion_signals.model.records import DeadLetter, Outgoing, Record
    from expansion_signals.model.shards import ShardStanding
    from expansion_signals.model.signals import Signal
    from expansion_signals.model.triggers import Trigger

Asked = ParamSpec("Asked")
Answered = TypeVar("Answered")


class LetterCodec(Protocol):
    """Dead letters to bytes."""

    def dead_letter(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter: bytes and headers untouched, the cause in further headers (semantics 10.1)."""

    def truncated(self, letter: DeadLetter, failed: int) -> Outgoing:
        """Encode a dead letter that the broker refused as too large: its first 64 KiB (semantics 10.1)."""


class Codec(LetterCodec, Protocol):
    """Bytes to nouns and back, for metering; knows no client library. Every reading method raises `RejectedRecord`."""

    def usage_event(self, record: Record) -> UsageEvent:
        """Decode and validate one record of `usage-events`."""

    def account_update(self, record: Record) -> AccountUpdate:
        """Decode one record of `account-updates`; a null value is a tombstone."""

    def signal(self, signal: Signal, recorded: int) -> Outgoing:
        """Encode a signal for `expansion-signals`; `recorded` is the instant it was decided at."""


class DecidingCodec(LetterCodec, Protocol):
    """Bytes to nouns and back, for deciding. Its reading methods raise `RejectedRecord`."""

    def read_signal(self, record: Record) -> Signal:
        """Decode one record of `expansion-signals`."""

    def trigger(self, trigger: Trigger, recorded: int) -> Outgoing:
        """Encode a trigger for its topic; `recorded` is the instant it was decided at."""

    def decision(self, decision: Decision, recorded: int) -> Outgoing:
        """Encode a decision for `expansion-decisions`."""

    def outcome(self, outcome: Outcome, recorded: int) -> Outgoing:
        """Encode an outcome for `expansion-outcomes`."""

    def withdrawal(self, withdrawal: Withdrawal, recorded: int) -> Outgoing:
        """Encode a withdrawal for the topic of its trigger."""

    def prompt(self, record: Record) -> Prompt:
        """Decode one record of `prompt-events`."""


class AuditCodec(Protocol):
    """Bytes to nouns, for restoring what was lost. Every method raises `RejectedRecord`."""

    def read_signal(self, record: Record) -> Signal:
        """Decode one record of `expansion-signals`."""

    def read_decision(self, record: Record) -> tuple[str, str | None, Verdict]:
        """Decode one record of `expansion-decisions`: the ids of its signal and trigger, and what was decided."""

    def prompt(self, record: Record) -> Prompt:
        """Decode one record of `prompt-events`."""


class Publisher(Protocol):
    """Writes to the log."""

    async def publish(self, records: Sequence[Outgoing]) -> Sequence[int]:
        """Publish and wait until every record is acknowledged; return the indexes of those too large for the broker.

        Raises:
            LogUnavailable: not all are acknowledged; publishing the same records again is safe.
        """


class Store(Protocol):
    """Counters, watermarks, marks and identities, in shards. Every method may be repeated after `StateUnavailable`."""

    async def apply(self, batches: Sequence[ShardBatch]) -> Sequence[Answer]:
        """Apply each batch to its shard whole, or say what is wrong with it; answers in the order of the batches."""

    async def mark(self, marks: Sequence[AccountMark]) -> Sequence[AccountFacts]:
        """Mark what was judged and acknowledged; return what is left to judge of those accounts."""

    async def facts(self, accounts: Sequence[str]) -> Sequence[AccountFacts]:
        """Return the unmarked facts of those of these accounts that have any."""

    async def waiting(self) -> Mapping[str, str]:
        """Return accounts with unmarked facts, each with a text that changes when they are marked."""


class Accounts(Protocol):
    """What is kept of accounts besides their counters."""

    async def profiles(self, accounts: Sequence[str]) -> Mapping[str, Profile | None]:
        """Return the profile of each account, None where it has none."""

    async def notes(self, asked: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Note]:
        """Return the note of each account and subject asked for."""

    async def hours(self, account: str) -> HourTotals | None:
        """Return the hour buckets of an account not yet known, None where there are none."""

    async def active(self, account: str, meter: str, days: range) -> Active:
        """Return how many members of a `unique` meter were seen within these UTC days; the last of them is today's."""


class PolicyStore(Protocol):
    """What is decided, for each account with a revision."""

    async def decided(self, accounts: Sequence[str]) -> Mapping[str, Decided]:
        """Return what is decided for each of these accounts."""

    async def reserve(self, shards: Sequence[ShardReservation]) -> Sequence[Reserved | Behind | Gap | Lost]:
        """Remember each shard's decisions, or say that its watermarks stand elsewhere; answers in the order asked."""

    async def passed(self, places: Mapping[str, Collection[str]]) -> None:
        """Forget what was published because of these records, by account: they will not be asked again."""


class Silences(Protocol):
    """What is muted for now."""

    async def mutes(self) -> Mapping[tuple[str | None, str | None], Instant]:
        """Return until when rules and accounts are silent: by rule and account, either of them None for any."""


class DaySums(Protocol):
    """What the accounts of each shard used on a UTC day, together."""

    async def sum_up(self, shard: int, day: int) -> bool:
        """Sum up what some more of the shard's accounts used on this UTC day.

        Return whether there are no more: then it is kept, in place of an earlier day.
        """

    async def summed_up(self) -> Sequence[int | None]:
        """Return which UTC day every shard has summed up last, None where it never has."""

    async def used(self, shard: int) -> DayUsed | None:
        """Return what the shard's accounts used on the day that it has summed up last, None where it never has."""


class Due(DaySums, Protocol):
    """When accounts are to be looked at although no event of them comes, and what a look reads."""

    async def due(self, until: Mapping[int, Instant], most: int) -> Mapping[int, Sequence[Look]]:
        """Return by shard the looks due at its instant, the longest overdue first, at most so many of each shard."""

    async def lease(self, shard: int, holder: str) -> bool:
        """Take the lease of looking at a shard's accounts, or keep it; False while another has it."""

    async def histories(self, shard: int, accounts: Sequence[str], day: int) -> Sequence[History]:
        """Return what is kept of these accounts of a shard, up to the day after this UTC day."""

    async def move(self, shard: int, looks: Sequence[tuple[Look, Instant | None]]) -> None:
        """Move each look to when it is due next, None: away; one that was put elsewhere meanwhile stays there."""


class Expiry(Protocol):
    """Forgetting what no record to come can ask for, judged by the append time reached."""

    async def next_shard(self, topic: str) -> int:
        """Forget what is old in one more shard; `topic` is what events come from, as the state names it."""

    async def next_accounts(self, catalog: Catalog) -> int:
        """Forget what is old of some more accounts; return how many keys and hashes that changed."""


class Shards(Protocol):
    """Shards as wholes: which of them stand, which are late, and how a lost one is made anew."""

    async def standing(self) -> Mapping[int, ShardStanding]:
        """Return every shard that stands."""

    async def delay(self, shards: Collection[int], stage: str) -> None:
        """Say that these shards are so far behind in this stage that a second reader must bring them up."""

    async def lease(self, shard: int, stage: str, holder: str) -> bool:
        """Take the lease of bringing a shard up, or keep it; False while another has it. It ends by itself."""

    async def caught_up(self, shard: int, stage: str) -> None:
        """Say that a shard is with the others again, and give the lease back."""

    async def rebuild(self, shards: Sequence[RestoredShard], token: str) -> None:
        """Make lost shards anew with what was restored; one that stands by now is left as it is."""

    async def move(self, shard: int, partition: str, start: int, end: int, since: Instant | None) -> None:
        """Move a watermark from `start` to `end`, if it stands there; counters before `since` are incomplete."""


class Archive(Protocol):
    """Texts of every configuration that was accepted."""

    async def texts(self, epoch: int) -> Mapping[str, str]:
        """Return file name → text of the configuration accepted under this epoch; `RejectedState` if there is none."""


class Patience(Protocol):
    """Repeats a step in place until it answers (semantics 10.2)."""

    async def __call__(
        self, step: Callable[Asked, Awaitable[Answered]], *arguments: Asked.args, **named: Asked.kwargs
    ) -> Answered:
        """Return the step's answer; a `Retryable` failure is waited out, any other is raised."""
