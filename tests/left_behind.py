"""What a version leaves behind, as files: `tests/fixtures/<version>`.

`configuration/` is what it was started with. `state.jsonl` has a line for each key of its deployment in Redis, without
a prefix. `records.jsonl` has the first two records of each type on each topic, `log.json` where each topic ended, and
when. Bytes that are no UTF-8 are written as lone surrogates. Written by `make fixtures`, never changed afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from expansion_signals.model.records import Record
from expansion_signals.rules.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from expansion_signals.model.instants import Instant
    from expansion_signals.rules.configuration import Configuration
    from expansion_signals.state.connection import Connection

FIXTURES = Path(__file__).with_name("fixtures")
OF_EACH_TYPE = 2


class LeftBehind(NamedTuple):
    """`ends` is where each topic ended at the time `now`."""

    texts: Mapping[str, str]
    state: Sequence[Mapping[str, Any]]
    records: Sequence[Record]
    ends: Mapping[str, int]
    now: Instant

    @property
    def configuration(self) -> Configuration:
        return load(dict(self.texts))

    async def restore(self, client: Connection, prefix: str) -> None:
        """Put the state into Redis, under a prefix."""
        redis = cast("Any", client)
        for line in self.state:
            key, value = _raw(prefix + line["key"]), line["value"]
            match line["type"]:
                case "string":
                    await redis.set(key, _raw(value))
                case "hash":
                    await redis.hset(key, mapping={_raw(name): _raw(each) for name, each in value.items()})
                case "set":
                    await redis.sadd(key, *map(_raw, value))
                case "zset":
                    await redis.zadd(key, {_raw(member): score for member, score in value.items()})
                case other:
                    raise AssertionError(f"{line['key']} is a {other}")


def by(version: str) -> LeftBehind:
    """Return what this version left behind."""
    directory = FIXTURES / version
    log = json.loads((directory / "log.json").read_text())
    return LeftBehind(
        {file.name: file.read_text() for file in (directory / "configuration").iterdir()},
        list(_lines(directory / "state.jsonl")),
        [_record(line) for line in _lines(directory / "records.jsonl")],
        log["ends"],
        log["now"],
    )


def write_down(directory: Path, left: LeftBehind) -> None:
    """Write everything into a directory of its own."""
    (directory / "configuration").mkdir(parents=True)
    for name, text in left.texts.items():
        (directory / "configuration" / name).write_text(text)
    _write_lines(directory / "state.jsonl", left.state)
    _write_lines(directory / "records.jsonl", map(_told, left.records))
    (directory / "log.json").write_text(json.dumps({"now": left.now, "ends": left.ends}, indent=2) + "\n")


async def state_of(client: Connection) -> Sequence[Mapping[str, Any]]:
    """Return every key of a Redis that holds one deployment, in the order of their names; leases end by themselves."""
    redis = cast("Any", client)
    keys = sorted([key async for key in redis.scan_iter(match="es:*", count=1000)])
    lasting = [key for key in keys if await redis.pttl(key) < 0]
    return [{"key": _text(key), **await _value(redis, key)} for key in lasting]


def first_of_each_type(records: Iterable[Record]) -> Sequence[Record]:
    """Return two records of each type on each topic."""
    seen: dict[tuple[str, str], int] = {}
    chosen = []
    for record in records:
        kind = (record.topic, type_of(record))
        seen[kind] = seen.get(kind, 0) + 1
        if seen[kind] <= OF_EACH_TYPE:
            chosen.append(record)
    return chosen


def type_of(record: Record) -> str:
    """Return the type of an event, or the code of a dead letter; nothing of what is neither."""
    code = dict(record.headers).get("dlq_code")
    if code is not None:
        return code.decode()
    return str(json.loads(record.value or b"{}").get("type", "")) if record.headers else ""


async def _value(redis: Any, key: bytes) -> Mapping[str, Any]:  # noqa: ANN401 -- what redis-py answers
    match kind := (await redis.type(key)).decode():
        case "string":
            return {"type": kind, "value": _text(await redis.get(key))}
        case "hash":
            found = sorted((await redis.hgetall(key)).items())
            return {"type": kind, "value": {_text(name): _text(value) for name, value in found}}
        case "set":
            return {"type": kind, "value": sorted(map(_text, await redis.smembers(key)))}
        case "zset":
            return {
                "type": kind,
                "value": {_text(each): score for each, score in await redis.zrange(key, 0, -1, withscores=True)},
            }
    raise AssertionError(f"{key!r} is a {kind}")


def _told(record: Record) -> Mapping[str, Any]:
    headers = [[name, _text(value)] for name, value in record.headers]
    return {**record._asdict(), "key": _text(record.key), "value": _text(record.value), "headers": headers}


def _record(line: Mapping[str, Any]) -> Record:
    headers = tuple((name, _raw(value)) for name, value in line["headers"])
    return Record(**{**line, "key": _raw(line["key"]), "value": _raw(line["value"]), "headers": headers})


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open() as lines:
        yield from map(json.loads, lines)


def _write_lines(file: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))


def _text(raw: bytes | None) -> str:
    assert raw is not None
    return raw.decode(errors="surrogateescape")


def _raw(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
