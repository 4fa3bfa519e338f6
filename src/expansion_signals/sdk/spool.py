"""The spool: events that wait on disk while the broker is away, and outlive the process that wrote them.

    <folder>/
    └── 4711-9f3c02d1/              one process's, from the first event that had to wait to its end
        ├── lock                    held as long as that process lives
        └── 000000000001.events     a segment: one event a line, topic, key and value parted by tabs

What a process leaves behind, however it ended, is taken over by the next one that finds its lock free. A line that was
cut short by the end of its process, or by a full disk, is no event: whoever wrote it still had it, or is no more.

Segments are sent in order, but for those that hold only topics which take nothing now: they keep their place, and so
does what is left of a segment that was sent in part. So the events of one topic stay in order.
"""

from __future__ import annotations

import fcntl
import logging
import os
import uuid
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from expansion_signals.sdk.writing import WrittenEvent

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

_LOCK = "lock"
_LARGEST_SEGMENT = 256 * 1024
_SHORTER = ".shorter"
_FRESH = "."
"""Begins the name of a folder that is being made: nobody takes it over before it is locked."""

log = logging.getLogger(__name__)


class Segment:
    """One file of events, in order; `size` in bytes, `topics` None as long as nobody has read what another wrote."""

    def __init__(self, path: Path, size: int, topics: frozenset[str] | None = None) -> None:
        self.path = path
        self.size = size
        self.topics = topics

    def has_beside(self, topics: Collection[str]) -> bool:
        """Say whether it has events of other topics than these; one that nobody has read may have."""
        return self.topics is None or not self.topics.issubset(topics)

    def append(self, events: Sequence[WrittenEvent]) -> int:
        """Write the events behind the last and wait until the disk has them; returns their bytes.

        Raises:
            OSError: the disk is full or fails; nothing of it counts.
        """
        lines = _lines(events)
        with self.path.open("ab", buffering=0) as file:
            written = file.write(lines)
            # As a whole or not at all: behind half a line the next event would be lost with it.
            if written != len(lines):
                file.truncate(self.size)
                raise OSError(f"{self.path}: the disk is full")
            os.fsync(file.fileno())
        self.size += len(lines)
        self.topics = (self.topics or frozenset()) | _topics(events)
        return len(lines)

    def shorten(self, events: Sequence[WrittenEvent]) -> int:
        """Keep these events alone, as a whole or not at all; returns how many bytes it had more.

        Raises:
            OSError: the disk is full or fails; it is as it was.
        """
        shorter, lines = self.path.with_suffix(_SHORTER), _lines(events)
        with shorter.open("wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        shorter.replace(self.path)
        more, self.size, self.topics = self.size - len(lines), len(lines), _topics(events)
        return more

    def events(self) -> Sequence[WrittenEvent]:
        """Return its events.

        Raises:
            OSError: the file cannot be read.
        """
        whole, _, torn = self.path.read_bytes().rpartition(b"\n")
        lines = [line.split(b"\t", 2) for line in whole.split(b"\n")] if whole else []
        found = [WrittenEvent(line[0].decode(), line[1], line[2]) for line in lines if len(line) == len(_PARTS)]
        if torn or len(found) < len(lines):
            log.warning("%s: a part of it is no event and is left out", self.path)
        self.topics = _topics(found)
        return found


_PARTS = WrittenEvent._fields


def _lines(events: Sequence[WrittenEvent]) -> bytes:
    return b"".join(b"%b\t%b\t%b\n" % (each.topic.encode(), each.key, each.value) for each in events)


def _topics(events: Sequence[WrittenEvent]) -> frozenset[str]:
    return frozenset(each.topic for each in events)


class Spool:
    """Events of one process that wait in `folder`, and what processes that are gone left there.

    `limit` is how many bytes may wait at most, of this process.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._own: Path | None = None
        self._locks: dict[Path, int] = {}
        self._segments: deque[Segment] = deque()
        self._writing: Segment | None = None
        self._number = 0
        self.size = 0

    def __bool__(self) -> bool:
        """Say whether anything waits."""
        return bool(self._segments) or self._writing is not None

    def keep(self, events: Sequence[WrittenEvent]) -> Segment:
        """Keep these events behind all others.

        Raises:
            OSError: there is no room for them, on the disk or within the limit; none is kept.
        """
        if self.size + sum(len(each.value) for each in events) > self._limit:
            raise OSError(f"{self._folder}: as much is waiting as may: {self._limit} bytes")
        if self._own is not None and not (self._own / _LOCK).exists():
            self._abandon(self._own)
        segment = self._writing
        if segment is None or segment.size >= _LARGEST_SEGMENT:
            self._seal()
            segment = self._new_segment()
        self.size += segment.append(events)
        self._writing = segment
        return segment

    def keep_apart(self, events: Sequence[WrittenEvent]) -> Segment:
        """Keep these events in a segment of their own; raises as `keep`."""
        self._seal()
        segment = self.keep(events)
        self._seal()
        return segment

    def waits_beside(self, topics: Collection[str]) -> bool:
        """Say whether anything waits that is not of these topics."""
        return any(each.has_beside(topics) for each in (*self._segments, *self._open()))

    def oldest(self, beside: Collection[str] = ()) -> Segment | None:
        """Return what waits longest and is not only of these topics, None if nothing does.

        It is not written to any more.
        """
        found = next((each for each in self._segments if each.has_beside(beside)), None)
        if found is None and any(each.has_beside(beside) for each in self._open()):
            self._seal()
            found = self._segments[-1]
        return found

    def forget(self, segment: Segment) -> None:
        """Forget a segment: its events were sent. What the disk does not let go is sent again by the next process."""
        self.leave(segment)
        try:
            segment.path.unlink(missing_ok=True)
            if segment.path.parent == self._own:
                self.size -= segment.size
            else:
                self._leave_if_empty(segment.path.parent)
        except OSError as error:
            log.warning("what was sent cannot be removed and stays there, to be sent once more: %s", error)

    def shorten(self, segment: Segment, events: Sequence[WrittenEvent]) -> None:
        """Keep of a segment these events alone, in its place: the others were sent.

        Where the disk takes no more, all of it stays, to be sent again.
        """
        try:
            more = segment.shorten(events)
        except OSError as error:
            log.warning("what was sent stays in the spool, to be sent once more: %s", error)
            return
        if segment.path.parent == self._own:
            self.size -= more

    def leave(self, segment: Segment) -> None:
        """Leave a segment where it is, for whoever comes next."""
        with suppress(ValueError):
            self._segments.remove(segment)

    def take_over(self) -> int:
        """Take over what processes that are gone left here; returns how many segments there are.

        Raises:
            OSError: the folder cannot be read.
        """
        found: list[Segment] = []
        for folder in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            if folder in self._locks or folder.name.startswith(_FRESH) or not self._locked(folder):
                continue
            found += [Segment(path, path.stat().st_size) for path in sorted(folder.glob("*.events"))]
            self._leave_if_empty(folder)
        self._segments.extendleft(reversed(found))
        return len(found)

    def close(self) -> None:
        """Let go of it: what waits is there for whoever comes next."""
        for folder in list(self._locks):
            self._leave_if_empty(folder)
        self.disown()

    def disown(self) -> None:
        """Close what was inherited by a fork: locks and segments are the parent's."""
        for lock in self._locks.values():
            os.close(lock)
        self._locks.clear()
        self._segments.clear()
        self._writing = self._own = None

    def _open(self) -> Sequence[Segment]:
        return () if self._writing is None else (self._writing,)

    def _abandon(self, folder: Path) -> None:
        """Give up our own folder, which somebody removed, or whose lock: nobody could take it over any more."""
        self._seal()
        lost = [each for each in self._segments if each.path.parent == folder and not each.path.exists()]
        log.error("%s: somebody removed it; segments of events that are lost: %d", folder, len(lost))
        for segment in lost:
            self._segments.remove(segment)
        os.close(self._locks.pop(folder))
        self._own, self.size = None, 0

    def _seal(self) -> None:
        if self._writing is not None:
            self._segments.append(self._writing)
            self._writing = None

    def _new_segment(self) -> Segment:
        if self._own is None:
            self._own = self._new_folder()
        self._number += 1
        return Segment(self._own / f"{self._number:012d}.events", 0)

    def _new_folder(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        fresh, folder = self._folder / f"{_FRESH}{name}", self._folder / name
        fresh.mkdir(mode=0o700)
        lock = os.open(fresh / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        fresh.rename(folder)
        self._locks[folder] = lock
        return folder

    def _locked(self, folder: Path) -> bool:
        """Say whether the folder is ours now: its process is gone."""
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:  # no folder of a spool, or somebody has just emptied it
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._locks[folder] = lock
        return True

    def _leave_if_empty(self, folder: Path) -> None:
        if any(folder.glob("*.events")):
            return
        with suppress(OSError):
            for each in (*folder.glob(f"*{_SHORTER}"), folder / _LOCK):
                each.unlink(missing_ok=True)
            folder.rmdir()
        lock = self._locks.pop(folder, None)
        if lock is not None:  # one that was abandoned has none any more
            os.close(lock)
        if folder == self._own:
            self._own = None
