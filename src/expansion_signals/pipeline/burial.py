"""Dead letters, out and acknowledged before anything passes their records (semantics 10.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.model.records import DeadLetter
    from expansion_signals.ports import LetterCodec, Patience, Publisher


class Burial:
    """Publishes dead letters; `clock` tells when they failed."""

    def __init__(
        self, codec: LetterCodec, publisher: Publisher, patience: Patience, clock: Callable[[], Instant]
    ) -> None:
        self._codec = codec
        self._publisher = publisher
        self._patience = patience
        self._clock = clock

    async def bury(self, letters: Sequence[DeadLetter]) -> None:
        """Publish and wait for the acknowledgement; a record the broker refuses is kept as its beginning.

        Raises:
            RejectedState: the broker refuses even that.
        """
        if not letters:
            return
        now = self._clock()
        whole = [self._codec.dead_letter(letter, now) for letter in letters]
        refused = await self._patience(self._publisher.publish, whole)
        if not refused:
            return
        cut = [self._codec.truncated(letters[place], now) for place in refused]
        if await self._patience(self._publisher.publish, cut):
            raise RejectedState(
                "usage-events-dlq refuses even the first 64 KiB of a record; its max.message.bytes is too small: "
                "run `expansion-signals topics check`"
            )
